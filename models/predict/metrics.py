"""How good predictions were, once it is known what happened."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def of_probabilities(happened: Bools, probability: Floats) -> dict[str, float]:
    """Brier score, and the area under the ROC curve where there is something of both kinds."""
    found = {"brier": float(((probability - happened) ** 2).mean())}
    if 0 < happened.sum() < len(happened):
        found["auc"] = float(roc_auc_score(happened, probability))
    return found


def of_intervals(actual: Floats, low: Floats, high: Floats) -> dict[str, float]:
    """The share of actual values inside the interval, and how wide it is on average."""
    inside = (actual >= low) & (actual <= high)
    return {"coverage": float(inside.mean()), "mean_width": float((high - low).mean())}


def of_ranking(wanted: Bools, score: Floats) -> dict[str, float]:
    """Average precision, area under the ROC curve, and precision among as many as are wanted."""
    if not 0 < wanted.sum() < len(wanted):
        return {}
    return {
        "average_precision": float(average_precision_score(wanted, score)),
        "auc": float(roc_auc_score(wanted, score)),
        "precision_at_k": float(wanted[top(score, int(wanted.sum()))].mean()),
    }


def recall_by_kind(kinds: Sequence[str], score: Floats) -> dict[str, float]:
    """For each kind, the share of its records among the highest scores, as many as there are of any kind.

    An empty kind is no kind."""
    named: npt.NDArray[Any] = np.array(kinds, dtype=object)
    chosen = top(score, int((named != "").sum()))
    return {
        kind: float(np.isin(np.flatnonzero(named == kind), chosen).mean())
        for kind in sorted(set(kinds) - {""})
    }


def top(score: Floats, count: int) -> npt.NDArray[np.intp]:
    """The positions of the highest scores, earlier ones first among equals."""
    return np.argsort(-score, kind="stable")[:count]
