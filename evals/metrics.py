"""Metrics: a name, which way is better, and a plain function of a table of rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from evals.cases import Row

Of = Callable[[pd.DataFrame], float]
Better = Literal["high", "low"]


@dataclass(frozen=True)
class Metric:
    """A figure of a run. `of` takes the table of `frame`, of all rows or some, and gives NaN where it is not
    defined for them."""

    name: str
    about: str  # in a sentence, with the unit
    of: Of
    better: Better = "high"


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows as a table: id, epoch, cluster, score, passed, seconds, tokens, cost, a column for each value
    of the verdicts, and one for each group, as `group:<name>`."""
    return pd.DataFrame(
        [
            {
                "id": r.id,
                "epoch": r.epoch,
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


def mean(column: str) -> Of:
    """The mean of a column, leaving out what is not defined."""
    return lambda table: float(table[column].mean()) if column in table else float("nan")


PASSED = Metric("passed", "share of the cases that were right", mean("passed"))
