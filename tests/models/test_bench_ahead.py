"""The bench ahead: who runs out of work and when, and who could go where, each once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from models.bench import MATCH, OpenRole, Worker, by_practice, suggest
from models.fit import SkillHeld, Week

MONDAY = date(2026, 3, 23)


def worker(
    person: str, *free: int, leave: tuple[int, ...] = (), practice: str = "Data", skill: str = "dbt"
) -> Worker:
    weeks = [
        Week(MONDAY + timedelta(weeks=n), Decimal(f), Decimal(0), leave[n] if leave else 0)
        for n, f in enumerate(free)
    ]
    return Worker(
        person, person, "Engineer", practice, "Berlin", Decimal(40), [SkillHeld(skill, 4, None)], weeks
    )


def role(request: str, skill: str = "dbt", hours: int = 32) -> OpenRole:
    ends = MONDAY + timedelta(weeks=4, days=-3)
    return OpenRole(request, "J-1", "Kestrel", "Data", "Engineer", {skill: 3}, MONDAY, ends, Decimal(hours))


LIKE = {("Engineer", "Engineer"): 1.0}


@pytest.mark.parametrize(
    ("free", "leave", "weeks", "starts", "why"),
    [
        ((0, 0, 40, 40), (), 2, 2, "rolls off in week 3"),
        ((40, 40, 40, 40), (), 4, 0, "on the bench all along"),
        ((40, 0, 0, 40), (), 2, 3, "busy again in between: the last stretch counts"),
        ((40, 40, 0, 0), (), 2, None, "booked to the end"),
        ((0, 0, 0, 0), (), 0, None, "fully booked"),
        ((20, 20, 20, 20), (), 0, None, "half free is not bench"),
        ((0, 0, 40, 0), (0, 0, 0, 5), 1, 2, "a week of leave does not end the bench"),
        ((24, 24, 24, 24), (2, 2, 2, 2), 4, 0, "all of a short week"),
    ],
)
def test_from_when_somebody_is_on_the_bench(
    free: tuple[int, ...], leave: tuple[int, ...], weeks: int, starts: int | None, why: str
) -> None:
    found = worker("P-1", *free, leave=leave)
    assert len(found.bench_weeks()) == weeks, why
    assert found.bench_from() == (None if starts is None else MONDAY + timedelta(weeks=starts)), why


def test_a_practice_adds_up_its_people() -> None:
    data = [worker("P-1", 40, 0), worker("P-2", 0, 0), worker("P-3", 8, 8, practice="Cloud")]
    weeks = {(w.practice, w.monday): w for w in by_practice(data)}
    first = weeks["Data", MONDAY]
    assert (first.capacity, first.booked, first.bench_people) == (80, 40, 1)
    assert first.utilisation == Decimal("0.500")
    assert weeks["Cloud", MONDAY].utilisation == Decimal("0.800")
    assert by_practice([]) == []


def test_nobody_at_work_has_no_utilisation() -> None:
    (week,) = by_practice([worker("P-1", 0, leave=(5,))])
    assert (week.capacity, week.utilisation) == (0, 0)


def test_each_person_and_each_role_once_the_best_pair_first() -> None:
    workers = [worker("P-1", 40, 40, 40, 40), worker("P-2", 22, 22, 22, 22)]
    moves = suggest(workers, [role("R-1"), role("R-2")], LIKE)
    assert [(m.worker.person_id, m.role.request_id) for m in moves] == [("P-1", "R-1"), ("P-2", "R-2")]
    assert moves[0].fit.score > moves[1].fit.score >= MATCH
    assert [m.role.request_id for m in suggest(workers, [role("R-1")], LIKE)] == ["R-1"]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (worker("P-1", 0, 0, 0, 0), "who has work is left there"),
        (worker("P-1", 40, 40, 40, 40, skill="SAP"), "without the skill nobody is moved"),
    ],
)
def test_no_move_for_the_sake_of_it(who: Worker, why: str) -> None:
    assert suggest([who], [role("R-1")], LIKE) == [], why
