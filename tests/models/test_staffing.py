"""The staffing ranker on a made-up firm whose habits are known."""

import pickle
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.predict.staffing import NoHistory, fit
from models.predict.staffing_features import Snapshot, describe
from models.text.embed import default_embedder

TOPICS = {
    "ledger": [
        "reconcile ledger postings",
        "ledger export fails",
        "new ledger account",
        "close ledger month",
    ],
    "website": [
        "website header is broken",
        "add page to website",
        "website login slow",
        "redesign website form",
    ],
    "training": [
        "train new client users",
        "prepare training slides",
        "training session",
        "book training room",
    ],
}
START = date(2024, 1, 1)


def tasks(count: int, seed: int = 0) -> pd.DataFrame:
    """One task a day. Ada does the ledger, Bo the website; training is Cy's, and Di's from the middle on,
    when Cy leaves. Summaries alone tell the topic in project P1; in P2 everything is Ed's."""
    generator = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        topic = str(generator.choice(list(TOPICS)))
        doer = {"ledger": "ada", "website": "bo", "training": "cy" if k < count / 2 else "di"}[topic]
        elsewhere = generator.random() < 0.2
        rows.append(
            {
                "request_id": f"r{k}",
                "requested_on": START + timedelta(days=k),
                "project_id": "P2" if elsewhere else "P1",
                "role_or_category": "Support",
                "summary": f"{generator.choice(TOPICS[topic])} {k % 7}",
                "priority": 1.0,
                "hours_estimate": float(generator.integers(1, 9)),
                "person_id": "ed" if elsewhere else doer,
                "x_team": "red",
                "x_points": float(k),
            }
        )
    return pd.DataFrame(rows)


def asked(project: str, summary: str, on: date = START + timedelta(days=401)) -> pd.DataFrame:
    request = ("q1", on, project, "Support", summary, 1.0, 4.0, "red")
    columns = ["request_id", "requested_on", "project_id", "role_or_category", "summary", "priority"]
    return pd.DataFrame([request], columns=[*columns, "hours_estimate", "x_team"])


@pytest.fixture(scope="module")
def long_history() -> pd.DataFrame:
    return tasks(400)


@pytest.mark.parametrize(
    ("project", "summary", "doer"),
    [
        ("P1", "ledger does not balance", "ada"),  # by topic
        ("P1", "website page is empty", "bo"),
        ("P1", "training for users", "di"),  # Cy did as many, but left long ago
        ("P2", "ledger does not balance", "ed"),  # the project counts for more than the topic
    ],
)
@pytest.mark.parametrize("size", [400, 120], ids=["learnt", "too short to learn"])
def test_habits_are_found(size: int, project: str, summary: str, doer: str) -> None:
    history = tasks(size)
    request = asked(project, summary, START + timedelta(days=size + 1))
    assert fit(history).rank(request).loc[0, "person_id"] == doer


def test_ranks_scores_and_reasons(long_history: pd.DataFrame) -> None:
    requests = pd.concat([asked("P1", "website login slow").assign(request_id=k) for k in ("x", "y")])
    model = fit(long_history)
    ranked = model.rank(requests)
    assert list(ranked) == ["request_id", "rank", "person_id", "score", "reasons"]
    for _, rows in ranked.groupby("request_id"):
        assert rows["rank"].tolist() == [1, 2, 3, 4, 5]  # all five who are known
        assert rows["score"].is_monotonic_decreasing
        assert rows["score"].sum() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(model.scores(requests).sum(axis=1), 1)

    did = long_history.query("person_id == 'bo'")
    first = ranked.loc[0]
    assert first["person_id"] == "bo"
    assert first["reasons"].startswith("did ")
    assert f"similar tasks in P1, the last on {did['requested_on'].max()}" in first["reasons"]
    gone = ranked.query("person_id == 'cy'")["reasons"].iloc[0]
    last = long_history.query("person_id == 'cy'")["requested_on"].max()
    assert gone.endswith(f"nothing since {last}")


def test_ten_ranks_of_more_people() -> None:
    history = tasks(60)
    history["person_id"] = [f"p{k % 15}" for k in range(60)]
    ranked = fit(history).rank(asked("P1", "website login slow"))
    assert ranked["rank"].tolist() == list(range(1, 11))


def test_a_snapshot_knows_nothing_of_what_came_later(long_history: pd.DataFrame) -> None:
    """The features of a request do not change with tasks done after the snapshot's last day."""
    described = describe(long_history, ("x_team",), default_embedder())
    doers = long_history["person_id"].to_numpy(dtype=object)
    question = described[np.array([300])]
    before = Snapshot(described[:200], doers[:200]).features(question)
    shuffled = doers.copy()
    shuffled[200:] = "someone else"
    again = Snapshot(described[:200], shuffled[:200]).features(question)
    np.testing.assert_array_equal(before, again)
    assert np.isfinite(before).all()


def test_unknown_projects_and_missing_extras_are_ranked(long_history: pd.DataFrame) -> None:
    request = asked("P99", "ledger export fails").drop(columns="x_team")
    ranked = fit(long_history).rank(request)
    assert len(ranked) == 5
    assert "in P99" not in ranked.loc[0, "reasons"] or "none in P99" in ranked.loc[0, "reasons"]


def test_the_model_pickles_and_fits_alike_each_time(long_history: pd.DataFrame) -> None:
    request = asked("P1", "training for users")
    model = fit(long_history)
    expected = model.rank(request)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).rank(request), expected)
    pd.testing.assert_frame_equal(fit(long_history.sample(frac=1, random_state=1)).rank(request), expected)


def test_edges() -> None:
    with pytest.raises(NoHistory):
        fit(tasks(1).head(0))
    alone = fit(tasks(1))
    assert alone.rank(asked("P1", "anything"))["score"].tolist() == [1.0]
    assert alone.rank(asked("P1", "anything").head(0)).empty
