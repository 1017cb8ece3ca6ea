"""The sentences of agreements as numbers: three views of each, and how well each suits a statement.

A statement is one that comes back on many agreements ('Receiving Party may create a copy ...'). For each
there are linear models of what its evidence reads like, one a view: words, spelling, and meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from models.predict.base import Progress
from models.text.embed import Vectors, default_embedder
from models.text.spans import Span, sentences

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

VIEWS = 3
FOLDS = 5
_NO_SCORE = -3.0  # log odds of a sentence where nothing could be learnt, and beyond a document's ends
_LEAD_REACH = 12  # sentences; how far above a list item its introduction may stand
_ITEM = re.compile(r"\(?[a-zA-Z0-9]{1,5}[.)]|[a-z]")


@dataclass(frozen=True)
class Sentences:
    """The sentences of several documents, row by row, those of a document together and in order."""

    documents: tuple[str, ...]  # document ids
    document: Rows  # which document each row is of, as a place in `documents`
    spans: tuple[Span, ...]
    texts: tuple[str, ...]
    leads: tuple[str, ...]  # the sentence that introduces the list an item stands in; else empty
    vectors: Vectors

    @classmethod
    def of(cls, documents: Mapping[str, str]) -> Sentences:
        """Reads documents, given by id."""
        rows = [
            (number, span, span.of(text))
            for number, text in enumerate(documents.values())
            for span in sentences(text, split_lists=True)
        ]
        texts = tuple(text for _, _, text in rows)
        number = np.array([number for number, _, _ in rows], dtype=np.int64)
        leads = tuple(_lead(texts, number, row) for row in range(len(texts)))
        vectors = default_embedder().encode(texts)
        return cls(tuple(documents), number, tuple(span for _, span, _ in rows), texts, leads, vectors)

    def rows_of(self, document: int) -> slice:
        """The rows of one document."""
        first, end = np.searchsorted(self.document, [document, document + 1])
        return slice(int(first), int(end))


def _lead(texts: Sequence[str], document: Rows, row: int) -> str:
    if not _ITEM.match(texts[row]):
        return ""
    for above in range(row - 1, max(row - 1 - _LEAD_REACH, -1), -1):
        if document[above] != document[row]:
            return ""
        if texts[above].endswith(":"):
            return texts[above]
    return ""


@dataclass(frozen=True)
class Views:
    """Three ways to see a sentence; fitted on those learnt from."""

    words: TfidfVectorizer
    spelling: TfidfVectorizer

    @classmethod
    def fitted(cls, seen: Sentences) -> Views:
        words = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b", dtype=np.float32
        )
        spelling = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True, max_features=60_000,
            dtype=np.float32,
        )  # fmt: skip
        return cls(words.fit(seen.texts), spelling.fit(seen.texts))

    def of(self, seen: Sentences) -> list[Any]:
        """The views as matrices, one row a sentence."""
        words = [self.words.transform(seen.texts), 0.5 * self.words.transform(seen.leads)]
        return [sp.csr_matrix(sp.hstack(words)), self.spelling.transform(seen.texts), 2.0 * seen.vectors]


_REGULARISATION = (3.0, 1.0, 1.0)  # a view


@dataclass(frozen=True)
class Scorer:
    """Log odds that a sentence is wanted, for each of several statements and each view."""

    models: tuple[tuple[LogisticRegression | None, ...], ...]  # [statement][view]

    @classmethod
    def fitted(cls, views: Sequence[Any], wanted: npt.NDArray[np.bool_]) -> Scorer:
        """Learns from sentences as `Views.of` gives them; `wanted` has shape (sentences, statements)."""
        return cls(
            tuple(
                tuple(_linear(view, column, c) for view, c in zip(views, _REGULARISATION, strict=True))
                for column in wanted.T
            )
        )

    def scores(self, views: Sequence[Any]) -> Numbers:
        """Shape (sentences, statements, views)."""
        out = np.full((views[0].shape[0], len(self.models), VIEWS), _NO_SCORE)
        for statement, models in enumerate(self.models):
            for number, (model, view) in enumerate(zip(models, views, strict=True)):
                if model is not None:
                    out[:, statement, number] = model.decision_function(view)
        return out


def _linear(view: Any, wanted: npt.NDArray[np.bool_], regularisation: float) -> LogisticRegression | None:
    if wanted.all() or not wanted.any():
        return None
    model = LogisticRegression(C=regularisation, class_weight="balanced", solver="liblinear", max_iter=300)
    return model.fit(view, wanted)


def cross_scores(
    views: Sequence[Any], wanted: npt.NDArray[np.bool_], document: Rows, progress: Progress
) -> Numbers:
    """The scores of sentences by scorers that have not seen their document: as they are for new documents."""
    folds = min(FOLDS, len(np.unique(document)))
    out = np.full((len(document), wanted.shape[1], VIEWS), _NO_SCORE)
    splits = GroupKFold(folds).split(document, groups=document) if folds > 1 else []
    for done, (learn, score) in enumerate(splits):
        scorer = Scorer.fitted([view[learn] for view in views], wanted[learn])
        out[score] = scorer.scores([view[score] for view in views])
        progress("cross-fitting the evidence models", done + 1, folds)
    return out


def neighbours(scores: Numbers, document: Rows, step: int) -> Numbers:
    """The scores of the sentence `step` rows further on (or back, below 0) in the same document."""
    rows = np.arange(len(document)) + step
    inside = (rows >= 0) & (rows < len(document))
    rows = np.clip(rows, 0, max(len(document) - 1, 0))
    inside &= document[rows] == document
    return np.where(inside[:, None], scores[rows], _NO_SCORE)
