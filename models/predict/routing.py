"""Which intent a sentence has, or that it has none of them.

Two linear classifiers look at each sentence: one at its meaning (a sentence embedding), one at its words and
spelling (TF-IDF). Their scores are added up; a small calibrated detector then decides whether the best
intent is believable at all. The detector learns on held-out folds, so it sees scores as they are for
sentences nobody trained on. Where few or no sentences are labelled `out_of_scope`, whole intents are held
out in turn and their sentences stand in for what belongs to none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import log_softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from models.errors import ChargehandError, Retry
from models.predict.base import Progress, silent
from models.text.embed import Embedder, Vectors, default_embedder

VERSION = 1
OUT_OF_SCOPE = "out_of_scope"
"""The intent of sentences that belong to none of the others."""

FOLDS = 5
LEXICAL_WEIGHT = 3.0
"""What a unit of the lexical margin counts against one of the embedding's log odds."""

NEIGHBOURS = 5
ENOUGH_OUT_OF_SCOPE = 30
"""With fewer labelled `out_of_scope` sentences than this, held-out intents stand in for them."""

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.object_]


class TooFewIntents(ChargehandError):
    """A router needs at least three intents besides out_of_scope, with two sentences each; it was given
    {intents} such intents."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


@dataclass(frozen=True)
class _Sentences:
    """Texts with their embeddings, row by row."""

    texts: Labels
    vectors: Vectors

    def __getitem__(self, rows: npt.NDArray[Any]) -> _Sentences:
        return _Sentences(self.texts[rows], self.vectors[rows])


@dataclass(frozen=True)
class _Reading:
    """What the classifiers make of n sentences."""

    scores: Numbers  # (n, intents in scope), the higher the better
    signs: Numbers  # (n, 5), what the detector looks at


def _margins(classifier: Any, features: Any) -> Numbers:
    """Scores of shape (n, classes), also for two classes, where scikit-learn gives one column."""
    margins = np.asarray(classifier.decision_function(features), dtype=np.float64)
    return np.column_stack([-margins, margins]) if margins.ndim == 1 else margins


def _similarity(vectors: Vectors, examples: Vectors, nearest: int) -> Numbers:
    """Mean cosine similarity of each vector to its `nearest` examples, in blocks that bound memory."""
    nearest = min(nearest, len(examples))
    blocks = np.array_split(vectors, len(vectors) // 1024 + 1)
    return np.concatenate(
        [np.partition(block @ examples.T, -nearest, axis=1)[:, -nearest:].mean(axis=1) for block in blocks]
    ).astype(np.float64)


class _Scorer:
    """The two classifiers and the examples they learnt from."""

    def __init__(self, sentences: _Sentences, intents: Labels) -> None:
        many = len(intents) > 2000  # in a large set an n-gram seen once only costs time
        self.lexical = make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2 if many else 1),
            TfidfVectorizer(
                analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, min_df=2 if many else 1
            ),
        )
        features = self.lexical.fit_transform(sentences.texts)
        self.by_words = LinearSVC(C=0.2, tol=0.1, random_state=0).fit(features, intents)
        self.by_meaning = LogisticRegression(C=20, max_iter=300).fit(sentences.vectors, intents)
        classes = self.by_meaning.classes_
        self.in_scope: Flags = classes != OUT_OF_SCOPE
        self.intents: Labels = classes[self.in_scope]
        self.examples = sentences.vectors[intents != OUT_OF_SCOPE]
        self.strangers = sentences.vectors[intents == OUT_OF_SCOPE]

    def read(self, sentences: _Sentences) -> _Reading:
        by_words = _margins(self.by_words, self.lexical.transform(sentences.texts))
        every = _margins(self.by_meaning, sentences.vectors) + LEXICAL_WEIGHT * by_words
        scores = every[:, self.in_scope]
        second, best = np.partition(scores, -2, axis=1)[:, -2:].T
        signs = np.zeros((len(scores), 5))
        signs[:, 0] = best
        signs[:, 1] = best - second
        signs[:, 2] = _similarity(sentences.vectors, self.examples, NEIGHBOURS)
        if len(self.strangers):
            signs[:, 3] = every[:, ~self.in_scope][:, 0]
            signs[:, 4] = _similarity(sentences.vectors, self.strangers, 1)
        return _Reading(scores, signs)


def _folds(intents: Labels) -> Iterator[tuple[Flags, Flags]]:
    """Training and held-out rows of each fold, every intent spread evenly over the folds. With too few
    out-of-scope sentences, each fold also hides its share of the intents from training altogether."""
    generator = np.random.default_rng(0)
    fold = np.empty(len(intents), dtype=np.int64)
    for intent in np.unique(intents):
        rows = generator.permutation(np.flatnonzero(intents == intent))
        fold[rows] = np.arange(len(rows)) % FOLDS
    names = generator.permutation(np.unique(intents[intents != OUT_OF_SCOPE]))
    hide = (intents == OUT_OF_SCOPE).sum() < ENOUGH_OUT_OF_SCOPE
    for k in range(FOLDS):
        hidden = np.isin(intents, names[k::FOLDS] if hide else [])
        yield (fold != k) & ~hidden, (fold == k) | hidden


@dataclass(frozen=True)
class _HeldOut:
    """The readings of all folds, on rows that were not trained on."""

    signs: Numbers
    ranked: list[tuple[Numbers, npt.NDArray[np.int64]]]  # a fold: scores, index of the right intent
    in_scope: Flags  # the sentence's intent was there to be found
    right: Flags  # ... and had the best score

    @classmethod
    def read(cls, sentences: _Sentences, intents: Labels, progress: Progress) -> Self:
        signs, ranked, in_scope, right = [], [], [], []
        for fold, (train, held_out) in enumerate(_folds(intents), start=1):
            scorer = _Scorer(sentences[train], intents[train])
            truth = intents[held_out]
            reading = scorer.read(sentences[held_out])
            known = np.isin(truth, scorer.intents)
            signs.append(reading.signs)
            ranked.append((reading.scores[known], np.searchsorted(scorer.intents, truth[known])))
            in_scope.append(known)
            right.append(scorer.intents[reading.scores.argmax(axis=1)] == truth)
            progress("calibrating on held-out folds", fold, FOLDS)
        return cls(np.concatenate(signs), ranked, np.concatenate(in_scope), np.concatenate(right))

    def temperature(self) -> float:
        """The factor that turns scores into the likeliest softmax probabilities."""

        def likelihood(factor: float) -> float:
            folds = [
                log_softmax(factor * s, axis=1)[np.arange(len(right)), right] for s, right in self.ranked
            ]
            return float(np.concatenate(folds).sum())

        factors: list[float] = np.geomspace(0.1, 3, 35).tolist()
        return max(factors, key=likelihood)

    def threshold(self, belief: Numbers) -> float:
        """The least belief at which to accept an intent: the one with the best harmonic mean of in-scope
        accuracy and out-of-scope recall."""

        def balance(threshold: float) -> float:
            accuracy = (self.right & (belief >= threshold))[self.in_scope].mean()
            recall = (belief < threshold)[~self.in_scope].mean()
            return float(2 * accuracy * recall / (accuracy + recall)) if accuracy and recall else 0.0

        candidates = np.unique(np.quantile(belief, np.linspace(0, 1, 501)))
        balances = np.array([balance(c) for c in candidates])
        best = np.flatnonzero(balances == balances.max())
        return float(candidates[best[len(best) // 2]])  # the middle of a plateau is the safest


@dataclass(frozen=True)
class Router:
    """A fitted router. It pickles, and answers the same for the same sentence whatever stands beside it."""

    scorer: _Scorer
    detector: Any  # scikit-learn pipeline: signs -> probability of being in scope
    threshold: float  # least probability of being in scope at which an intent is given
    temperature: float
    embedder: Embedder

    @property
    def intents(self) -> list[str]:
        """The intents that can be answered, `out_of_scope` left out, in alphabetical order."""
        return [str(intent) for intent in self.scorer.intents]

    def probabilities(self, texts: Sequence[str]) -> pd.DataFrame:
        """Probability of each intent, one column each, and of `out_of_scope`: rows add up to 1. Out of scope
        is taken to be as common as in scope beforehand."""
        reading = self.scorer.read(_sentences(texts, self.embedder))
        in_scope = self.detector.predict_proba(reading.signs)[:, [1]]
        chances = np.exp(log_softmax(self.temperature * reading.scores, axis=1)) * in_scope
        return pd.DataFrame(np.column_stack([chances, 1 - in_scope]), columns=[*self.intents, OUT_OF_SCOPE])

    def predict(self, texts: Sequence[str]) -> pd.DataFrame:
        """`intent` and `confidence` (the probability of that intent) of each text, in the order given."""
        if not len(texts):
            return pd.DataFrame({"intent": pd.Series(dtype=str), "confidence": pd.Series(dtype=float)})
        table = self.probabilities(texts)
        chances = table.to_numpy()
        best = np.where(
            1 - chances[:, -1] >= self.threshold, chances[:, :-1].argmax(axis=1), len(self.scorer.intents)
        )
        return pd.DataFrame(
            {"intent": table.columns.to_numpy()[best], "confidence": chances[np.arange(len(best)), best]}
        )


def _sentences(texts: Sequence[str], embedder: Embedder) -> _Sentences:
    return _Sentences(np.array(texts, dtype=object), embedder.encode(list(texts)))


def fit(labelled: pd.DataFrame, embedder: Embedder | None = None, progress: Progress = silent) -> Router:
    """Fit a router on the columns `text` and `intent`, where the intent `out_of_scope` marks what belongs to
    none. About two minutes for 18,000 sentences on one core, most of it embedding; a second or two for 300.

    Raises `TooFewIntents` where there is nothing to tell apart."""
    embedder = embedder or default_embedder()
    intents = labelled["intent"].to_numpy(dtype=object)
    counts = pd.Series(intents[intents != OUT_OF_SCOPE]).value_counts()
    if (enough := int((counts >= 2).sum())) < 3:
        raise TooFewIntents(intents=enough)
    progress("embedding", 0, 1)
    sentences = _sentences(labelled["text"].tolist(), embedder)
    progress("embedding", 1, 1)
    held_out = _HeldOut.read(sentences, intents, progress)
    detector = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    detector.fit(held_out.signs, held_out.in_scope)
    threshold = held_out.threshold(detector.predict_proba(held_out.signs)[:, 1])
    return Router(_Scorer(sentences, intents), detector, threshold, held_out.temperature(), embedder)
