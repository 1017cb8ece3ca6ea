"""Change control: a client's message held against the project's contract, item by item, each finding with the
clause that decides it; and proposing a priced change order for what lies outside it.

The message is outside text. What it says of rates, dates or authority is compared with the contract and
changes nothing else: prices come from the rate card, approvers from the firm's policy."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from textwrap import shorten
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.access import NotFound
from models.actions import ChangeItem, CreateChangeOrder
from models.evidence import Citation, QuoteCitation, RecordCitation
from models.scope import Agreement, Compared, compare
from models.text.clauses import Clause
from models.text.contract_terms import contract_terms, first
from models.text.letters import sender
from models.text.request_effort import efforts
from models.text.requests import Request, read_requests
from models.text.term_readers import TermKind
from tools.change_pricing import Order, change_order, clause_name
from tools.change_views import Comparison, data_of, text_of
from tools.lookup import Project, find_project
from tools.registry import Ask, Question, Tool, ToolContext, ToolResult
from tools.staffing import must_sign
from workflow.propose import Draft, propose_once

_BEARING: tuple[TermKind, ...] = ("change_rate", "change_notice", "change_signatory", "fee_cap")
_LONGEST_MESSAGE = 20_000  # characters


class CompareChange(BaseModel):
    """A client's message about a project."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(description="Project id or name")]
    message: Annotated[
        str,
        Field(min_length=3, max_length=_LONGEST_MESSAGE, description="What the client wrote, word for word"),
    ]


class ProposeChangeOrder(CompareChange):
    effort: Annotated[
        str | None,
        Field(
            max_length=300,
            description="Effort of the items for which the message states none, e.g. '12 days of a data "
            "engineer'",
        ),
    ] = None


def compare_change(ctx: ToolContext, asked: CompareChange) -> ToolResult:
    """Item by item: the finding, the clause, the reason; then what a change order would come to."""
    found = _compare(ctx, asked.project, asked.message, None)
    return ToolResult(text=text_of(found), data=data_of(found), citations=found.citations())


def propose_change_order(ctx: ToolContext, asked: ProposeChangeOrder) -> ToolResult:
    """Propose the change order for what is out of scope; whoever the policy names must approve."""
    found = _compare(ctx, asked.project, asked.message, asked.effort)
    unpriced = [c for c in found.items if c.finding == "out_of_scope" and not c.lines]
    if unpriced and asked.effort is None:
        raise Ask(_which_effort(found, unpriced))
    if found.order is None:
        return ToolResult(
            text=f"{text_of(found)}\nThere is nothing to order, so nothing is proposed.",
            data=data_of(found),
            citations=found.citations(),
        )
    action = _action(found, found.order)
    evidence = _evidence(found)
    card = propose_once(
        ctx.tx,
        Draft(
            action=action,
            evidence=evidence,
            explanation=data_of(found),
            tool=PROPOSE.name,
            tool_version=PROPOSE.version,
            thread_id=ctx.thread_id,
            confidence=found.confidence,
        ),
    )
    left_out = "".join(f" Left out, as its effort is not known: {c.request.description}." for c in unpriced)
    warnings = "".join(f" {w}" for w in found.order.warnings)
    return ToolResult(
        text=f"Proposed: {card.title}, {action.starts_on:%-d %b} to {action.ends_on:%-d %b %Y}, under "
        f"{action.terms}.{warnings}{left_out} {must_sign(card)}",
        data={"proposal_id": str(card.proposal_id), **data_of(found)},
        citations=(*evidence, *(found.asked(c.request) for c, _ in found.order.items)),
        proposals=(card.proposal_id,),
    )


def _compare(ctx: ToolContext, said_project: str, message: str, effort: str | None) -> Comparison:
    project = find_project(ctx, said_project)
    contract = next(iter(ctx.tx.records("changes.contract", project_id=project.id)), None)
    if contract is None:
        raise NotFound(what="contract of project", id=project.id)
    clauses = ctx.tx.rows("changes.clauses", Clause, contract_id=contract["contract_id"])
    agreement = Agreement.of(contract_terms(contract["text"], clauses), project.id)
    today = ctx.now.date()
    requests = read_requests(message, today, agreement.card.roles)
    usual = _usual_role(ctx, project, agreement)

    def compared() -> list[Compared]:
        return compare(requests, agreement, ctx.embedder, today=today, usual_role=usual)

    items = compared()
    if effort:
        requests = _with_effort(items, effort, agreement.card.roles)
        items = compared()
    return Comparison(
        today,
        project,
        contract,
        sha256(message.encode()).hexdigest()[:12],
        sender(message),
        agreement,
        tuple(items),
        change_order(ctx, contract, agreement, items),
    )


