"""Proposals: reading them, and deciding them. Nothing is decided by a GET."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from api.auth.callers import Reader, Wired
from api.routes.base import Body, Limit, resource
from models.actions import Action, ActionKind
from models.evidence import Attachments
from models.proposal import ProposalState, Verdict
from workflow.cards import Box, Outcome, Pace, Page, PersonRef, ProposalCard, ProposalSummary
from workflow.inbox import MOST_ALIKE, Order

router = resource("proposals", problems=(404, 409, 422))

Reason = Annotated[str, Field(max_length=4_000)]
ContentHash = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="`content_hash` of the card that was read: it says what is signed",
    ),
]


Evidence = Annotated[
    Attachments, Field(description="What the signature rests on, where the step asks for it; kept with it")
]


class Decision(Body):
    content_hash: ContentHash
    verdict: Verdict
    reason: Annotated[
        Reason, Field(description="Needed to reject, and where the step asks for a comment")
    ] = ""
    evidence: Evidence = ()


class Acceptance(Body):
    """Approve a part of a batch; the rest is declined with the reason."""

    content_hash: ContentHash
    keep: Annotated[
        frozenset[str], Field(min_length=1, max_length=5_000, description="Ids of the items to keep")
    ]
    reason: Reason
    evidence: Evidence = ()


class Edit(Body):
    """A new version, for which signatures start again. You cannot sign what you wrote."""

    content_hash: ContentHash
    action: Action
    note: Annotated[str, Field(max_length=4_000, description="Why it was changed")]


class Withdrawal(Body):
    reason: Reason = ""


class Question(Body):
    """Something to know before signing; who proposed it is asked."""

    content_hash: ContentHash
    question: Annotated[Reason, Field(min_length=1)]


class Answer(Body):
    answer: Annotated[Reason, Field(min_length=1)]


class Handover(Body):
    """Hand a seat to another person whom the policy accepts for the step."""

    to: Annotated[str, Field(max_length=100, description="`person_id` of who is to sign instead")]
    reason: Annotated[Reason, Field(min_length=1)]
    seat_of: Annotated[
        str | None, Field(max_length=100, description="For administrators: whose seat, of those who left")
    ] = None


class Choice(Body):
    proposal_id: UUID
    content_hash: ContentHash


class Decisions(Body):
    """One verdict on several proposals, each bound to what was read of it."""

    choices: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=MOST_ALIKE)]
    verdict: Verdict
    reason: Reason = ""


class Decided(ProposalCard):
    """The card after a decision."""

    pace: Pace | None  # the caller signs faster than they could read


class DecidedMany(BaseModel):
    outcomes: tuple[Outcome, ...]  # one for each choice, in their order
    pace: Pace | None


@router.get("/proposals", summary="Proposals: what waits for me, what I asked for, or all I may see")
def proposals(
    principal: Reader,
    app: Wired,
    box: Annotated[
        Box, Query(description="`mine`: what waits for me, in `order`; else newest first")
    ] = "mine",
    order: Annotated[
        Order, Query(description="`rank`: by deadline, money and risk, as workflow/inbox.py computes it")
    ] = "rank",
    state: Annotated[list[ProposalState] | None, Query(description="Only these states")] = None,
    kind: Annotated[list[ActionKind] | None, Query(description="Only these kinds of action")] = None,
    project_id: Annotated[str | None, Query(description="Only of this project")] = None,
    practice: Annotated[str | None, Query(description="Only of this practice")] = None,
    min_amount: Annotated[
        Decimal | None, Query(ge=0, le=10**12, description="At least this, in the policy's currency")
    ] = None,
    due_within_hours: Annotated[
        int | None, Query(ge=1, le=10_000, description="Only what waits, and expires within so many hours")
    ] = None,
    rule: Annotated[str | None, Query(max_length=100, description="Only under this policy rule")] = None,
    proposer_id: Annotated[str | None, Query(max_length=100, description="Only what they proposed")] = None,
    text: Annotated[str | None, Query(max_length=200, description="Only with this in the title")] = None,
    limit: Limit = 50,
    after: Annotated[str | None, Query(description="`after` of the page before")] = None,
) -> Page[ProposalSummary]:
    return app.workflow.inbox(
        principal,
        box=box,
        order=order,
        states=state,
        kinds=kind,
        project_id=project_id,
        practice=practice,
        min_amount=min_amount,
        due_within_hours=due_within_hours,
        rule=rule,
        proposer_id=proposer_id,
        text=text,
        limit=limit,
        after=after,
    )


@router.post("/proposals/decisions", summary="One verdict on many, each an audit entry and an outcome")
def decide_many(body: Decisions, principal: Reader, app: Wired) -> DecidedMany:
    choices = [(c.proposal_id, c.content_hash) for c in body.choices]
    outcomes = app.workflow.decide_many(principal, choices, body.verdict, body.reason)
    return DecidedMany(outcomes=tuple(outcomes), pace=app.workflow.pace(principal))


@router.get("/proposals/{proposal_id}", summary="All there is to know before signing, and what became of it")
def proposal(proposal_id: UUID, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.open_card(principal, proposal_id)


@router.get("/proposals/{proposal_id}/alike", summary="What waits for me and is like it, that one first")
def alike(proposal_id: UUID, principal: Reader, app: Wired) -> list[ProposalCard]:
    return app.workflow.open_alike(principal, proposal_id)


@router.post("/proposals/{proposal_id}/decisions", summary="Approve or reject")
def decide(proposal_id: UUID, body: Decision, principal: Reader, app: Wired) -> Decided:
    card = app.workflow.decide(
        principal,
        proposal_id,
        content_hash=body.content_hash,
        verdict=body.verdict,
        reason=body.reason,
        evidence=body.evidence,
    )
    return Decided(**dict(card), pace=app.workflow.pace(principal))


@router.post("/proposals/{proposal_id}/questions", summary="Ask who proposed it, before signing")
def ask(proposal_id: UUID, body: Question, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.ask(principal, proposal_id, content_hash=body.content_hash, question=body.question)


@router.post("/proposals/{proposal_id}/questions/{question_id}/answers", summary="Answer what I was asked")
def answer(proposal_id: UUID, question_id: UUID, body: Answer, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.answer(principal, proposal_id, question_id, answer=body.answer)


@router.get("/proposals/{proposal_id}/takers", summary="To whom I could hand my signature")
def takers(proposal_id: UUID, principal: Reader, app: Wired) -> list[PersonRef]:
    return app.workflow.takers(principal, proposal_id)


@router.post("/proposals/{proposal_id}/handovers", summary="Let somebody else sign in my place")
def reassign(proposal_id: UUID, body: Handover, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.reassign(principal, proposal_id, to=body.to, reason=body.reason, seat_of=body.seat_of)


@router.post("/proposals/{proposal_id}/acceptances", summary="Approve a part of a batch")
def accept_part(proposal_id: UUID, body: Acceptance, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.accept_part(
        principal,
        proposal_id,
        content_hash=body.content_hash,
        keep=body.keep,
        reason=body.reason,
        evidence=body.evidence,
    )


@router.post("/proposals/{proposal_id}/edits", summary="Change what is proposed; signatures start again")
def edit(proposal_id: UUID, body: Edit, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.edit(
        principal, proposal_id, content_hash=body.content_hash, action=body.action, note=body.note
    )


@router.post("/proposals/{proposal_id}/withdrawals", summary="Take back what I proposed")
def withdraw(proposal_id: UUID, body: Withdrawal, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.withdraw(principal, proposal_id, reason=body.reason)
