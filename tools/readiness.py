"""Invoice readiness: what would keep a project's next invoice from being paid, found before it goes out; and
proposing to hold an invoice until that is mended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.access import NotFound
from models.actions import HoldInvoice
from models.evidence import Citation, RecordCitation
from models.money import Money
from store.db import Tx
from tools.lookup import Project, find_project
from tools.money import Converter
from tools.registry import Ask, Question, Tool, ToolContext, ToolResult
from tools.staffing import must_sign
from workflow.propose import Draft, propose_once

NEAR_BUDGET = Decimal("0.95")

Kind = Literal[
    "unapproved_time",
    "over_budget",
    "near_budget",
    "over_contract_value",
    "contract_ended",
    "unsigned_change",
]


class CheckReadiness(BaseModel):
    """Which project's next invoice, for which days."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(description="Project id or name")]
    starts_on: Annotated[date | None, Field(description="Last whole month if not said")] = None
    ends_on: date | None = None


class ProposeHold(BaseModel):
    """An invoice to hold."""

    model_config = ConfigDict(extra="forbid")

    invoice: Annotated[str, Field(description="Invoice id")]
    reasons: Annotated[
        list[str], Field(max_length=10, description="What must be mended; found by the check if not said")
    ] = []


@dataclass(frozen=True)
class Finding:
    """Something to mend before the invoice goes out."""

    kind: Kind
    blocks: bool  # the customer would be right not to pay
    says: str
    citation: Citation


def check_readiness(ctx: ToolContext, asked: CheckReadiness) -> ToolResult:
    """What stands between the project's next invoice and its payment."""
    project = find_project(ctx, asked.project)
    starts_on, ends_on = period(ctx.now.date(), asked)
    findings = findings_of(ctx, project, starts_on, ends_on)
    blocking = [f for f in findings if f.blocks]
    head = f"{project.name}, {starts_on:%-d %b} to {ends_on:%-d %b %Y}: " + (
        f"{len(blocking)} to mend before the invoice goes out." if blocking else "ready to be invoiced."
    )
    return ToolResult(
        text="\n".join([head, *(f"- {f.says}" for f in findings)]),
        data={
            "project_id": project.id,
            "starts_on": starts_on.isoformat(),
            "ends_on": ends_on.isoformat(),
            "ready": not blocking,
            "findings": [{"kind": f.kind, "blocks": f.blocks, "says": f.says} for f in findings],
        },
        citations=tuple(f.citation for f in findings),
    )


def propose_hold(ctx: ToolContext, asked: ProposeHold) -> ToolResult:
    """Propose to keep an invoice back; finance must approve."""
    rows = ctx.tx.records("invoices.open", client_id=None, project_id=None, invoice_id=asked.invoice, limit=1)
    if not rows:
        raise NotFound(what="open invoice", id=asked.invoice)
    row = rows[0]
    project = find_project(ctx, row["project_id"])
    starts_on, ends_on = period(row["issued_on"], CheckReadiness(project=project.id))
    findings = [f for f in findings_of(ctx, project, starts_on, ends_on) if f.blocks]
    reasons = tuple(asked.reasons) or tuple(f.says for f in findings)
    if not reasons:
        found = f"Nothing was found that would justify holding {asked.invoice}."
        raise Ask(Question(argument="reasons", text=f"{found} Why should it be held?"))
    action = HoldInvoice(
        invoice_id=row["invoice_id"],
        client_id=row["customer_id"],
        project_id=row["project_id"],
        amount=Money(amount=row["amount"], currency=row["currency"]),
        reasons=reasons,
    )
    evidence: tuple[Citation, ...] = (
        RecordCitation(record="invoice", id=row["invoice_id"], says=f"{action.amount}, open"),
        *(f.citation for f in findings),
    )
    card = propose_once(
        ctx.tx,
        Draft(
            action=action,
            evidence=evidence,
            explanation={"findings": [f.says for f in findings]},
            tool=HOLD.name,
            tool_version=HOLD.version,
            thread_id=ctx.thread_id,
        ),
    )
    return ToolResult(
        text=f"Proposed: {card.title}. {must_sign(card)}",
        data={"proposal_id": str(card.proposal_id), "reasons": list(reasons)},
        citations=evidence,
        proposals=(card.proposal_id,),
    )


def findings_of(ctx: ToolContext, project: Project, starts_on: date, ends_on: date) -> list[Finding]:
    """Everything to mend or to know before invoicing the project's days, the blocking first."""
    return findings(ctx.tx, Converter.of(ctx), [project.id], starts_on, ends_on)[project.id]


