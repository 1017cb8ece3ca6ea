"""Who comes to the bench is told from one's own hours and from what peers did."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from models.predict.bench import People, TooFewPeriods, fit, peer_figures


def hours(people: int, seed: int, periods: int = 6, prefix: str = "p") -> pd.DataFrame:
    """People on projects of which some end: then most members have nothing to do in the last period."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        project = person % 12
        ends = project % 4 == 0
        for period in range(1, periods + 1):
            busy = random.normal(150, 15)
            if period == periods and ends and random.random() < 0.85:
                busy = random.uniform(0, 60)
            rows.append((f"{prefix}{person}", period, max(0.0, busy), 100.0 * project + period))
    return pd.DataFrame(rows, columns=["person_id", "period", "hours", "x_project_hours_sum"])


def test_peers_tell_who_comes_to_the_bench() -> None:
    history, later = hours(240, 0), hours(120, 1, prefix="q")
    actual = later[later["period"] == 6].set_index("person_id")["hours"]
    predicted = fit(history).predict(later[later["period"] < 6])
    known = actual.reindex(predicted["person_id"]).to_numpy()
    assert roc_auc_score(known < 80, predicted["p_bench"]) > 0.85
    assert np.abs(known - predicted["expected_hours"]).mean() < np.abs(known - 150).mean()
    assert predicted["p_bench"].between(0, 1).all()


@pytest.mark.parametrize(
    ("history", "people", "why"),
    [
        (hours(5, 0), hours(3, 1, 5, "q"), "five people"),
        (hours(1, 0), hours(1, 1, 1, "q"), "one person, and nothing but one period of the other"),
        (hours(30, 0, 2), hours(9, 1, 9, "q"), "more periods than were learnt from"),
        (hours(30, 0).drop(columns="x_project_hours_sum"), hours(9, 1, 5), "no projects to tell peers by"),
        (hours(30, 0), hours(9, 1, 5).drop(columns="x_project_hours_sum"), "projects of the known only"),
        (hours(30, 0).query("period != 4"), hours(9, 1, 5).query("period != 3"), "periods missing"),
        (hours(30, 0).assign(hours=160.0), hours(9, 1, 5), "nobody ever on the bench"),
        (hours(30, 0).assign(x_team="red"), hours(9, 1, 5).assign(x_team="blue"), "a text column"),
    ],
)
def test_any_history_gives_predictions(history: pd.DataFrame, people: pd.DataFrame, why: str) -> None:
    predicted = fit(history).predict(people)
    assert list(predicted["person_id"]) == list(people["person_id"].unique()), why
    assert predicted.notna().all(axis=None), why


def test_one_period_is_nothing_to_learn_from() -> None:
    with pytest.raises(TooFewPeriods):
        fit(hours(10, 0, 1))


def test_a_person_is_not_its_own_peer() -> None:
    """Two people on one project: each sees what the other did next, and nothing of itself."""
    seen = pd.DataFrame({"person_id": ["a", "b"], "period": 1, "hours": 100.0, "x_project": ["j", "j"]})
    people = People.of(seen)
    figures = peer_figures(people, people, np.array([0.0, 160.0]))
    overall = 80.0
    assert figures["peers"].tolist() == [1, 1]
    assert figures["peers_hours"].tolist() == [(160 + 2 * overall) / 3, (0 + 2 * overall) / 3]
