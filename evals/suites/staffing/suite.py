"""Who is found for a role, and whether they could really take it."""

from collections.abc import Sequence
from pathlib import Path

from evals.metrics import PASSED, Metric, mean
from evals.suite import Setting, Suite
from evals.suites.staffing import cases as requests
from evals.suites.staffing.cases import Request
from evals.suites.staffing.judge import judge
from evals.suites.staffing.subject import Shortlist, find, model_of
from evals.tabular.figures import beside


def _cases(within: Setting) -> Sequence[Request]:
    model_of(within)  # a pinned model that will not do ends the run before it begins
    return requests.cases(within)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=find,
    judge=judge,
    answers=Shortlist,
    metrics=(
        *beside("mrr", "mean of 1 over the place of the first one who fits", "reciprocal_rank", "high"),
        *beside(
            "recall_3", "of those who fit, as many as could be, the share in the first 3", "recall_3", "high"
        ),
        *beside("recall_10", "the same of the first 10", "recall_10", "high"),
        *beside("feasible", "share of the first 3 who are free, skilled and affordable", "feasible", "high"),
        Metric("free", "share of the first 3 who have the hours and are there", mean("free")),
        Metric("skilled", "share of the first 3 who have every skill at its level", mean("skilled")),
        Metric("affordable", "share of the first 3 under the highest cost", mean("affordable")),
        Metric("reasons", "share of the first 3 who come with a reason and a record", mean("reasons")),
        PASSED,
    ),
    case_seconds=600,
)
