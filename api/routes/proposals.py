"""Proposals: reading them, and deciding them. Nothing is decided by a GET."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from api.auth.callers import Reader, Wired
from api.routes.base import Body, Limit, resource
from models.actions import Action, ActionKind
from models.proposal import ProposalState, Verdict
from workflow.cards import Box, Page, ProposalCard, ProposalSummary

router = resource("proposals", problems=(404, 409, 422))

Reason = Annotated[str, Field(max_length=4_000)]
ContentHash = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="`content_hash` of the card that was read: it says what is signed",
    ),
]


class Decision(Body):
    content_hash: ContentHash
    verdict: Verdict
    reason: Annotated[
        Reason, Field(description="Needed to reject, and where the step asks for a comment")
    ] = ""


class Acceptance(Body):
    """Approve a part of a batch; the rest is declined with the reason."""

    content_hash: ContentHash
    keep: Annotated[
        frozenset[str], Field(min_length=1, max_length=5_000, description="Ids of the items to keep")
    ]
    reason: Reason


class Edit(Body):
    """A new version, for which signatures start again. You cannot sign what you wrote."""

    content_hash: ContentHash
    action: Action
    note: Annotated[str, Field(max_length=4_000, description="Why it was changed")]


class Withdrawal(Body):
    reason: Reason = ""


@router.get("/proposals", summary="Proposals: what waits for me, what I asked for, or all I may see")
def proposals(
    principal: Reader,
    app: Wired,
    box: Annotated[Box, Query(description="`mine`: nearest deadline first; else newest first")] = "mine",
    state: Annotated[list[ProposalState] | None, Query(description="Only these states")] = None,
    kind: Annotated[list[ActionKind] | None, Query(description="Only these kinds of action")] = None,
    project_id: Annotated[str | None, Query(description="Only of this project")] = None,
    limit: Limit = 50,
    after: Annotated[str | None, Query(description="`after` of the page before")] = None,
) -> Page[ProposalSummary]:
    return app.workflow.inbox(
        principal, box=box, states=state, kinds=kind, project_id=project_id, limit=limit, after=after
    )


@router.get("/proposals/{proposal_id}", summary="All there is to know before signing, and what became of it")
def proposal(proposal_id: UUID, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.card(principal, proposal_id)


@router.post("/proposals/{proposal_id}/decisions", summary="Approve or reject")
def decide(proposal_id: UUID, body: Decision, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.decide(
        principal, proposal_id, content_hash=body.content_hash, verdict=body.verdict, reason=body.reason
    )


@router.post("/proposals/{proposal_id}/acceptances", summary="Approve a part of a batch")
def accept_part(proposal_id: UUID, body: Acceptance, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.accept_part(
        principal, proposal_id, content_hash=body.content_hash, keep=body.keep, reason=body.reason
    )


@router.post("/proposals/{proposal_id}/edits", summary="Change what is proposed; signatures start again")
def edit(proposal_id: UUID, body: Edit, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.edit(
        principal, proposal_id, content_hash=body.content_hash, action=body.action, note=body.note
    )


@router.post("/proposals/{proposal_id}/withdrawals", summary="Take back what I proposed")
def withdraw(proposal_id: UUID, body: Withdrawal, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.withdraw(principal, proposal_id, reason=body.reason)
