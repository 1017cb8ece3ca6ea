"""Proposals that are alike, read and decided together: what is the same in all is written once, what differs
stands out, and nothing is decided that was not on the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from api.auth.callers import SignedIn, Wired, may
from api.web.changes import flat
from api.web.render import names, page
from models.errors import BadInput, Problem
from models.proposal import Verdict
from workflow.cards import ProposalCard

router = APIRouter(prefix="/proposals/{proposal_id}/alike", dependencies=[Depends(may("proposals.read"))])


@dataclass(frozen=True)
class Line:
    """One of the proposals: what it writes that others do not, and why it cannot be signed with them."""

    card: ProposalCard
    differs: Mapping[str, Any]
    alone: str  # what its step wants about each; empty: it can be signed with the others

    @property
    def choice(self) -> str:
        return f"{self.card.proposal_id} {self.card.content_hash}"


@router.get("")
def alike(proposal_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    cards = app.workflow.open_alike(caller.principal, proposal_id)
    bodies = [_writes(card) for card in cards]
    same = {k: v for k, v in bodies[0].items() if all(k in b and b[k] == v for b in bodies)}
    lines = [
        Line(card, {k: v for k, v in body.items() if k not in same}, _alone(card))
        for card, body in zip(cards, bodies, strict=True)
    ]
    ids = {v for body in bodies for k, v in body.items() if k.endswith("_id") and isinstance(v, str)}
    return page(
        request,
        "alike.html",
        caller,
        lines=lines,
        together=[line for line in lines if not line.alone],
        same=same,
        names=names(request, caller, ids),
    )


@router.post("")
def decide(
    proposal_id: UUID,
    request: Request,
    caller: SignedIn,
    app: Wired,
    verdict: Annotated[Verdict, Form()],
    choice: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    reason: Annotated[str, Form(max_length=4_000)] = "",
) -> HTMLResponse:
    outcomes = app.workflow.decide_many(caller.principal, _choices(choice), verdict, reason)
    with app.db.tx(caller.principal, "agent") as tx:
        found = tx.records("pages.titles", ids=[o.proposal_id for o in outcomes])
    return page(
        request,
        "outcomes.html",
        caller,
        outcomes=outcomes,
        titles={row["proposal_id"]: row["title"] for row in found},
        done=sum(o.done for o in outcomes),
        verdict=verdict,
        pace=app.workflow.pace(caller.principal),
    )


def _choices(sent: Sequence[str]) -> list[tuple[UUID, str]]:
    """What was ticked: a proposal's id and the hash of what was shown. Raises BadInput."""
    try:
        return [(UUID(one), content_hash) for one, content_hash in (c.split(" ") for c in sent)]
    except ValueError as error:
        raise BadInput([Problem("form", 1, "choice", "not a proposal with its content hash")]) from error


def _writes(card: ProposalCard) -> dict[str, Any]:
    """All that a proposal writes, as fields; those of several writes by the item's name."""
    several = len(card.writes) > 1
    return {k: v for write in card.writes for k, v in flat(write.body, write.item if several else "").items()}


def _alone(card: ProposalCard) -> str:
    step = card.steps[card.step]
    if "approve" not in card.may:
        return "somebody else's signature first"
    return "a comment" if step.comment_required else "evidence" if step.evidence_required else ""
