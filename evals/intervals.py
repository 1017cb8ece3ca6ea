"""Intervals and differences that respect clusters: cases that resemble one another tell less than as many
that do not, so what is counted on is the clusters.

Means have a formula, everything else is resampled, whole clusters at a time."""

from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, t

from evals.metrics import Mean, Metric, Quantile

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

LEVEL = 0.95
DRAWS = 1000
SETTLED = 0.75  # share of the draws that must leave the figure defined for an interval to be given
FEW = 20  # clusters below which an interval is itself a rough guess (Cameron and Miller, 2015)
FLIPS = 10_000
NONE = 1e-12  # of a variance: what is left of 0 by rounding
EVERY_FLIP = 13  # clusters up to which every pattern of signs is looked at, instead of FLIPS random ones

_TAIL = (1 + LEVEL) / 2
_Z = float(norm.ppf(_TAIL))


class Paired(NamedTuple):
    """What is known of a difference: its 95% interval, and how likely one as large is where there is none."""

    low: float | None
    high: float | None
    p: float | None


def interval(metric: Metric, table: pd.DataFrame, draws: int = DRAWS) -> tuple[float, float] | None:
    """The 95% interval of the metric; None where there are fewer than two clusters, or the figure is mostly
    not defined. Of a mean: see `_of_mean`. Of anything else: the percentile interval over resamples of whole
    clusters (Davison and Hinkley, Bootstrap Methods, 1997), which holds the figure itself."""
    if isinstance(metric.of, Mean):
        return _of_mean(table, metric.of.column, metric.unit == "share")
    table, members = _needed(metric, table), _members(table)
    if len(members) < 2:
        return None
    random = np.random.default_rng(0)
    found = _defined([metric.of(table.iloc[_drawn(members, random)]) for _ in range(draws)])
    value = metric.of(table)
    if len(found) < SETTLED * draws or np.isnan(value):
        return None
    low, high = np.quantile(found, [1 - _TAIL, _TAIL])
    return float(min(low, value)), float(max(high, value))


def wilson(share: float, n: float, z: float = _Z) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of `n` cases: unlike the bootstrap's it has a width where all
    were right, and it stays between 0 and 1."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(min(centre - half, share), 0)), float(min(max(centre + half, share), 1))


def paired(metric: Metric, before: pd.DataFrame, after: pd.DataFrame, draws: int = DRAWS) -> Paired:
    """Of the metric's difference between two tables of the same cases in the same order. A mean's p is that
    of the sign-flip permutation of the clusters' sums; another metric's is that of its difference in
    standard errors, from resamples of whole clusters."""
    if isinstance(metric.of, Mean):
        return _of_means(before, after, metric.of.column, metric.unit == "share")
    before, after, members = _needed(metric, before), _needed(metric, after), _members(after)
    if len(members) < 2:
        return Paired(None, None, None)
    random = np.random.default_rng(0)
    found = _defined(
        [
            metric.of(after.iloc[rows]) - metric.of(before.iloc[rows])
            for rows in (_drawn(members, random) for _ in range(draws))
        ]
    )
    difference = metric.of(after) - metric.of(before)
    if len(found) < SETTLED * draws or np.isnan(difference):
        return Paired(None, None, None)
    low, high = np.quantile(found, [1 - _TAIL, _TAIL])
    error = float(found.std(ddof=1))
    if error == 0:
        p = None if difference else 1.0
    else:
        p = float(2 * t.sf(abs(difference) / error, len(members) - 1))
    return Paired(float(min(low, difference)), float(max(high, difference)), p)


def holm(ps: list[float]) -> list[float]:
    """Holm's (1979) correction for having looked more than once."""
    order = np.argsort(ps, kind="stable")
    corrected = np.maximum.accumulate((len(ps) - np.arange(len(ps))) * np.array(ps)[order])
    found = np.empty(len(ps))
    found[order] = np.minimum(corrected, 1)
    return [float(p) for p in found]


def _of_mean(table: pd.DataFrame, column: str, share: bool) -> tuple[float, float] | None:
    """Of a share, whose values are between 0 and 1: Wilson's interval with the number of independent cases
    that the clusters are worth, and a correction for few clusters (Korn and Graubard, 1998); where all
    clusters agree, each counts for one case. Otherwise: Student's interval with clustered standard errors
    (Liang and Zeger, 1986)."""
    values, codes = _column(table, column)
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        return None
    n, clusters, value = len(values), len(sizes), float(values.mean())
    apart = _variance(np.bincount(codes, values - value).astype(float), n)
    if share and values.min() >= 0 and values.max() <= 1:
        alone = value * (1 - value) / (n - 1)
        worth = n * alone / apart * _fewer(n, clusters) ** -2 if apart > NONE else clusters
        return wilson(value, worth)
    half = float(t.ppf(_TAIL, clusters - 1)) * np.sqrt(apart)
    return value - half, value + half


