"""The suite's metrics. Each is of the cases that bear its values (see the judge); the others are left out."""

import numpy as np
import pandas as pd

from evals.metrics import PASSED, Metric, mean


def f1(table: pd.DataFrame) -> float:
    """Of the risks stated against those there are: the harmonic mean of precision and recall."""
    if "stated" not in table:
        return float("nan")
    judged = table.dropna(subset=["stated", "y"])
    both, either = (judged["stated"] * judged["y"]).sum(), judged["stated"].sum() + judged["y"].sum()
    return float(2 * both / either) if either else float("nan")


def balanced(table: pd.DataFrame) -> float:
    """The mean over the ratings there were of the share rated right."""
    if "rag" not in table:
        return float("nan")
    judged = table.dropna(subset=["rag"])
    return float(np.mean(judged.groupby("rag")["rated"].mean())) if len(judged) else float("nan")


METRICS: tuple[Metric, ...] = (
    Metric("risk F1", "of written sentences: harmonic mean of precision and recall, 0 to 1", f1),
    Metric("risk precision", "share of the sentences stated as risks that name one", mean("precise")),
    Metric("risk recall", "share of the sentences naming a risk that were stated", mean("found")),
    Metric("grave risks missed", "share not stated of those that are or may be high", mean("missed"), "low"),
    Metric("category right", "share of the risks found whose category is right", mean("category")),
    Metric("severity right", "share of the risks found whose severity is right", mean("severity")),
    Metric("verbatim", "share of a report's quotes that are word for word; must be 1", mean("verbatim")),
    Metric(
        "carried", "share of a report's statements that a sentence naming a risk carries", mean("carried")
    ),
    Metric("trouble shown", "share of the firm's reports whose planted trouble is quoted", mean("shown")),
    Metric(
        "brier", "of the probability that a sentence names a risk", mean("squared_error"), "low", "number"
    ),
    Metric("rating right", "share of projects rated as they were", mean("rated")),
    Metric("rating balanced", "mean over green, amber and red of the share rated right", balanced),
    Metric("rating brier", "of the probability of a red rating", mean("red_error"), "low", "number"),
    PASSED,
)
