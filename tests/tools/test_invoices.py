"""Open invoices: all that the caller may see, dated from how customers pay; reminders in the right tone."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.access import NotFound
from models.actions import SendReminder
from tests.firm_fixtures import TODAY, Firm
from workflow.read import card


def shown(firm: Firm, part: str, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = firm.call(part, "predict_payments", **asked).data["invoices"]
    return found


def test_every_open_invoice_is_there_once_the_longest_overdue_first(firm: Firm) -> None:
    found = shown(firm, "delivery_director")
    assert {i["invoice_id"] for i in found} == {
        i for (i,) in firm.rows("select invoice_id from firm.invoice where paid_on is null")
    }
    assert [i["due_on"] for i in found] == sorted(i["due_on"] for i in found)
    for invoice in found:
        assert invoice["days_overdue"] == max(0, (TODAY - date.fromisoformat(invoice["due_on"])).days)


def test_without_a_model_the_customers_own_average_is_given_and_said_to_be_that(firm: Firm) -> None:
    result = firm.call("finance", "predict_payments", client=firm.scenario.client_name)
    assert "never fitted" in result.text and "average" in result.text
    ((mean,),) = firm.rows(
        "select avg(paid_on - issued_on) from firm.invoice where customer_id = %s and paid_on is not null",
        firm.scenario.client_id,
    )
    for invoice in result.data["invoices"]:
        assert invoice["days_expected"] == pytest.approx(float(mean))
        assert invoice["days_low"] is None if "days_low" in invoice else True
        assert invoice["p_late"] is None


def test_nothing_is_expected_in_the_past(firm: Firm) -> None:
    assert all(i["expected_on"] >= TODAY.isoformat() for i in shown(firm, "delivery_director"))


def test_the_totals_are_the_sum_by_currency(firm: Firm) -> None:
    result = firm.call("delivery_director", "predict_payments")
    for currency, total in result.data["totals"].items():
        amounts = [
            Decimal(i["amount"]["amount"])
            for i in result.data["invoices"]
            if i["amount"]["currency"] == currency
        ]
        assert sum(amounts) == Decimal(total)


@pytest.mark.parametrize(
    ("late", "tone", "why"),
    [
        (5, "friendly", "a few days"),
        (30, "firm", "more than three weeks"),
        (90, "final", "more than two months"),
    ],
)
def test_a_reminder_is_as_firm_as_the_delay(own_firm: Firm, late: int, tone: str, why: str) -> None:
    firm = own_firm
    invoice = _overdue_by(firm, late)
    made = firm.call("finance", "propose_reminder", invoice=invoice)
    with firm.db.tx(firm.person("finance"), "agent") as tx:
        found = card(tx, made.proposals[0])
    action = found.action
    assert isinstance(action, SendReminder)
    ((amount, currency, due),) = firm.rows(
        "select amount, currency, due_on from firm.invoice where invoice_id = %s", invoice
    )
    assert (action.tone, action.amount.amount, action.due_on) == (tone, amount, due), why
    assert invoice in action.body and f"{currency} {amount:,.2f}" in action.body
    assert f"{late} days ago" in action.body
    approvers = {a.person.person_id for s in found.steps for a in s.approvers}
    assert approvers and found.proposer.person_id not in approvers


def _overdue_by(firm: Firm, days: int) -> str:
    """An open invoice of the finance controller's entity, due so many days ago."""
    import psycopg

    with firm.db.tx(firm.person("finance"), "agent") as tx:
        (invoice,) = tx.connection.execute(
            "select invoice_id from firm.invoice where paid_on is null order by invoice_id limit 1"
        ).fetchone() or ("",)
    with psycopg.connect(firm.owner, autocommit=True) as owner:
        owner.execute(
            "update firm.invoice set due_on = %s::date - %s::integer, issued_on = %s::date - %s::integer - 30"
            " where invoice_id = %s",
            (TODAY, days, TODAY, days, invoice),
        )
    return str(invoice)


def test_a_tone_that_was_said_is_kept(own_firm: Firm) -> None:
    invoice = _overdue_by(own_firm, 90)
    assert "(friendly)" in own_firm.call("finance", "propose_reminder", invoice=invoice, tone="friendly").text


def test_nobody_is_reminded_of_what_is_paid(firm: Firm) -> None:
    ((paid,),) = firm.rows("select invoice_id from firm.invoice where paid_on is not null limit 1")
    with pytest.raises(NotFound):
        firm.call("finance", "propose_reminder", invoice=paid)
