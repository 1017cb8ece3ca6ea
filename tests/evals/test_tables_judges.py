"""How time entries, shortlists and plans are judged, and what the judges rest on."""

from collections import Counter
from itertools import chain, combinations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from evals.suites.plans.cases import Task
from evals.suites.plans.judge import judge as judge_plan
from evals.suites.plans.making import SKILLS, Family, make
from evals.suites.plans.subject import Planned
from evals.suites.staffing.cases import Feasible, Request
from evals.suites.staffing.judge import judge as judge_shortlist
from evals.suites.staffing.subject import Shortlist
from evals.suites.time.cases import Entry
from evals.suites.time.judge import judge as judge_entry
from evals.suites.time.subject import Looked, precision_at
from models.predict.plan_network import impossible
from models.predict.plan_problem import Assignment, Plan, Problem, Status


def entry(kind: str) -> Entry:
    return Entry(id="e", text="", expected="", lot="l", entry_id="e", kind=kind, stake=100.0)


def looked(p: float, *kinds: str, listed: bool) -> Looked:
    return Looked(
        p=p, flagged=p >= 0.5, kinds=kinds, listed=listed, listed_naive=False, precision=0.8,
        precision_naive=0.1, planted=20, shown=40,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "said", "passed", "taken_for", "values", "why"),
    [
        (entry("weekend"), looked(0.9, "after_close", "weekend", listed=True), True, "weekend",
         {"found": 1, "kind_right": 1, "of_shown": 0.5, "stake": 100}, "its kind is among those named"),
        (entry("weekend"), looked(0.9, "after_close", listed=False), True, "after_close",
         {"found": 0, "kind_right": 0, "of_shown": 0}, "flagged, but crowded out of what is shown"),
        (entry("weekend"), looked(0.2, listed=False), False, "in order",
         {"precision_at": 0.8}, "missed: where it stands in the ranking still counts"),
        (entry("in order"), looked(0.7, "duplicate", listed=True), False, "duplicate",
         {"found": None, "precision_at": None, "y": 0}, "a false alarm is no part of recall"),
        (entry("in order"), looked(0.1, listed=False), True, "in order", {}, "left alone"),
    ],
)  # fmt: skip
def test_the_judge_of_time_entries(
    case: Entry, said: Looked, passed: bool, taken_for: str, values: dict[str, float | None], why: str
) -> None:
    verdict = judge_entry(case, said)
    assert (verdict.passed, verdict.got_label) == (passed, taken_for), why
    assert {name: verdict.values.get(name) for name in values} == values, why


def test_average_precision_is_the_mean_precision_at_the_planted_ones() -> None:
    strange, score = np.array([1, 0, 1, 0, 1], bool), np.array([0.9, 0.8, 0.8, 0.3, 0.1])
    at = precision_at(strange, score)
    assert at.tolist() == pytest.approx([1, 2 / 3, 2 / 3, 1 / 2, 3 / 5]), "equal scores stand together"
    assert at[strange].mean() == pytest.approx(average_precision_score(strange, score))


def request(*fits: str) -> Request:
    able = Feasible(free=frozenset("abc"), skilled=frozenset("abd"), affordable=frozenset("acd"))
    return Request(id="r", text="", expected="", table="t", request_id="r", fits=fits, feasible=able)


@pytest.mark.parametrize(
    ("case", "people", "passed", "values", "why"),
    [
        (request("a"), "abcd", True, {"reciprocal_rank": 1, "recall_3": 1, "feasible": 1 / 3}, "at the top"),
        (
            request("d"),
            "abcd",
            False,
            {"reciprocal_rank": 1 / 4, "recall_3": 0, "recall_10": 1},
            "too far down",
        ),
        (
            request("a", "b", "c", "d"),
            "ab",
            True,
            {"recall_3": 2 / 3, "recall_10": 1 / 2},
            "of as many as could",
        ),
        (request("a"), "", False, {"reciprocal_rank": 0, "feasible": None}, "nobody is no feasible list"),
    ],
)
def test_the_judge_of_shortlists(
    case: Request, people: str, passed: bool, values: dict[str, float | None], why: str
) -> None:
    said = Shortlist(people=tuple(people), reasons=tuple("x" for _ in people), naive=("a",))
    verdict = judge_shortlist(case, said)
    assert verdict.passed is passed, why
    assert bool(verdict.fault) is not passed
    for name, value in values.items():
        assert verdict.values.get(name) == (None if value is None else pytest.approx(value)), (name, why)


