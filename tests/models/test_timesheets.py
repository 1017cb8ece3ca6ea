"""Strange time entries are found among ordinary dirt, of people nobody has seen before."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from evals.corrupt_time import corrupt
from models.predict.metrics import recall_by_kind
from models.predict.time_evidence import FIGURES, evidence
from models.predict.time_simulation import KINDS, simulate
from models.predict.timesheets import fit, score

ACTIVITIES = {"Code": 120.0, "Review": 45.0, "Test": 60.0, "Meeting": 30.0}


def team(name: str, people: int, each: int, seed: int) -> pd.DataFrame:
    """Entries of a team that works on two projects, one after the other; with dirt: some log more than the
    time from start to end, some round."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        clock = pd.Timestamp("2024-01-01T08:00", tz="UTC") + pd.Timedelta(hours=int(random.integers(3)))
        for n in range(each):
            activity = str(random.choice(list(ACTIVITIES)))
            planned = ACTIVITIES[activity]
            minutes = max(1, round(planned * random.lognormal(-0.1, 0.5)))
            if random.random() < 0.05:
                minutes = -(-minutes // 30) * 30
            elapsed = minutes * (0.7 if random.random() < 0.1 else random.uniform(1.0, 1.6))
            ended = clock + pd.Timedelta(minutes=round(elapsed))
            rows.append(
                {
                    "entry_id": f"{name}-{person}-{n}",
                    "person_id": f"{name}-{person}",
                    "project_id": f"{name}-{'early' if n < each / 2 else 'late'}",
                    "work_item_id": f"{name}-{person}-w{n}",
                    "activity": activity,
                    "started_at": clock,
                    "ended_at": ended,
                    "minutes": float(minutes),
                    "planned_minutes": planned,
                }
            )
            clock = ended + pd.Timedelta(minutes=int(random.integers(0, 40)))
            if clock.hour >= 17:
                clock = clock.normalize() + pd.Timedelta(days=3 if clock.day_of_week == 4 else 1, hours=8)
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def altered() -> tuple[pd.DataFrame, pd.Series]:
    return corrupt(pd.concat([team("a", 8, 120, 1), team("b", 8, 120, 2)], ignore_index=True), 0.08, seed=5)


def test_found_with_a_history_of_other_people(altered: tuple[pd.DataFrame, pd.Series]) -> None:
    entries, kinds = altered
    scored = fit(team("other", 12, 150, 3)).predict(entries)
    assert list(scored["entry_id"]) == list(entries["entry_id"])
    scores = scored["score"].to_numpy()
    assert average_precision_score(kinds != "", scores) > 0.75
    recall = recall_by_kind(list(kinds), scores)
    assert min(recall[k] for k in ("weekend", "impossible_day", "overlapping_projects", "after_close")) > 0.5
    assert scored.loc[scored["flagged"], "reason"].str.len().gt(0).all()
    named = {kind for names in scored.loc[scored["flagged"], "kinds"] for kind in names.split(";")}
    assert named <= set(KINDS)


def test_found_without_any_history(altered: tuple[pd.DataFrame, pd.Series]) -> None:
    entries, kinds = altered
    scored = score(entries)
    assert average_precision_score(kinds != "", scored["score"]) > 0.65
    pd.testing.assert_frame_equal(scored, score(entries))


def entry(**changes: object) -> dict[str, object]:
    started = pd.Timestamp("2024-03-04T09:00", tz="UTC")
    return {
        "entry_id": "e",
        "person_id": "p",
        "project_id": "j",
        "work_item_id": "w",
        "activity": "Code",
        "started_at": started,
        "ended_at": started + pd.Timedelta(hours=2),
        "minutes": 115.0,
        "planned_minutes": 100.0,
    } | changes


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"minutes": 1500.0}, "impossible_day", "25.0 h in one day"),
        (
            {
                "started_at": pd.Timestamp("2024-03-09T09:00", tz="UTC"),
                "ended_at": pd.Timestamp("2024-03-09T11:00", tz="UTC"),
            },
            "weekend",
            "starts on a Saturday",
        ),
        ({"work_item_id": "w0", "project_id": "j"}, "duplicate", "the same work once besides"),
    ],
)
def test_a_handful_of_entries_is_judged_by_what_is_plain(
    changes: dict[str, object], kind: str, says: str
) -> None:
    days = [pd.Timestamp("2024-02-05T09:00", tz="UTC") + pd.Timedelta(days=n) for n in (0, 1, 2, 3)]
    rest = [
        entry(entry_id=f"e{n}", work_item_id=f"w{n}", started_at=d, ended_at=d + pd.Timedelta(hours=2))
        for n, d in enumerate(days)
    ]
    scored = score(pd.DataFrame([*rest, entry(**changes)]))
    strange = scored.iloc[-1]
    assert strange["flagged"]
    assert kind in strange["kinds"].split(";")
    assert says in strange["reason"]
    assert not scored["flagged"].iloc[:-1].any()


def test_missing_optional_values_are_no_obstacle() -> None:
    frame = team("a", 2, 20, 1).assign(planned_minutes=np.nan, activity=None, work_item_id=None)
    assert score(frame)["score"].between(0, 1).all()
    assert len(score(frame.head(1))) == 1


def test_evidence_of_an_entry_leaves_the_entry_out() -> None:
    frame = team("a", 3, 30, 1)
    stranger = frame.iloc[[0]].assign(entry_id="x", project_id="elsewhere", person_id="a-1")
    seen = evidence(pd.concat([frame, stranger], ignore_index=True)).iloc[-1]
    assert seen["person_here"] == 0
    assert list(seen.index) == list(FIGURES)


def test_simulation_alters_what_it_says_and_nothing_else() -> None:
    frame = team("a", 6, 60, 1)
    altered, kinds, sources = simulate(frame, 0.1, np.random.default_rng(0))
    same = altered[kinds < 0]
    original = frame.iloc[sources[kinds < 0]]
    for name in ("person_id", "project_id", "minutes"):
        assert list(same[name]) == list(original[name])
    assert (same["started_at"].to_numpy() == original["started_at"].to_numpy()).all()
    assert set(kinds) == {-1, *range(len(KINDS))}
    weekend = altered[kinds == KINDS.index("weekend")]
    assert (weekend["started_at"].dt.day_of_week >= 5).all()
    assert len(altered) == len(frame) + (kinds == KINDS.index("duplicate")).sum()
