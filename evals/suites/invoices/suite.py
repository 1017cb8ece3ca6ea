"""Whether and when each invoice of the newest part of a ledger is paid."""

from collections.abc import Sequence
from pathlib import Path

from evals.suite import Setting, Suite
from evals.suites.invoices import cases as ledgers
from evals.suites.invoices.cases import Invoice
from evals.suites.invoices.judge import judge
from evals.suites.invoices.subject import Days, model_of, predict
from evals.tabular.figures import PROBABILITY, beside


def _cases(within: Setting) -> Sequence[Invoice]:
    model_of(within, ledgers.books(within))  # a pinned model that will not do ends the run before it begins
    return ledgers.cases(within)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=predict,
    judge=judge,
    answers=Days,
    metrics=(
        *PROBABILITY,
        *beside("mae", "mean error of the days, of invoices that were paid", "error", "low", unit="days"),
        *beside("coverage", "share of 90% intervals that held the days", "covered", "high"),
        *beside("width", "mean width of the intervals, in days", "width", "low", unit="days"),
        *beside(
            "interval_score", "width and misses weighed in one, in days", "interval_score", "low", unit="days"
        ),
    ),
    case_seconds=600,
)
