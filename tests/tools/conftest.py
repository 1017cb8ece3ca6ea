"""The demo firm, for the tools to be right or wrong about."""

from tests.firm_fixtures import firm, own_firm

__all__ = ["firm", "own_firm"]
