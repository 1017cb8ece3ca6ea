"""What a history of requests says about who may do the next one, as numbers.

A snapshot is what is known at the end of a history. It describes each pair of a request and a person: how
much of late the person did of such work (by project, category and their combinations, at several
half-lives), how long ago, how like its summary is to theirs, and what a text classifier thinks. Nothing in
it comes from after the history's last day, so snapshots of the past are fair examples to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from models.text.embed import Embedder, Vectors

HALF_LIVES = (30, 120, 500)  # days
CLASSIFIER_HALF_LIFE = 150
NEIGHBOUR_HALF_LIVES = (90, 500)
LONG_AGO = 1500  # days; also stands for never
PRIOR_WEIGHT = 2.0  # tasks' worth of the overall shares in the shares of a group
FLOOR = 1e-4  # keeps logarithms of shares finite

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Requests:
    """n requests, column by column."""

    days: Rows  # of the request, counted from 1970-01-01
    groups: dict[str, npt.NDArray[np.object_]]  # name of a grouping: the group of each request
    summaries: npt.NDArray[np.object_]
    vectors: Vectors  # embeddings of the summaries
    log_hours: Numbers
    priorities: Numbers

    def __len__(self) -> int:
        return len(self.days)

    def __getitem__(self, rows: npt.NDArray[np.int64] | slice) -> Requests:
        groups = {name: values[rows] for name, values in self.groups.items()}
        return Requests(
            self.days[rows],
            groups,
            self.summaries[rows],
            self.vectors[rows],
            self.log_hours[rows],
            self.priorities[rows],
        )


def describe(frame: pd.DataFrame, extras: Sequence[str], embedder: Embedder) -> Requests:
    """The requests in a frame of columns requested_on, project_id, role_or_category, summary, priority,
    hours_estimate and the text columns `extras` (blank where the frame has them not)."""

    def text(name: str) -> pd.Series[str]:
        values = frame[name] if name in frame else pd.Series("", index=frame.index)
        return values.fillna("").astype(str)

    project, category = text("project_id"), text("role_or_category")
    groups = {"everything": project.str.slice(0, 0), "project": project, "category": category}
    groups["project and category"] = project + "\n" + category
    finest = project
    for name in extras:
        finest = finest + "\n" + text(name)
        groups[f"project and {name}"] = project + "\n" + text(name)
        groups[f"project, {name} and category"] = groups[f"project and {name}"] + "\n" + category
    groups["finest and priority"] = finest + "\n" + text("priority")
    return Requests(
        days=pd.to_datetime(frame["requested_on"]).to_numpy().astype("datetime64[D]").astype(np.int64),
        groups={name: values.to_numpy(dtype=object) for name, values in groups.items()},
        summaries=text("summary").to_numpy(dtype=object),
        vectors=embedder.encode(text("summary").tolist()),
        log_hours=np.log(frame["hours_estimate"].to_numpy(dtype=np.float64).clip(min=0.01)),
        priorities=frame["priority"].to_numpy(dtype=np.float64),
    )


def as_date(day: int | np.integer) -> date:
    """The date of a day counted from 1970-01-01."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(day))


class Grouping:
    """Who did how much in each group, and when last."""

    def __init__(self, groups: npt.NDArray[np.object_], doer: Rows, people: int, days: Rows) -> None:
        codes, names = pd.factorize(groups)
        self.names = pd.Index(names)
        self.codes, self.doer, self.people = codes.astype(np.int64), doer, people
        self.last = np.full((len(self.names) + 1, people), -np.inf)  # the last row: groups not seen
        np.maximum.at(self.last, (self.codes, doer), days.astype(np.float64))

    def counts(self, weights: Numbers) -> Numbers:
        """Weighted tasks by group and person; the last row, of groups not seen, is zero."""
        table = np.zeros((len(self.names) + 1, self.people))
        np.add.at(table, (self.codes, self.doer), weights)
        return table

    def rows(self, groups: npt.NDArray[np.object_]) -> Rows:
        """The row of each request's group in the tables."""
        return np.asarray(self.names.get_indexer(pd.Index(groups)), dtype=np.int64)  # -1, the last, if unseen


