"""What people see of proposals: the card, its parts, and the line in a list."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from models.access import service
from models.actions import Action, ActionKind, System, Write
from models.evidence import Attachment, Citation
from models.money import Money
from models.proposal import CircuitState, Difference, EffectState, ProposalState, Verdict

Ability = Literal["approve", "reject", "edit", "accept_part", "ask", "answer", "reassign", "withdraw", "undo"]
Box = Literal["mine", "asked", "all"]  # waits for me, I proposed it, all I may see

T = TypeVar("T")


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PersonRef(_View):
    person_id: str
    name: str


class Signature(_View):
    person: PersonRef
    stands_in_for: PersonRef | None  # in whose seat they signed; None: in their own
    verdict: Verdict
    reason: str
    surface: str
    decided_at: datetime
    evidence: tuple[Attachment, ...]


class EarlierSignature(_View):
    """A verdict on a version before: it stays on record, and no longer counts."""

    version: int
    signature: Signature


class ApproverView(_View):
    person: PersonRef
    stands_in_for: PersonRef | None
    why: str  # 'why you'
    fallback: bool  # asked because nobody who comes first may sign, or none of them did in time


class StepView(_View):
    name: str
    signatures_needed: int
    all_of: bool  # everybody who may sign it must
    signatures: tuple[Signature, ...]
    approvers: tuple[ApproverView, ...]
    comment_required: bool
    evidence_required: bool


class EffectView(_View):
    effect_id: int
    system: System
    operation: ActionKind
    item: str
    state: EffectState
    attempts: int
    external_ref: str | None
    last_error: str | None
    waits_since: datetime | None  # its system is down, or paused, since
    waits_behind: EffectState | None  # an older write on the same record goes first; 'parked': a person must
    settled_at: datetime | None
    undo_until: datetime | None  # it may be proposed to take it back; None: it may not
    undone_by: UUID | None  # the proposal that takes it back
    undo_state: ProposalState | None
    idempotency_key: str
    body: dict[str, Any]


class DeclinedItem(_View):
    version: int  # the version it was left out of
    item_id: str
    declined_by: PersonRef
    reason: str
    declined_at: datetime


class QuestionView(_View):
    question_id: UUID
    version: int  # the version it is about
    asker: PersonRef
    question: str
    asked_at: datetime
    answered_by: PersonRef | None  # None: it waits for an answer
    answer: str | None
    answered_at: datetime | None


class HandoverView(_View):
    """A seat that changed hands in the current version."""

    step: int
    giver: PersonRef
    taker: PersonRef
    handed_by: PersonRef  # the giver, or an administrator
    reason: str
    handed_at: datetime


class VersionView(_View):
    version: int
    author: PersonRef
    note: str  # why it was made; empty for the first
    created_at: datetime
    content_hash: str
    action: Action


class ProposalCard(_View):
    """All there is to know before signing, and what became of it."""

    proposal_id: UUID
    version: int
    content_hash: str  # hand it back with the decision: it says what was read
    state: ProposalState
    title: str
    action: Action
    writes: tuple[Write, ...]  # exactly what will be written
    names: dict[str, str] = {}  # of people, projects and clients by the ids in it, as the reader may see them
    evidence: tuple[Citation, ...]
    explanation: dict[str, Any]
    proposer: PersonRef
    on_behalf_of: PersonRef | None  # for whom it was proposed
    tool: str
    tool_version: str
    thread_id: UUID | None
    project_id: str | None
    amount: Money | None
    rule: str
    because: str  # why this gate, in the policy's words
    why_gate: tuple[str, ...]  # why this gate, in the facts': each condition that held, or could not be told
    confidence: Decimal | None  # 0 to 1, of the prediction it rests on
    policy_sha256: str
    steps: tuple[StepView, ...]
    step: int  # which of them waits for a signature
    why_you: str | None  # None: nothing is asked of the reader
    may: frozenset[Ability]
    effects: tuple[EffectView, ...]
    differences: tuple[Difference, ...]  # why this version went back before it was written
    declined_items: tuple[DeclinedItem, ...]
    questions: tuple[QuestionView, ...]  # oldest first
    mine_to_answer: frozenset[UUID]  # of them, those that wait for the reader
    handovers: tuple[HandoverView, ...]
    versions: tuple[VersionView, ...]  # oldest first
    created_at: datetime
    state_since: datetime
    expires_at: datetime
    earlier: tuple[EarlierSignature, ...] = ()  # verdicts on versions before, oldest first
    planted_flaw: str | None = None  # it was planted: what was wrong with it, once it is answered


class ProposalSummary(_View):
    """A line in a list of proposals."""

    proposal_id: UUID
    title: str
    action_kind: ActionKind
    state: ProposalState
    version: int
    amount: Money | None
    project_id: str | None
    practice: str | None
    proposer: PersonRef
    created_at: datetime
    state_since: datetime
    expires_at: datetime
    step: int
    steps_total: int
    waits_for_me: bool
    why_you: str | None
    risk: float  # points, 0 to 2.2; how it ranks: see workflow.inbox
    ranked_at: datetime  # its deadline, brought forward by what it weighs: what lists are ordered by
    likeness: str  # the same for proposals of one kind, place, rule and proposer


class Outcome(_View):
    """What became of one of several proposals that were decided at once."""

    proposal_id: UUID
    done: bool
    state: ProposalState | None  # after it, when it is done
    error: str | None  # the kind of problem, e.g. 'already-decided'
    detail: str | None  # a sentence to act on


class Pace(_View):
    """Somebody signs faster than they could have read. A hint, never a hindrance."""

    signed: int  # approvals in a row, each faster than its reading time
    seconds: float  # from when the first of them was opened to the last signature
    reading_seconds: float  # that reading them takes


class Page(_View, Generic[T]):
    items: tuple[T, ...]
    after: str | None  # hand it in for the next page; None: there is none


class QueueLine(_View):
    """How long the proposals that wait at one step of one rule have been waiting."""

    rule: str
    step: str
    waiting: int
    oldest_hours: float
    median_hours: float


class CircuitView(_View):
    """Whether a system of record is being written to."""

    system: System
    state: CircuitState
    since: datetime
    failures: int  # in a row
    reason: str
    changed_by: str
    waiting: int  # effects that wait for it


def person(person_id: str, name: str | None) -> PersonRef:
    """A person, or one of Chargehand's own services, by name."""
    if person_id.startswith("service:"):
        return PersonRef(person_id=person_id, name=service(person_id.removeprefix("service:")).name)
    return PersonRef(person_id=person_id, name=name or person_id)


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    """Money of two columns; None where either is empty."""
    return Money(amount=amount, currency=currency) if amount is not None and currency else None
