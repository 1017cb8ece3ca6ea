"""The suites by name, and how to run them. Each is a package of evals with a `suite.py` that holds
`SUITE`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from evals.report import Report
from models.errors import ChargehandError, Retry

SUITES: Mapping[str, str] = {"routing": "evals.routing.suite", "changes": "evals.changes.suite"}


@dataclass(frozen=True)
class Suite:
    name: str
    about: str  # one sentence
    run: Callable[[Path], Report]  # given a folder for logs


class UnknownSuite(ChargehandError):
    """There is no suite {suite}; there are: {known}."""

    status = 404
    retry: ClassVar[Retry] = "with a fix"


class EvalsNotInstalled(ChargehandError):
    """The suites need the extra 'evals', which is not installed: install chargehand[evals]."""

    status = 500


def suite(name: str) -> Suite:
    """Raises UnknownSuite or EvalsNotInstalled."""
    if name not in SUITES:
        raise UnknownSuite(suite=name, known=", ".join(sorted(SUITES)))
    try:
        found: Suite = import_module(SUITES[name]).SUITE
    except ModuleNotFoundError as e:
        if (e.name or "").startswith("inspect_ai"):
            raise EvalsNotInstalled from e
        raise
    return found
