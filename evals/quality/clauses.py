"""Clauses in contracts that people have marked up."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from evals.quality import records
from evals.quality.results import Judged, Result, Rows
from models.predict.base import Progress
from models.predict.clauses import (
    Contract,
    FoundClause,
    MarkedContract,
    ReadContract,
    evaluate,
    fit,
)
from models.text.spans import Span, overlap, paragraphs

NAME = "clauses"
AGAINST = "TF-IDF of paragraphs and a linear model"
PART = 4  # every fourth contract is judged
DRAWS = 20  # evaluating all contracts takes seconds
MOST = 30  # paragraphs of a kind in a contract that the baseline may show


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`clauses/labelled.jsonl(.gz)`: every fourth contract, learnt from the others."""
    found = sorted((data / "clauses").glob("labelled.jsonl*"))
    if not found:
        return []
    contracts = records.lines(found[0], MarkedContract)
    judged_ids = records.every([c.contract_id for c in contracts], PART)
    known = [c for c in contracts if c.contract_id not in judged_ids]
    truth = [c for c in contracts if c.contract_id in judged_ids]
    wanted = [Contract(contract_id=c.contract_id, text=c.text) for c in truth]
    read = fit(known, progress).predict(wanted, progress)
    plain = by_paragraph(known, wanted)
    judged = Judged(NAME, "labelled", AGAINST, np.array([c.contract_id for c in truth]), draws=DRAWS)

    def figure(name: str, readings: Sequence[ReadContract], rows: Rows) -> float:
        """Contracts drawn twice count twice, under ids of their own."""
        named = [
            (
                readings[row].model_copy(update={"contract_id": f"{n}"}),
                truth[row].model_copy(update={"contract_id": f"{n}"}),
            )
            for n, row in enumerate(rows)
        ]
        return evaluate([r for r, _ in named], [c for _, c in named])[name]

    return [
        judged.measure(metric, partial(figure, key, read), partial(figure, key, plain))
        for metric, key in (
            ("macro average precision", "macro_average_precision"),
            ("precision at 80% recall", "precision_at_80_recall"),
        )
    ] + [judged.must("verbatim quotes", partial(figure, "verbatim", read), be=1.0)]


def by_paragraph(known: Sequence[MarkedContract], wanted: Sequence[Contract]) -> list[ReadContract]:
    """The baseline: paragraphs that hold a marked clause, told by their words, a linear model a kind."""
    texts, kinds_of = [], []
    for marked in known:
        for place in paragraphs(marked.text):
            texts.append(place.of(marked.text))
            kinds_of.append({c.kind for c in marked.clauses if overlap(place, Span(c.start, c.end))})
    counted = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2), max_features=100_000)
    learnt = counted.fit_transform(texts)
    places = [paragraphs(c.text) for c in wanted]
    rows = counted.transform([p.of(c.text) for c, own in zip(wanted, places, strict=True) for p in own])
    ends = np.cumsum([len(own) for own in places])[:-1]
    found: list[list[FoundClause]] = [[] for _ in wanted]
    for kind in sorted({kind for kinds in kinds_of for kind in kinds}):
        model = LinearSVC(C=0.5, class_weight="balanced", max_iter=5000).fit(
            learnt, [kind in kinds for kinds in kinds_of]
        )
        margins = 1 / (1 + np.exp(-model.decision_function(rows)))
        for contract, own, scores, clauses in zip(
            wanted, places, np.split(margins, ends), found, strict=True
        ):
            clauses += [
                FoundClause(
                    kind=kind,
                    start=own[i].start,
                    end=own[i].end,
                    quote=own[i].of(contract.text),
                    confidence=float(scores[i]),
                )
                for i in np.argsort(-scores)[:MOST]
            ]
    return [
        ReadContract(contract_id=c.contract_id, clauses=tuple(own))
        for c, own in zip(wanted, found, strict=True)
    ]
