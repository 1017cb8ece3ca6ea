"""The fit of a person and a role: monotone, bounded, explained, and blind to cost."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.fit import WEIGHTS, Candidate, SkillHeld, Wanted, Week, fit, fits, why_not

MONDAY = date(2026, 3, 23)
WANTED = Wanted(
    "Data Engineer", {"Snowflake": 4, "dbt": 0}, MONDAY, MONDAY + timedelta(weeks=4, days=-3), Decimal(24)
)


def person(
    level: int = 4,
    free: int | list[int] = 40,
    likeness: float = 1.0,
    used: date | None = None,
    leave: int = 0,
    past: int = 0,
    skills: tuple[str, ...] = ("Snowflake", "dbt"),
) -> Candidate:
    frees = [free] * 4 if isinstance(free, int) else free
    return Candidate(
        person_id="P-1",
        skills=[SkillHeld(s, level, used) for s in skills],
        weeks=[Week(MONDAY + timedelta(weeks=n), Decimal(f), Decimal(0), leave) for n, f in enumerate(frees)],
        role_likeness=likeness,
        past_weeks_with_client=past,
        past_weeks_in_role=0,
    )


def test_the_weights_are_shares_and_cost_is_none_of_them() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert set(WEIGHTS) == {"skills", "free", "role", "experience"}


candidates = st.builds(
    person,
    level=st.integers(1, 5),
    free=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    likeness=st.floats(0, 1),
    used=st.none() | st.dates(date(2015, 1, 1), MONDAY),
    past=st.integers(0, 200),
    skills=st.sets(st.sampled_from(["Snowflake", "dbt", "snowflake"])).map(tuple),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(candidates)
def test_a_score_is_the_weighted_sum_of_its_parts(candidate: Candidate) -> None:
    found = fit(candidate, WANTED)
    assert 0 <= found.score <= 1
    assert all(0 <= part <= 1 for part in found.parts.values())
    assert found.score == pytest.approx(sum(WEIGHTS[k] * v for k, v in found.parts.items()), abs=0.002)
    assert found.free_hours <= found.average_free_hours + Decimal("0.05")


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        (person(level=4), person(level=3), "more skilled, up to what was asked for"),
        (person(free=24), person(free=12), "more hours"),
        (person(free=[24] * 4), person(free=[24, 24, 24, 0]), "in every week"),
        (person(past=20), person(past=0), "knows the client"),
        (person(likeness=1.0), person(likeness=0.4), "does that work"),
        (person(used=date(2026, 1, 1)), person(used=date(2021, 1, 1)), "used it lately"),
        (person(), person(skills=("dbt",)), "has both skills"),
    ],
)
def test_better_is_scored_higher(better: Candidate, worse: Candidate, why: str) -> None:
    assert fit(better, WANTED).score > fit(worse, WANTED).score, why


def test_more_than_was_asked_for_is_not_better() -> None:
    assert fit(person(level=5), WANTED).parts["skills"] == fit(person(level=4), WANTED).parts["skills"]
    assert fit(person(free=40), WANTED).parts["free"] == fit(person(free=24), WANTED).parts["free"]


@pytest.mark.parametrize(
    ("candidate", "listed", "reason"),
    [
        (person(), True, "would be listed"),
        (person(skills=()), False, "has none of Snowflake, dbt"),
        (person(free=8), False, "only 8 of 24 hours a week are free"),
        (person(free=12), True, "would be listed"),  # half of the hours is enough to be looked at
    ],
)
def test_who_belongs_on_the_list_and_what_is_missing(candidate: Candidate, listed: bool, reason: str) -> None:
    found = fit(candidate, WANTED)
    assert fits(found, WANTED) is listed
    assert why_not(found, None, WANTED) == reason


def test_the_least_change_that_would_help_is_told() -> None:
    last = fit(person(past=26), WANTED)
    assert why_not(fit(person(free=14, past=26), WANTED), last, WANTED) == (
        "with all 24 hours free would be listed; 14 are"
    )
    assert why_not(fit(person(level=2), WANTED), last, WANTED) == "Snowflake only 2 of 5, asked for 4"


def test_reasons_are_told_in_words() -> None:
    found = fit(person(level=3, used=date(2026, 2, 1), leave=2, past=7), WANTED)
    assert found.strengths == ("7 weeks with this client before",)
    assert found.gaps == (
        "Snowflake only 3 of 5, asked for 4, last used February 2026",
        "dbt only 3 of 5, last used February 2026",
        "on leave 8 of 20 working days",
    )


def test_nobody_is_free_in_no_weeks() -> None:
    nobody = fit(person(free=[]), WANTED)
    assert (nobody.parts["free"], nobody.free_hours) == (0.0, Decimal(0))
