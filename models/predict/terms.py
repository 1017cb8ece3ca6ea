"""Whether an agreement entails a statement, contradicts it or is silent on it, and which sentences say so.

Three steps, each learning from held-out scores of the one before. Linear models tell for each statement how
likely a sentence is its evidence, and how likely evidence against it (`terms_features`). A ranker, shared by
all statements, adds what stands around the sentence and orders all sentences of the document. A classifier
then reads the best sentences' scores and gives the relation. A statement that was not learnt from is read as
the labelled one that means the same, if there is one; otherwise sentences are ranked by their likeness to it
and the relation is no better than the labelled shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, average_precision_score, f1_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from models.errors import ChargehandError
from models.predict.base import Progress, silent
from models.predict.terms_features import (
    Numbers,
    Rows,
    Scorer,
    Sentences,
    Views,
    cross_scores,
    neighbours,
)
from models.text.embed import Vectors, default_embedder
from models.text.spans import Span, overlap, sentences

Relation = Literal["entails", "contradicts", "silent"]
VERSION = 1
"""Of this code: models fitted by another version are fitted again."""

RELATIONS: tuple[Relation, ...] = get_args(Relation)

SAME_STATEMENT = 0.85
"""Cosine from which a new statement is read as a labelled one."""

_TARGETS = 3  # evidence of any kind, for the statement, against it
_RANKS = 20  # beyond this place in a document sentences are alike


class Document(BaseModel):
    """An agreement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_id: str
    text: str


class Pair(BaseModel):
    """A statement to hold against a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pair_id: str
    document_id: str
    statement: str


class EvidenceSpan(BaseModel):
    """Where evidence stands, in code points of the document's text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int
    end: int


class LabelledPair(Pair):
    """A pair of which a person has said how they stand, and by which words."""

    relation: Relation
    evidence: tuple[EvidenceSpan, ...]


