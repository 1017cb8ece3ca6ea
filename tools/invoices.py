"""Invoices: when the open ones will be paid, and proposing a reminder."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from models.access import NotFound
from models.actions import SendReminder
from models.evidence import Citation, RecordCitation
from models.money import Money
from store.shelf import Refused, Shelved
from tools.confidence import probability
from tools.lookup import find_client, find_project
from tools.registry import Tool, ToolContext, ToolResult
from tools.staffing import must_sign
from workflow.propose import Draft, propose_once

MODEL = "invoice-delay"
SHOWN = 40
FEW = 8  # payments from which a customer's own habit counts
NAMED = 8  # in the sentence; the rest stands in the data

Tone = Literal["friendly", "firm", "final"]

OPENINGS: Mapping[Tone, str] = {
    "friendly": "perhaps it has slipped through: our records show invoice {invoice} as open.",
    "firm": "invoice {invoice} is past its due date and we have not received your payment.",
    "final": "despite our reminders invoice {invoice} is still unpaid.",
}
CLOSINGS: Mapping[Tone, str] = {
    "friendly": "If it is already on its way, please disregard this message. If anything keeps you "
    "from paying it, tell us and we will look into it together.",
    "firm": "Please arrange payment within seven days, or tell us by then what stands in the way.",
    "final": "Please pay within five working days. After that we must hand the matter to our director.",
}


class PredictPayments(BaseModel):
    """Which open invoices."""

    model_config = ConfigDict(extra="forbid")

    client: Annotated[str | None, Field(description="Client id or name")] = None
    project: Annotated[str | None, Field(description="Project id or name")] = None


class ProposeReminder(BaseModel):
    """A reminder for one open invoice."""

    model_config = ConfigDict(extra="forbid")

    invoice: Annotated[str, Field(description="Invoice id")]
    tone: Annotated[Tone | None, Field(description="By how late it is, if not said")] = None


def predict_payments(ctx: ToolContext, asked: PredictPayments) -> ToolResult:
    """Days to pay for each open invoice, with an interval and reasons."""
    client = find_client(ctx, asked.client) if asked.client else None
    project = find_project(ctx, asked.project) if asked.project else None
    client_id = client.id if client else None
    rows = _open(ctx, client_id, project.id if project else None, None, limit=SHOWN)
    if not rows:
        return ToolResult(text="No open invoices here.", data={"invoices": []})
    predictions, says_model = _predictions(ctx, rows)
    today = ctx.now.date()
    shown = [_shown(r, predictions[r["invoice_id"]], today) for r in rows]
    return ToolResult(
        text=_text(shown, says_model),
        data={"invoices": shown, "model": says_model, "totals": _totals(rows)},
        citations=tuple(_citation(r, today) for r in rows[:NAMED]),
    )


def propose_reminder(ctx: ToolContext, asked: ProposeReminder) -> ToolResult:
    """Propose to remind the customer of one invoice; finance must approve the words."""
    rows = _open(ctx, None, None, asked.invoice, limit=1)
    if not rows:
        raise NotFound(what="open invoice", id=asked.invoice)
    row, today = rows[0], ctx.now.date()
    sent = ctx.tx.records("invoices.reminders", invoice_id=asked.invoice)
    tone = asked.tone or _tone((today - row["due_on"]).days, len(sent))
    action = SendReminder(
        invoice_id=row["invoice_id"],
        client_id=row["customer_id"],
        project_id=row["project_id"],
        amount=Money(amount=row["amount"], currency=row["currency"]),
        due_on=row["due_on"],
        subject=f"Invoice {row['invoice_id']}, due {row['due_on']:%-d %B %Y}",
        body=_body(row, tone, today),
        tone=tone,
    )
    predictions, says_model = _predictions(ctx, rows)
    evidence = (_citation(row, today),)
    card = propose_once(
        ctx.tx,
        Draft(
            action=action,
            evidence=evidence,
            explanation={
                "prediction": _shown(row, predictions[row["invoice_id"]], today),
                "model": says_model,
                "reminders_before": len(sent),
            },
            tool=REMIND.name,
            tool_version=REMIND.version,
            thread_id=ctx.thread_id,
            confidence=_confidence(row, predictions[row["invoice_id"]], today),
        ),
    )
    return ToolResult(
        text=f"Proposed: {card.title} ({tone}). {must_sign(card)}",
        data={"proposal_id": str(card.proposal_id), "subject": action.subject, "body": action.body},
        citations=evidence,
        proposals=(card.proposal_id,),
    )


def _open(
    ctx: ToolContext, client_id: str | None, project_id: str | None, invoice_id: str | None, limit: int
) -> list[dict[str, Any]]:
    return ctx.tx.records(
        "invoices.open", client_id=client_id, project_id=project_id, invoice_id=invoice_id, limit=limit
    )


def _predictions(
    ctx: ToolContext, rows: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, dict[str, Any]], str]:
    """A prediction for each invoice, by the model in service or, without one, by how the customer paid so
    far; and in words which of the two it was."""
    shelved = ctx.shelf.serving(ctx.tx, MODEL)
    if isinstance(shelved, Shelved):
        columns = ["invoice_id", "customer_id", "issued_on", "due_on", "amount", "currency"]
        predicted = shelved.model.predict(pd.DataFrame(rows)[columns])
        found = {r["invoice_id"]: r for r in predicted.to_dict("records")}
        return found, f"Predicted by invoice model {shelved.version}; intervals hold 9 of 10 payments."
    customers = sorted({r["customer_id"] for r in rows})
    rows_by_customer = ctx.tx.records("invoices.habits", customers=customers, today=ctx.now.date())
    habits = {h["customer_id"]: h for h in rows_by_customer}
    why = (
        "did not beat them on this firm's own invoices"
        if isinstance(shelved, Refused)
        else "was never fitted"
    )
    return (
        {r["invoice_id"]: _by_habit(r, habits) for r in rows},
        "These are the customers' average days to pay, and the days that 9 of 10 of their payments took: the "
        f"invoice model {why}.",
    )


def _by_habit(row: Mapping[str, Any], habits: Mapping[str | None, Mapping[str, Any]]) -> dict[str, Any]:
    """The customer's habit; the firm's where the customer has paid too few to have one."""
    own = habits.get(row["customer_id"])
    habit = own if own and own["paid"] >= FEW else habits[None]
    if not habit["paid"]:
        terms = float((row["due_on"] - row["issued_on"]).days)
        return _habit(terms, None, None, "nothing was ever paid: the invoice's terms")
    late = habit["mean_late"]
    how = f"{abs(late):.0f} days {'late' if late > 0 else 'early'} on average"
    whose = (
        f"paid {habit['paid']} invoices {how}"
        if habit is own
        else f"too few of its own; all customers pay {how}"
    )
    return _habit(habit["mean_days"], habit["days_low"], habit["days_high"], whose)


def _habit(days: float, low: float | None, high: float | None, reason: str) -> dict[str, Any]:
    return {"p_late": None, "days_expected": days, "days_low": low, "days_high": high, "reasons": reason}


def _confidence(row: Mapping[str, Any], predicted: Mapping[str, Any], today: date) -> Decimal | None:
    """How sure it is that the customer pays late. Once the due date has passed that is no prediction."""
    if today > row["due_on"]:
        return Decimal(1)
    return probability(predicted["p_late"])


def _shown(row: Mapping[str, Any], predicted: Mapping[str, Any], today: date) -> dict[str, Any]:
    """One invoice as surfaces show it. An invoice that is open longer than expected cannot be paid in the
    past: then the expected day is today at the earliest, and the reasons say so."""
    issued: date = row["issued_on"]

    def day(days: float | None) -> str | None:
        return None if days is None else max(issued + timedelta(days=round(days)), today).isoformat()

    age = (today - issued).days
    reasons = [r.strip() for r in str(predicted["reasons"]).split(";") if r.strip()]
    high = predicted["days_high"]
    if high is not None and age > high:
        reasons.insert(0, f"open for {age} days, longer than any payment expected of this customer")
    return {
        "invoice_id": row["invoice_id"],
        "client_id": row["customer_id"],
        "client": row["customer"],
        "project_id": row["project_id"],
        "project": row["project"],
        "issued_on": issued.isoformat(),
        "due_on": row["due_on"].isoformat(),
        "amount": Money(amount=row["amount"], currency=row["currency"]).model_dump(mode="json"),
        "days_open": age,
        "days_overdue": max(0, (today - row["due_on"]).days),
        "p_late": predicted["p_late"],
        "days_expected": predicted["days_expected"],
        "expected_on": day(predicted["days_expected"]),
        "earliest_on": day(predicted["days_low"]),
        "latest_on": day(high),
        "reasons": reasons,
    }


def _totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    totals: dict[str, Decimal] = {}
    for r in rows:
        totals[r["currency"]] = totals.get(r["currency"], Decimal(0)) + r["amount"]
    return {currency: str(amount) for currency, amount in sorted(totals.items())}


def _citation(row: Mapping[str, Any], today: date) -> Citation:
    overdue = (today - row["due_on"]).days
    late = f", {_days(overdue)} overdue" if overdue > 0 else ""
    return RecordCitation(
        record="invoice",
        id=row["invoice_id"],
        says=f"{row['currency']} {row['amount']:,.2f}, due {row['due_on']:%-d %b %Y}{late}",
    )


def _days(count: int) -> str:
    return f"{count} {'day' if count == 1 else 'days'}"


def _text(shown: Sequence[Mapping[str, Any]], says_model: str) -> str:
    lines = [f"{len(shown)} open invoices, the longest overdue first:"]
    for i in shown[:NAMED]:
        expected = _day(i["expected_on"])
        money = Money.model_validate(i["amount"])
        overdue = f", {_days(i['days_overdue'])} overdue" if i["days_overdue"] else ""
        line = f"- {i['invoice_id']} ({i['client']}), {money}{overdue}: expected {expected}"
        if i["earliest_on"] and i["latest_on"]:
            line += f" ({_day(i['earliest_on'])} to {_day(i['latest_on'])})"
        lines.append(f"{line}. {'; '.join(i['reasons'][:2])}.")
    return "\n".join([*lines, says_model])


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%-d %b %Y}"


def _tone(days_late: int, reminders_before: int) -> Tone:
    if reminders_before >= 2 or days_late > 60:
        return "final"
    return "firm" if reminders_before or days_late > 21 else "friendly"


def _body(row: Mapping[str, Any], tone: Tone, today: date) -> str:
    money = Money(amount=row["amount"], currency=row["currency"])
    overdue = (today - row["due_on"]).days
    due = (
        f"It was due on {row['due_on']:%-d %B %Y}, {overdue} days ago."
        if overdue > 0
        else (f"It falls due on {row['due_on']:%-d %B %Y}.")
    )
    opening = OPENINGS[tone].format(invoice=row["invoice_id"])
    return (
        f"Dear {row['customer']} accounts team,\n\n{opening} It is for {money}, for our work on "
        f"{row['project']}, issued on {row['issued_on']:%-d %B %Y}. {due}\n\n{CLOSINGS[tone]}\n\nKind regards"
    )


PREDICT = Tool(
    name="predict_payments",
    version="1",
    description="Predict when open invoices will be paid: days with an interval, chance of delay, reasons.",
    permission="invoices.read",
    effect="read",
    arguments=PredictPayments,
    run=predict_payments,
)
REMIND = Tool(
    name="propose_reminder",
    version="1",
    description="Propose a payment reminder for an open invoice. Finance must approve the words.",
    permission="invoices.propose",
    effect="propose",
    arguments=ProposeReminder,
    run=propose_reminder,
)
TOOLS = (PREDICT, REMIND)
