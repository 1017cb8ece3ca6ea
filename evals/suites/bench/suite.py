"""Who has little to do in the next month, and how many hours everybody has."""

from collections.abc import Sequence
from pathlib import Path

from evals.suite import Setting, Suite
from evals.suites.bench import cases as hours
from evals.suites.bench.cases import PersonMonth
from evals.suites.bench.judge import judge
from evals.suites.bench.subject import NextHours, model_of, predict
from evals.tabular.figures import PROBABILITY, beside


def _cases(within: Setting) -> Sequence[PersonMonth]:
    model_of(within, hours.sheets(within))  # a pinned model that will not do ends the run before it begins
    return hours.cases(within)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=predict,
    judge=judge,
    answers=NextHours,
    metrics=(*PROBABILITY, *beside("mae", "mean error of the month's hours", "error", "low", unit="hours")),
    case_seconds=600,
)
