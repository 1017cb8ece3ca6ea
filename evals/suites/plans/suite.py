"""How close plans come to the shortest there is."""

from collections.abc import Sequence
from pathlib import Path

from evals.metrics import PASSED, Metric, mean
from evals.suite import Setting, Suite
from evals.suites.plans import cases as problems
from evals.suites.plans.cases import Task
from evals.suites.plans.judge import judge
from evals.suites.plans.subject import Planned, plan
from evals.tabular.figures import beside


def _cases(within: Setting) -> Sequence[Task]:
    return problems.cases(within)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=plan,
    judge=judge,
    answers=Planned,
    metrics=(
        *beside("gap", "how much longer than the shortest plan, on average", "gap", "low"),
        *beside("shortest", "share of plans that are as short as can be", "shortest", "high"),
        Metric("proved", "share of plans proved to be the shortest", mean("proved")),
        Metric("bound", "lower bound over the least length, on average", mean("bound")),
        Metric("sound", "share of answers that break no rule and claim nothing wrong", mean("sound")),
        Metric("in_time", "share of answers within the time limit", mean("in_time")),
        PASSED,
    ),
)
