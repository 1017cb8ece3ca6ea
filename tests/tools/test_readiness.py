"""Invoice readiness: each thing that keeps an invoice from being paid is found where it is and only there."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from models.actions import HoldInvoice
from tests.firm_fixtures import Firm
from workflow.read import card

PERIOD = {"starts_on": "2026-02-01", "ends_on": "2026-02-28"}
PROJECT = "PJ-008"


def kinds(firm: Firm, **period: str) -> set[str]:
    data = firm.call("delivery_director", "check_readiness", project=PROJECT, **(period or PERIOD)).data
    return {f["kind"] for f in data["findings"]}


@pytest.fixture
def change(own_firm: Firm) -> Callable[[str], None]:
    def run(statement: str) -> None:
        with psycopg.connect(own_firm.owner, autocommit=True) as owner:
            owner.execute(statement.encode())

    return run


def test_a_month_that_is_approved_and_within_budget_is_ready(firm: Firm) -> None:
    data = firm.call("delivery_director", "check_readiness", project=PROJECT, **PERIOD).data
    assert data["ready"] and not any(f["blocks"] for f in data["findings"])


@pytest.mark.parametrize(
    ("statement", "finding", "blocks"),
    [
        (
            f"update firm.time_entry set state = 'submitted' where project_id = '{PROJECT}'"
            " and started_at::date = '2026-02-10'",
            "unapproved_time",
            True,
        ),
        (f"update firm.project set budget_amount = 1000 where project_id = '{PROJECT}'", "over_budget", True),
        (
            "update firm.project p set budget_amount = (select sum(amount) from firm.invoice i"
            f" where i.project_id = p.project_id) * 1.01 where project_id = '{PROJECT}'",
            "near_budget",
            False,
        ),
        (
            "update firm.contract set value = 1000 where contract_id ="
            f" (select contract_id from firm.project where project_id = '{PROJECT}')",
            "over_contract_value",
            True,
        ),
        (
            "update firm.contract set ends_on = '2026-02-15' where contract_id ="
            f" (select contract_id from firm.project where project_id = '{PROJECT}')",
            "contract_ended",
            True,
        ),
    ],
)
def test_what_is_missing_is_found(
    own_firm: Firm, change: Callable[[str], None], statement: str, finding: str, blocks: bool
) -> None:
    before = kinds(own_firm)
    change(statement)
    data = own_firm.call("delivery_director", "check_readiness", project=PROJECT, **PERIOD).data
    new = {f["kind"]: f["blocks"] for f in data["findings"] if f["kind"] not in before}
    assert new == {finding: blocks}
    assert data["ready"] is not blocks


def test_money_that_cannot_be_billed_yet_is_counted(own_firm: Firm, change: Callable[[str], None]) -> None:
    change(
        f"update firm.time_entry set state = 'submitted' where project_id = '{PROJECT}'"
        " and started_at::date = '2026-02-10'"
    )
    ((minutes, entries),) = own_firm.rows(
        "select sum(minutes), count(*) from firm.time_entry"
        f" where project_id = '{PROJECT}' and started_at::date = '2026-02-10'"
    )
    says = own_firm.call("delivery_director", "check_readiness", project=PROJECT, **PERIOD).text
    assert f"{Decimal(minutes) / 60:,.1f} hours in {entries} time entries" in says


def test_a_hold_gives_the_reasons_that_were_found(own_firm: Firm, change: Callable[[str], None]) -> None:
    change(f"update firm.project set budget_amount = 1000 where project_id = '{PROJECT}'")
    invoice = _open_invoice(own_firm)
    made = own_firm.call("finance", "propose_hold", invoice=invoice)
    with own_firm.db.tx(own_firm.person("finance"), "agent") as tx:
        action = card(tx, made.proposals[0]).action
    assert isinstance(action, HoldInvoice)
    assert action.invoice_id == invoice and any("budget" in r for r in action.reasons)


def test_an_invoice_is_not_held_for_nothing(own_firm: Firm, change: Callable[[str], None]) -> None:
    change(f"update firm.time_entry set state = 'approved' where project_id = '{PROJECT}'")
    result = own_firm.call("finance", "propose_hold", invoice=_open_invoice(own_firm))
    assert not result.proposals
    assert result.question and result.question.argument == "reasons"


def _open_invoice(firm: Firm) -> Any:
    ((invoice,),) = firm.rows(
        f"select invoice_id from firm.invoice where project_id = '{PROJECT}' and paid_on is null"
        " order by issued_on limit 1"
    )
    return invoice