class Snapshot:
    """What is known on the last day of a history.

    Args:
        history: the requests done, in any order.
        doers: who did each.
    """

    def __init__(self, history: Requests, doers: npt.NDArray[np.object_]) -> None:
        self.history = history
        self.people: npt.NDArray[np.object_] = np.unique(doers)
        self.doer: Rows = np.searchsorted(self.people, doers).astype(np.int64)
        self.today = int(history.days.max())
        self.did = np.zeros((len(doers), len(self.people)))
        self.did[np.arange(len(doers)), self.doer] = 1
        self.groupings = {
            name: Grouping(groups, self.doer, len(self.people), history.days)
            for name, groups in history.groups.items()
        }
        self._words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"\S+")
        self._word_vectors = self._words.fit_transform(history.summaries)
        self._learn_to_classify()

    def _decay(self, half_life: float) -> Numbers:
        return np.asarray(0.5 ** ((self.today - self.history.days) / half_life))

    def _inputs(self, requests: Requests, words: csr_matrix) -> csr_matrix:
        groups = self._one_hot.transform(_columns(requests))
        return hstack([words, groups, csr_matrix(requests.vectors)]).tocsr()

    def _learn_to_classify(self) -> None:
        """Fits the classifier that tells people from the words, the meaning and the groups of a request."""
        self._one_hot = OneHotEncoder(handle_unknown="ignore").fit(_columns(self.history))
        self._classifier = None
        if len(self.people) > 1:
            inputs = self._inputs(self.history, self._word_vectors)
            weights = self._decay(CLASSIFIER_HALF_LIFE)
            self._classifier = LogisticRegression(C=5, tol=1e-3, max_iter=300).fit(inputs, self.doer, weights)

    def classify(self, requests: Requests) -> Numbers:
        """The classifier's probability that each person does each request: shape (n, people)."""
        if self._classifier is None:
            return np.ones((len(requests), 1))
        words = self._words.transform(requests.summaries)
        return np.asarray(self._classifier.predict_proba(self._inputs(requests, words)))

    def features(self, requests: Requests) -> Numbers:
        """All features of each request and person: shape (n, people, features)."""
        shape = (len(requests), len(self.people))
        groups = self._group_features(requests) + self._text_features(requests)
        chances = np.log(self.classify(requests) + FLOOR)
        first = np.full(len(self.people), np.inf)
        np.minimum.at(first, self.doer, self.history.days.astype(np.float64))
        personal = [
            chances,
            np.broadcast_to(np.log1p(self.today - first), shape),
            np.broadcast_to((requests.days - self.today)[:, None], shape),
            *self._size_features(requests),
        ]
        return np.stack(groups + personal, axis=2)

    def _group_features(self, requests: Requests) -> list[Numbers]:
        """Log shares of each group's work at each half-life, its amount, and days since the last."""
        columns: list[Numbers] = []
        overall = {h: (self._decay(h) @ self.did) + 1e-3 for h in HALF_LIVES}
        for grouping, groups in zip(self.groupings.values(), requests.groups.values(), strict=True):
            rows = grouping.rows(groups)
            for half_life in HALF_LIVES:
                counts = grouping.counts(self._decay(half_life))
                prior = PRIOR_WEIGHT * overall[half_life] / overall[half_life].sum()
                shares = (counts + prior) / (counts.sum(axis=1, keepdims=True) + PRIOR_WEIGHT)
                columns.append(np.log(shares[rows] + FLOOR))
            amount = np.log1p(grouping.counts(self._decay(HALF_LIVES[1])).sum(axis=1))[rows]
            columns.append(np.broadcast_to(amount[:, None], columns[0].shape))
            columns.append(np.log1p(np.minimum(self.today - grouping.last[rows], LONG_AGO)))
        return columns

    def likeness(self, requests: Requests) -> Numbers:
        """Cosine similarity in meaning of each request to each of the history: shape (n, history)."""
        return (requests.vectors @ self.history.vectors.T).astype(np.float64)

    def _text_features(self, requests: Requests) -> list[Numbers]:
        """The closest task of each person, and votes of like tasks, late ones and those of the same group
        counting more; in meaning and in words."""
        words = (self._words.transform(requests.summaries) @ self._word_vectors.T).toarray()
        finest = list(requests.groups)[-2]
        same_group = requests.groups[finest][:, None] == self.history.groups[finest][None, :]
        tasks_of = [np.flatnonzero(self.doer == person) for person in range(len(self.people))]
        columns: list[Numbers] = []
        for likeness, sharpness in ((self.likeness(requests), 15.0), (words, 10.0)):
            columns.append(np.stack([likeness[:, tasks].max(axis=1) for tasks in tasks_of], axis=1))
            votes = np.exp(sharpness * (likeness - 1))
            for half_life in NEIGHBOUR_HALF_LIVES:
                late = self._decay(half_life)[:, None] * self.did
                for weights in (votes, votes * (0.05 + same_group)):
                    tally = weights @ late
                    columns.append(np.log(tally / tally.sum(axis=1, keepdims=True) + FLOOR))
        return columns

    def _size_features(self, requests: Requests) -> list[Numbers]:
        """The request's hours, the person's usual hours, and how far hours and priority are from usual."""
        late = self._decay(HALF_LIVES[-1])[:, None] * self.did
        tasks = late.sum(axis=0) + 1e-9
        usual_hours = (self.history.log_hours @ late) / tasks
        usual_priority = (self.history.priorities @ late) / tasks
        shape = (len(requests), len(self.people))
        return [
            np.broadcast_to(requests.log_hours[:, None], shape),
            np.broadcast_to(usual_hours, shape),
            np.abs(requests.log_hours[:, None] - usual_hours),
            np.abs(requests.priorities[:, None] - usual_priority),
        ]


def _columns(requests: Requests) -> npt.NDArray[np.object_]:
    """The groups of each request side by side, as a one-hot encoder takes them."""
    return np.column_stack([v for name, v in requests.groups.items() if name != "finest and priority"])