class RankedEvidence(BaseModel):
    """A sentence and how likely it is evidence; `text[start:end] == quote`."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    quote: str
    score: float


class TermsReading(BaseModel):
    """How a document stands to a statement, with all its sentences, the likeliest evidence first."""

    model_config = ConfigDict(frozen=True)

    pair_id: str
    relation: Relation
    p_entails: float
    p_contradicts: float
    p_silent: float
    evidence: tuple[RankedEvidence, ...]


class UnknownDocument(ChargehandError):
    """Pair {pair_id} is about document {document_id}, which is not among the documents."""

    status = 422


class TooFewRelations(ChargehandError):
    """A terms model needs labelled pairs of at least two relations, some with evidence; it was given
    {relations} relations and {with_evidence} pairs with evidence."""

    status = 422


@dataclass(frozen=True)
class _Evidence:
    """What sentences get from the evidence models, each of shape (sentences, statements, views)."""

    any: Numbers
    entails: Numbers
    contradicts: Numbers


@dataclass(frozen=True)
class TermsModel:
    """Reads agreements. Made by `fit`."""

    statements: tuple[str, ...]
    statement_vectors: Vectors
    views: Views
    scorers: tuple[Scorer, Scorer, Scorer]
    rankers: tuple[HistGradientBoostingClassifier, Pipeline]
    relations: tuple[ExtraTreesClassifier, Pipeline]
    shares: tuple[float, ...]  # of the relations, among the pairs learnt from

    def predict(
        self, documents: Mapping[str, str], pairs: Sequence[Pair], progress: Progress = silent
    ) -> list[TermsReading]:
        """Reads pairs, in the order given, in documents given by id.

        Raises:
            UnknownDocument: a pair's document is not there.
        """
        _check_documents(documents, pairs)
        wanted = {pair.document_id: documents[pair.document_id] for pair in pairs}
        seen = Sentences.of(wanted)
        if not seen.texts:
            nothing = np.empty(0)
            return [_reading(p, np.array(self.shares), seen, slice(0), nothing) for p in pairs]
        views = self.views.of(seen)
        evidence = _Evidence(*(scorer.scores(views) for scorer in self.scorers))
        likeness = np.asarray(seen.vectors @ self.statement_vectors.T, dtype=np.float64)
        ranks = [_ranking(self.rankers, seen, evidence, likeness, s) for s in range(len(self.statements))]
        relation = self._relations(seen, evidence, likeness)
        number = {document: i for i, document in enumerate(wanted)}
        known = self._known_statements({pair.statement for pair in pairs})
        readings = []
        for done, pair in enumerate(pairs, start=1):
            document, statement = number[pair.document_id], known[pair.statement]
            rows = seen.rows_of(document)
            if statement is None:
                vector = default_embedder().encode([pair.statement])[0]
                scores = np.asarray((seen.vectors[rows] @ vector + 1) / 2, dtype=np.float64)
                shares = np.array(self.shares)
            else:
                scores, shares = ranks[statement][rows], relation[document, statement]
            readings.append(_reading(pair, shares, seen, rows, scores))
            progress("reading agreements", done, len(pairs))
        return readings

    def _relations(self, seen: Sentences, evidence: _Evidence, likeness: Numbers) -> Numbers:
        """Probabilities of the relations of all documents to all statements: (documents, statements, 3)."""
        shape = (len(seen.documents), len(self.statements), len(RELATIONS))
        out = np.broadcast_to(np.array(self.shares), shape).copy()
        read = np.unique(seen.document)  # a document without a sentence says nothing
        places = [(int(d), s) for d in read for s in range(shape[1])]
        if places:
            features = _relation_features(seen, evidence, likeness, places)
            out[read] = _mean_probability(self.relations, features, shape[2]).reshape(-1, *shape[1:])
        return out

    def _known_statements(self, statements: set[str]) -> dict[str, int | None]:
        """Each statement's place among those learnt from, or None where none of them means the same."""
        known: dict[str, int | None] = {text: i for i, text in enumerate(self.statements)}
        new = sorted(statements - known.keys())
        for text, vector in zip(new, default_embedder().encode(new), strict=True):
            likeness = self.statement_vectors @ vector
            nearest = int(likeness.argmax())
            known[text] = nearest if likeness[nearest] >= SAME_STATEMENT else None
        return known


def _reading(pair: Pair, shares: Numbers, seen: Sentences, rows: slice, scores: Numbers) -> TermsReading:
    p_entails, p_contradicts, p_silent = (round(float(p), 4) for p in shares)
    order = np.argsort(-scores, kind="stable")
    spans, texts = seen.spans[rows], seen.texts[rows]
    return TermsReading(
        pair_id=pair.pair_id,
        relation=RELATIONS[int(shares.argmax())],
        p_entails=p_entails,
        p_contradicts=p_contradicts,
        p_silent=p_silent,
        evidence=tuple(
            RankedEvidence(
                start=spans[i].start, end=spans[i].end, quote=texts[i], score=round(float(scores[i]), 6)
            )
            for i in order
        ),
    )


