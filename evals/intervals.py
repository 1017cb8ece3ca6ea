"""Intervals that respect clusters."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from evals.metrics import Metric

Rows = npt.NDArray[np.intp]

DRAWS = 1000
SETTLED = 0.75  # share of the draws that must leave the figure defined for an interval to be given


def interval(metric: Metric, table: pd.DataFrame, draws: int = DRAWS) -> tuple[float, float] | None:
    """The 95% percentile interval of the metric over resamples of whole clusters (Davison and Hinkley,
    Bootstrap Methods, 1997); None where there are fewer than two, or the figure is mostly not defined."""
    codes, _ = pd.factorize(table["cluster"], sort=True)
    members = [np.flatnonzero(codes == code) for code in range(codes.max(initial=-1) + 1)]
    if len(members) < 2:
        return None
    random = np.random.default_rng(0)
    found = np.array([metric.of(table.iloc[_drawn(members, random)]) for _ in range(draws)])
    found = found[~np.isnan(found)]
    if len(found) < SETTLED * draws:
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _drawn(members: list[Rows], random: np.random.Generator) -> Rows:
    return np.concatenate([members[i] for i in random.integers(len(members), size=len(members))])
