"""Talking with the copilot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agents.conversations import Message
from api.auth.callers import Caller, SignedIn, Wired, application, may
from api.web.render import page
from models.access import NotFound, Permission
from models.evidence import Citation, CitationAdapter

router = APIRouter(prefix="/chat", dependencies=[Depends(may("chat.use"))])

# What a person who holds the permission may want to say first.
SAMPLES: tuple[tuple[Permission, str], ...] = (
    ("staffing.read", "Who could be a data engineer on {project} from next month?"),
    ("bench.read", "Who rolls off in the next eight weeks?"),
    ("change.read", "The client of {project} asks for two more dashboards by March. Is that in scope?"),
    ("risk.read", "Summarise the risks of {project} from last week's status reports."),
    ("time.read", "Check last week's time on {project}."),
    ("invoices.read", "Which invoices will be paid late, and why?"),
    ("proposals.read", "What waits for my decision?"),
)


@dataclass(frozen=True)
class Said:
    """A message with what can be drawn of it."""

    message: Message
    citations: tuple[Citation, ...]
    proposals: tuple[str, ...]
    data: dict[str, Any]
    options: tuple[str, ...]
    question: Mapping[str, Any] | None  # that an approver asked back: its ids, whether it is open, the answer


@router.get("")
def new_conversation(request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    return _chat_page(request, caller, None, [])


@router.post("")
def open_conversation(caller: SignedIn, app: Wired) -> Response:
    thread_id = app.copilot.open_thread(caller.principal)
    return RedirectResponse(f"/chat/{thread_id}", status.HTTP_303_SEE_OTHER)


@router.get("/{thread_id}")
def conversation(thread_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    said = [_said(m) for m in app.copilot.history(caller.principal, thread_id)]
    return _chat_page(request, caller, thread_id, said)


@router.get("/{thread_id}/messages/{message_id}")
def message(thread_id: UUID, message_id: int, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    """One message as a part of the page: what a stream ends with."""
    found = [m for m in app.copilot.history(caller.principal, thread_id) if m.message_id == message_id]
    if not found:
        raise NotFound(what="message", id=str(message_id))
    return page(request, "_message.html", caller, said=_said(found[0]), thread_id=thread_id)


def _chat_page(request: Request, caller: Caller, thread_id: UUID | None, said: list[Said]) -> HTMLResponse:
    app = application(request)
    with app.db.tx(caller.principal, "agent") as tx:
        project = tx.value("pages.own_projects")
    samples = [
        text.format(project=project)
        for permission, text in SAMPLES
        if permission in caller.principal.permissions and (project or "{project}" not in text)
    ]
    return page(
        request,
        "chat.html",
        caller,
        threads=app.copilot.threads(caller.principal),
        thread_id=thread_id,
        said=said,
        samples=samples,
        copilot_answers=app.copilot.is_expected(),
    )


def _said(message: Message) -> Said:
    payload = message.payload
    return Said(
        message=message,
        citations=tuple(CitationAdapter.validate_python(c) for c in payload.get("citations", ())),
        proposals=tuple(payload.get("proposals", ())),
        data=payload.get("data", {}),
        options=tuple(payload.get("options", ())),
        question=payload.get("question"),
    )
