"""The subject: what the readers make of a message, and the proposal that the tools make of it in a copy of
the firm whose main project has the message's contract."""

import tempfile
import time
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from evals.cases import Answer, Step, Usage
from evals.demo_firms import SET_UP, DemoFirm
from evals.suite import Setting
from evals.suites.changes.cases import Judgement, Message, agreement, contract_file
from models.actions import CreateChangeOrder
from models.money import total
from models.scope import Compared, Finding, compare, start_of_work
from models.scope_grounds import Ground
from models.text.contract_terms import first
from models.text.embed import default_embedder
from models.text.requests import RequestKind, read_requests
from store.importer import import_firm
from tools.registry import ToolResult
from workflow.cards import ProposalCard
from workflow.service import Workflow

PROPOSES = "project_manager"
OWNS = "account_owner"
NINE = clock(9, tzinfo=ZoneInfo("Europe/Berlin"))


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Item(_View):
    """What was found of one request."""

    kind: RequestKind
    quote: str
    start: int
    end: int
    finding: Finding
    reason: str
    clause: str  # its number; "none"
    hours: Decimal
    price: Decimal
    ground: Ground | None
    confidence: Decimal | None  # that it is out of scope, where that was found


class Gate(_View):
    """The gate that a proposal met."""

    rule: str
    steps: tuple[str, ...]
    owner_signs_first: bool  # the client's account owner is asked for the first signature
    proposer_signs: bool
    value: Decimal


class Found(Answer):
    """What one message led to. `gate` only where it was asked for, and something was proposed."""

    items: tuple[Item, ...] = ()
    value: Decimal | None = None  # of the whole change order
    starts_on: date | None = None
    gate: Gate | None = None


def answer(within: Setting, case: Judgement) -> Found:
    """What is judged of the message, computed once for all its cases."""
    message = case.message
    if case.what == "gate":
        return proposed(within, message)
    return within.once(f"changes/{message.id}", lambda: compared(message))


def compared(message: Message) -> Found:
    """The message held against the contract's text."""
    started = time.monotonic()
    agreed = agreement(message.contract)
    requests = read_requests(message.text, message.today, agreed.card.roles)
    found = compare(requests, agreed, default_embedder(), today=message.today)
    lines = [line for c in found for line in c.lines]
    value = total((line.amount for line in lines), lines[0].amount.currency).amount if lines else None
    items = tuple(map(_item, found))
    return Found(
        text="\n".join(f"{i.finding}: {i.quote}. {i.reason}" for i in items) or "Nothing is asked for.",
        trace=(
            Step(kind="said", by="client", text=message.text),
            *(Step(kind="found", by="compare", text=i.reason, data=i.model_dump(mode="json")) for i in items),
        ),
        usage=Usage(seconds=time.monotonic() - started),
        items=items,
        value=value,
        starts_on=start_of_work(found, agreed, message.today),
    )


def proposed(within: Setting, message: Message) -> Found:
    """The change order that the project's manager proposes, on the day of the message."""
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="chargehand-contract-") as folder,
        within.sandbox.firm(within.subject.policy_set()) as firm,
    ):
        _sign(firm, message, Path(folder))
        arguments = {"project": firm.scenario.project_id, "message": message.text}
        steps = [Step(kind="said", by="client", text=message.text)]
        result = _call(firm, message, arguments, steps)
        if result.question:  # for effort that nobody stated: what has a price is ordered
            result = _call(firm, message, {**arguments, "effort": "leave it out"}, steps)
        if not result.proposals:
            return Found(
                text=result.text, trace=tuple(steps), usage=Usage(seconds=time.monotonic() - started)
            )
        card = Workflow(firm.db).card(firm.person(PROPOSES), result.proposals[0])
        gate = _gate(card, firm)
        steps.append(
            Step(
                kind="proposed",
                by=PROPOSES,
                text=f"{card.title}: {card.because}",
                data={"proposal_id": str(card.proposal_id), **gate.model_dump(mode="json")},
            )
        )
    usage = Usage(seconds=time.monotonic() - started)
    return Found(text=result.text, trace=tuple(steps), usage=usage, gate=gate)


def _item(found: Compared) -> Item:
    request = found.request
    return Item(
        kind=request.kind,
        quote=request.quote,
        start=request.start,
        end=request.end,
        finding=found.finding,
        reason=found.reason,
        clause=found.clause.number if found.clause else "none",
        hours=found.hours,
        price=sum((line.amount.amount for line in found.lines), Decimal(0)),
        ground=found.ground,
        confidence=found.confidence,
    )


def _sign(firm: DemoFirm, message: Message, folder: Path) -> None:
    """Put the message's contract in place of that of the firm's main project, as an import does."""
    file = contract_file(message.contract)
    (folder / file.name).write_bytes(file.read_bytes())
    table = firm.table("contracts")
    row = table[table["contract_id"] == firm.scenario.contract_id].assign(file=file.name)
    if cap := first(agreement(message.contract).terms, "fee_cap"):
        row = row.assign(value=str(message.contract_value or cap.amount), currency=cap.currency)
    row.to_csv(folder / "contracts.csv", index=False)
    import_firm(firm.db, SET_UP, folder, embedder=default_embedder())


def _call(firm: DemoFirm, message: Message, arguments: dict[str, str], steps: list[Step]) -> ToolResult:
    tool, now = "propose_change_order", datetime.combine(message.today, NINE)
    started = time.monotonic()
    steps.append(Step(kind="called", by=tool, data=arguments))
    result = firm.registry.call(firm.db, firm.person(PROPOSES), tool, arguments, now=now)
    took = timedelta(seconds=time.monotonic() - started) // timedelta(milliseconds=1)
    kind = "asked" if result.question else "found"
    steps.append(Step(kind=kind, by=tool, text=result.text, milliseconds=took))
    return result


def _gate(card: ProposalCard, firm: DemoFirm) -> Gate:
    asked = [{approver.person.person_id for approver in step.approvers} for step in card.steps]
    assert isinstance(card.action, CreateChangeOrder)
    return Gate(
        rule=card.rule,
        steps=tuple(step.name for step in card.steps),
        owner_signs_first=firm.scenario.personas[OWNS] in asked[0],
        proposer_signs=any(firm.scenario.personas[PROPOSES] in people for people in asked),
        value=card.action.value.amount,
    )
