"""What clients' messages ask for, held against contracts: finding, clause, price, order, start, gate."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from evals.metrics import PASSED, Metric
from evals.suite import Setting, Suite
from evals.suites.changes.cases import Judgement, What, judgements
from evals.suites.changes.judge import judge
from evals.suites.changes.subject import Found, answer


def _cases(within: Setting) -> Sequence[Judgement]:
    return judgements(small=within.small)


def _share(what: What) -> Metric:
    def of(table: pd.DataFrame) -> float:
        return float(table.loc[table["group:kind"] == what, "passed"].mean())

    return Metric(f"{what} right", f"share of the cases of kind '{what}' that were right", of)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=answer,
    judge=judge,
    answers=Found,
    metrics=(PASSED, _share("finding"), _share("clause"), _share("price"), _share("gate")),
)
