"""Who will do a request: people of the history, ranked.

Learning to rank from the past: the history is cut at several days, each cut's snapshot describes the
requests that came after it and everyone known then, and gradient boosting learns which of them did the
request. To rank new requests, the whole history is the snapshot. So the ranker has learnt on pairs that are
as far from their snapshot as new requests will be from the history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from models.errors import ChargehandError, Retry
from models.predict.base import Progress, silent
from models.predict.staffing_features import Numbers, Requests, Rows, Snapshot, as_date, describe
from models.text.embed import Embedder, default_embedder

VERSION = 1
RANKS = 10
CUTS = 12  # snapshots to learn from, evenly over the last three quarters of the history
HORIZON = 3  # how many cuts' spacing of requests each snapshot is asked about
LEAST_TO_LEARN = 300  # requests; a shorter history is ranked by its text classifier alone
SIMILAR = 0.55  # cosine similarity from which a task is called similar in a reason
INACTIVE_DAYS = 60  # before a reason says that someone has done nothing of late


class NoHistory(ChargehandError):
    """There is no request in the history to learn from."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


@dataclass(frozen=True)
class StaffingModel:
    """A fitted ranker. It pickles."""

    snapshot: Snapshot
    ranker: HistGradientBoostingClassifier | None  # none where the history is too short to learn from
    projects: npt.NDArray[np.object_]  # of the history's requests, row by row
    extras: tuple[str, ...]  # the text columns used beside the named ones
    embedder: Embedder

    def scores(self, requests: pd.DataFrame) -> pd.DataFrame:
        """The probability that each person does each request, a row a request and a column a person, with
        the index of `requests`. Rows add up to 1."""
        described = describe(requests, self.extras, self.embedder)
        return pd.DataFrame(
            self._chances(described), index=requests.index, columns=self.snapshot.people.tolist()
        )

    def rank(self, requests: pd.DataFrame) -> pd.DataFrame:
        """The ten likeliest people of each request (fewer where fewer are known), best first: request_id,
        rank (from 1), person_id, score (probability) and reasons.

        `requests` has columns request_id, requested_on, project_id, role_or_category, summary, priority,
        hours_estimate and any of the extra text columns of the history."""
        described = describe(requests, self.extras, self.embedder)
        rows = []
        for block in np.array_split(np.arange(len(requests)), len(requests) // 512 + 1):
            part = described[block]
            chances, likeness = self._chances(part), self.snapshot.likeness(part)
            for i, row in enumerate(block):
                request = requests.iloc[row]
                for rank, person in enumerate(np.argsort(-chances[i], kind="stable")[:RANKS], start=1):
                    why = self._reasons(int(person), str(request["project_id"]), likeness[i])
                    name = self.snapshot.people[person]
                    rows.append((request["request_id"], rank, name, round(float(chances[i, person]), 6), why))
        return pd.DataFrame(rows, columns=["request_id", "rank", "person_id", "score", "reasons"])

    def _chances(self, requests: Requests) -> Numbers:
        if not len(requests):
            return np.empty((0, len(self.snapshot.people)))
        if self.ranker is None:
            return self.snapshot.classify(requests)
        features = self.snapshot.features(requests)
        flat = features.reshape(-1, features.shape[2])
        chances = self.ranker.predict_proba(flat)[:, 1].reshape(features.shape[:2])
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))

    def _reasons(self, person: int, project: str, likeness: Numbers) -> str:
        """Why this person, in words, from counts over the history."""
        days = self.snapshot.history.days
        own = self.snapshot.doer == person
        here = own & (self.projects == project)
        similar = own & (likeness >= SIMILAR)
        last_day = int(days[own].max())
        if (similar & here).any():
            reasons = [_did(int((similar & here).sum()), f"similar task in {project}", days[similar & here])]
        else:
            reasons = (
                [_did(int(similar.sum()), "similar task elsewhere", days[similar])] if similar.any() else []
            )
            if here.any():
                reasons.append(_did(int(here.sum()), f"task in {project}", days[here]))
        if not reasons:
            reasons = [f"no similar task and none in {project}; {int(own.sum())} in all"]
        if self.snapshot.today - last_day > INACTIVE_DAYS:
            reasons.append(f"nothing since {as_date(last_day)}")
        return "; ".join(reasons)


def _did(count: int, what: str, days: Rows) -> str:
    noun = what if count == 1 else what.replace("task", "tasks", 1)
    return f"did {count} {noun}, the last on {as_date(days.max())}"


def fit(
    history: pd.DataFrame, embedder: Embedder | None = None, progress: Progress = silent
) -> StaffingModel:
    """Learn who does what from requests done.

    Args:
        history: columns request_id, requested_on, project_id, role_or_category, summary, priority,
            hours_estimate, person_id (who did it); extra columns `x_*` that hold text refine the project.
        embedder: of the summaries; the default one if none.
        progress: told of each snapshot learnt from.

    Raises:
        NoHistory: the history has no row.
    """
    if history.empty:
        raise NoHistory
    embedder = embedder or default_embedder()
    history = history.sort_values("requested_on", kind="stable")
    names = [str(name) for name in history.columns]
    extras = tuple(
        name for name in names if name.startswith("x_") and not pd.api.types.is_numeric_dtype(history[name])
    )
    progress("embedding", 0, 1)
    done = describe(history, extras, embedder)
    progress("embedding", 1, 1)
    doers = history["person_id"].to_numpy(dtype=object)
    examples = list(_examples(done, doers, progress)) if len(done) >= LEAST_TO_LEARN else []
    ranker = None
    if examples:
        ranker = HistGradientBoostingClassifier(
            max_iter=150,
            learning_rate=0.06,
            max_leaf_nodes=15,
            min_samples_leaf=40,
            l2_regularization=5,
            early_stopping=False,
            random_state=0,
        )
        features, chosen = zip(*examples, strict=True)
        ranker.fit(np.concatenate(features), np.concatenate(chosen))
    projects = history["project_id"].to_numpy(dtype=object)
    return StaffingModel(Snapshot(done, doers), ranker, projects, extras, embedder)


def _examples(
    done: Requests, doers: npt.NDArray[np.object_], progress: Progress
) -> Iterator[tuple[Numbers, npt.NDArray[np.bool_]]]:
    """Features of pairs and whether the person did the request, a snapshot at a time. Requests done by
    people nobody knew yet teach nothing."""
    first = len(done) // 4
    spacing = max((len(done) - first) // CUTS, 1)
    for k in range(CUTS):
        cut = first + k * spacing
        before = int(np.searchsorted(done.days, done.days[cut], side="left"))  # whole days only
        if not before:
            continue
        snapshot = Snapshot(done[:before], doers[:before])
        after = np.arange(before, min(cut + HORIZON * spacing, len(done)))
        asked = after[np.isin(doers[after], snapshot.people)]
        if len(asked):
            features: Any = snapshot.features(done[asked])
            chosen = snapshot.people[None, :] == doers[asked][:, None]
            yield features.reshape(-1, features.shape[2]).astype(np.float32), chosen.ravel()
        progress("learning from the past", k + 1, CUTS)
