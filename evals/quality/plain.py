"""What little effort gives on texts: words counted, and a linear model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

Floats = npt.NDArray[np.float64]
WORDS = "TF-IDF of words and logistic regression"


def words_to_labels(
    texts: Sequence[str], labels: Sequence[Any], wanted: Sequence[str]
) -> tuple[npt.NDArray[Any], Floats]:
    """The labels, sorted, and the probability of each for each wanted text: shape (texts, labels)."""
    counted = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2), strip_accents="unicode")
    model = make_pipeline(counted, LogisticRegression(C=10, max_iter=1000)).fit(
        list(texts), np.asarray(labels)
    )
    return model.classes_, np.asarray(model.predict_proba(list(wanted)))


def likeness(sentences: Sequence[str], statement: str) -> Floats:
    """How many rare words each sentence shares with a statement: the cosine of their TF-IDF vectors."""
    rows = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform([*sentences, statement])
    return np.asarray((rows[:-1] @ rows[-1].T).toarray().ravel())
