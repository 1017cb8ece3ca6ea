"""Figures of predicted rows, each beside that of a naive answer to the same rows.

What can be said of one row is a value of its verdict, so that two runs can be compared row by row; `p` is
a probability and `y` is 1 where it came true. What the naive answer comes to has the same name with
`_naive`."""

from collections.abc import Callable
from math import log

import pandas as pd
from scipy.stats import rankdata

from evals.calibration import ece
from evals.metrics import Better, Metric, Of, Unit, mean

NAIVE = "_naive"
SURE = 1e-6  # no probability counts as nearer to 0 or 1: one miss would decide the mean of the log loss
LEVEL = 0.9  # of the intervals


def of_probability(p: float, y: bool, naive: float) -> dict[str, float]:
    """What a row says of a probability: its squared error (Brier, 1950) and its negative log likelihood."""
    values = {"y": float(y)}
    for ending, said in (("", p), (NAIVE, naive)):
        likelihood = min(max(said if y else 1 - said, SURE), 1)
        values |= {
            f"p{ending}": said,
            f"squared_error{ending}": (said - y) ** 2,
            f"log_loss{ending}": -log(likelihood),
        }
    return values


def of_value(name: str, said: float, naive: float, true: float | None) -> dict[str, float]:
    """What a row says of a number, and how far it is from the truth where that is known."""
    values = {name: said, f"{name}{NAIVE}": naive}
    if true is not None:
        values |= {f"{name}_true": true, "error": abs(said - true), f"error{NAIVE}": abs(naive - true)}
    return values


def interval_score(low: float, high: float, true: float) -> float:
    """The width, plus what the truth lies outside by, weighed so that honest bounds score best (Gneiting and
    Raftery, Strictly proper scoring rules, 2007, 6.2)."""
    return high - low + 2 / (1 - LEVEL) * max(low - true, true - high, 0.0)


def auc(p: str) -> Of:
    """The share of pairs of one and the other kind that are in the right order (Mann and Whitney, 1947)."""

    def of(table: pd.DataFrame) -> float:
        came_true = table["y"].to_numpy() == 1
        ones, zeros = int(came_true.sum()), int((~came_true).sum())
        if not ones or not zeros:
            return float("nan")
        ranks = rankdata(table[p].to_numpy())
        return float((ranks[came_true].sum() - ones * (ones + 1) / 2) / (ones * zeros))

    return of


def skill(loss: str) -> Of:
    """How much of the naive answer's loss is gone: 1 is perfect, 0 as good, below 0 worse."""

    def of(table: pd.DataFrame) -> float:
        naive = float(table[f"{loss}{NAIVE}"].mean())
        return 1 - float(table[loss].mean()) / naive if naive else float("nan")

    return of


def beside(
    name: str,
    about: str,
    column: str,
    better: Better,
    *,
    of: Callable[[str], Of] = mean,
    unit: Unit = "share",
) -> tuple[Metric, Metric]:
    """A figure of a column, and that of the naive answer's."""
    return (
        Metric(name, about, of(column), better, unit),
        Metric(f"{name}{NAIVE}", f"{about}; by the naive answer", of(f"{column}{NAIVE}"), better, unit),
    )


PROBABILITY: tuple[Metric, ...] = (
    *beside("brier", "mean squared error of the probability", "squared_error", "low", unit="number"),
    Metric("skill", "share of the naive answer's Brier score that is gone", skill("squared_error")),
    *beside(
        "log_loss", "mean negative log of the chance given to what happened", "log_loss", "low", unit="number"
    ),
    *beside("auc", "share of unlike pairs in the right order", "p", "high", of=auc),
    Metric("ece", "distance of the probability from the share that came true, over bins", ece, "low"),
)
