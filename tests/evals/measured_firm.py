"""The tests' demo firm (tests/firm_fixtures.py) as what is measured on."""

from evals.demo_firms import DemoFirm
from tests.firm_fixtures import TODAY, Firm


def measured_firm(firm: Firm) -> DemoFirm:
    return DemoFirm(
        "demo firm", firm.truth.parent / "firm", firm.truth, TODAY, firm.owner, firm.db, firm.registry
    )
