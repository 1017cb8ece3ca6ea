"""Which tool, with which arguments, each sentence leads to, through the copilot's own graph."""

from collections.abc import Sequence
from pathlib import Path

from evals.cases import Verdict
from evals.growing.cases import Grows
from evals.metrics import PASSED
from evals.suite import Setting, Suite
from evals.suites.routing.cases import Expected, Sentence, cases, firm, from_production, stand_ins
from evals.suites.routing.judge import judge
from evals.suites.routing.subject import Heard, hear


def _cases(within: Setting) -> Sequence[Sentence]:
    return cases()


def _answer(within: Setting, case: Sentence) -> Heard:
    return hear(case, within.subject)


def _judge(case: Sentence, heard: Heard) -> Verdict:
    return judge(case, heard)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=_answer,
    judge=_judge,
    answers=Heard,
    metrics=(PASSED,),
    words=lambda case: case.rule.say,
    grows=Grows(Expected, from_production, names=lambda within: stand_ins(), today=lambda: firm().today),
)