def fit(
    documents: Mapping[str, str], labelled: Sequence[LabelledPair], progress: Progress = silent
) -> TermsModel:
    """Learns from labelled pairs in documents given by id.

    Raises:
        UnknownDocument: a pair's document is not there.
        TooFewRelations: the pairs are all alike, or none has evidence.
    """
    _check_documents(documents, labelled)
    relations, evident = {pair.relation for pair in labelled}, sum(bool(pair.evidence) for pair in labelled)
    if len(relations) < 2 or not evident:
        raise TooFewRelations(relations=len(relations), with_evidence=evident)
    seen = Sentences.of({pair.document_id: documents[pair.document_id] for pair in labelled})
    statements = tuple(sorted({pair.statement for pair in labelled}))
    statement_vectors = default_embedder().encode(statements)
    views = Views.fitted(seen)
    matrices = views.of(seen)
    targets = _targets(seen, statements, labelled)
    held_out = _Evidence(*(cross_scores(matrices, t, seen.document, progress) for t in targets))
    any_, entails, contradicts = (Scorer.fitted(matrices, target) for target in targets)
    likeness = np.asarray(seen.vectors @ statement_vectors.T, dtype=np.float64)
    number = {document: i for i, document in enumerate(seen.documents)}
    places = [(number[pair.document_id], statements.index(pair.statement)) for pair in labelled]
    relation = np.array([RELATIONS.index(pair.relation) for pair in labelled])
    features = _relation_features(seen, held_out, likeness, places)
    return TermsModel(
        statements=statements,
        statement_vectors=statement_vectors,
        views=views,
        scorers=(any_, entails, contradicts),
        rankers=_fit_rankers(seen, held_out, likeness, targets[0]),
        relations=_fit_relations(features, relation),
        shares=tuple(float(np.mean(relation == r)) for r in range(len(RELATIONS))),
    )


def _check_documents(documents: Mapping[str, str], pairs: Sequence[Pair]) -> None:
    for pair in pairs:
        if pair.document_id not in documents:
            raise UnknownDocument(pair_id=pair.pair_id, document_id=pair.document_id)


def _targets(
    seen: Sentences, statements: Sequence[str], labelled: Sequence[LabelledPair]
) -> list[npt.NDArray[np.bool_]]:
    """Which sentences are evidence, for, and against each statement: (sentences, statements) each."""
    targets = [np.zeros((len(seen.texts), len(statements)), dtype=np.bool_) for _ in range(_TARGETS)]
    number = {document: i for i, document in enumerate(seen.documents)}
    for pair in labelled:
        rows = seen.rows_of(number[pair.document_id])
        kinds = [targets[0], targets[1 + RELATIONS.index(pair.relation)]] if pair.evidence else []
        for row in range(rows.start, rows.stop):
            if any(overlap(seen.spans[row], Span(e.start, e.end)) for e in pair.evidence):
                for target in kinds:
                    target[row, statements.index(pair.statement)] = True
    return targets


def _ranking_features(seen: Sentences, evidence: _Evidence, likeness: Numbers, s: int) -> Numbers:
    """What the rankers look at for statement `s`, one row a sentence. The last column is `s` itself."""
    mean = evidence.any.mean(axis=2)
    own = mean[:, s]
    best, rank, position = np.empty(len(own)), np.empty(len(own)), np.empty(len(own))
    for document in range(len(seen.documents)):
        rows = seen.rows_of(document)
        count = rows.stop - rows.start
        if count:
            best[rows] = own[rows].max()
            rank[rows] = np.argsort(np.argsort(-own[rows], kind="stable"), kind="stable")
            position[rows] = np.arange(count) / count
    around = [neighbours(mean[:, [s]], seen.document, step)[:, 0] for step in (-1, 1)]
    return np.column_stack(
        [
            evidence.any[:, s],
            evidence.contradicts[:, s].mean(axis=1),
            own,
            *around,
            best - own,
            np.minimum(rank, _RANKS),
            own - mean.max(axis=1),
            position,
            np.log1p([len(text) for text in seen.texts]),
            likeness[:, s],
            [bool(lead) for lead in seen.leads],
            np.full(len(own), s),
        ]
    )


def _fit_rankers(
    seen: Sentences, evidence: _Evidence, likeness: Numbers, wanted: npt.NDArray[np.bool_]
) -> tuple[HistGradientBoostingClassifier, Pipeline]:
    statements = range(wanted.shape[1])
    rows = np.vstack([_ranking_features(seen, evidence, likeness, s) for s in statements])
    labels = wanted.T.ravel()
    trees = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=40, l2_regularization=5.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return trees.fit(rows, labels), line.fit(rows[:, :-1], labels)


