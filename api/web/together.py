"""Proposals read and decided together: what is the same in all of a kind is written once, what differs stands
out, and nothing is decided that was not on the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from api.auth.callers import Caller, SignedIn, Wired, may
from api.hidden import visible
from api.web.changes import flat
from api.web.render import names, page
from models.errors import BadInput, Problem
from models.proposal import Verdict
from workflow.cards import ProposalCard

router = APIRouter(dependencies=[Depends(may("proposals.read"))])


@dataclass(frozen=True)
class Line:
    """One of the proposals: what it writes that others do not, and why it cannot be signed with them."""

    card: ProposalCard
    differs: Mapping[str, Any]
    alone: str  # what its step wants about each; empty: it can be signed with the others

    @property
    def choice(self) -> str:
        return f"{self.card.proposal_id} {self.card.content_hash}"


@dataclass(frozen=True)
class Alike:
    """Proposals of one kind, place, rule and proposer, and what all of them write."""

    lines: Sequence[Line]
    same: Mapping[str, Any]

    @property
    def first(self) -> ProposalCard:
        return self.lines[0].card


@router.get("/proposals/{proposal_id}/alike")
def alike(proposal_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    return _read(request, caller, app.workflow.open_alike(caller.principal, proposal_id))


@router.get("/inbox/together")
def chosen(
    request: Request,
    caller: SignedIn,
    app: Wired,
    p: Annotated[list[UUID], Query()] = [],  # noqa: B006 - FastAPI copies it
) -> HTMLResponse:
    """What was chosen in the inbox; what no longer waits for the caller is not among it."""
    return _read(request, caller, app.workflow.open_many(caller.principal, list(dict.fromkeys(p))))


@router.post("/inbox/together")
def decide(
    request: Request,
    caller: SignedIn,
    app: Wired,
    verdict: Annotated[Verdict, Form()],
    choice: Annotated[list[str], Form()] = [],  # noqa: B006
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


def marked(value: str, others: Sequence[str]) -> Markup:
    """A text with the words marked that others do not have in their place: between what all of them begin and
    end with."""
    words, all_words = value.split(" "), [other.split(" ") for other in others]
    shortest = min(map(len, all_words))
    head = next((n for n in range(shortest) if len({tuple(w[: n + 1]) for w in all_words}) > 1), shortest)
    room = shortest - head
    tail = next((n for n in range(room) if len({tuple(w[-n - 1 :]) for w in all_words}) > 1), room)
    middle = words[head : len(words) - tail]
    if not middle or (not head and not tail):
        return escape(visible(value))
    parts = (words[:head], middle, words[len(words) - tail :])
    before, differs, after = (escape(visible(" ".join(part))) for part in parts)
    return Markup("{} <mark>{}</mark> {}").format(before, differs, after)


def _read(request: Request, caller: Caller, cards: Sequence[ProposalCard]) -> HTMLResponse:
    kinds: dict[tuple[str | None, ...], list[ProposalCard]] = {}
    for card in cards:
        like = (card.action.kind, card.project_id, card.rule, card.proposer.person_id)
        kinds.setdefault(like, []).append(card)
    bodies = {card.proposal_id: _writes(card) for card in cards}
    groups = [_alike(kind, bodies) for kind in kinds.values()]
    ids = {v for body in bodies.values() for k, v in body.items() if k.endswith("_id") and isinstance(v, str)}
    return page(
        request,
        "alike.html",
        caller,
        groups=groups,
        count=len(cards),
        together=sum(not line.alone for group in groups for line in group.lines),
        marked=marked,
        names=names(request, caller, ids | {c.project_id for c in cards if c.project_id}),
    )


def _alike(cards: Sequence[ProposalCard], bodies: Mapping[UUID, Mapping[str, Any]]) -> Alike:
    first, *others = [bodies[card.proposal_id] for card in cards]
    same = {k: v for k, v in first.items() if all(k in b and b[k] == v for b in others)}
    lines = [
        Line(card, {k: v for k, v in bodies[card.proposal_id].items() if k not in same}, _alone(card))
        for card in cards
    ]
    return Alike(lines, same)


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
    if not card.writes:
        return "reading what changes"
    if "approve" not in card.may:
        return "somebody else's signature first"
    return "a comment" if step.comment_required else "evidence" if step.evidence_required else ""
