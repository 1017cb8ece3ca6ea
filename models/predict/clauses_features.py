"""The sentences of contracts as numbers: how much each reads like a clause of each kind, and where it stands.

Two linear readers score every kind: one reads the sentence, one its paragraph with the heading above it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from models.text.spans import Span, blocks, overlap, paragraphs, sentences

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

NO_SCORE = -1.5  # of what is not there: a margin lower than nearly all
_HEADING = 90  # characters; a shorter block heads what follows
_NEGATIVES = 0.3  # share of the texts of no kind that is enough to learn from
_FOLDS = 3
_WORKERS = 2


def _folded(text: str) -> str:
    return re.sub(r"\d+", "0", " ".join(text.split())).lower()


@dataclass(frozen=True)
class Texts:
    """The sentences or paragraphs of several contracts, row by row, those of a contract together."""

    contract: Rows  # which contract each is of, counted from 0
    spans: tuple[Span, ...]
    words: tuple[str, ...]  # what a reader reads

    def marked(self, marks: Sequence[Sequence[tuple[int, Span]]], kinds: int) -> Flags:
        """Which rows overlap a mark: (rows, kinds). `marks` has (kind, span) of each contract."""
        wanted = np.zeros((len(self.spans), kinds), dtype=np.bool_)
        for row, (contract, span) in enumerate(zip(self.contract, self.spans, strict=True)):
            for kind, mark in marks[contract]:
                if overlap(mark, span):
                    wanted[row, kind] = True
        return wanted


def read_sentences(contracts: Sequence[str]) -> Texts:
    """The sentences of contracts, given as texts."""
    rows = [(c, span, _folded(span.of(text))) for c, text in enumerate(contracts) for span in sentences(text)]
    return _texts(rows)


def read_paragraphs(contracts: Sequence[str]) -> Texts:
    """The paragraphs of contracts, each with the words of the heading above it marked as such."""
    rows = [
        (c, span, f"{_folded(span.of(text))} {heading}")
        for c, text in enumerate(contracts)
        for span, heading in _headed(text)
    ]
    return _texts(rows)


def _texts(rows: Sequence[tuple[int, Span, str]]) -> Texts:
    contract = np.array([c for c, _, _ in rows], dtype=np.int64)
    return Texts(contract, tuple(span for _, span, _ in rows), tuple(words for _, _, words in rows))


def _headed(text: str) -> Iterator[tuple[Span, str]]:
    short = [block for block in blocks(text) if len(block) < _HEADING]
    ends = [block.end for block in short]
    for span in paragraphs(text):
        above = bisect_right(ends, span.start) - 1
        heading = _folded(short[above].of(text)) if above >= 0 else ""
        yield span, " ".join(f"heading_{word}" for word in re.findall(r"[a-z]+", heading))


@dataclass(frozen=True)
class Reader:
    """Scores texts for every kind. Margins of linear support vector machines, about -1 for what is not."""

    vectorizer: TfidfVectorizer
    margins: tuple[LinearSVC | None, ...]  # a kind; None where nothing could be learnt

    @classmethod
    def fitted(cls, texts: Texts, wanted: Flags) -> tuple[Reader, Numbers]:
        """Learns from texts; `wanted` has shape (texts, kinds). Also gives the scores of those texts by
        readers that have not seen their contract: as they are for new contracts."""
        vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), min_df=3 if len(texts.words) > 5000 else 1, max_features=80_000,
            sublinear_tf=True, token_pattern=r"(?u)\b\w+\b",
        )  # fmt: skip
        matrix = vectorizer.fit_transform(texts.words)
        held_out = np.full(wanted.shape, NO_SCORE)
        folds = GroupKFold(min(_FOLDS, len(np.unique(texts.contract))))
        for learn, score in folds.split(matrix, groups=texts.contract):
            held_out[score] = _scores(_margins(matrix[learn], wanted[learn]), matrix[score])
        return cls(vectorizer, _margins(matrix, wanted)), held_out

    def scores(self, texts: Texts) -> Numbers:
        """Shape (texts, kinds)."""
        if not texts.words:
            return np.empty((0, len(self.margins)))
        return _scores(self.margins, self.vectorizer.transform(texts.words))


def _margins(matrix: Any, wanted: Flags) -> tuple[LinearSVC | None, ...]:
    """A classifier a kind. Most texts are of no kind, and a part of those is enough to learn from."""
    drawn = np.random.default_rng(0).random(len(wanted)) < (_NEGATIVES if len(wanted) > 5000 else 1)
    rows = np.flatnonzero(wanted.any(axis=1) | drawn)
    some = matrix[rows]
    work = (delayed(_margin)(some, column) for column in wanted[rows].T)
    return tuple(Parallel(n_jobs=_WORKERS, prefer="threads")(work))


def _margin(matrix: Any, wanted: Flags) -> LinearSVC | None:
    if wanted.all() or not wanted.any():
        return None
    # The primal solver: the dual one draws from a random state that liblinear shares between threads.
    return LinearSVC(C=0.2, class_weight="balanced", dual=False, tol=0.01).fit(matrix, wanted)


def _scores(margins: Sequence[LinearSVC | None], matrix: Any) -> Numbers:
    columns = [
        np.full(matrix.shape[0], NO_SCORE) if margin is None else margin.decision_function(matrix)
        for margin in margins
    ]
    return np.column_stack(columns)


@dataclass(frozen=True)
class Places:
    """Sentences with what the two readers say of them and of what stands around them."""

    sentences: Texts
    own: Numbers  # (sentences, kinds), by the reader of sentences
    paragraph: Numbers  # the same, of the paragraph a sentence stands in
    above: Numbers  # of the paragraph before it
    below: Numbers  # of the paragraph after it
    length: Numbers  # characters of each contract

    @classmethod
    def of(
        cls, contracts: Sequence[str], sents: Texts, paras: Texts, own: Numbers, paragraph: Numbers
    ) -> Places:
        """Brings the scores of sentences and paragraphs of the same contracts together."""
        of_sentence = _paragraph_of(sents, paras)
        beside = [_in_contract(paragraph, paras.contract, step) for step in (-1, 1)]
        around = [_taken(scores, of_sentence) for scores in (paragraph, *beside)]
        length = np.array([len(text) for text in contracts], dtype=np.float64)
        return cls(sents, own, around[0], around[1], around[2], length)

    @property
    def both(self) -> Numbers:
        """The mean of the two readers."""
        return (self.own + self.paragraph) / 2

    def features(self, kind: int) -> Numbers:
        """What the final models look at for one kind, one row a sentence."""
        both = self.both
        mean, contract = both[:, kind], self.sentences.contract
        beside = [_in_contract(mean[:, None], contract, step)[:, 0] for step in (-1, 1, -2, 2)]
        best, fifth, amount, rank = (np.zeros(len(mean)) for _ in range(4))
        for rows in _runs(contract):
            descending = -np.sort(-mean[rows])
            best[rows], fifth[rows] = descending[0], descending[min(4, len(descending) - 1)]
            amount[rows] = (1 / (1 + np.exp(-4 * (mean[rows] + 0.3)))).sum()
            rank[rows] = np.argsort(np.argsort(-mean[rows], kind="stable"), kind="stable")
        start = np.array([span.start for span in self.sentences.spans], dtype=np.float64)
        size = np.array([len(span) for span in self.sentences.spans], dtype=np.float64)
        own = self.own[:, kind]
        around = [self.paragraph[:, kind], self.above[:, kind], self.below[:, kind], *beside]
        whole = [best, best - mean, fifth, amount, np.log1p(self.length[contract])]
        place = [np.minimum(rank, 60), start / self.length[contract], np.log1p(size)]
        return np.column_stack([own, mean, self.own.max(axis=1) - own, *around, *whole, *place])


def _paragraph_of(sents: Texts, paras: Texts) -> Rows:
    """The paragraph in which each sentence begins, as a row of `paras`; -1 where it is in none."""
    starts = [(int(c), span.start) for c, span in zip(paras.contract, paras.spans, strict=True)]
    found = np.full(len(sents.spans), -1, dtype=np.int64)
    for row, (contract, span) in enumerate(zip(sents.contract, sents.spans, strict=True)):
        last = bisect_right(starts, (int(contract), span.start)) - 1
        if last >= 0 and paras.contract[last] == contract and span.start < paras.spans[last].end:
            found[row] = last
    return found


def _taken(scores: Numbers, rows: Rows) -> Numbers:
    padded = np.vstack([scores, np.full((1, scores.shape[1]), NO_SCORE)])
    return padded[rows]  # row -1 is the padding


def _in_contract(scores: Numbers, contract: Rows, step: int) -> Numbers:
    """The scores `step` rows further on in the same contract."""
    rows = np.arange(len(contract)) + step
    inside = (rows >= 0) & (rows < len(contract))
    rows = np.where(inside, rows, 0)
    inside &= contract[rows] == contract
    return np.where(inside[:, None], scores[rows], NO_SCORE)


def _runs(contract: Rows) -> list[slice]:
    """The rows of each contract that has any."""
    ends = np.flatnonzero(np.diff(contract, append=-1)) + 1
    return [slice(int(a), int(b)) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
