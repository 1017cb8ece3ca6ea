"""The simulated systems, reached in process or over HTTP, and one write of every kind."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.http import connect
from connectors.ports import Connectors
from connectors.sim.twin import Seed, Twin
from connectors.testing import in_process, serving, settings
from models.actions import (
    Action,
    ActionKind,
    ChangeItem,
    CreateAssignment,
    CreateChangeOrder,
    HoldInvoice,
    PlanDevelopment,
    RegisterRisk,
    ReturnedEntry,
    ReturnTimeEntries,
    SendReminder,
    Write,
)
from models.money import Money

STARTS, ENDS = date(2026, 3, 2), date(2026, 3, 27)
ACTIONS: tuple[Action, ...] = (
    CreateAssignment(
        person_id="P-1",
        person_name="Ada",
        project_id="J-1",
        project_name="Migration",
        role="Engineer",
        starts_on=STARTS,
        ends_on=ENDS,
        hours_per_week=Decimal("32.5"),
        state="hold",
        bill_rate=Money(amount=Decimal("120.00"), currency="EUR"),
    ),
    CreateChangeOrder(
        contract_id="C-1",
        project_id="J-1",
        client_id="K-1",
        title="Second region",
        items=(
            ChangeItem(
                description="Set up",
                role="Engineer",
                hours=Decimal("10.5"),
                rate=Money(amount=Decimal("100.10"), currency="EUR"),
                amount=Money(amount=Decimal("1051.05"), currency="EUR"),
            ),
        ),
        value=Money(amount=Decimal("1051.05"), currency="EUR"),
        starts_on=STARTS,
        ends_on=ENDS,
        requested_by="Grace",
        terms="Clause 7.2",
    ),
    RegisterRisk(
        project_id="J-1",
        project_name="Migration",
        category="schedule",
        statement="The supplier slips",
        severity="high",
        mitigation="Second source",
        owner_id="P-1",
        review_on=ENDS,
    ),
    ReturnTimeEntries(
        period_starts_on=STARTS,
        period_ends_on=ENDS,
        items=(
            ReturnedEntry(
                entry_id="T-1",
                person_id="P-1",
                person_name="Ada",
                project_id="J-1",
                started_at=datetime(2026, 3, 3, 9, tzinfo=UTC),
                minutes=900,
                kinds=("long_day",),
                reason="15 hours in one day",
                at_stake=Money(amount=Decimal("1800.00"), currency="EUR"),
            ),
        ),
    ),
    SendReminder(
        invoice_id="I-1",
        client_id="K-1",
        project_id="J-1",
        amount=Money(amount=Decimal("900.10"), currency="EUR"),
        due_on=ENDS,
        subject="Invoice I-1",
        body="It is due. <b>Please</b> pay.",
    ),
    HoldInvoice(
        invoice_id="I-1",
        client_id="K-1",
        project_id="J-1",
        amount=Money(amount=Decimal("900.10"), currency="EUR"),
        reasons=("no purchase order",),
    ),
    PlanDevelopment(
        person_id="P-1",
        person_name="Ada",
        skill="dbt",
        why="no work ahead",
        starts_on=STARTS,
        ends_on=ENDS,
        hours=Decimal("40"),
    ),
)
KINDS: tuple[ActionKind, ...] = tuple(action.kind for action in ACTIONS)  # that a system takes by name
EUR_900 = {"amount": "900.10", "currency": "EUR"}
SEED = Seed(
    records={
        "crm": {
            "contracts": [
                {
                    "id": "C-1",
                    "client_id": "K-1",
                    "title": "Frame",
                    "kind": "framework",
                    "starts_on": "2026-01-01",
                    "ends_on": None,
                    "value": {"amount": "50000.00", "currency": "EUR"},
                }
            ]
        },
        "psa": {
            "time-entries": [
                {
                    "id": "T-1",
                    "person_id": "P-1",
                    "project_id": "J-1",
                    "started_at": "2026-03-03T09:00:00+00:00",
                    "minutes": 900,
                    "state": "submitted",
                }
            ]
        },
        "erp": {
            "invoices": [
                {
                    "id": "I-1",
                    "customer_id": "K-1",
                    "project_id": "J-1",
                    "issued_on": "2026-02-01",
                    "due_on": "2026-03-01",
                    "amount": EUR_900,
                }
            ]
        },
        "hris": {"employees": [{"id": "P-1", "name": "Ada", "starts_on": "2020-01-01", "ends_on": None}]},
    }
)


@pytest.fixture(scope="session")
def writes() -> Mapping[ActionKind, Write]:
    """One write of every kind."""
    return {action.kind: action.writes()[0] for action in ACTIONS}


@pytest.fixture
def seed() -> Seed:
    """A contract, a time entry, an invoice and an employee, which those writes are about."""
    return SEED


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return Twin(tmp_path / "sim.db", seed=1)


@pytest.fixture(params=["in process", "over HTTP"])
def reach(request: pytest.FixtureRequest) -> Iterator[Callable[..., Connectors]]:
    """Connect to a twin, one way or the other, with these settings: `read_seconds`, `max_write_seconds`."""
    with ExitStack() as stack:

        def reached(twin: Twin, **options: float) -> Connectors:
            if request.param == "in process":
                stack.callback(twin.book.close)
                connectors = in_process(twin, **options)
            else:
                url = stack.enter_context(serving(twin))
                keys = not twin.faults["erp"].ignore_keys
                connectors = connect(settings(url, keys=keys, **options))
            stack.callback(connectors.close)
            return connectors

        yield reached
