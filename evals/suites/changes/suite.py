"""What clients' messages ask for, held against contracts: finding, clause, price, order, start, gate."""

from collections.abc import Sequence
from pathlib import Path

from evals.cases import Verdict
from evals.metrics import PASSED, Metric, mean
from evals.suite import Setting, Suite
from evals.suites.changes.cases import Judgement, What, judgements
from evals.suites.changes.judge import judge
from evals.suites.changes.subject import Found, answer


def _cases(within: Setting) -> Sequence[Judgement]:
    return judgements(small=within.small)


def _judge(case: Judgement, found: Found) -> Verdict:
    """With what was judged as a value, for its share."""
    verdict = judge(case, found)
    return verdict.model_copy(update={"values": {**verdict.values, case.what: verdict.score}})


def _share(what: What) -> Metric:
    return Metric(f"{what} right", f"share of the cases of kind '{what}' that were right", mean(what))


BRIER = Metric(
    "brier", "of how sure it is said to be that work is out of scope", mean("squared_error"), "low", "number"
)

SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=answer,
    judge=_judge,
    answers=Found,
    metrics=(PASSED, _share("finding"), _share("clause"), _share("price"), _share("gate"), BRIER),
    words=lambda case: case.message.text,
)
