"""Plans: sound whatever the problem, as short as exhaustive search on tiny ones, honest about proofs."""

import time
from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.predict.plan import make_plan
from models.predict.plan_bounds import lower_bound
from models.predict.plan_check import check_plan
from models.predict.plan_greedy import greedy
from models.predict.plan_network import Network, impossible
from models.predict.plan_problem import Plan, Problem
from models.predict.plan_solver import improve


def problem(people: dict[str, str], work: dict[str, tuple[int, dict[str, int], str]]) -> Problem:
    """People as 'name: skills', work as 'name: duration, needs, predecessors'; one letter a name."""
    return Problem.model_validate(
        {
            "problem_id": "p",
            "skills": list("abcd"),
            "people": [{"person_id": p, "skills": list(s)} for p, s in people.items()],
            "work": [
                {"work_id": w, "duration": d, "needs": needs, "after": list(after)}
                for w, (d, needs, after) in work.items()
            ],
        }
    )


@st.composite
def problems(draw: st.DrawFn, works: int, longest: int, people: int) -> Problem:
    skills = st.sets(st.sampled_from("abc"), min_size=1)
    team = {f"p{i}": "".join(sorted(draw(skills))) for i in range(draw(st.integers(1, people)))}
    work: dict[str, tuple[int, dict[str, int], str]] = {}
    for w in "ABCDEFGHIJKL"[: draw(st.integers(1, works))]:
        needs = draw(st.dictionaries(st.sampled_from("abc"), st.integers(1, 2), max_size=2))
        after = "".join(sorted(draw(st.sets(st.sampled_from(list(work)), max_size=2)))) if work else ""
        work[w] = (draw(st.integers(1, longest)), needs, after)
    return problem(team, work)


def least_makespan(problem: Problem) -> int:
    """By trying all starts and all persons, for each makespan in turn."""
    horizon = sum(w.duration for w in problem.work)
    return next(t for t in range(horizon + 1) if any(_staffable(problem, s) for s in _timetables(problem, t)))


def _timetables(problem: Problem, makespan: int) -> Iterator[dict[str, int]]:
    ends = {w.work_id: w.duration for w in problem.work}
    for starts in product(*(range(makespan - w.duration + 1) for w in problem.work)):
        at = dict(zip(ends, starts, strict=True))
        if all(at[w.work_id] >= at[a] + ends[a] for w in problem.work for a in w.after):
            yield at


def _staffable(problem: Problem, starts: dict[str, int]) -> bool:
    def serve(left: tuple[Any, ...], spells: list[tuple[str, int, int]]) -> bool:
        if not left:
            return True
        piece, *others = left
        start, end = starts[piece.work_id], starts[piece.work_id] + piece.duration
        slots = [s for s, n in piece.needs.items() for _ in range(n)]
        free = [
            p
            for p in problem.people
            if all(end <= a or b <= start for person, a, b in spells if person == p.person_id)
        ]
        return any(
            all(s in p.skills for s, p in zip(slots, team, strict=True))
            and serve(tuple(others), [*spells, *((p.person_id, start, end) for p in team)])
            for team in permutations(free, len(slots))
        )

    return serve(tuple(problem.work), [])


def soon(seconds: float = 20) -> float:
    return time.monotonic() + seconds


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(works=4, longest=3, people=3))
def test_a_tiny_plan_is_as_short_as_exhaustive_search_finds(drawn: Problem) -> None:
    assume(not impossible(drawn))
    plan = make_plan(drawn, soon())
    assert check_plan(drawn, plan) == []
    assert plan.status == "optimal"
    assert plan.makespan == least_makespan(drawn)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(works=12, longest=9, people=6))
def test_greedy_and_searched_plans_keep_every_rule_and_bound(drawn: Problem) -> None:
    assume(not impossible(drawn))
    at_once, searched = make_plan(drawn, soon(-1)), make_plan(drawn, soon())
    assert check_plan(drawn, at_once) == check_plan(drawn, searched) == []
    assert at_once.lower_bound <= searched.lower_bound <= searched.makespan <= at_once.makespan
    assert searched.status == "optimal"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(works=4, longest=3, people=3))
def test_the_search_alone_proves_the_optimum(drawn: Problem) -> None:
    """From one greedy schedule and no bound at all."""
    assume(not impossible(drawn))
    network = Network(drawn)
    at_once = greedy(network, 0, 0)
    plan, bound = improve(network, at_once, 0, soon())
    assert plan.makespan == bound == least_makespan(drawn) >= lower_bound(network)


CIRCLE = {"A": (1, {}, "B"), "B": (1, {}, "A")}


