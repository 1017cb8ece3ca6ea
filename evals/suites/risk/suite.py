"""Status reports to statements: evidence, faithfulness, omissions, and the rating."""

from collections.abc import Sequence
from pathlib import Path

from evals.cases import Case
from evals.suite import Setting, Suite
from evals.suites.risk.cases import of_firm, of_ratings, of_written
from evals.suites.risk.judge import judge
from evals.suites.risk.measures import METRICS
from evals.suites.risk.ratings import FIRM, OWN, judged
from evals.suites.risk.subject import Read, answer


def cases(within: Setting) -> Sequence[Case]:
    """The written reports, the demo firm's, and the ratings; those only in the whole suite, as a model is
    fitted for them."""
    with within.sandbox.firm(within.subject.policy_set()) as firm:
        found: list[Case] = [*of_written(small=within.small), *of_firm(firm, small=within.small)]
    if not within.small:
        found += of_ratings(judged(within, FIRM), FIRM)
        found += of_ratings(judged(within, OWN), OWN)
    return found


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=cases,
    answer=answer,
    judge=judge,
    answers=Read,
    metrics=METRICS,
)
