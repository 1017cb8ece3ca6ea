"""The suites by name. Each is a module of this package with `on_cases`, `on_firm` or
`on_records`, or several of them."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from evals.demo_firms import DemoFirm
from evals.quality.results import Result
from models.errors import ChargehandError, Retry
from models.predict.base import Progress

SUITES: Mapping[str, str] = {
    "invoices": "evals.quality.invoices",
    "time": "evals.quality.timesheets",
    "risk": "evals.quality.risk",
    "clauses": "evals.quality.clauses",
    "terms": "evals.quality.terms",
    "staffing": "evals.quality.staffing",
    "plan": "evals.quality.plans",
    "bench": "evals.quality.bench",
    "routing": "evals.quality.routing",
    "contracts": "evals.quality.contracts",
    "changes": "evals.quality.changes",
}


class UnknownQualitySuite(ChargehandError):
    """There is no quality suite {suite}; there are: {known}."""

    status = 404
    retry: ClassVar[Retry] = "with a fix"


def chosen(names: str | None) -> Sequence[str]:
    """The suites of a comma-separated list, all for None. Raises UnknownQualitySuite."""
    if names is None:
        return list(SUITES)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in SUITES:
            raise UnknownQualitySuite(suite=name, known=", ".join(SUITES))
    return wanted


def on_cases(suite: str, progress: Progress) -> list[Result]:
    """What a suite measures on written cases of its own; nothing where it has none."""
    measure = getattr(import_module(SUITES[suite]), "on_cases", None)
    return measure(progress) if measure else []


def on_firm(suite: str, firm: DemoFirm, progress: Progress) -> list[Result]:
    """What a suite measures on a demo firm; nothing where it measures real records only."""
    measure = getattr(import_module(SUITES[suite]), "on_firm", None)
    return measure(firm, progress) if measure else []


def on_records(suite: str, data: Path, progress: Progress) -> list[Result]:
    """What a suite measures on a directory of real records; nothing where that holds none of its kind."""
    measure = getattr(import_module(SUITES[suite]), "on_records", None)
    return measure(data, progress) if measure else []