def _with_effort(items: Sequence[Compared], said: str, roles: Sequence[str]) -> list[Request]:
    """The requests, with the effort that was said afterwards for those that could not be priced: the parts of
    what was said, apart by semicolons, go to them in order."""
    parts = [tuple(efforts(part, roles)) for part in said.split(";")]
    parts = [p for p in parts if p] or [()]
    requests = []
    for item in items:
        request = item.request
        if item.finding == "out_of_scope" and not item.lines:
            request = replace(request, effort=parts[0] or request.effort)
            parts = parts[1:] or [()]
        requests.append(request)
    return requests


def _usual_role(ctx: ToolContext, project: Project, agreement: Agreement) -> str:
    """The role most booked on the project among those of the rate card."""
    roles = (row["role"] for row in ctx.tx.records("changes.usual_roles", project_id=project.id))
    return next((rates[0].what for r in roles if len(rates := agreement.card.matching(r)) == 1), "")


def _which_effort(found: Comparison, unpriced: Sequence[Compared]) -> Question:
    """The question for effort where something is out of scope and nobody said how much work it is."""
    names = "; ".join(f"'{c.request.description}'" for c in unpriced)
    example = f"For instance: 12 days of a {_example(found)}."
    if all(c.hours for c in unpriced):
        text = f"Which role of the rate card does {names}, and for how long? {example}"
    else:
        text = f"How much effort is {names}, and by which role? {example}"
    if found.order:
        text += " Say 'leave it out' to order the rest."
    return Question(argument="effort", text=text)


def _example(found: Comparison) -> str:
    roles = found.agreement.card.roles
    return roles[0] if roles else "consultant"


def _action(found: Comparison, order: Order) -> CreateChangeOrder:
    decided = first(found.agreement.terms, "change_order") or order.items[0][0].clause
    return CreateChangeOrder(
        contract_id=found.contract["contract_id"],
        project_id=found.project.id,
        client_id=found.project.client_id,
        title=shorten("; ".join(dict.fromkeys(c.request.description for c, _ in order.items)), 120),
        items=tuple(
            ChangeItem(
                description=line.description,
                role=line.role,
                hours=line.hours,
                rate=line.rate,
                amount=line.amount,
            )
            for _, line in order.items
        ),
        value=order.value,
        starts_on=order.starts_on,
        ends_on=order.ends_on,
        requested_by=found.sender.name or found.project.client_name,
        terms=clause_name(decided) if decided else "no clause on changes",
    )


def _evidence(found: Comparison) -> tuple[Citation, ...]:
    """What approvers can open: the clauses and the contract. The client's words are in the explanation, as no
    record of the firm holds the message."""
    quotes = [c for c in found.citations() if isinstance(c, QuoteCitation) and c.document == "contract"]
    terms = found.agreement.terms
    rates = [
        t
        for t in terms
        if t.kind == "rate" and found.order and t.what in {line.role for _, line in found.order.items}
    ]
    bearing = [t for kind in _BEARING if (t := first(terms, kind))]
    quotes += [found.clause(t) for t in (*rates, *bearing)]
    record = RecordCitation(
        record="contract",
        id=found.contract["contract_id"],
        says=f"{found.contract['title']}, {found.contract['currency']} {found.contract['value']:,.2f}",
    )
    return (*dict.fromkeys(quotes), record)


COMPARE = Tool(
    name="compare_change",
    version="1",
    description="Compare what a client asks for in a message with the project's contract, clause by clause, "
    "and price what lies outside it.",
    permission="change.read",
    effect="read",
    arguments=CompareChange,
    run=compare_change,
)
PROPOSE = Tool(
    name="propose_change_order",
    version="1",
    description="Propose a priced change order for what a client's message asks beyond the contract.",
    permission="change.propose",
    effect="propose",
    arguments=ProposeChangeOrder,
    run=propose_change_order,
)
TOOLS = (COMPARE, PROPOSE)
