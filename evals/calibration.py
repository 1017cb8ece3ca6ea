"""Whether what is said to be likely happens: metrics of a probability `p` beside what came true, `y` (0 or
1), two values that the verdicts carry."""

from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from evals.intervals import wilson
from evals.metrics import Metric

BINS = 10
SURE = 1e-15  # a probability of 0 or 1 that was wrong would make the log loss infinite


def brier(table: pd.DataFrame) -> float:
    """Mean squared distance of p from y (Brier, 1950): 0 is best; saying 50% always gives 0.25."""
    p, y = _judged(table)
    return float(((p - y) ** 2).mean())


def log_loss(table: pd.DataFrame) -> float:
    """Mean negative log likelihood of y, in nats: 0 is best; saying 50% always gives 0.69."""
    p, y = _judged(table)
    p = p.clip(SURE, 1 - SURE)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def ece(table: pd.DataFrame) -> float:
    """Expected calibration error: how far p is from the share that came true, on average over bins that hold
    as many cases each (Nixon et al., Measuring Calibration in Deep Learning, 2019). It never quite
    reaches 0: chance alone keeps shares of few cases apart."""
    p, y = _judged(table)
    if p.empty:
        return float("nan")
    off = np.bincount(_bins(p, BINS), (p - y).to_numpy(float))
    return float(np.abs(off).sum() / len(p))


def reliability(table: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """The points of a reliability diagram: a row for each bin of p, lowest first, with `predicted` (mean p),
    `observed` (share of y), its 95% interval `low` to `high`, and `cases`. The bins hold as many cases each;
    equal p are in one bin, so there may be fewer bins than asked for."""
    p, y = _judged(table)
    by_bin = pd.DataFrame({"p": p, "y": y}).groupby(_bins(p, bins), sort=True)
    found = by_bin.agg(predicted=("p", "mean"), observed=("y", "mean"), cases=("y", "size"))
    ends = [wilson(share, n) for share, n in zip(found["observed"], found["cases"], strict=True)]
    return found.assign(low=[low for low, _ in ends], high=[high for _, high in ends]).reset_index(drop=True)


CALIBRATION = (
    Metric("brier", "mean squared distance of the probability from what came true", brier, "low", "number"),
    Metric("log_loss", "mean negative log likelihood of what came true, in nats", log_loss, "low", "number"),
    Metric("ece", "distance of the probability from the share that came true, over bins", ece, "low"),
)


def _judged(table: pd.DataFrame) -> tuple["pd.Series[float]", "pd.Series[float]"]:
    judged = table.dropna(subset=["p", "y"]) if {"p", "y"} <= set(table) else pd.DataFrame({"p": [], "y": []})
    return cast("pd.Series[float]", judged["p"]), cast("pd.Series[float]", judged["y"])


def _bins(p: "pd.Series[float]", bins: int) -> npt.NDArray[np.intp]:
    """The number of each case's bin, which ends with the bin's highest p. Intervals ask for it a thousand
    times, for which pandas' own cutting is too slow."""
    values = p.to_numpy(float)
    if not len(values):
        return np.empty(0, dtype=np.intp)
    ends = np.unique(np.quantile(values, np.linspace(0, 1, min(bins, len(values)) + 1)))
    return np.asarray(np.maximum(np.searchsorted(ends, values) - 1, 0), dtype=np.intp)