@pytest.mark.parametrize("family", ["packed", "chain", "scarce"])
@pytest.mark.parametrize("seed", range(5))
def test_no_plan_is_shorter_than_the_one_a_problem_is_cut_out_of(family: Family, seed: int) -> None:
    """Some people have as many hours of work as the plan is long, and nobody else can do it."""
    problem, span = make(family, 4, 14, seed)
    assert (problem, span) == make(family, 4, 14, seed)
    hours: Counter[str] = Counter()
    for work in problem.work:
        hours.update({skill: count * work.duration for skill, count in work.needs.items()})

    def bound(skills: frozenset[str]) -> float:
        able = [p for p in problem.people if skills & set(p.skills)]
        return sum(hours[s] for s in skills) / len(able) if able else 0

    subsets = chain.from_iterable(combinations(SKILLS, n) for n in range(1, len(SKILLS) + 1))
    assert max(bound(frozenset(s)) for s in subsets) == span == 14


def test_an_impossible_problem_has_no_plan() -> None:
    problem, span = make("impossible", 4, 14, 0)
    assert span is None
    assert impossible(problem)


TWO = Problem.model_validate(
    {
        "problem_id": "two",
        "skills": ["data"],
        "people": [{"person_id": "p", "skills": ["data"]}],
        "work": [
            {"work_id": "a", "duration": 2, "needs": {"data": 1}, "after": []},
            {"work_id": "b", "duration": 3, "needs": {"data": 1}, "after": ["a"]},
        ],
    }
)


def planned(
    status: Status, b: int, makespan: int, bound: int, *, in_time: bool = True, reasons: tuple[str, ...] = ()
) -> Planned:
    person = [Assignment(person_id="p", skill="data")]
    none = status == "infeasible"
    found = Plan(
        problem_id="two",
        status=status,
        makespan=None if none else makespan,
        lower_bound=None if none else bound,
        starts={} if none else {"a": 0, "b": b},
        people={} if none else {"a": person, "b": person},
        reasons=list(reasons),
    )
    return Planned(plan=found, in_time=in_time, greedy=5)


@pytest.mark.parametrize(
    ("optimum", "said", "score", "fault", "why"),
    [
        (5, planned("optimal", 2, 5, 5), 1, "", "sound and as short as can be"),
        (5, planned("feasible", 3, 6, 4), 5 / 6, "There is a plan of 5.", "sound and a day too long"),
        (5, planned("optimal", 1, 4, 4), 0, "Work b starts at 1, before a ends at 2.", "b begins too early"),
        (
            5,
            planned("feasible", 3, 6, 6),
            0,
            "The lower bound 6 is above the least length 5.",
            "a false bound",
        ),
        (
            5,
            planned("optimal", 3, 6, 6),
            0,
            "It is called optimal, and 5 is the least length.",
            "a false claim",
        ),
        (5, planned("infeasible", 0, 0, 0), 0, "The problem has a plan.", "it gave up"),
        (5, planned("optimal", 2, 5, 5, in_time=False), 1, "It came after the time limit.", "too late"),
        (None, planned("infeasible", 0, 0, 0, reasons=("why",)), 1, "", "it says why there is none"),
        (None, planned("infeasible", 0, 0, 0), 0, "It does not say why there is no plan.", "it does not"),
        (None, planned("optimal", 2, 5, 5), 0, "The problem has no plan.", "a plan that cannot be"),
    ],
)
def test_the_judge_of_plans(optimum: int | None, said: Planned, score: float, fault: str, why: str) -> None:
    verdict = judge_plan(Task(id="t", text="", expected="", problem=TWO, optimum=optimum), said)
    assert verdict.score == pytest.approx(score), why
    assert verdict.passed is (fault == ""), why
    assert fault in verdict.fault, why
    assert ("gap" in verdict.values) is (optimum is not None)


def test_what_keeps_the_first_ones_from_it_is_said() -> None:
    said = Shortlist(people=("b", "c", "d"), reasons=("", "x", "x"), naive=())
    verdict = judge_shortlist(request("a"), said)
    assert verdict.fault == "b is not affordable; c is not skilled; d is not free."
    assert verdict.values["reasons"] == pytest.approx(2 / 3)
