"""The subject: the planner of `chargehand plan`, with so many seconds a problem. Beside it one greedy
schedule."""

import time

from evals.cases import Answer, Step, Usage
from evals.quality.plans import SECONDS, one_greedy
from evals.suite import Setting
from evals.suites.plans.cases import Task
from models.predict.plan import make_plan
from models.predict.plan_network import impossible
from models.predict.plan_problem import Plan

BY = "models.predict.plan"
LATE = 2.0  # seconds over the limit that a plan is still in time: loading the solver takes one


class Planned(Answer):
    """A plan, and how long one greedy schedule is."""

    plan: Plan
    in_time: bool
    greedy: int | None  # None where there is no plan


def plan(within: Setting, case: Task) -> Planned:
    started = time.monotonic()
    found = make_plan(case.problem, started + SECONDS)
    seconds = time.monotonic() - started
    length = f", length {found.makespan}, no less than {found.lower_bound}" if found.makespan else ""
    said = f"{found.status}{length}{''.join(f'; {reason}' for reason in found.reasons)}"
    return Planned(
        text=said,
        trace=(
            Step(kind="called", by=BY, data={"problem": case.problem.problem_id, "seconds": SECONDS}),
            Step(kind="found", by=BY, text=said, data=found.model_dump(mode="json")),
        ),
        usage=Usage(seconds=seconds),
        plan=found,
        in_time=seconds <= SECONDS + LATE,
        greedy=None if impossible(case.problem) else one_greedy(case.problem),
    )
