"""Finds the sentences of a status report that name a risk, and says what kind of risk and how bad.

Nothing here is learnt from a firm's reports. Two readings are added up. A classifier on sentence embeddings
has learnt from the prototypes in `risk_language.yaml` what trouble sounds like, whatever the words; a
lexicon counts words that name trouble and words that take it back ('no delay', 'resolved'). The category is
that of the nearest prototypes; severity comes from words of degree. Every risk quotes its sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, Field
from sklearn.linear_model import LogisticRegression

from models.text.embed import Vectors, default_embedder
from models.text.spans import Span, sentences

RiskCategory = Literal[
    "schedule",
    "budget",
    "scope",
    "resourcing",
    "quality",
    "stakeholder",
    "supplier",
    "dependency",
    "technical",
    "governance",
]
Severity = Literal["low", "medium", "high"]

CATEGORIES: tuple[RiskCategory, ...] = get_args(RiskCategory)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

CLEAR = 0.4
"""Probability from which a sentence names a risk."""

FAINT = 0.2
"""Probability from which a sentence may be shown where trouble is known but not said outright."""

_SAME_RISK = 0.7  # cosine from which two sentences of a category speak of one risk
_NEIGHBOURS = 3  # nearest prototypes that vote for the category
_SHORTEST = 12  # characters; shorter sentences are headings

Numbers = npt.NDArray[np.float64]


class RiskEvidence(BaseModel):
    """Words of the report: `text[start:end] == quote`, offsets in Unicode code points."""

    model_config = ConfigDict(frozen=True)

    quote: str
    start: int
    end: int


class Risk(BaseModel):
    """One risk that a report names, with the sentences that name it, the plainest first."""

    model_config = ConfigDict(frozen=True)

    category: RiskCategory
    statement: str
    severity: Severity
    evidence: tuple[RiskEvidence, ...]
    # That the first of them names a risk; not part of what the batch command writes (docs/formats.md).
    probability: float = Field(exclude=True)


_LANGUAGE = yaml.safe_load((resources.files("models.text") / "risk_language.yaml").read_text("utf-8"))


def _words(name: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(_LANGUAGE["words"][name]) + r")\b", re.IGNORECASE)


_TROUBLE, _RELIEF, _GRAVE, _SLIGHT = (_words(name) for name in ("trouble", "relief", "grave", "slight"))
_DENIAL = re.compile(r"\b(?:no|not|none|nothing|never|neither|nor)\b(?:[ \w'-]{0,28})", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:–—]|,? \b(?:but|however|although|though|yet|while|except)\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Detector:
    """What the prototypes teach, for one embedder."""

    trouble: LogisticRegression
    prototypes: Vectors  # those of risks
    category_of: npt.NDArray[np.int64]  # of each prototype, its place in CATEGORIES

    def probabilities(self, texts: Sequence[str], vectors: Vectors) -> Numbers:
        """The probability that each sentence names a risk."""
        signs = np.array([_lexical(text) for text in texts], dtype=np.float64)
        odds = np.asarray(self.trouble.decision_function(vectors), dtype=np.float64)
        return np.asarray(1 / (1 + np.exp(-(odds + signs))), dtype=np.float64)

    def category(self, vector: Vectors) -> RiskCategory:
        """The category of the nearest prototypes, each voting with its likeness."""
        likeness = self.prototypes @ vector
        nearest = np.argsort(-likeness, kind="stable")[:_NEIGHBOURS]
        votes = np.bincount(self.category_of[nearest], likeness[nearest], len(CATEGORIES))
        return CATEGORIES[int(votes.argmax())]


def _lexical(text: str) -> float:
    """Log odds from words alone, of the worst clause: so that 'fixed, but the data is late' is still late."""
    clauses = [clause for clause in _CLAUSE.split(text) if clause and clause.strip()]
    return max((_clause_odds(clause) for clause in clauses), default=0.0)


def _clause_odds(clause: str) -> float:
    if _RELIEF.search(clause):
        return -2.0
    troubles = len(_TROUBLE.findall(clause))
    return float(min(troubles, 2)) if troubles else -0.3


def _detector() -> _Detector:
    return _taught(default_embedder().name)


@cache
def _taught(_embedder: str) -> _Detector:
    risks = [(CATEGORIES.index(c), text) for c, texts in _LANGUAGE["risks"].items() for text in texts]
    vectors = default_embedder().encode([text for _, text in risks] + _LANGUAGE["fine"])
    is_risk = np.arange(len(vectors)) < len(risks)
    trouble = LogisticRegression(C=20.0, class_weight="balanced", max_iter=1000).fit(vectors, is_risk)
    return _Detector(trouble, vectors[: len(risks)], np.array([c for c, _ in risks]))


@dataclass(frozen=True)
class ReadReport:
    """A report's sentences, as the detector sees them."""

    text: str
    spans: tuple[Span, ...]
    vectors: Vectors
    probabilities: Numbers  # that each sentence names a risk

    def summary(self, most: int = 3) -> tuple[Span, ...]:
        """The sentences that tell most about the report, in its order, each verbatim: near the report's
        middle in meaning or naming a risk, and unlike those already taken (maximal marginal relevance,
        Carbonell and Goldstein 1998)."""
        if not self.spans:
            return ()
        centre = self.vectors.mean(axis=0)
        worth = self.vectors @ (centre / max(float(np.linalg.norm(centre)), 1e-9)) + self.probabilities
        taken: list[int] = []
        while len(taken) < min(most, len(self.spans)):
            told = (self.vectors @ self.vectors[taken].T).max(axis=1) if taken else 0.0
            gain = worth - told
            gain[taken] = -np.inf
            taken.append(int(gain.argmax()))
        return tuple(self.spans[i] for i in sorted(taken))

    def risks(self, most: int = 8, least_probability: float = CLEAR) -> tuple[Risk, ...]:
        """The risks named, the worst first; sentences of one category that mean much the same are one."""
        order = np.argsort(-self.probabilities, kind="stable")
        groups: list[tuple[RiskCategory, list[int]]] = []
        for i in (int(i) for i in order if self.probabilities[i] >= least_probability):
            category = _detector().category(self.vectors[i])
            for other, members in groups:
                if other == category and float(self.vectors[i] @ self.vectors[members[0]]) >= _SAME_RISK:
                    members.append(i)
                    break
            else:
                groups.append((category, [i]))
        risks = [self._risk(category, members) for category, members in groups[:most]]
        return tuple(sorted(risks, key=lambda risk: -SEVERITIES.index(risk.severity)))

    def _risk(self, category: RiskCategory, members: Sequence[int]) -> Risk:
        spans = [self.spans[i] for i in members]
        quotes = [RiskEvidence(quote=s.of(self.text), start=s.start, end=s.end) for s in spans]
        statement = _statement(quotes[0].quote)
        return Risk(
            category=category,
            statement=statement,
            severity=severity(statement),
            evidence=tuple(quotes),
            probability=float(self.probabilities[members[0]]),
        )


