"""The intent of short requests, and whether what belongs to none is seen to."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.svm import LinearSVC

from evals.quality import records
from evals.quality.results import Judged, Result, Rows
from models.predict.base import Progress
from models.predict.routing import OUT_OF_SCOPE, fit

NAME = "routing"
AGAINST = "TF-IDF of words and characters, a linear model and a threshold"
PART = 6  # every sixth utterance of each intent is judged
OUT_OF_SCOPE_PART = 2  # and every second one that belongs to none, of which there are few
ACCEPTED = 0.95  # share of the utterances learnt from whose margin the baseline accepts

Names = npt.NDArray[np.object_]


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`routing/labelled.csv`: every sixth utterance of each intent and half of those of none, learnt from
    the others."""
    path = data / "routing" / "labelled.csv"
    if not path.exists():
        return []
    labelled = records.table(path, {"text": "text", "intent": "text"})
    judged_rows = held_out(labelled)
    known, judged_on = labelled[~judged_rows], labelled[judged_rows]
    texts = judged_on["text"].tolist()
    said = fit(known, progress=progress).predict(texts)["intent"].to_numpy(dtype=object)
    plain = by_words(known, texts)
    truth = judged_on["intent"].to_numpy(dtype=object)
    inside = truth != OUT_OF_SCOPE
    judged = Judged(NAME, path.stem, AGAINST, np.arange(len(truth)))

    def right(answers: Names, among: npt.NDArray[np.bool_], rows: Rows) -> float:
        chosen = rows[among[rows]]
        return float((answers[chosen] == truth[chosen]).mean()) if len(chosen) else np.nan

    return [
        judged.measure(
            "in-scope accuracy", lambda r: right(said, inside, r), lambda r: right(plain, inside, r)
        ),
        judged.measure(
            "out-of-scope recall", lambda r: right(said, ~inside, r), lambda r: right(plain, ~inside, r)
        ),
        judged.measure(
            "mean of the two",
            lambda r: (right(said, inside, r) + right(said, ~inside, r)) / 2,
            lambda r: (right(plain, inside, r) + right(plain, ~inside, r)) / 2,
        ),
    ]


def held_out(labelled: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are judged."""
    part = np.where(labelled["intent"] == OUT_OF_SCOPE, OUT_OF_SCOPE_PART, PART)
    return labelled.groupby("intent").cumcount() % part == part - 1


def by_words(known: pd.DataFrame, texts: list[str]) -> Names:
    """The baseline: the intent with the largest margin, or none where that margin is unusually small, as told
    on a fifth of what it learns from."""
    inside = known[known["intent"] != OUT_OF_SCOPE]
    tuned = np.arange(len(inside)) % 5 == 0
    margins = _linear(inside[~tuned]).decision_function(inside.loc[tuned, "text"].tolist())
    threshold = float(np.quantile(margins.max(axis=1), 1 - ACCEPTED))
    model = _linear(inside)
    margins = model.decision_function(texts)
    found = np.asarray(model.classes_, dtype=object)[margins.argmax(axis=1)]
    return np.where(margins.max(axis=1) < threshold, OUT_OF_SCOPE, found)


def _linear(labelled: pd.DataFrame) -> Pipeline:
    counted = make_union(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
        TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 4)),
    )
    return make_pipeline(counted, LinearSVC()).fit(labelled["text"].tolist(), labelled["intent"].tolist())
