"""One proposal: everything to know before signing, and the forms that decide it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from api import forms
from api.auth.callers import Caller, SignedIn, Wired, application, may
from api.routes.operations import EffectId
from api.web.changes import effect_of
from api.web.history import history
from api.web.render import page
from models.actions import ReturnTimeEntries
from models.errors import ChargehandError
from models.evidence import Attachment, AttachmentKind
from models.proposal import Verdict
from workflow.cards import ProposalCard

router = APIRouter(prefix="/proposals/{proposal_id}", dependencies=[Depends(may("proposals.read"))])

Text = Annotated[str, Form(max_length=4_000)]
Hash = Annotated[str, Form(pattern="^[0-9a-f]{64}$")]
Done = Literal["approve", "reject", "accept_part", "edit", "ask", "answer", "reassign", "withdraw", "undo"]


def attached(
    evidence_kind: Annotated[AttachmentKind, Form()] = "document",
    evidence_reference: Annotated[str, Form(max_length=500)] = "",
) -> tuple[Attachment, ...]:
    """What the form attaches to a signature: one reference, or nothing."""
    reference = evidence_reference.strip()
    return (Attachment(kind=evidence_kind, reference=reference),) if reference else ()


@router.get("")
def proposal(
    proposal_id: UUID,
    request: Request,
    caller: SignedIn,
    app: Wired,
    done: Annotated[Done | None, Query()] = None,
) -> HTMLResponse:
    return _card_page(request, caller, app.workflow.open_card(caller.principal, proposal_id), done=done)


@router.post("/decide")
def decide(
    proposal_id: UUID,
    request: Request,
    caller: SignedIn,
    app: Wired,
    content_hash: Hash,
    verdict: Annotated[Verdict, Form()],
    evidence: Annotated[tuple[Attachment, ...], Depends(attached)],
    reason: Text = "",
) -> Response:
    return _attempt(
        request,
        caller,
        proposal_id,
        verdict,
        lambda: app.workflow.decide(
            caller.principal,
            proposal_id,
            content_hash=content_hash,
            verdict=verdict,
            reason=reason,
            evidence=evidence,
        ),
        {"reason": reason, **_typed(evidence)},
    )


@router.post("/questions")
def ask(
    proposal_id: UUID, request: Request, caller: SignedIn, app: Wired, content_hash: Hash, question: Text = ""
) -> Response:
    return _attempt(
        request,
        caller,
        proposal_id,
        "ask",
        lambda: app.workflow.ask(caller.principal, proposal_id, content_hash=content_hash, question=question),
        {"question": question},
    )


@router.post("/questions/{question_id}/answers")
def answer(
    proposal_id: UUID,
    question_id: UUID,
    request: Request,
    caller: SignedIn,
    app: Wired,
    answer: Text = "",
    thread: Annotated[UUID | None, Form()] = None,  # the conversation it is answered from
) -> Response:
    replied = _attempt(
        request,
        caller,
        proposal_id,
        "answer",
        lambda: app.workflow.answer(caller.principal, proposal_id, question_id, answer=answer),
        {"answer": answer},
    )
    if thread and replied.status_code == status.HTTP_303_SEE_OTHER:
        return RedirectResponse(f"/chat/{thread}", status.HTTP_303_SEE_OTHER)
    return replied


@router.get("/hand-over")
def hand_over_page(proposal_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    return page(
        request,
        "hand_over.html",
        caller,
        card=app.workflow.open_card(caller.principal, proposal_id),
        takers=app.workflow.takers(caller.principal, proposal_id),
    )


@router.post("/hand-over")
def hand_over(
    proposal_id: UUID,
    request: Request,
    caller: SignedIn,
    app: Wired,
    to: Annotated[str, Form(max_length=100)] = "",
    reason: Text = "",
) -> Response:
    return _attempt(
        request,
        caller,
        proposal_id,
        "reassign",
        lambda: app.workflow.reassign(caller.principal, proposal_id, to=to, reason=reason),
        {},
    )


@router.post("/accept-part")
def accept_part(
    proposal_id: UUID,
    request: Request,
    caller: SignedIn,
    app: Wired,
    content_hash: Hash,
    evidence: Annotated[tuple[Attachment, ...], Depends(attached)],
    keep: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    reason: Text = "",
) -> Response:
    return _attempt(
        request,
        caller,
        proposal_id,
        "accept_part",
        lambda: app.workflow.accept_part(
            caller.principal,
            proposal_id,
            content_hash=content_hash,
            keep=frozenset(keep),
            reason=reason,
            evidence=evidence,
        ),
        {"part_reason": reason, **_typed(evidence)},
    )


@router.post("/withdraw")
def withdraw(
    proposal_id: UUID, request: Request, caller: SignedIn, app: Wired, reason: Text = ""
) -> Response:
    return _attempt(
        request,
        caller,
        proposal_id,
        "withdraw",
        lambda: app.workflow.withdraw(caller.principal, proposal_id, reason=reason),
        {},
    )


@router.post("/effects/{effect_id}/undo")
def undo(
    proposal_id: UUID,
    effect_id: EffectId,
    request: Request,
    caller: SignedIn,
    app: Wired,
    reason: Text = "",
) -> Response:
    """Propose to take a write back, and go on to that proposal."""
    try:
        proposed = app.workflow.undo(caller.principal, effect_id, reason)
    except ChargehandError as error:
        if error.status in (401, 404):
            raise
        card = app.workflow.card(caller.principal, proposal_id)
        return _card_page(request, caller, card, problem=error)
    return _back(proposed.proposal_id, "undo")


@router.get("/edit")
def edit_page(proposal_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    return _edit_page(request, caller, app.workflow.card(caller.principal, proposal_id), {})


@router.post("/edit")
async def edit(
    proposal_id: UUID, request: Request, caller: SignedIn, app: Wired
) -> Response:  # async for the form, whose fields depend on the action
    sent = {k: str(v) for k, v in (await request.form()).items()}
    return await run_in_threadpool(_edit, proposal_id, request, caller, sent)


def _edit(proposal_id: UUID, request: Request, caller: Caller, sent: Mapping[str, str]) -> Response:
    workflow = application(request).workflow
    card = workflow.card(caller.principal, proposal_id)
    try:
        action = forms.edited(card.action, sent)
    except ValidationError as error:
        return _edit_page(request, caller, card, sent, errors=forms.faults(error))
    try:
        workflow.edit(
            caller.principal,
            proposal_id,
            content_hash=sent.get("content_hash", ""),
            action=action,
            note=sent.get("note", ""),
        )
    except ChargehandError as error:
        if error.status in (401, 404):
            raise
        return _edit_page(request, caller, card, sent, problem=error)
    return _back(proposal_id, "edit")


def _attempt(
    request: Request,
    caller: Caller,
    proposal_id: UUID,
    what: Done,
    work: Callable[[], ProposalCard],
    typed: Mapping[str, str],
) -> Response:
    """Do it and go back to the card; or show the card as it is now, with the problem and what was typed."""
    try:
        work()
    except ChargehandError as error:
        if error.status in (401, 404):
            raise
        card = application(request).workflow.card(caller.principal, proposal_id)
        return _card_page(request, caller, card, problem=error, typed=typed)
    return _back(proposal_id, what)


def _typed(evidence: tuple[Attachment, ...]) -> dict[str, str]:
    return {f"evidence_{name}": value for a in evidence for name, value in a.model_dump().items()}


def _back(proposal_id: UUID, done: Done) -> RedirectResponse:
    return RedirectResponse(f"/proposals/{proposal_id}?done={done}", status.HTTP_303_SEE_OTHER)


def _card_page(
    request: Request,
    caller: Caller,
    card: ProposalCard,
    *,
    done: Done | None = None,
    problem: ChargehandError | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    app = application(request)
    with app.db.tx(caller.principal, "agent") as tx:
        changes = effect_of(tx, card.action, card.explanation)
    waiting = app.workflow.inbox(caller.principal, box="mine", limit=2).items if done else ()
    following = [line for line in waiting if line.proposal_id != card.proposal_id]
    return page(
        request,
        "proposal.html",
        caller,
        problem.status if problem else status.HTTP_200_OK,
        card=card,
        action=card.action.model_dump(mode="json"),
        batch=card.action.items if isinstance(card.action, ReturnTimeEntries) else (),
        notes={e["entry_id"]: e.get("note") for e in card.explanation.get("entries", ()) if "entry_id" in e},
        changes=changes,
        history=history(card),
        turns=_turns(card),
        names=card.names,
        following=following[0] if following else None,
        done=done,
        pace=app.workflow.pace(caller.principal) if done == "approve" else None,
        problem=problem,
        typed=typed or {},
    )


def _turns(card: ProposalCard) -> int:
    """As `pages.changed` counts them: what was said on the card so far."""
    signed = sum(len(step.signatures) for step in card.steps)
    answered = sum(q.answer is not None for q in card.questions)
    return signed + len(card.questions) + answered + len(card.handovers)


def _edit_page(
    request: Request,
    caller: Caller,
    card: ProposalCard,
    sent: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    problem: ChargehandError | None = None,
) -> HTMLResponse:
    code = (
        problem.status if problem else status.HTTP_422_UNPROCESSABLE_CONTENT if errors else status.HTTP_200_OK
    )
    return page(
        request,
        "edit.html",
        caller,
        code,
        card=card,
        groups=forms.groups(card.action, sent, errors),
        note=sent.get("note", ""),
        unplaced=[e for name, e in (errors or {}).items() if name not in _placed(card)],
        problem=problem,
    )


def _placed(card: ProposalCard) -> set[str]:
    return {f.name for group in forms.groups(card.action) for f in group.fields}
