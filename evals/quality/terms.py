"""How agreements stand to statements, and which sentences say so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from evals.quality import records
from evals.quality.plain import likeness
from evals.quality.results import Judged, Result, Rows
from models.predict.base import Progress
from models.predict.terms import (
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
DRAWS = 50


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
    judged = Judged(NAME, "labelled", AGAINST, np.array([p.document_id for p in truth]), draws=DRAWS)

    def figure(name: str, readings: Sequence[TermsReading], rows: Rows) -> float:
        """Pairs drawn twice count twice, under ids of their own."""
        named = [
            (
                readings[row].model_copy(update={"pair_id": f"{n}"}),
                truth[row].model_copy(update={"pair_id": f"{n}"}),
            )
            for n, row in enumerate(rows)
        ]
        return evaluate([r for r, _ in named], [p for _, p in named], texts)[name]

    return [
        judged.measure(metric, partial(figure, key, read), partial(figure, key, plain))
        for metric, key in (
            ("accuracy", "accuracy"),
            ("macro f1", "macro_f1"),
            ("evidence, mean average precision", "evidence_map"),
        )
    ]


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
