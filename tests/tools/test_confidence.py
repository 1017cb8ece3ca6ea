"""What each proposal says of how sure the prediction is that it rests on: as much as a model or a count
gives, and nothing where neither does."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import psycopg
import pytest

from api.jobs.fitting import RECIPES, Fitted, fit_all
from models.scope_grounds import confidence, uncovered
from store.db import Tx
from tests.firm_fixtures import NOW, TODAY, Firm
from tools.registry import ToolResult
from workflow.read import card

FORECAST = "Please build a store footfall forecast, 10 days of a Senior Data Engineer.\n"


def said(firm: Firm, who: str, made: ToolResult) -> list[Decimal | None]:
    """The confidences on the cards."""
    assert made.proposals, made.text
    with firm.db.tx(firm.person(who), "agent") as tx:
        return [card(tx, proposal_id).confidence for proposal_id in made.proposals]


def serve(firm: Firm, name: str) -> None:
    """Put a model in service that was fitted on the firm's records; a firm this small has too few to tell
    whether it beats the naive answer, so that is not asked."""

    def fitted(tx: Tx, now: datetime) -> Fitted:
        return replace(RECIPES[name](tx, now), beats=True)

    (outcome,) = fit_all(firm.db, NOW, {name: fitted})
    assert outcome.state == "serving"


def test_a_change_order_is_as_sure_as_the_least_certain_item_that_is_ordered(own_firm: Firm) -> None:
    asked = {"project": own_firm.scenario.project_name, "message": FORECAST}
    compared = own_firm.call("project_manager", "compare_change", **asked)
    made = own_firm.call("project_manager", "propose_change_order", **asked)
    (item,) = compared.data["items"]
    assert said(own_firm, "project_manager", made) == [Decimal(item["confidence"])]
    assert Decimal(item["confidence"]) in (confidence("uncovered"), confidence("hardly_covered"))


@pytest.mark.parametrize(
    ("likeness", "sure"), [(0.0, True), (0.29, True), (0.3, False), (0.41, False)], ids=str
)
def test_what_resembles_a_work_package_is_less_surely_out_of_scope(likeness: float, sure: bool) -> None:
    assert (confidence(uncovered(likeness)) > Decimal("0.9")) is sure
    assert (confidence(uncovered(likeness)) < Decimal("0.6")) is not sure


def test_a_risk_is_as_sure_as_the_reading_of_its_sentence(own_firm: Firm) -> None:
    shown = own_firm.call("delivery_director", "summarise_status").data["risks"]
    made = own_firm.call("delivery_director", "propose_risks", numbers=[1, 2])
    found = said(own_firm, "delivery_director", made)
    assert found == [Decimal(str(r["probability"])) for r in shown[:2]]
    assert all(c is not None and Decimal("0.4") <= c <= 1 for c in found)


def _due(firm: Firm, invoice: str, due_on: date) -> None:
    with psycopg.connect(firm.owner) as owner:
        owner.execute(
            "update firm.invoice set due_on = %s, issued_on = %s::date - 30 where invoice_id = %s",
            (due_on, due_on, invoice),
        )


@pytest.mark.parametrize("model", [True, False], ids=["model", "naive"])
def test_a_reminder_is_as_sure_as_that_the_customer_pays_late(own_firm: Firm, model: bool) -> None:
    """The customers' habits, which stand in for a model, are days and no probability. What is overdue is
    late, whatever anybody predicts."""
    if model:
        serve(own_firm, "invoice-delay")
    (first, *_) = own_firm.call("finance", "predict_payments").data["invoices"]
    invoice = first["invoice_id"]
    _due(own_firm, invoice, TODAY.replace(day=TODAY.day + 2))
    (ahead,) = [
        i for i in own_firm.call("finance", "predict_payments").data["invoices"] if i["invoice_id"] == invoice
    ]
    made = own_firm.call("finance", "propose_reminder", invoice=invoice)
    late = Decimal(str(round(ahead["p_late"], 3))) if model else None
    assert said(own_firm, "finance", made) == [late]


def test_an_overdue_invoice_is_late_whatever_is_predicted(own_firm: Firm) -> None:
    (first, *_) = own_firm.call("finance", "predict_payments").data["invoices"]
    _due(own_firm, first["invoice_id"], TODAY.replace(day=TODAY.day - 1))
    made = own_firm.call("finance", "propose_reminder", invoice=first["invoice_id"])
    assert said(own_firm, "finance", made) == [Decimal(1)]


@pytest.mark.parametrize(
    ("model", "starts_on", "sure"),
    [(True, "2026-03-23", True), (True, "2026-04-06", False), (False, "2026-03-23", False)],
    ids=["this month", "later than the model looks", "no model"],
)
def test_a_development_plan_is_as_sure_as_that_there_is_nothing_else_to_do(
    own_firm: Firm, model: bool, starts_on: str, sure: bool
) -> None:
    if model:
        serve(own_firm, "bench")
    outlook = own_firm.call("resource_manager", "bench_outlook")
    chances = {p["person_id"]: p["p_bench"] for p in outlook.data["rolling_off"]}
    person = own_firm.lines("bench")[0]["person_id"]
    made = own_firm.call(
        "resource_manager", "propose_development", person=person, skill="dbt", starts_on=starts_on
    )
    expected = Decimal(str(chances[person])) if sure else None
    assert said(own_firm, "resource_manager", made) == [expected]


@pytest.mark.parametrize("model", [True, False], ids=["model", "compared with one another"])
def test_time_sent_back_is_as_sure_as_its_least_certain_entry(own_firm: Firm, model: bool) -> None:
    if model:
        serve(own_firm, "time-anomaly")
    days = {"since": "2026-02-16", "until": "2026-03-15"}
    entries = own_firm.call("delivery_director", "check_time", **days).data["entries"]
    made = own_firm.call("delivery_director", "propose_returns", **days)
    least = min(Decimal(str(e["score"])) for e in entries) if model else None
    assert said(own_firm, "delivery_director", made) == [least]


def test_what_rests_on_records_says_nothing(own_firm: Firm) -> None:
    (first, *_) = own_firm.call("finance", "predict_payments").data["invoices"]
    held = own_firm.call("finance", "propose_hold", invoice=first["invoice_id"], reasons=["Wrong rate"])
    assert said(own_firm, "finance", held) == [None]
    person = own_firm.lines("bench")[0]["person_id"]
    project = own_firm.scenario.project_name
    asked = {"person": person, "project": project, "role": "Data Engineer", "hold": True}
    booked = own_firm.call("project_manager", "propose_assignment", **asked)
    assert said(own_firm, "project_manager", booked) == [None], "a fit is no probability"