def _of_means(before: pd.DataFrame, after: pd.DataFrame, column: str, share: bool) -> Paired:
    """Of shares whose values are 0 or 1: Bonett and Price's (2012) interval, which pretends that one case
    was gained and one lost, so that it has a width where nothing changed; with clusters, as much as those
    that changed did on average, or a whole one where none did. Otherwise Student's with clustered standard
    errors."""
    if column not in before or column not in after:
        return Paired(None, None, None)
    both = pd.DataFrame({"cluster": after["cluster"], "before": before[column], "after": after[column]})
    judged = both.dropna()
    codes, _ = pd.factorize(judged["cluster"], sort=True)
    changes = (judged["after"] - judged["before"]).to_numpy(float)
    sizes = np.bincount(codes).astype(float)
    n, clusters = len(changes), len(sizes)
    if clusters < 2:
        return Paired(None, None, None)
    sums: Floats = np.bincount(codes, changes).astype(float)
    p, difference = _sign_flips(sums), float(changes.mean())
    if share and judged[["before", "after"]].isin([0, 1]).all(axis=None):
        size = float(np.abs(sums[sums != 0]).mean()) if sums.any() else n / clusters
        counted, weights = np.append(sums, [size, -size]), np.append(sizes, [size, size])
        centre = counted.sum() / weights.sum()
        error = np.sqrt(((counted - weights * centre) ** 2).sum()) / weights.sum()
        half = _Z * _fewer(n, clusters) * error
        return Paired(float(max(centre - half, -1)), float(min(centre + half, 1)), p)
    half = float(t.ppf(_TAIL, clusters - 1)) * np.sqrt(_variance(sums - sizes * difference, n))
    return Paired(float(difference - half), float(difference + half), p)


def _variance(deviations: Floats, n: int) -> float:
    """Of a mean of `n` values, given the sum of the deviations from it in each cluster."""
    clusters = len(deviations)
    return float((deviations**2).sum()) / n**2 * clusters / (clusters - 1)


def _sign_flips(sums: Floats) -> float:
    """How often the sum is as far from 0 when each cluster's sign is drawn: as likely one as the other, where
    before and after are the same. With single cases that were right or wrong it is McNemar's exact test."""
    moved = sums[sums != 0]
    if len(moved) <= EVERY_FLIP:
        patterns = np.array(list(product([-1, 1], repeat=len(moved))))
    else:
        patterns = np.random.default_rng(0).choice([-1, 1], size=(FLIPS, len(moved)))
    as_far = np.abs(patterns @ moved) >= abs(moved.sum()) - 1e-9
    return float(as_far.mean()) if len(moved) <= EVERY_FLIP else float((as_far.sum() + 1) / (FLIPS + 1))


def _fewer(n: int, clusters: int) -> float:
    """How much wider few clusters make an interval than their cases would by themselves; 1 where each case is
    a cluster of its own."""
    return float(t.ppf(_TAIL, clusters - 1) / t.ppf(_TAIL, n - 1))


def _column(table: pd.DataFrame, column: str) -> tuple[Floats, Places]:
    """The defined values, and the number of the cluster of each."""
    if column not in table:
        return np.empty(0), np.empty(0, dtype=np.intp)
    judged = table[["cluster", column]].dropna()
    return judged[column].to_numpy(float), pd.factorize(judged["cluster"], sort=True)[0]


def _needed(metric: Metric, table: pd.DataFrame) -> pd.DataFrame:
    """What of the table the metric reads, as far as it is known: taking rows of one column is quick."""
    return table.filter([metric.of.column]) if isinstance(metric.of, Quantile) else table


def _members(table: pd.DataFrame) -> list[Places]:
    codes, _ = pd.factorize(table["cluster"], sort=True)
    return [np.flatnonzero(codes == code) for code in range(codes.max(initial=-1) + 1)]


def _drawn(members: list[Places], random: np.random.Generator) -> Places:
    return np.concatenate([members[i] for i in random.integers(len(members), size=len(members))])


def _defined(found: list[float]) -> Floats:
    figures: Floats = np.array(found, dtype=float)
    return figures[~np.isnan(figures)]
