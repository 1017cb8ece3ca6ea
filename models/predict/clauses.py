"""Finds the clauses of given kinds in contracts, from contracts that people have marked up.

Two linear readers score each sentence and each paragraph for every kind (`clauses_features`). On scores from
contracts they have not seen, two models then learn how likely a sentence is to be marked: boosted trees
shared by all kinds, and a logistic regression a kind, which sees the scores of all kinds. The confidence is
the geometric mean of their probabilities, so confidences of different kinds can be compared."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from models.errors import ChargehandError
from models.predict.base import Progress, silent
from models.predict.clauses_features import (
    Flags,
    Numbers,
    Places,
    Reader,
    Rows,
    read_paragraphs,
    read_sentences,
)
from models.text.spans import Span, overlap, paragraphs

VERSION = 1
"""Of this code: models fitted by another version are fitted again."""

MOST_SPANS = 30
"""Spans at most of one kind in one contract."""

_CANDIDATES = 6000  # sentences a kind, the best by the linear readers, that the final models learn from
_HOPELESS = -1.1  # mean margin up to which a sentence is not worth a second look
_LEAST = 1e-6  # probability below which products are not told apart
_PLAUSIBLE = 0.001  # confidence from which a span is worth showing
_CONTRACTS_AT_ONCE = 20


class Contract(BaseModel):
    """A contract to read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contract_id: str
    text: str


class MarkedClause(BaseModel):
    """Words of a contract that a person marked: characters `start` up to, not including, `end`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int
    quote: str


class MarkedContract(Contract):
    """A contract with all its clauses marked."""

    clauses: tuple[MarkedClause, ...]

    @model_validator(mode="after")
    def _inside(self) -> Self:
        for clause in self.clauses:
            if not clause.start < clause.end <= len(self.text):
                raise ValueError(f"clause {clause.kind} at {clause.start} to {clause.end} is not in the text")
        return self


class FoundClause(BaseModel):
    """Words of a contract that read like a clause of a kind; `text[start:end] == quote`."""

    model_config = ConfigDict(frozen=True)

    kind: str
    start: int
    end: int
    quote: str
    confidence: float


class ReadContract(BaseModel):
    """A contract's plausible clauses, the surest first within each kind."""

    model_config = ConfigDict(frozen=True)

    contract_id: str
    clauses: tuple[FoundClause, ...]


class NothingMarked(ChargehandError):
    """A clause model needs at least two contracts with marked clauses; it was given {contracts}."""

    status = 422


@dataclass(frozen=True)
class ClauseModel:
    """Finds clauses. Made by `fit`."""

    kinds: tuple[str, ...]
    sentences: Reader
    paragraphs: Reader
    shared: HistGradientBoostingClassifier
    of_kind: tuple[Pipeline | None, ...]

    def predict(self, contracts: Sequence[Contract], progress: Progress = silent) -> list[ReadContract]:
        """Reads contracts, in the order given: at most 30 spans, sentences, a contract and kind."""
        read: list[ReadContract] = []
        for first in range(0, len(contracts), _CONTRACTS_AT_ONCE):
            read += self._read(contracts[first : first + _CONTRACTS_AT_ONCE])
            progress("reading contracts", len(read), len(contracts))
        return read

    def _read(self, contracts: Sequence[Contract]) -> list[ReadContract]:
        texts = [contract.text for contract in contracts]
        sents, paras = read_sentences(texts), read_paragraphs(texts)
        scores = self.sentences.scores(sents), self.paragraphs.scores(paras)
        places = Places.of(texts, sents, paras, *scores)
        found: list[list[FoundClause]] = [[] for _ in contracts]
        for kind in range(len(self.kinds)):
            rows = np.flatnonzero(places.both[:, kind] > _HOPELESS)
            confidence = self._confidence(places, kind, rows)
            taken = [0] * len(contracts)
            for i in np.argsort(-confidence, kind="stable"):
                contract, span = int(sents.contract[rows[i]]), sents.spans[rows[i]]
                if confidence[i] >= _PLAUSIBLE and taken[contract] < MOST_SPANS:
                    taken[contract] += 1
                    found[contract].append(
                        self._found(kind, span, texts[contract], round(float(confidence[i]), 6))
                    )
        pairs = zip(contracts, found, strict=True)
        return [ReadContract(contract_id=c.contract_id, clauses=tuple(spans)) for c, spans in pairs]

    def _found(self, kind: int, span: Span, text: str, confidence: float) -> FoundClause:
        return FoundClause(
            kind=self.kinds[kind], start=span.start, end=span.end, quote=span.of(text), confidence=confidence
        )

    def _confidence(self, places: Places, kind: int, rows: Rows) -> Numbers:
        """The probability that each of some sentences is of a kind."""
        alone = self.of_kind[kind]
        if alone is None or not len(rows):
            return np.zeros(len(rows))
        features = places.features(kind)[rows]
        shared = self.shared.predict_proba(_with_kind(features, kind))[:, 1]
        own = alone.predict_proba(np.hstack([features, places.own[rows]]))[:, 1]
        return np.asarray(np.sqrt(np.maximum(shared, _LEAST) * np.maximum(own, _LEAST)), dtype=np.float64)


