"""Reading a proposal through a person's eyes: the card, and how the queues stand. Role: agent,
whose rows are the person's; the workflow's role reads the card it has just changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from models.access import NotFound, Principal
from models.actions import Action, ActionAdapter, ActionKind, ReturnTimeEntries, System
from models.evidence import Attachment
from models.policy import Rule
from models.proposal import Difference, EffectState, ProposalState
from store.db import Tx
from workflow.cards import (
    Ability,
    ApproverView,
    CircuitView,
    DeclinedItem,
    EarlierSignature,
    EffectView,
    HandoverView,
    PersonRef,
    ProposalCard,
    QueueLine,
    Signature,
    StepView,
    VersionView,
    money,
    person,
)
from workflow.docket import EVIDENCE, SEATS, SIGNATURES, Asked, Signed, signatures_left, spent, still_may
from workflow.gates import needed_later
from workflow.questions import Question, view
from workflow.undoable import PROPOSING, undoable_until


@dataclass(frozen=True)
class _Row:
    """A proposal and its current version."""

    proposal_id: UUID
    proposer_id: str
    proposer_name: str | None
    tool: str
    tool_version: str
    thread_id: UUID | None
    title: str
    state: ProposalState
    version: int
    step: int
    project_id: str | None
    amount: Decimal | None
    currency: str | None
    created_at: datetime
    state_since: datetime
    expires_at: datetime
    author_id: str
    content_hash: str
    action: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    explanation: dict[str, Any]
    policy_sha256: str
    gate: Mapping[str, Any]
    why: Sequence[str]
    confidence: Decimal | None
    on_behalf_of: str | None
    on_behalf_of_name: str | None
    differences: Sequence[Mapping[str, str]]
    planted_flaw: str | None
    now: datetime
    seats: Sequence[Mapping[str, Any]]  # Asked
    signatures: Sequence[Mapping[str, Any]]  # Signed
    earlier: Sequence[Mapping[str, Any]] | None  # Signed, with their version
    questions: Sequence[Mapping[str, Any]]  # Question
    versions: Sequence[Mapping[str, Any]]
    declined_items: Sequence[Mapping[str, Any]]
    handovers: Sequence[Mapping[str, Any]]
    effects: Sequence[Mapping[str, Any]]  # _Effect


@dataclass(frozen=True)
class _Effect:
    effect_id: int
    system: System
    operation: ActionKind
    item: str
    state: EffectState
    attempts: int
    external_ref: str | None
    last_error: str | None
    waits_since: datetime | None
    waits_behind: EffectState | None
    settled_at: datetime | None
    undone_by: UUID | None
    undo_state: ProposalState | None
    idempotency_key: str
    body: dict[str, Any]


QUESTIONS = TypeAdapter(list[Question])
EFFECTS = TypeAdapter(list[_Effect])


def card(tx: Tx, proposal_id: UUID) -> ProposalCard:
    """All there is to know of one proposal. Raises NotFound, also for what the caller may not see."""
    found = cards(tx, [proposal_id])
    if not found:
        raise NotFound(what="proposal", id=str(proposal_id))
    return found[0]


def cards(tx: Tx, proposals: Sequence[UUID]) -> list[ProposalCard]:
    """As `card`, for several in one statement and in their order; what may not be seen is not among them."""
    found = {row.proposal_id: row for row in tx.rows("proposals.cards", _Row, proposals=list(proposals))}
    return [_card(tx, found[proposal_id]) for proposal_id in proposals if proposal_id in found]


def _card(tx: Tx, row: _Row) -> ProposalCard:
    asked = [a for a in SEATS.validate_python(row.seats) if a.held]
    signed = SIGNATURES.validate_python(row.signatures)
    rule, action = Rule.model_validate(row.gate), ActionAdapter.validate_python(row.action)
    effects = tuple(_effect(tx.principal, row.now, e) for e in EFFECTS.validate_python(row.effects))
    back = QUESTIONS.validate_python(row.questions)
    mine = frozenset(
        q.question_id
        for q in back
        if row.state == "pending" and not q.answered_by and tx.principal.person_id in q.asked_of
    )
    may = _abilities(tx.principal.person_id, row, action, rule, asked, signed)
    if mine:
        may |= {"answer"}
    if any(e.undo_until for e in effects):
        may |= {"undo"}
    why = [a.why for a in _open_seats(tx.principal.person_id, row, asked, signed)]
    return ProposalCard(
        proposal_id=row.proposal_id,
        version=row.version,
        content_hash=row.content_hash,
        state=row.state,
        title=row.title,
        action=action,
        writes=action.writes(),
        names=_names(tx, action),
        evidence=EVIDENCE.validate_python(row.evidence),
        explanation=row.explanation,
        proposer=person(row.proposer_id, row.proposer_name),
        on_behalf_of=person(row.on_behalf_of, row.on_behalf_of_name) if row.on_behalf_of else None,
        tool=row.tool,
        tool_version=row.tool_version,
        thread_id=row.thread_id,
        project_id=row.project_id,
        amount=money(row.amount, row.currency),
        rule=rule.name,
        because=rule.because,
        why_gate=tuple(row.why),
        confidence=row.confidence,
        policy_sha256=row.policy_sha256,
        steps=_steps(rule, asked, signed),
        step=row.step,
        why_you=why[0] if why and "reject" in may else None,
        may=may,
        effects=effects,
        differences=tuple(Difference.model_validate(d) for d in row.differences),
        declined_items=tuple(_declined(**d) for d in row.declined_items),
        questions=tuple(map(view, back)),
        mine_to_answer=mine,
        handovers=tuple(_handover(**h) for h in row.handovers),
        versions=tuple(_version(**v) for v in row.versions),
        created_at=row.created_at,
        state_since=row.state_since,
        expires_at=row.expires_at,
        earlier=tuple(_earlier(row)),
        planted_flaw=row.planted_flaw,
    )


def _names(tx: Tx, action: Action) -> dict[str, str]:
    ids = sorted(_ids(action.model_dump(mode="json")))
    return {row["id"]: row["name"] for row in tx.records("proposals.names", ids=ids)}


def _ids(body: Any) -> set[str]:
    """The values of fields that hold an id."""
    if isinstance(body, Mapping):
        own = {v for k, v in body.items() if k.endswith("_id") and isinstance(v, str)}
        return own.union(*map(_ids, body.values()))
    return set().union(*map(_ids, body)) if isinstance(body, list) else set()


def queue_health(tx: Tx) -> list[QueueLine]:
    """How long proposals wait at each step of each rule, the longest first."""
    return tx.rows("proposals.queue_health", QueueLine)


def circuits(tx: Tx) -> list[CircuitView]:
    """Every system of record: whether it is written to, and how many writes wait for it."""
    return tx.rows("effects.circuits", CircuitView)


def _abilities(
    me: str, row: _Row, action: Action, rule: Rule, asked: Sequence[Asked], signed: Sequence[Signed]
) -> frozenset[Ability]:
    """What the reader may do with the proposal as far as a card can tell: deciding checks again."""
    if row.state != "pending":
        return frozenset()
    if me == row.proposer_id:
        return frozenset({"withdraw"})
    seats = _open_seats(me, row, asked, signed)
    if not seats or me in (row.author_id, row.on_behalf_of) or row.now >= row.expires_at:
        return frozenset()
    may: set[Ability] = {"reject", "ask"}
    if action.writes():  # what is carried out in Chargehand itself is proposed anew
        may.add("edit")
    if any(a.stands_in_for is None for a in seats):
        may.add("reassign")
    people = [people - spent(signed) for people in _asked(rule, asked)]
    if not needed_later(_left(rule, row.step, asked, signed), people, row.step, seats[0].uses):
        may.add("approve")
        if isinstance(action, ReturnTimeEntries) and len(action.items) > 1:
            may.add("accept_part")
    return frozenset(may)


def _asked(rule: Rule, asked: Sequence[Asked], *, first: bool = False) -> list[set[str]]:
    """Who was asked to sign each step by themselves; `first`: without its fallback."""
    own = [a for a in asked if a.stands_in_for is None and not (first and a.fallback)]
    return [{a.person_id for a in own if a.step == i} for i in range(len(rule.gate.steps))]


def _left(rule: Rule, step: int, asked: Sequence[Asked], signed: Sequence[Signed]) -> list[int]:
    """How many signatures each step still lacks, as far as a card can tell."""
    return signatures_left(
        rule, step, signed, first=_asked(rule, asked, first=True), people=_asked(rule, asked)
    )


def _open_seats(me: str, row: _Row, asked: Sequence[Asked], signed: Sequence[Signed]) -> list[Asked]:
    """The seats in which the reader may sign the current step, their own first."""
    used_up = spent(signed)
    seats = (a for a in asked if (a.person_id, a.step) == (me, row.step) and still_may(a, used_up))
    return sorted(seats, key=lambda a: a.stands_in_for is not None)


def _steps(rule: Rule, asked: Sequence[Asked], signed: Sequence[Signed]) -> tuple[StepView, ...]:
    left = _left(rule, 0, asked, signed)
    return tuple(
        StepView(
            name=step.name,
            signatures_needed=left[i] + sum(s.step == i and s.verdict == "approve" for s in signed),
            all_of=step.signatures == "all",
            signatures=tuple(_signature(s) for s in signed if s.step == i),
            approvers=tuple(
                ApproverView(
                    person=person(a.person_id, a.name),
                    stands_in_for=_delegator(a),
                    why=a.why,
                    fallback=a.fallback,
                )
                for a in asked
                if a.step == i and not a.lapsed
            ),
            comment_required=step.comment_required,
            evidence_required=step.evidence_required,
        )
        for i, step in enumerate(rule.gate.steps)
    )


def _signature(s: Signed) -> Signature:
    return Signature(
        person=person(s.person_id, s.name),
        stands_in_for=_delegator(s),
        verdict=s.verdict,
        reason=s.reason,
        surface=s.surface,
        decided_at=s.decided_at,
        evidence=tuple(Attachment.model_validate(a) for a in s.evidence),
    )


def _earlier(row: _Row) -> Iterator[EarlierSignature]:
    found = row.earlier or ()
    for line, signed in zip(found, SIGNATURES.validate_python(found), strict=True):
        yield EarlierSignature(version=line["version"], signature=_signature(signed))


def _delegator(line: Asked | Signed) -> PersonRef | None:
    return person(line.stands_in_for, line.stands_in_for_name) if line.stands_in_for else None


def _handover(
    *,
    from_id: str,
    from_name: str | None,
    to_id: str,
    to_name: str | None,
    handed_by: str,
    handed_by_name: str | None,
    **rest: Any,
) -> HandoverView:
    return HandoverView(
        giver=person(from_id, from_name),
        taker=person(to_id, to_name),
        handed_by=person(handed_by, handed_by_name),
        **rest,
    )


def _effect(me: Principal, now: datetime, line: _Effect) -> EffectView:
    done = line.state == "done" and line.settled_at
    until = undoable_until(line.system, line.operation, done) if done else None
    may = (
        until is not None
        and line.undone_by is None
        and now <= until
        and PROPOSING[line.operation] in me.permissions
    )
    return EffectView(**vars(line), undo_until=until if may else None)


def _declined(declined_by: str, declined_by_name: str | None, **rest: Any) -> DeclinedItem:
    return DeclinedItem(declined_by=person(declined_by, declined_by_name), **rest)


def _version(author_id: str, author_name: str | None, action: Mapping[str, Any], **rest: Any) -> VersionView:
    return VersionView(
        author=person(author_id, author_name), action=ActionAdapter.validate_python(action), **rest
    )
