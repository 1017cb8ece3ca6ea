"""What was measured: a figure with its interval, beside the figure of a plainer way to the same answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]
Figure = Callable[[Rows], float]  # of some of the judged rows
Aim = Literal["high", "low"] | float  # what is best; a number is a target, such as the coverage asked for
Z = 1.959964  # of a 95% interval
SETTLED = 0.75  # share of the resamples that must leave the figure defined for an interval to be given


@dataclass(frozen=True)
class Interval:
    """A 95% interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """One figure."""

    name: str  # of the suite
    group: str  # of the records, e.g. "demo firm 11" or the name of a file
    metric: str
    value: float
    interval: Interval | None  # None where too little was judged to say
    baseline: float | None  # None where there is nothing to compare with, such as a share that must be 1
    against: str  # what the baseline is, in words
    judged: int  # rows
    aim: Aim = "high"
    decides: bool = True  # False for what can be had at the expense of another figure, such as recall

    @property
    def better(self) -> bool:
        """No worse than the baseline."""
        return self.baseline is None or _distance(self.value, self.aim) <= _distance(self.baseline, self.aim)

    @property
    def fails(self) -> bool:
        """Worse than the baseline by more than chance, in a figure that decides."""
        if self.better or not self.decides or self.baseline is None:
            return False
        return self.interval is None or not self.interval.low <= self.baseline <= self.interval.high

    def as_json(self) -> dict[str, Any]:
        interval = [self.interval.low, self.interval.high] if self.interval else None
        return {
            "name": self.name,
            "group": self.group,
            "metric": self.metric,
            "value": self.value,
            "interval": interval,
            "baseline": self.baseline,
            "against": self.against,
            "judged": self.judged,
            "aim": self.aim,
            "better": self.better,
            "fails": self.fails,
        }


def _distance(value: float, aim: Aim) -> float:
    """How far from the best; a figure that is not defined is farthest."""
    if np.isnan(value):
        return float("inf")
    return abs(value - aim) if isinstance(aim, float) else value if aim == "low" else -value


@dataclass(frozen=True)
class Judged:
    """Rows that were predicted in two ways and are measured in several."""

    name: str
    group: str
    against: str
    units: npt.NDArray[Any]  # what each row belongs to: whole units are drawn, since their rows are alike
    draws: int = 200

    def measure(
        self,
        metric: str,
        figure: Figure,
        baseline: Figure | None = None,
        aim: Aim = "high",
        *,
        decides: bool = True,
    ) -> Result:
        """A figure of all rows beside the baseline's, with a bootstrap interval over the units."""
        everything = np.arange(len(self.units))
        return Result(
            self.name,
            self.group,
            metric,
            figure(everything),
            bootstrap(figure, self.units, self.draws),
            baseline(everything) if baseline else None,
            self.against if baseline else "",
            len(self.units),
            aim,
            decides,
        )

    def must(self, metric: str, figure: Figure, be: float) -> Result:
        """A figure that may only have one value."""
        found = figure(np.arange(len(self.units)))
        return Result(self.name, self.group, metric, found, None, be, "must be", len(self.units), be)


def bootstrap(figure: Figure, units: npt.NDArray[Any], draws: int, seed: int = 0) -> Interval | None:
    """The percentile interval over resamples of whole units (Davison and Hinkley, Bootstrap Methods, 1997).

    None where fewer than two units are there, or the figure is mostly not defined."""
    _, unit_of = np.unique(units, return_inverse=True)
    members = np.split(np.argsort(unit_of, kind="stable"), np.cumsum(np.bincount(unit_of))[:-1])
    if len(members) < 2:
        return None
    random = np.random.default_rng(seed)
    found = np.array([figure(rows) for rows in _resamples(members, draws, random)])
    found = found[~np.isnan(found)]
    if len(found) < SETTLED * draws:
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(float(low), float(high))


def _resamples(members: list[Rows], draws: int, random: np.random.Generator) -> Iterator[Rows]:
    for _ in range(draws):
        drawn = random.integers(len(members), size=len(members))
        yield np.concatenate([members[unit] for unit in drawn])


def counted(
    name: str, group: str, metric: str, passed: int, of: int, *, baseline: float | None, against: str
) -> Result:
    """A share of independent rows with its Wilson interval. Raises ZeroDivisionError for no rows."""
    return Result(name, group, metric, passed / of, wilson(passed, of), baseline, against, of)


def wilson(passed: int, of: int) -> Interval:
    """The 95% interval of a share (Wilson 1927), which stays within 0 and 1 for few rows. Raises
    ZeroDivisionError for no rows: there is nothing to say about them."""
    p, z2 = passed / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def compared(results: list[Result], figures: Mapping[str, Mapping[str, float]], against: str) -> list[Result]:
    """The results beside figures known from elsewhere, by `suite/group` and metric; the others unchanged."""
    return [
        replace(r, baseline=known, against=against)
        if (known := figures.get(f"{r.name}/{r.group}", {}).get(r.metric)) is not None
        else r
        for r in results
    ]