def fit(contracts: Sequence[MarkedContract], progress: Progress = silent) -> ClauseModel:
    """Learns from contracts in which every clause of the kinds that matter is marked.

    Raises:
        NothingMarked: fewer than two contracts have marks.
    """
    marked = sum(bool(contract.clauses) for contract in contracts)
    if marked < 2:
        raise NothingMarked(contracts=marked)
    texts = [contract.text for contract in contracts]
    kinds = tuple(sorted({clause.kind for contract in contracts for clause in contract.clauses}))
    marks = [
        [(kinds.index(m.kind), Span(m.start, m.end)) for m in contract.clauses] for contract in contracts
    ]
    sents, paras = read_sentences(texts), read_paragraphs(texts)
    wanted = sents.marked(marks, len(kinds))
    progress("learning to read contracts", 0, 3)
    sentence_reader, own = Reader.fitted(sents, wanted)
    progress("learning to read contracts", 1, 3)
    paragraph_reader, paragraph = Reader.fitted(paras, paras.marked(marks, len(kinds)))
    progress("learning to read contracts", 2, 3)
    shared, of_kind = _fit_final(Places.of(texts, sents, paras, own, paragraph), wanted)
    progress("learning to read contracts", 3, 3)
    return ClauseModel(kinds, sentence_reader, paragraph_reader, shared, of_kind)


def _fit_final(
    places: Places, wanted: Flags
) -> tuple[HistGradientBoostingClassifier, tuple[Pipeline | None, ...]]:
    both = places.both
    features, labels, alone = [], [], []
    for kind, marked in enumerate(wanted.T):
        order = np.argsort(-both[:, kind], kind="stable")[:_CANDIDATES]
        rows = np.sort(order[both[order, kind] > _HOPELESS])
        own = places.features(kind)[rows]
        features.append(_with_kind(own, kind))
        labels.append(marked[rows])
        alone.append(_fit_kind(np.hstack([own, places.own[rows]]), marked[rows]))
    last = features[0].shape[1] - 1
    shared = HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=60, l2_regularization=10.0,
        categorical_features=[last], early_stopping=False, random_state=0,
    )  # fmt: skip
    return shared.fit(np.vstack(features), np.concatenate(labels)), tuple(alone)


def _fit_kind(features: Numbers, marked: Flags) -> Pipeline | None:
    if marked.all() or not marked.any():
        return None
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=1000))
    return model.fit(features, marked)


def _with_kind(features: Numbers, kind: int) -> Numbers:
    return np.column_stack([features, np.full(len(features), kind)])


def evaluate(read: Sequence[ReadContract], truth: Sequence[MarkedContract]) -> dict[str, float]:
    """How good readings are, paragraph by paragraph: a paragraph's score for a kind is the highest confidence
    of a span that overlaps it. Average precision a kind, then the mean; precision where 80% of all marked
    paragraphs of all kinds are found; share of quotes that are verbatim."""
    by_contract = {reading.contract_id: reading for reading in read}
    judged = [(by_contract[c.contract_id], c) for c in truth if c.contract_id in by_contract]
    kinds = sorted({clause.kind for _, contract in judged for clause in contract.clauses})
    parts = [_paragraph_scores(reading, contract, kinds) for reading, contract in judged]
    scores, wanted = (np.vstack([part[i] for part in parts]) for i in (0, 1))
    found = [wanted[:, k].any() for k in range(len(kinds))]
    averages = [average_precision_score(wanted[:, k], scores[:, k]) for k in np.flatnonzero(found)]
    precision, recall, _ = precision_recall_curve(wanted.ravel(), scores.ravel())
    verbatim = [c.text[f.start : f.end] == f.quote for reading, c in judged for f in reading.clauses]
    return {
        "macro_average_precision": float(np.mean(averages)),
        "precision_at_80_recall": float(precision[recall >= 0.8].max()),
        "verbatim": float(np.mean(verbatim)) if verbatim else 1.0,
    }


def _paragraph_scores(
    reading: ReadContract, contract: MarkedContract, kinds: Sequence[str]
) -> tuple[Numbers, Flags]:
    places = paragraphs(contract.text)
    scores, wanted = np.zeros((len(places), len(kinds))), np.zeros((len(places), len(kinds)), dtype=np.bool_)
    number = {kind: k for k, kind in enumerate(kinds)}
    ends = [place.end for place in places]

    def over(span: Span) -> list[int]:
        first, end = bisect_right(ends, span.start), bisect_left(ends, span.end) + 1
        return [row for row in range(first, min(end, len(places))) if overlap(places[row], span)]

    for found in reading.clauses:
        if found.kind in number:
            rows, k = over(Span(found.start, found.end)), number[found.kind]
            scores[rows, k] = np.maximum(scores[rows, k], found.confidence)
    for clause in contract.clauses:
        wanted[over(Span(clause.start, clause.end)), number[clause.kind]] = True
    return scores, wanted
