"""Status reports: how a project is rated, and whether the sentences that speak of trouble are found."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score, roc_auc_score

from evals.demo_firms import DemoFirm
from evals.quality import records
from evals.quality.plain import WORDS, words_to_labels
from evals.quality.results import Judged, Result, Rows
from models.formats.table import Kind
from models.predict.base import Progress
from models.predict.risk import RAGS, fit
from models.text.risks import CLEAR, read_reports

NAME = "risk"
KINDS: Mapping[str, Kind] = {
    "report_id": "text",
    "project_id": "text",
    "organisation": "text",
    "reported_on": "date",
    "text": "text",
    "rag": "text",
}
LATER = 0.3  # share of the reports, at most, that is judged: the newest
KEYWORDS = re.compile(
    r"\b(?:risk|issue|problem|concern|delay|late|behind|slip|block|overrun|overspend|miss|fail|wait|worr)\w*",
    re.IGNORECASE,
)

Floats = npt.NDArray[np.float64]


def on_firm(firm: DemoFirm, progress: Progress) -> list[Result]:
    """Every sentence of every report: was it planted as one that speaks of trouble? By the words themselves,
    and beside a list of words that mean trouble."""
    reports = firm.table("status_reports")
    planted: dict[str, list[str]] = {}
    for story in firm.truth("at_risk"):
        for told in story["reports"]:
            planted.setdefault(told["report_id"], []).extend(told["quotes"])
    progress("status reports", 0, 1)
    read = read_reports(reports["text"].tolist())
    progress("status reports", 1, 1)
    wanted, chance, words, project = [], [], [], []
    for report_id, project_id, reading in zip(reports["report_id"], reports["project_id"], read, strict=True):
        quotes = planted.get(report_id, [])
        for span, probability in zip(reading.spans, reading.probabilities, strict=True):
            sentence = span.of(reading.text)
            wanted.append(any(sentence in quote or quote in sentence for quote in quotes))
            chance.append(float(probability))
            words.append(float(len(KEYWORDS.findall(sentence))))
            project.append(project_id)
    trouble, found, naive = np.array(wanted), np.array(chance), np.array(words)
    judged = Judged(
        NAME, firm.name, f"words that mean trouble ({KEYWORDS.pattern.count('|') + 1})", np.array(project)
    )

    def ranked(by: Floats, rows: Rows) -> float:
        return float(average_precision_score(trouble[rows], by[rows])) if trouble[rows].any() else np.nan

    def precision(said: Floats, rows: Rows) -> float:
        return float(trouble[rows][said[rows] > 0].mean()) if (said[rows] > 0).any() else np.nan

    def recall(said: Floats, rows: Rows) -> float:
        return float((said[rows] > 0)[trouble[rows]].mean()) if trouble[rows].any() else np.nan

    clear = (found >= CLEAR).astype(float)
    return [
        judged.measure(
            "sentences, average precision", lambda r: ranked(found, r), lambda r: ranked(naive, r)
        ),
        judged.measure(
            "sentences shown, precision",
            lambda r: precision(clear, r),
            lambda r: precision(naive, r),
            decides=False,
        ),
        judged.measure(
            "planted sentences shown", lambda r: recall(clear, r), lambda r: recall(naive, r), decides=False
        ),
        *rated(firm.name, reports.assign(organisation=""), progress),
    ]


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`risk/labelled.csv`: the newest reports, learnt from all earlier ones."""
    path = data / "risk" / "labelled.csv"
    return rated(path.stem, records.table(path, KINDS), progress) if path.exists() else []


def rated(group: str, reports: pd.DataFrame, progress: Progress) -> list[Result]:
    """Ratings of the newest reports. Where most projects are green it is accurate to say so of all: accuracy
    does not decide."""
    reports = reports[reports["rag"].isin(RAGS)].reset_index(drop=True)
    cut = first_judged(reports["reported_on"])
    before, judged_on = reports[reports["reported_on"] < cut], reports[reports["reported_on"] >= cut]
    ours = fit(before, progress).probabilities(judged_on)
    labels, shares = words_to_labels(
        before["text"].tolist(), before["rag"].tolist(), judged_on["text"].tolist()
    )
    naive = np.zeros_like(ours)
    naive[:, [RAGS.index(label) for label in labels]] = shares
    truth = judged_on["rag"].map(RAGS.index).to_numpy(np.int64)
    red = truth == RAGS.index("red")
    judged = Judged(NAME, group, WORDS, judged_on["project_id"].to_numpy())

    def said(shares: Floats, rows: Rows) -> Rows:
        return np.asarray(shares[rows].argmax(axis=1))

    def accuracy(shares: Floats, rows: Rows) -> float:
        return float((said(shares, rows) == truth[rows]).mean())

    def macro_f1(shares: Floats, rows: Rows) -> float:
        return float(f1_score(truth[rows], said(shares, rows), average="macro", zero_division=0))

    def kappa(shares: Floats, rows: Rows) -> float:
        return float(
            cohen_kappa_score(truth[rows], said(shares, rows), weights="quadratic", labels=[0, 1, 2])
        )

    def auc(shares: Floats, rows: Rows) -> float:
        some = 0 < red[rows].sum() < len(rows)
        return float(roc_auc_score(red[rows], shares[rows, RAGS.index("red")])) if some else np.nan

    figures = (("accuracy", accuracy), ("macro f1", macro_f1), ("kappa", kappa), ("auc red", auc))
    return [
        judged.measure(f"rating, {name}", partial(f, ours), partial(f, naive), decides=f is not accuracy)
        for name, f in figures
    ]


def first_judged(dates: "pd.Series[Any]") -> Any:
    """The earliest day of the reports that are judged: the newest days that hold `LATER` of all at most, or
    the last day."""
    newest_first = sorted(dates, reverse=True)
    limit = newest_first[min(int(len(newest_first) * LATER), len(newest_first) - 1)]
    later = [day for day in newest_first if day > limit]
    return later[-1] if later else newest_first[0]
