"""Talking with the copilot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agents.conversations import Message, Thread
from api.auth.callers import Caller, SignedIn, Wired, application, may
from api.web import i18n
from api.web.i18n import N_
from api.web.render import page
from models.access import NotFound, Permission
from models.actions import ActionKind
from models.evidence import Citation, CitationAdapter
from models.proposal import ProposalState

router = APIRouter(prefix="/chat", dependencies=[Depends(may("chat.use"))])

THREADS = 50  # that are listed

# What a person who holds the permission may want to say first.
SAMPLES: tuple[tuple[Permission, str], ...] = (
    ("staffing.read", N_("Who could be a data engineer on {project} from next month?")),
    ("bench.read", N_("Who rolls off in the next eight weeks?")),
    ("change.read", N_("The client of {project} asks for two more dashboards by March. Is that in scope?")),
    ("risk.read", N_("Summarise the risks of {project} from last week's status reports.")),
    ("time.read", N_("Check last week's time on {project}.")),
    ("invoices.read", N_("Which invoices will be paid late, and why?")),
    ("proposals.read", N_("What waits for my decision?")),
)
# What is said while a tool runs.
TOOLS: Mapping[str, str] = {
    "bench_outlook": N_("Computing who rolls off"),
    "propose_reallocation": N_("Proposing another project"),
    "propose_development": N_("Proposing a development plan"),
    "compare_change": N_("Holding the message against the contract"),
    "propose_change_order": N_("Proposing a change order"),
    "predict_payments": N_("Computing when invoices are paid"),
    "propose_reminder": N_("Proposing a reminder"),
    "my_proposals": N_("Looking through proposals"),
    "check_readiness": N_("Checking what is ready to bill"),
    "propose_hold": N_("Proposing to hold an invoice"),
    "summarise_status": N_("Reading status reports"),
    "propose_risks": N_("Proposing risks for the register"),
    "find_people": N_("Looking for people"),
    "propose_assignment": N_("Proposing an assignment"),
    "check_time": N_("Checking time entries"),
    "propose_returns": N_("Proposing to return time entries"),
}


@dataclass(frozen=True)
class Said:
    """A message with what can be drawn of it."""

    message: Message
    citations: tuple[Citation, ...]
    proposals: tuple[str, ...]
    briefs: tuple["Brief", ...]  # of them, those that the reader may see
    outcome: str | None  # what the conversation was told of a proposal
    data: dict[str, Any]
    options: tuple[str, ...]
    question: Mapping[str, Any] | None  # that an approver asked back: its ids, whether it is open, the answer


@dataclass(frozen=True)
class Brief:
    """A proposal as a conversation shows it."""

    proposal_id: UUID
    title: str
    action_kind: ActionKind
    state: ProposalState
    amount: Decimal | None
    currency: str | None
    state_since: datetime
    expires_at: datetime
    waits_for: list[str]


Find = Annotated[str, Query(max_length=200)]


@router.get("")
def new_conversation(request: Request, caller: SignedIn, find: Find = "") -> HTMLResponse:
    return _chat_page(request, caller, None, [], find)


@router.post("")
def open_conversation(caller: SignedIn, app: Wired) -> Response:
    thread_id = app.copilot.open_thread(caller.principal)
    return RedirectResponse(f"/chat/{thread_id}", status.HTTP_303_SEE_OTHER)


@router.get("/proposals/{proposal_id}")
def brief(proposal_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    """How a proposal stands, as a part of a conversation."""
    found = _briefs(request, caller, [str(proposal_id)])
    if not found:
        raise NotFound(what="proposal", id=str(proposal_id))
    return page(request, "_brief.html", caller, b=found[str(proposal_id)])


@router.get("/{thread_id}")
def conversation(
    thread_id: UUID, request: Request, caller: SignedIn, app: Wired, find: Find = ""
) -> HTMLResponse:
    said = _said(request, caller, app.copilot.history(caller.principal, thread_id))
    return _chat_page(request, caller, thread_id, said, find)


@router.get("/{thread_id}/messages/{message_id}")
def message(thread_id: UUID, message_id: int, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    """One message as a part of the page: what a stream ends with."""
    found = [m for m in app.copilot.history(caller.principal, thread_id) if m.message_id == message_id]
    if not found:
        raise NotFound(what="message", id=str(message_id))
    return page(request, "_message.html", caller, said=_said(request, caller, found)[0], thread_id=thread_id)


def _chat_page(
    request: Request, caller: Caller, thread_id: UUID | None, said: list[Said], find: str
) -> HTMLResponse:
    app = application(request)
    with app.db.tx(caller.principal, "agent") as tx:
        project = tx.value("pages.own_projects")
        threads = tx.rows("talk.threads_like", Thread, words=find.strip(), limit=THREADS)
    translate = i18n.translations(app.settings.language).gettext
    samples = [
        translate(text).format(project=project)
        for permission, text in SAMPLES
        if permission in caller.principal.permissions and (project or "{project}" not in text)
    ]
    return page(
        request,
        "chat.html",
        caller,
        threads=threads,
        find=find,
        thread_id=thread_id,
        said=said,
        samples=samples,
        tools={name: translate(words) for name, words in TOOLS.items()},
        copilot_answers=app.copilot.is_expected(),
    )


def _said(request: Request, caller: Caller, messages: Sequence[Message]) -> list[Said]:
    proposed = [p for m in messages if "outcome" not in m.payload for p in m.payload.get("proposals", ())]
    briefs = _briefs(request, caller, proposed)
    return [
        Said(
            message=m,
            citations=tuple(CitationAdapter.validate_python(c) for c in m.payload.get("citations", ())),
            proposals=tuple(m.payload.get("proposals", ())),
            briefs=tuple(briefs[p] for p in m.payload.get("proposals", ()) if p in briefs),
            outcome=m.payload.get("outcome"),
            data=m.payload.get("data", {}),
            options=tuple(m.payload.get("options", ())),
            question=m.payload.get("question"),
        )
        for m in messages
    ]


def _briefs(request: Request, caller: Caller, ids: Sequence[str]) -> Mapping[str, Brief]:
    if not ids:
        return {}
    with application(request).db.tx(caller.principal, "agent") as tx:
        return {str(b.proposal_id): b for b in tx.rows("pages.briefs", Brief, ids=[UUID(i) for i in ids])}