@pytest.mark.parametrize(
    ("people", "work", "reason"),
    [
        ({"p": "a"}, CIRCLE, "after itself"),
        ({"p": "a"}, {"A": (1, {}, "A")}, "after itself"),
        ({"p": "a"}, {"A": (1, {"b": 1}, "")}, "work A needs 1 of b"),  # nobody has the skill
        ({"p": "a"}, {"A": (1, {"a": 2}, "")}, "work A needs 2 of a"),  # too few have it
        ({"p": "ab", "q": "c"}, {"A": (1, {"a": 1, "b": 1}, "")}, "work A"),  # one person, two skills
        ({}, {"A": (1, {"a": 1}, "")}, "work A"),
    ],
)
def test_a_problem_without_a_plan_is_infeasible_with_its_reason(people: Any, work: Any, reason: str) -> None:
    plan = make_plan(problem(people, work), soon())
    assert (plan.status, plan.makespan, plan.lower_bound, plan.starts) == ("infeasible", None, None, {})
    assert any(reason in said for said in plan.reasons)


def test_no_work_is_done_at_once() -> None:
    empty = problem({"p": "a"}, {})
    assert make_plan(empty, soon()).makespan == 0


def test_work_that_needs_nobody_takes_time_but_no_people() -> None:
    plan = make_plan(problem({}, {"A": (3, {}, ""), "B": (0, {}, "A"), "C": (3, {}, "")}), soon())
    assert (plan.status, plan.makespan) == ("optimal", 3)


def test_a_specialist_is_kept_for_what_only_a_specialist_can_do() -> None:
    """p has both skills; giving A to p would hold B up."""
    plan = make_plan(problem({"p": "ab", "q": "a"}, {"A": (5, {"a": 1}, ""), "B": (5, {"b": 1}, "")}), soon())
    assert plan.makespan == 5
    assert plan.people["A"][0].person_id == "q"


RULES = problem(
    {"p": "ab", "q": "a"}, {"A": (2, {"a": 1}, ""), "B": (2, {"b": 1}, "A"), "C": (1, {"a": 1}, "")}
)
SOUND = {
    "problem_id": "p",
    "status": "feasible",
    "makespan": 4,
    "lower_bound": 3,
    "starts": {"A": 0, "B": 2, "C": 0},
    "people": {
        "A": [{"person_id": "p", "skill": "a"}],
        "B": [{"person_id": "p", "skill": "b"}],
        "C": [{"person_id": "q", "skill": "a"}],
    },
}


def serving(work: str, person: str, skill: str) -> dict[str, Any]:
    return {"people": {**SOUND["people"], work: [{"person_id": person, "skill": skill}]}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, None),
        ({"starts": {"A": 0, "B": 1, "C": 0}}, "before A ends"),
        ({"starts": {"A": -1, "B": 2, "C": 0}}, "before 0"),
        ({"starts": {"A": 0, "B": 2}}, "missing"),
        ({"makespan": 5}, "the makespan is 4"),
        ({"lower_bound": 5}, "lower bound"),
        ({"lower_bound": None}, "lower bound"),
        ({"status": "optimal"}, "called optimal"),
        (serving("C", "p", "a"), "person p serves"),
        (serving("B", "q", "b"), "does not have skill b"),
        (serving("B", "x", "b"), "does not have skill b"),
        (serving("B", "p", "a"), "needs {'b': 1}"),
        ({"people": {}}, "is given {}"),
        (serving("Z", "p", "a"), "unknown work"),
        ({"status": "infeasible"}, "no starts"),
    ],
)
def test_the_checker_sees_each_broken_rule(change: dict[str, Any], says: str | None) -> None:
    wrong = check_plan(RULES, Plan.model_validate(SOUND | change))
    assert not wrong if says is None else any(says in said for said in wrong)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"skills": ["a", "a"]}, "skill a comes twice"),
        ({"people": [{"person_id": "p", "skills": ["z"]}]}, "person p has unknown skill z"),
        ({"work": [{"work_id": "A", "duration": 1, "needs": {"z": 1}, "after": []}]}, "unknown skill z"),
        ({"work": [{"work_id": "A", "duration": 1, "needs": {}, "after": ["B"]}]}, "unknown work B"),
        ({"work": [{"work_id": "A", "duration": 1.5, "needs": {}, "after": []}]}, "integer"),
        ({"work": [{"work_id": "A", "duration": "1", "needs": {}, "after": []}]}, "integer"),
        ({"work": [{"work_id": "A", "duration": -1, "needs": {}, "after": []}]}, "greater"),
        ({"work": [{"work_id": "A", "duration": 0, "needs": {"a": 1}, "after": []}]}, "at least 1"),
        ({"extra": 1}, "not permitted"),
    ],
)
def test_a_problem_that_contradicts_itself_is_refused(change: dict[str, Any], says: str) -> None:
    good = {"problem_id": "p", "skills": ["a"], "people": [], "work": []}
    assert Problem.model_validate(good)
    with pytest.raises(ValidationError, match=says):
        Problem.model_validate(good | change)