def _ranking(
    rankers: tuple[HistGradientBoostingClassifier, Pipeline],
    seen: Sentences,
    evidence: _Evidence,
    likeness: Numbers,
    s: int,
) -> Numbers:
    """The probability that each sentence is evidence on statement `s`."""
    rows = _ranking_features(seen, evidence, likeness, s)
    trees, line = rankers
    both = trees.predict_proba(rows)[:, 1] + line.predict_proba(rows[:, :-1])[:, 1]
    return np.asarray(both / 2, dtype=np.float64)


def _relation_features(
    seen: Sentences, evidence: _Evidence, likeness: Numbers, places: Sequence[tuple[int, int]]
) -> Numbers:
    """What the relation is read from, one row a (document, statement)."""
    return np.array([_relation_row(seen.rows_of(d), evidence, likeness, s) for d, s in places])


def _relation_row(rows: slice, evidence: _Evidence, likeness: Numbers, s: int) -> Numbers:
    against = evidence.contradicts[rows, s]
    parts: list[Any] = []
    for scores in (evidence.any[rows, s], evidence.entails[rows, s]):
        mean = scores.mean(axis=1)
        top = _padded(np.argsort(-mean, kind="stable"), 3)
        parts += [scores.max(axis=0), mean[top], against.mean(axis=1)[top], np.log1p(np.exp(mean).sum())]
    parts += [against.max(axis=0), np.sort(against.mean(axis=1))[::-1][_padded(np.arange(len(against)), 2)]]
    parts += [likeness[rows, s].max(), np.log(len(against)), np.eye(likeness.shape[1])[s]]
    return np.concatenate([np.atleast_1d(part) for part in parts])


def _padded(order: Rows, count: int) -> Rows:
    """The first `count` of an order, its last repeated where there are fewer."""
    return np.asarray(order[np.minimum(np.arange(count), len(order) - 1)], dtype=np.int64)


def _fit_relations(
    features: Numbers, relation: npt.NDArray[np.int64]
) -> tuple[ExtraTreesClassifier, Pipeline]:
    trees = ExtraTreesClassifier(500, min_samples_leaf=3, max_features=0.4, random_state=0)
    line = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=3000))
    return trees.fit(features, relation), line.fit(features, relation)


def _mean_probability(models: Sequence[Any], features: Numbers, classes: int) -> Numbers:
    total = np.zeros((len(features), classes))
    for model in models:
        total[:, model.classes_] += model.predict_proba(features)
    return total / len(models)


def evaluate(
    readings: Sequence[TermsReading], truth: Sequence[LabelledPair], documents: Mapping[str, str]
) -> dict[str, float]:
    """How good readings are: accuracy and macro-F1 of the relation, and mean average precision of the
    document's sentences, each ranked by the best score of evidence that overlaps it, over the pairs that
    have evidence."""
    by_pair = {reading.pair_id: reading for reading in readings}
    judged = [(by_pair[pair.pair_id], pair) for pair in truth if pair.pair_id in by_pair]
    given = [reading.relation for reading, _ in judged]
    actual = [pair.relation for _, pair in judged]
    precisions = []
    for reading, pair in judged:
        places = sentences(documents[pair.document_id], split_lists=True)
        labelled = [Span(e.start, e.end) for e in pair.evidence]
        wanted = [any(overlap(place, span) for span in labelled) for place in places]
        if any(wanted):
            ranked = [(Span(e.start, e.end), e.score) for e in reading.evidence]
            scores = [max((x for s, x in ranked if overlap(place, s)), default=0.0) for place in places]
            precisions.append(average_precision_score(wanted, scores))
    return {
        "accuracy": float(accuracy_score(actual, given)),
        "macro_f1": float(f1_score(actual, given, average="macro", labels=RELATIONS, zero_division=0)),
        "evidence_map": float(np.mean(precisions)) if precisions else float("nan"),
    }
