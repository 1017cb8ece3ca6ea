"""The demo firm, for the jobs to work on."""

from tests.firm_fixtures import firm, own_firm

__all__ = ["firm", "own_firm"]
