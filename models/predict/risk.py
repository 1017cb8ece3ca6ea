"""How a project stands (green, amber, red) by its status report, and the risks that the report names.

The rating is a logistic regression on the words of the report, the ratings that the project had before, and
its organisation. Ratings are used as they were known: only those dated before the report. Since the newest
one may not be known yet, half of what is learnt comes from reports whose last rating was held back. Classes
count equally whatever their share, for shares drift from year to year, and a temperature set on later years
than those learnt from (Guo et al. 2017) keeps the probabilities honest. Risks and summary need no labelled
reports: see `models/text/risks.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, roc_auc_score
from sklearn.preprocessing import OneHotEncoder

from models.errors import ChargehandError, Retry
from models.predict.base import Progress, silent
from models.text.risks import FAINT, ReadReport, Risk, read_reports

Rag = Literal["green", "amber", "red"]
VERSION = 1
"""Of this code: models fitted by another version are fitted again."""

RAGS: tuple[Rag, ...] = get_args(Rag)

Numbers = npt.NDArray[np.float64]

_HELD_BACK = 0.5  # weight of a training report seen without its project's last rating
_FADE = 0.8  # what a rating still counts for each further year of age after the first
_REGULARISATION = 1.5
_TEMPERATURES = (0.25, 4.0)
_REPORTS_AT_ONCE = 32


class TooFewRatings(ChargehandError):
    """A risk model needs reports of at least two ratings; it was given {ratings}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class RiskAssessment(BaseModel):
    """What a report says about its project. Quotes and the summary's sentences are verbatim."""

    model_config = ConfigDict(frozen=True)

    report_id: str
    rag: Rag
    p_green: float
    p_amber: float
    p_red: float
    summary: str
    risks: tuple[Risk, ...]


@dataclass(frozen=True)
class _PastRatings:
    """The ratings of each project, oldest first, as (date, 0 green to 2 red)."""

    of_project: dict[str, list[tuple[date, int]]]

    @classmethod
    def of(cls, labelled: pd.DataFrame) -> _PastRatings:
        ratings: dict[str, list[tuple[date, int]]] = {}
        for project, day, rag in zip(labelled.project_id, labelled.reported_on, labelled.rag, strict=True):
            ratings.setdefault(str(project), []).append((day, RAGS.index(rag)))
        return cls({project: sorted(past) for project, past in ratings.items()})

    def known(self, reports: pd.DataFrame, *, held_back: int = 0) -> Numbers:
        """What was known of each report's project the day before, the newest `held_back` ratings left out:
        the last rating (one column each), its trend, the mean of all, and whether there is none."""
        rows = zip(reports.project_id, reports.reported_on, strict=True)
        return np.array([self._known(str(p), day, held_back) for p, day in rows], dtype=np.float64)

    def _known(self, project: str, day: date, held_back: int) -> list[float]:
        past = [rating for rating in self.of_project.get(project, ()) if rating[0] < day]
        past = past[: len(past) - held_back]
        if not past:
            return [0, 0, 0, 0, 0, 0, 1]
        newest_on, newest = past[-1]
        fade = _FADE ** max((day - newest_on).days / 365.25 - 1, 0)
        last = [fade * (newest == level) for level in range(len(RAGS))]
        mean = float(np.mean([level for _, level in past])) - 1
        trend = newest - past[-2][1] if len(past) > 1 else 0
        return [*last, fade * mean, fade * (newest - 1), trend, 0]


def _plain(text: str) -> str:
    """The text with its numbers masked: which year it is must not matter."""
    return re.sub(r"\d[\d.,/]*", "0", text)


def _commentary(text: str) -> str:
    """The text without its first paragraph, where reports describe the project rather than its state."""
    first, _, rest = _plain(text).partition("\n\n")
    return rest or first


@dataclass(frozen=True)
class _Features:
    """Reports as rows of numbers; fitted on the reports learnt from."""

    words: TfidfVectorizer
    commentary: TfidfVectorizer
    organisations: OneHotEncoder

    @classmethod
    def fitted(cls, reports: pd.DataFrame) -> _Features:
        vectorizer: dict[str, Any] = {"ngram_range": (1, 2), "sublinear_tf": True, "max_features": 40_000}
        vectorizer["min_df"] = 3 if len(reports) >= 100 else 1
        return cls(
            TfidfVectorizer(preprocessor=_folded, **vectorizer).fit(reports.text),
            TfidfVectorizer(preprocessor=_folded_commentary, **vectorizer).fit(reports.text),
            OneHotEncoder(handle_unknown="ignore").fit(_organisation(reports)),
        )

    def rows(self, reports: pd.DataFrame, past: Numbers) -> sp.csr_matrix:
        """One row a report, shape (reports, features); the factors set what each part may weigh."""
        parts = (
            0.7 * self.words.transform(reports.text),
            0.7 * self.commentary.transform(reports.text),
            0.7 * sp.csr_matrix(past),
            0.3 * self.organisations.transform(_organisation(reports)),
        )
        return sp.csr_matrix(sp.hstack(parts))


def _folded(text: str) -> str:
    return _plain(text).lower()


def _folded_commentary(text: str) -> str:
    return _commentary(text).lower()


def _organisation(reports: pd.DataFrame) -> npt.NDArray[np.object_]:
    return reports.organisation.str.casefold().to_numpy(dtype=object).reshape(-1, 1)


