"""Which time entries are worth a second look, and why?

Nobody labels time entries, so the detector learns from entries that it alters itself (`time_simulation`):
boosted trees tell those from the rest by what can be seen beside an entry's person, project, activity and
work item (`time_evidence`). Dirt that is common in the history is thereby not strange. Where there is no
history the entries themselves serve, each scored by trees that have not seen its person; as some of them are
strange already, those trees may only find an entry stranger the more there is to see, never less."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from models.predict.base import Progress, silent
from models.predict.time_evidence import EITHER, FIGURES, STRANGER_ABOVE, STRANGER_BELOW, Floats, evidence
from models.predict.time_reasons import plain_scores, reasons
from models.predict.time_simulation import KINDS, simulate

VERSION = 1
FLAGGED = 0.5  # scores from here on are flagged
WORTH_SAYING = 0.1  # scores from here on come with kinds and a reason
SHARE_ALTERED = 0.08
LEARNT_FROM = 30_000  # entries, altered ones included; fewer are altered in several ways
MOST_ROUNDS = 4
FEW = 200  # entries; fewer are not learnt from
FOLDS = 3


class Detector:
    """What a history of time entries says about which entries are strange."""

    def __init__(self, history: pd.DataFrame, judge: "_Judge | None") -> None:
        self._history = history
        self._judge = judge

    def predict(self, entries: pd.DataFrame) -> pd.DataFrame:
        """For each entry, in the order given: `entry_id`, `score` (0 to 1, higher is stranger), `flagged`,
        `kinds` (joined by `;`) and `reason`.

        History of the same people and projects is looked at beside the entries."""
        if self._judge is None:
            return _score_alone(entries, self._history)
        figures = _beside(entries, self._history)
        score, kinds = self._judge.score(figures)
        return _said(entries, figures, score, kinds)


def fit(history: pd.DataFrame, *, seed: int = 0, progress: Progress = silent) -> Detector:
    """Learns from time entries with the columns of `chargehand score time`.

    Args:
        history: entries that are mostly in order; with few of them only what is plain is found.
        seed: the same history and seed give the same detector.
        progress: told of each step.
    """
    if len(history) < FEW:
        return Detector(history, None)
    figures, kinds, _ = _altered(history, np.random.default_rng(seed), progress)
    return Detector(history, _Judge(figures, kinds, seed, bound_only=False))


def score(entries: pd.DataFrame, *, seed: int = 0, progress: Progress = silent) -> pd.DataFrame:
    """Scores entries without any history, as `Detector.predict` does."""
    return _score_alone(entries, entries.iloc[:0], seed, progress)


def _score_alone(
    entries: pd.DataFrame, history: pd.DataFrame, seed: int = 0, progress: Progress = silent
) -> pd.DataFrame:
    figures = _beside(entries, history)
    if len(entries) < FEW:
        plain = plain_scores(figures)
        return _said(entries, figures, plain.max(axis=1), plain)
    random = np.random.default_rng(seed)
    people = entries["person_id"].to_numpy()
    # Folds are of people, unless there are so few that a fold would have nobody to learn from.
    units = people if len(set(people)) >= 2 * FOLDS else np.arange(len(people)).astype(str)
    names = np.unique(units)
    fold_of = dict(zip(names, random.permutation(len(names)) % FOLDS, strict=True))
    learnt, kinds, sources = _altered(entries, random, progress)
    fold, learnt_fold = (np.array([fold_of[u] for u in us]) for us in (units, units[sources]))
    scores, likely = np.zeros(len(entries)), np.zeros((len(entries), len(KINDS)))
    for number in range(FOLDS):
        seen, mine = learnt_fold != number, fold == number
        judge = _Judge(learnt[seen], kinds[seen], seed, bound_only=True)
        scores[mine], likely[mine] = judge.score(figures[mine])
        progress("judging the entries", number + 1, FOLDS)
    return _said(entries, figures, scores, likely)


def _beside(entries: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """The evidence on entries, seen together with the history of the same people and projects."""
    same = history["person_id"].isin(entries["person_id"]) | history["project_id"].isin(entries["project_id"])
    known = same & ~history["entry_id"].isin(entries["entry_id"])
    together = pd.concat([history.loc[known], entries], ignore_index=True)
    return evidence(together).iloc[int(known.sum()) :].reset_index(drop=True)


def _altered(
    entries: pd.DataFrame, random: np.random.Generator, progress: Progress
) -> tuple[pd.DataFrame, npt.NDArray[Any], npt.NDArray[Any]]:
    """Evidence on entries that are altered in part, the kind of each or -1, and which entry each comes
    from."""
    entries = entries.iloc[np.argsort(entries["started_at"].to_numpy())[-LEARNT_FROM:]]
    rounds = int(np.clip(LEARNT_FROM // len(entries), 1, MOST_ROUNDS))
    figures, kinds, sources = [], [], []
    for number in range(rounds):
        altered, altered_kinds, origin = simulate(entries, SHARE_ALTERED, random)
        figures.append(evidence(altered))
        kinds.append(altered_kinds)
        sources.append(origin)
        progress("learning what strange entries look like", number + 1, rounds)
    return pd.concat(figures, ignore_index=True), np.concatenate(kinds), np.concatenate(sources)


class _Judge:
    """Trees that say how likely an entry was altered, and, if it was, in which way."""

    def __init__(
        self, figures: pd.DataFrame, kinds: npt.NDArray[Any], seed: int, *, bound_only: bool
    ) -> None:
        altered = kinds >= 0
        bound = [1] * len(STRANGER_ABOVE) + [-1] * len(STRANGER_BELOW) + [0] * len(EITHER)
        self._trees = [_trees(80, 8, seed, monotonic_cst=bound)]
        if not bound_only:
            self._trees.append(_trees(150, 15, seed))
        for trees in self._trees:
            trees.fit(figures[list(FIGURES)], altered)
        self._which = _trees(50, 8, seed).fit(figures.loc[altered, list(FIGURES)], kinds[altered])

    def score(self, figures: pd.DataFrame) -> tuple[Floats, Floats]:
        """The score of each entry, and how likely each of `KINDS` is if it was altered."""
        chances = np.mean([trees.predict_proba(figures)[:, 1] for trees in self._trees], axis=0)
        likely = np.zeros((len(figures), len(KINDS)))
        likely[:, self._which.classes_] = self._which.predict_proba(figures)
        return chances, likely


def _trees(count: int, leaves: int, seed: int, monotonic_cst: Sequence[int] | None = None) -> Any:
    return HistGradientBoostingClassifier(
        max_iter=count, max_leaf_nodes=leaves, learning_rate=0.08, min_samples_leaf=20, l2_regularization=5,
        max_features=0.4, early_stopping=False, monotonic_cst=monotonic_cst, random_state=seed,
    )  # fmt: skip


def _said(entries: pd.DataFrame, figures: pd.DataFrame, scores: Floats, likely: Floats) -> pd.DataFrame:
    worth = scores >= WORTH_SAYING
    named = worth[:, None] & ((likely >= 0.3) | (likely == likely.max(axis=1, keepdims=True)))
    kinds = [[KINDS[k] for k in np.flatnonzero(row)] for row in named]
    return pd.DataFrame(
        {
            "entry_id": entries["entry_id"].to_numpy(),
            "score": scores.round(5),
            "flagged": scores >= FLAGGED,
            "kinds": [";".join(names) for names in kinds],
            "reason": reasons(entries, figures, kinds),
        }
    )