def severity(sentence: str) -> Severity:
    """How bad a risk is, by the words of degree in the sentence that names it; a denied grave word ('not on
    the critical path', 'none urgent') counts as a slight one."""
    denied = len(_GRAVE.findall(" ".join(_DENIAL.findall(sentence))))
    degree = len(_GRAVE.findall(sentence)) - 2 * denied - len(_SLIGHT.findall(sentence))
    return "high" if degree > 0 else "low" if degree < 0 else "medium"


def _statement(quote: str) -> str:
    """The sentence on one line without its bullet, ending in a full stop."""
    words = re.sub(r"^[\s\-*•·–—▪]+|^\(?\w{1,3}[.)]\s+", "", " ".join(quote.split()))
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) else words.rstrip(";:,") + "."


def read_reports(texts: Sequence[str]) -> list[ReadReport]:
    """Reads status reports: their sentences, and how likely each names a risk."""
    if not texts:
        return []  # to split nothing gives one part, not none
    spans = [tuple(s for s in sentences(text) if len(s) >= _SHORTEST) for text in texts]
    quotes = [[s.of(text) for s in places] for text, places in zip(texts, spans, strict=True)]
    flat = [quote for report in quotes for quote in report]
    vectors = default_embedder().encode(flat)
    probabilities = _detector().probabilities(flat, vectors) if flat else np.empty(0)
    ends = np.cumsum([len(places) for places in spans])[:-1]
    parts = zip(texts, spans, np.split(vectors, ends), np.split(probabilities, ends), strict=True)
    return [ReadReport(*part) for part in parts]