def findings(
    tx: Tx, convert: Converter, projects: Sequence[str], starts_on: date, ends_on: date
) -> Mapping[str, list[Finding]]:
    """The same of many visible projects, by their ids. Raises NoExchangeRate."""
    ids = list(projects)
    unapproved = _by_project(
        tx.records("invoices.unapproved_time", projects=ids, starts_on=starts_on, ends_on=ends_on)
    )
    changes = _by_project(tx.records("invoices.pending_change_orders", projects=ids))
    return {
        (id_ := billing["project_id"]): sorted(
            [
                *_unapproved_time(billing, unapproved.get(id_, []), convert),
                *_budget(billing, convert),
                *_contract(billing, ends_on),
                *_changes(id_, changes.get(id_, [])),
            ],
            key=lambda f: not f.blocks,
        )
        for billing in tx.records("invoices.billing", projects=ids)
    }


def _by_project(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["project_id"], []).append(row)
    return found


def _unapproved_time(
    billing: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], convert: Converter
) -> list[Finding]:
    if not rows:
        return []
    currency = billing["currency"]
    stake = sum(
        (convert(Money(amount=r["amount"], currency=r["currency"]), currency).amount for r in rows),
        Decimal(0),
    )
    hours = Decimal(sum(r["minutes"] for r in rows)) / 60
    entries = sum(r["entries"] for r in rows)
    says = (
        f"{hours:,.1f} hours in {entries} time entries are not approved: "
        f"{Money(amount=stake, currency=currency)} cannot be billed yet"
    )
    return [Finding("unapproved_time", True, says, _of("project", billing["project_id"], says))]


def _budget(billing: Mapping[str, Any], convert: Converter) -> list[Finding]:
    found = []
    billed = Money(amount=billing["billed"], currency=billing["currency"])
    if billing["budget_amount"]:
        budget = Money(amount=billing["budget_amount"], currency=billing["currency"])
        share = billed.amount / budget.amount
        if share >= NEAR_BUDGET:
            over = share > 1
            says = f"{billed} of the budget of {budget} is billed ({share:.0%})"
            kind: Kind = "over_budget" if over else "near_budget"
            found.append(Finding(kind, over, says, _of("project", billing["project_id"], says)))
    if billing["contract_id"] and billing["contract_kind"] in ("fixed_price", "time_and_materials"):
        value = convert(
            Money(amount=billing["contract_value"], currency=billing["contract_currency"]), billed.currency
        ).rounded()
        if billed.amount > value.amount > 0:
            says = f"{billed} is billed, the contract's value is {value}"
            found.append(
                Finding("over_contract_value", True, says, _of("contract", billing["contract_id"], says))
            )
    return found


def _contract(billing: Mapping[str, Any], ends_on: date) -> list[Finding]:
    ended: date | None = billing["contract_ends_on"]
    if ended is None or ended >= ends_on:
        return []
    says = f"contract {billing['contract_id']} ended on {ended:%-d %b %Y}, before the last day to be billed"
    return [Finding("contract_ended", True, says, _of("contract", billing["contract_id"], says))]


def _changes(project_id: str, rows: Sequence[Mapping[str, Any]]) -> list[Finding]:
    return [
        Finding(
            "unsigned_change",
            True,
            f"a change order waits for signatures: {row['title']}",
            _of("project", project_id, f"change order {row['proposal_id']} is not signed"),
        )
        for row in rows
    ]


def _of(record: Literal["project", "contract"], id_: str, says: str) -> Citation:
    return RecordCitation(record=record, id=id_, says=says)


def period(today: date, asked: CheckReadiness) -> tuple[date, date]:
    """The days asked for, or the last whole month before `today`."""
    last = asked.ends_on or today.replace(day=1) - timedelta(days=1)
    return asked.starts_on or last.replace(day=1), last


CHECK = Tool(
    name="check_readiness",
    version="1",
    description="Check what would keep a project's next invoice from being paid, before it is issued.",
    permission="invoices.read",
    effect="read",
    arguments=CheckReadiness,
    run=check_readiness,
)
HOLD = Tool(
    name="propose_hold",
    version="1",
    description="Propose to hold an invoice until what is missing is mended. Finance must approve.",
    permission="invoices.propose",
    effect="propose",
    arguments=ProposeHold,
    run=propose_hold,
)
TOOLS = (CHECK, HOLD)
