"""Metrics: a name, which way is better, and a plain function of a table of cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
import pandas as pd

from evals.cases import Row

Of = Callable[[pd.DataFrame], float]
Better = Literal["high", "low"]
Unit = Literal["share", "number", "days", "hours", "seconds", "tokens", "money"]


@dataclass(frozen=True)
class Metric:
    """A figure of a run. `of` takes the table of `frame`, of all cases or some, and gives NaN where it is not
    defined for them."""

    name: str
    about: str  # in a sentence, with the unit
    of: Of
    better: Better = "high"
    unit: Unit = "share"  # differences of shares are said in percentage points


@dataclass(frozen=True)
class Mean:
    """The mean of a column, leaving out what is not defined. Its interval needs no resampling."""

    column: str

    def __call__(self, table: pd.DataFrame) -> float:
        return float(table[self.column].mean()) if self.column in table else float("nan")


@dataclass(frozen=True)
class Quantile:
    """The value that `share` of the cases stay under, in a column."""

    column: str
    share: float

    def __call__(self, table: pd.DataFrame) -> float:
        values = table[self.column].to_numpy(float) if self.column in table else np.empty(0)
        return float(np.nanquantile(values, self.share)) if len(values) else float("nan")


def mean(column: str) -> Of:
    return Mean(column)


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """The cases as a table, in their order: id, cluster, score, passed, seconds, tokens, cost, a column for
    each value of the verdicts, and one for each group, as `group:<name>`.

    The epochs of a case are averaged before anything else, since they tell of one case; where there are
    several, columns `pass^2`, `pass^3`, ... and `flaky` say how far they agree."""
    table = pd.DataFrame(
        [
            {
                "id": r.id,
                "cluster": r.cluster,
                "score": r.verdict.score,
                "passed": float(r.verdict.passed),
                "seconds": r.usage.seconds,
                "tokens": float(r.usage.input_tokens + r.usage.output_tokens),
                "cost": float(r.usage.cost) if r.usage.cost is not None else np.nan,
                **r.verdict.values,
                **{f"group:{name}": value for name, value in r.groups.items()},
            }
            for r in rows
        ]
    )
    return _averaged(table) if len({r.epoch for r in rows}) > 1 else table


def pass_k(right: int, epochs: int, k: int) -> float:
    """The chance that `k` attempts at a case all succeed, given that `right` of `epochs` did: Inspect's
    estimator of the same name (Yao et al., tau-bench, 2024). NaN where there were fewer than `k`."""
    return comb(right, k) / comb(epochs, k) if epochs >= k else float("nan")


def _averaged(table: pd.DataFrame) -> pd.DataFrame:
    by_case = table.groupby("id", sort=False)
    numbers = table.select_dtypes("number").columns
    cases = by_case.agg({c: "mean" if c in numbers else "first" for c in table.columns if c != "id"})
    right, epochs = by_case["passed"].sum().astype(int), by_case.size()
    for k in range(2, int(epochs.max()) + 1):
        cases[f"pass^{k}"] = [pass_k(r, n, k) for r, n in zip(right, epochs, strict=True)]
    cases["flaky"] = ((right > 0) & (right < epochs)).astype(float)
    return cases.reset_index()


PASSED = Metric("passed", "share of the cases that were right", mean("passed"))

_SPENT = (
    Metric("tokens", "tokens in and out, a case, on average", mean("tokens"), "low", "tokens"),
    Metric("cost", "cost of a case on average, by the subject's price list", mean("cost"), "low", "money"),
    Metric("seconds", "half of the cases stay under it", Quantile("seconds", 0.5), "low", "seconds"),
    Metric("seconds_95", "95% of the cases stay under it", Quantile("seconds", 0.95), "low", "seconds"),
)


def standing(epochs: int) -> tuple[Metric, ...]:
    """What every suite is measured by beside its own metrics. It is told and never decides."""
    if epochs == 1:
        return _SPENT
    every = f"pass^{epochs}"
    return (
        Metric(every, f"share of the cases that are right {epochs} times out of {epochs}", mean(every)),
        Metric("flaky", "share of the cases whose epochs do not agree", mean("flaky"), "low"),
        *_SPENT,
    )