@dataclass(frozen=True)
class RiskModel:
    """Rates status reports. Made by `fit`."""

    features: _Features
    past: _PastRatings
    classifier: LogisticRegression
    temperature: float

    def probabilities(self, reports: pd.DataFrame) -> Numbers:
        """Probabilities of green, amber and red, shape (reports, 3); columns as `fit` takes, without rag."""
        return np.asarray(softmax(self._log_odds(reports) / self.temperature, axis=1), dtype=np.float64)

    def _log_odds(self, reports: pd.DataFrame) -> Numbers:
        logs = np.full((len(reports), len(RAGS)), -10.0)  # a rating never seen is all but impossible
        rows = self.features.rows(reports, self.past.known(reports))
        logs[:, self.classifier.classes_] = self.classifier.predict_log_proba(rows)
        return logs

    def predict(self, reports: pd.DataFrame, progress: Progress = silent) -> list[RiskAssessment]:
        """Assesses reports, in the order given. Takes the columns that `fit` takes, without rag."""
        probabilities = self.probabilities(reports)
        read = _read_all(reports.text.tolist(), progress)
        rows = zip(reports.report_id, probabilities, read, strict=True)
        return [_assessment(str(report_id), p, reading) for report_id, p, reading in rows]


def _read_all(texts: Sequence[str], progress: Progress) -> Iterator[ReadReport]:
    for first in range(0, len(texts), _REPORTS_AT_ONCE):
        yield from read_reports(texts[first : first + _REPORTS_AT_ONCE])
        progress("reading reports", min(first + _REPORTS_AT_ONCE, len(texts)), len(texts))


def _assessment(report_id: str, probabilities: Numbers, reading: ReadReport) -> RiskAssessment:
    rag = RAGS[int(probabilities.argmax())]
    risks = reading.risks()
    if not risks and rag != "green":  # then something is wrong, however softly the report says it
        risks = reading.risks(most=1, least_probability=FAINT)
    p_green, p_amber, p_red = (round(float(p), 4) for p in probabilities)
    return RiskAssessment(
        report_id=report_id,
        rag=rag,
        p_green=p_green,
        p_amber=p_amber,
        p_red=p_red,
        summary=" ".join(span.of(reading.text) for span in reading.summary()),
        risks=risks,
    )


def fit(labelled: pd.DataFrame, progress: Progress = silent) -> RiskModel:
    """Learns to rate reports.

    Args:
        labelled: report_id, project_id, organisation, reported_on (`datetime.date`), text, rag.
        progress: told of each step.

    Raises:
        TooFewRatings: all reports have the same rating.
    """
    if labelled.rag.nunique() < 2:
        raise TooFewRatings(ratings=int(labelled.rag.nunique()))
    progress("fitting the rating", 0, 2)
    temperature = _temperature(labelled)
    progress("fitting the rating", 1, 2)
    model = _fit(labelled, temperature)
    progress("fitting the rating", 2, 2)
    return model


def _fit(labelled: pd.DataFrame, temperature: float) -> RiskModel:
    features, past = _Features.fitted(labelled), _PastRatings.of(labelled)
    ratings = labelled.rag.map(RAGS.index).to_numpy(dtype=np.int64)
    rows = sp.vstack([features.rows(labelled, past.known(labelled, held_back=back)) for back in (0, 1)])
    weights = np.repeat([1.0, _HELD_BACK], len(labelled))
    classifier = LogisticRegression(C=_REGULARISATION, class_weight="balanced", max_iter=3000)
    classifier.fit(rows, np.tile(ratings, 2), sample_weight=weights)
    return RiskModel(features, past, classifier, temperature)


def _temperature(labelled: pd.DataFrame) -> float:
    """What the log odds must be divided by to be likeliest on the newest fifth of the reports, when learnt
    from those dated earlier; 1 where there are too few to tell."""
    days = sorted(labelled.reported_on)
    since = days[int(0.8 * len(days))]
    newer = labelled[labelled.reported_on >= since]
    older = labelled[labelled.reported_on < since]
    if len(newer) < 30 or len(older) < 30 or older.rag.nunique() < len(RAGS):
        return 1.0
    odds = _fit(older, 1.0)._log_odds(newer)
    truth = newer.rag.map(RAGS.index).to_numpy(dtype=np.int64)

    def loss(temperature: float) -> float:
        return -float(log_softmax(odds / temperature, axis=1)[np.arange(len(truth)), truth].mean())

    return float(minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded").x)


def evaluate(assessments: Sequence[RiskAssessment], truth: pd.DataFrame) -> dict[str, float]:
    """How good assessments are, against the reports with their rag (and text): accuracy, macro-F1, quadratic
    kappa, AUC of `p_red`, share of quotes that are verbatim, share of reports with a risk."""
    of_report = truth.set_index("report_id")
    judged = [a for a in assessments if a.report_id in of_report.index]
    actual = [RAGS.index(of_report.rag[a.report_id]) for a in judged]
    given = [RAGS.index(a.rag) for a in judged]
    quotes = [(a.report_id, e) for a in judged for risk in a.risks for e in risk.evidence]
    verbatim = [of_report.text[i][e.start : e.end] == e.quote for i, e in quotes]
    is_red = np.array(actual) == RAGS.index("red")
    return {
        "accuracy": float(accuracy_score(actual, given)),
        "macro_f1": float(f1_score(actual, given, average="macro")),
        "kappa": float(cohen_kappa_score(actual, given, weights="quadratic")),
        "auc_red": float(roc_auc_score(is_red, [a.p_red for a in judged]))
        if 0 < is_red.mean() < 1
        else np.nan,
        "verbatim": float(np.mean(verbatim)) if verbatim else 1.0,
        "with_a_risk": float(np.mean([bool(a.risks) for a in judged])),
    }
