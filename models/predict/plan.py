"""The shortest plan for a project's work with the people there are.

Greedy schedules give a plan at once; constraint programming then shortens it or proves that it cannot be
shortened, for as long as it may."""

import time

from models.predict.plan_bounds import lower_bound
from models.predict.plan_greedy import greedy
from models.predict.plan_network import Network, impossible
from models.predict.plan_problem import Plan, Problem

GREEDY_SHARE = 0.05
"""Of the time there is, for greedy schedules."""


def make_plan(problem: Problem, deadline: float) -> Plan:
    """The best plan found until a deadline, which is a reading of `time.monotonic`.

    There is a plan for every problem that has one, even if the deadline is past. `optimal` is said only where
    it is proved, `infeasible` always with its reasons."""
    if reasons := impossible(problem):
        return Plan(
            problem_id=problem.problem_id,
            status="infeasible",
            makespan=None,
            lower_bound=None,
            starts={},
            people={},
            reasons=reasons,
        )
    network = Network(problem)
    bound = lower_bound(network)
    best = greedy(network, GREEDY_SHARE * (deadline - time.monotonic()), bound)
    if best.makespan > bound and time.monotonic() < deadline:
        from models.predict.plan_solver import improve  # the solver takes a second to load

        best, bound = improve(network, best, bound, deadline)
    people = network.persons(best.starts, best.allocations)
    return Plan(
        problem_id=problem.problem_id,
        status="optimal" if best.makespan == bound else "feasible",
        makespan=best.makespan,
        lower_bound=bound,
        starts=dict(zip(network.ids, best.starts, strict=True)),
        people=dict(zip(network.ids, people, strict=True)),
    )
