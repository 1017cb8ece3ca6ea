"""Which time entries should not be billed as they are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from evals.metrics import PASSED, Metric, Of, mean
from evals.suite import Setting, Suite
from evals.suites.time import cases as entries
from evals.suites.time.cases import Entry
from evals.suites.time.judge import judge
from evals.suites.time.subject import Looked, look, model_of
from evals.tabular.figures import NAIVE, beside


def _cases(within: Setting) -> Sequence[Entry]:
    model_of(within, entries.lots(within))  # a pinned model that will not do ends the run before it begins
    return entries.cases(within)


def money(found: str) -> Of:
    """The share of the planted money that lies in entries which were found."""

    def of(table: pd.DataFrame) -> float:
        planted = float(table["stake"].sum())
        return float((table["stake"] * table[found]).sum()) / planted if planted else float("nan")

    return of


def share(column: str) -> Of:
    """A mean that is never above 1, as it could be in a resample of few rows."""
    return lambda table: float(np.minimum(table[column].mean(), 1.0))


AVERAGE_PRECISION = "mean share of planted entries among those as strange as each of them"

SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=look,
    judge=judge,
    answers=Looked,
    metrics=(
        *beside("average_precision", AVERAGE_PRECISION, "precision_at", "high"),
        *beside(
            "precision", "share of planted entries in what a reviewer sees", "of_shown", "high", of=share
        ),
        *beside("recall", "share of planted entries that a reviewer sees", "found", "high"),
        Metric("money", "share of the planted money that a reviewer sees", money("found")),
        Metric(f"money{NAIVE}", "the same by the naive answer", money(f"found{NAIVE}")),
        Metric("kinds", "share of planted entries whose kind is among those named", mean("kind_right")),
        PASSED,
    ),
    case_seconds=600,
)
