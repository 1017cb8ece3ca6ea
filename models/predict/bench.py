"""Who will have little to do in the next period? Learnt from the hours of people whose next period is known.

People whose `x_` columns are equal in a period are on the same project then, and what becomes of one member
says much about the others: so a forest and boosted trees see, beside a person's own hours, what the person's
peers who are known did next."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

from models.errors import ChargehandError
from models.predict.base import Progress, silent
from models.predict.forest import WeightingForest, missing_apart

VERSION = 1
BENCH_BELOW = 80.0  # hours in a period
PEER_WEIGHT = 2.0  # peers that everybody together counts for in the peers' figures
PERIODS_SEEN = 5  # the latest known periods that are looked at one by one

Floats = npt.NDArray[np.float64]


class TooFewPeriods(ChargehandError):
    """To learn what comes next, the history must have {needed} periods at least; it has {found}."""

    status = 422
    retry = "with a fix"


class NextPeriod:
    """What the hours of people whose next period is known say about those of others."""

    def __init__(self, known: "People", hours: Floats, seed: int) -> None:
        self._known = known
        self._hours = hours
        self._periods = known.hours.shape[1]
        features = _features(known, peer_figures(known, known, hours))
        self._columns = list(features.columns)
        on_bench = hours < BENCH_BELOW
        self._forest = WeightingForest(seed=seed).fit(features, np.column_stack([hours, on_bench]))
        self._boosted = None
        if 0 < on_bench.sum() < len(on_bench):
            boosted = HistGradientBoostingClassifier(
                max_iter=120, learning_rate=0.04, max_leaf_nodes=6, min_samples_leaf=20, l2_regularization=5,
                max_features=0.4, early_stopping=False, random_state=seed,
            )  # fmt: skip
            self._boosted = make_pipeline(missing_apart(), boosted).fit(features, on_bench)

    def predict(self, hours: pd.DataFrame) -> pd.DataFrame:
        """For each person, in the order of first mention: `person_id`, `expected_hours` of the period after
        their last one (median), and `p_bench`, the probability that it has under 80 hours."""
        people = People.of(hours)
        features = _features(people, peer_figures(people, self._known, self._hours)).reindex(
            columns=self._columns
        )
        weights = self._forest.weights(features)
        chances = [weights @ (self._hours < BENCH_BELOW)]
        if self._boosted is not None:
            chances.append(self._boosted.predict_proba(features)[:, 1])
        return pd.DataFrame(
            {
                "person_id": people.ids,
                "expected_hours": _median(weights, self._hours).round(2),
                "p_bench": np.clip(np.mean(chances, axis=0), 0, 1).round(5),
            }
        )


def fit(history: pd.DataFrame, *, seed: int = 0, progress: Progress = silent) -> NextPeriod:
    """Learns from hours by person and period, with the columns of `chargehand score bench`.

    Each person's last period is what is to be predicted from the ones before it.

    Raises:
        TooFewPeriods: where nobody has two periods.
    """
    progress("learning who comes to the bench", 0, 1)
    ordered = history.sort_values("period", kind="stable")
    last = ordered.groupby("person_id", sort=False)["period"].transform("max") == ordered["period"]
    before = ordered[~last]
    if before.empty:
        raise TooFewPeriods(needed=2, found=1)
    known = People.of(before)
    hours = ordered[last].set_index("person_id")["hours"].reindex(known.ids).to_numpy(float)
    model = NextPeriod(known, hours, seed)
    progress("learning who comes to the bench", 1, 1)
    return model


class People:
    """Hours of people, aligned on the last period that each of them has; NaN where a period is missing."""

    def __init__(self, ids: npt.NDArray[Any], hours: Floats, extra: pd.DataFrame) -> None:
        self.ids = ids
        self.hours = hours  # (people, PERIODS_SEEN), the latest last
        self.extra = extra  # the `x_` columns in the latest period, and the numeric ones in the one before it

    @classmethod
    def of(cls, table: pd.DataFrame) -> "People":
        ids = table["person_id"].drop_duplicates().to_numpy()
        ago = table.groupby("person_id")["period"].transform("max") - table["period"]
        table = table.assign(ago=ago).drop_duplicates(["person_id", "ago"])
        by_period = table.pivot(index="person_id", columns="ago", values="hours").reindex(ids)
        hours = by_period.reindex(columns=range(PERIODS_SEEN - 1, -1, -1)).to_numpy(float)
        named = [str(c) for c in table if str(c).startswith("x_")]
        extra = table[table["ago"] == 0].set_index("person_id")[named].reindex(ids)
        numeric = extra.select_dtypes("number").columns
        before = table[table["ago"] == 1].set_index("person_id")[list(numeric)].reindex(ids)
        return cls(ids, hours, extra.join(before.add_suffix(" before")))

    def projects(self) -> list[tuple[Any, ...]] | None:
        """What people on the same project have in common, where there is anything to tell by."""
        named = [c for c in self.extra if not str(c).endswith(" before")]
        return list(self.extra[named].itertuples(index=False, name=None)) if named else None


def peer_figures(people: People, known: People, hours: Floats) -> pd.DataFrame:
    """What the known people on each person's project did next, the person left out: mean hours, share on the
    bench, and how many they are."""
    mine, theirs = people.projects(), known.projects()
    if mine is None or theirs is None:
        return pd.DataFrame(index=range(len(people.ids)))
    next_hours = pd.DataFrame({"hours": hours, "bench": hours < BENCH_BELOW}).astype(float)
    by_project: dict[tuple[Any, ...], list[int]] = {}
    for number, project in enumerate(theirs):
        by_project.setdefault(project, []).append(number)
    overall = next_hours.mean().to_numpy()
    found = np.empty((len(mine), 3))
    for number, (person, project) in enumerate(zip(people.ids, mine, strict=True)):
        peers = [n for n in by_project.get(project, []) if known.ids[n] != person]
        total = next_hours.iloc[peers].sum().to_numpy()
        found[number, :2] = (total + PEER_WEIGHT * overall) / (len(peers) + PEER_WEIGHT)
        found[number, 2] = len(peers)
    return pd.DataFrame(found, columns=["peers_hours", "peers_bench", "peers"])


def _features(people: People, peers: pd.DataFrame) -> pd.DataFrame:
    hours = pd.DataFrame(people.hours)
    latest = hours.iloc[:, -1]
    features = pd.DataFrame({f"hours_{PERIODS_SEEN - n}_ago": hours[n] for n in range(PERIODS_SEEN)})
    features = features.assign(
        mean=hours.mean(axis=1),
        mean_of_two=hours.iloc[:, -2:].mean(axis=1),
        mean_of_three=hours.iloc[:, -3:].mean(axis=1),
        least=hours.min(axis=1),
        most=hours.max(axis=1),
        spread=hours.std(axis=1, ddof=0),
        low=(hours < BENCH_BELOW).sum(axis=1),
        trend=latest - hours.iloc[:, -4:-1].mean(axis=1),
        recent=hours.T.ewm(halflife=1, ignore_na=True).mean().iloc[-1],
    )
    extra = people.extra.select_dtypes("number").reset_index(drop=True)
    # What can be told of a person's place on the project, where the columns that say so are there.
    if "x_project_hours_mean" in extra:
        features["beside_project"] = latest - extra["x_project_hours_mean"]
    if {"x_project_people", "x_project_people_change"} <= set(extra):
        before = extra["x_project_people"] - extra["x_project_people_change"]
        features["changed_project"] = (before - extra["x_project_people before"]).abs()
    return pd.concat([features, extra, peers], axis=1)


def _median(weights: Any, values: Floats) -> Floats:
    """The weighted median of values in each row of a sparse weight matrix."""
    order = np.argsort(values, kind="stable")
    medians = np.empty(weights.shape[0])
    for number in range(weights.shape[0]):
        cumulative = np.cumsum(weights[[number]].toarray().ravel()[order])
        medians[number] = values[order[np.searchsorted(cumulative, cumulative[-1] / 2)]]
    return medians
