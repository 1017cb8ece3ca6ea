"""How agreements stand to statements, and which sentences say so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from evals.quality import records
from evals.quality.plain import likeness
from evals.quality.results import Judged, Result, Rows
from models.predict.base import Progress
from models.predict.terms import (
    RELATIONS,
    Document,
    LabelledPair,
    Pair,
    RankedEvidence,
    Relation,
    TermsReading,
    evaluate,
    fit,
)
from models.text.spans import sentences

NAME = "terms"
AGAINST = "the statement's commonest relation; sentences by the rare words they share with it"
PART = 3  # every third document is judged

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`terms/`: every third document, learnt from the others."""
    files = sorted((data / "terms").glob("documents*.jsonl"))
    if not files:
        return []
    texts = {d.document_id: d.text for file in files for d in records.lines(file, Document)}
    pairs = records.lines(data / "terms" / "labelled.jsonl", LabelledPair)
    judged_ids = records.every([p.document_id for p in pairs], PART)
    known = [p for p in pairs if p.document_id not in judged_ids]
    truth = [p for p in pairs if p.document_id in judged_ids]
    asked = [Pair(pair_id=p.pair_id, document_id=p.document_id, statement=p.statement) for p in truth]
    read = fit(texts, known, progress).predict(texts, asked, progress)
    plain = by_words(texts, known, asked)
    actual = np.array([p.relation for p in truth])
    given, naive = (np.array([r.relation for r in readings]) for readings in (read, plain))
    ranked, naively = (_evidence(readings, truth, texts) for readings in (read, plain))
    judged = Judged(NAME, "labelled", AGAINST, np.array([p.document_id for p in truth]))

    def accuracy(said: Names, rows: Rows) -> float:
        return float((said[rows] == actual[rows]).mean())

    def macro_f1(said: Names, rows: Rows) -> float:
        return float(f1_score(actual[rows], said[rows], average="macro", labels=RELATIONS, zero_division=0))

    def mean_precision(precisions: Floats, rows: Rows) -> float:
        known = precisions[rows][~np.isnan(precisions[rows])]
        return float(known.mean()) if len(known) else np.nan

    return [
        judged.measure("accuracy", partial(accuracy, given), partial(accuracy, naive)),
        judged.measure("macro f1", partial(macro_f1, given), partial(macro_f1, naive)),
        judged.measure(
            "evidence, mean average precision",
            partial(mean_precision, ranked),
            partial(mean_precision, naively),
        ),
    ]


def _evidence(
    readings: Sequence[TermsReading], truth: Sequence[LabelledPair], texts: Mapping[str, str]
) -> Floats:
    """The average precision of each pair's sentences; NaN for pairs without evidence."""
    pairs = zip(readings, truth, strict=True)
    return np.array([evaluate([reading], [pair], texts)["evidence_map"] for reading, pair in pairs])


def by_words(
    texts: Mapping[str, str], known: Sequence[LabelledPair], asked: Sequence[Pair]
) -> list[TermsReading]:
    """The baseline's readings."""
    relations: dict[str, Counter[Relation]] = {}
    for pair in known:
        relations.setdefault(pair.statement, Counter())[pair.relation] += 1
    everybody = sum(relations.values(), Counter[Relation]())
    return [
        _reading(pair, texts[pair.document_id], relations.get(pair.statement, everybody)) for pair in asked
    ]


def _reading(pair: Pair, text: str, relations: Counter[Relation]) -> TermsReading:
    places = sentences(text, split_lists=True)
    scores = likeness([place.of(text) for place in places], pair.statement)
    total = relations.total()
    return TermsReading(
        pair_id=pair.pair_id,
        relation=relations.most_common(1)[0][0],
        p_entails=relations["entails"] / total,
        p_contradicts=relations["contradicts"] / total,
        p_silent=relations["silent"] / total,
        evidence=tuple(
            RankedEvidence(start=p.start, end=p.end, quote=p.of(text), score=float(score))
            for p, score in zip(places, scores, strict=True)
        ),
    )
