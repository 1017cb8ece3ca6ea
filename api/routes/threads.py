"""Conversations with the copilot."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, status
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel, Field

from agents.events import Event, Failed
from api.auth.callers import Talker, Wired
from api.copilot.wire import Turn, sse
from api.routes.base import Body, Limit, resource

router = resource("threads", problems=(404, 409, 422, 503))


class ThreadView(BaseModel):
    thread_id: UUID
    surface: str
    title: str
    created_at: datetime
    updated_at: datetime


class MessageView(BaseModel):
    """A message as it was shown. The copilot's `payload` holds `data` by tool, `citations`, `proposals`, and
    for a question `options`."""

    message_id: int
    author: Literal["person", "copilot"]
    text: str
    payload: dict[str, Any]
    created_at: datetime


class NewThread(Body):
    title: Annotated[str, Field(max_length=200)] = ""


class ThreadCreated(BaseModel):
    thread_id: UUID


class TurnEvents(BaseModel):
    """Everything that happened during the turn; the last event is `answered`, `asked` or `failed`."""

    events: list[Event]


@router.get("/threads", summary="My conversations, the last used first")
def threads(principal: Talker, app: Wired, limit: Limit = 50) -> list[ThreadView]:
    return [ThreadView.model_validate(t, from_attributes=True) for t in app.copilot.threads(principal, limit)]


@router.post("/threads", status_code=status.HTTP_201_CREATED, summary="Open a conversation")
def open_thread(body: NewThread, principal: Talker, app: Wired) -> ThreadCreated:
    return ThreadCreated(thread_id=app.copilot.open_thread(principal, body.title))


@router.get("/threads/{thread_id}/messages", summary="What was said, oldest first")
def messages(
    thread_id: UUID, principal: Talker, app: Wired, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> list[MessageView]:
    found = app.copilot.history(principal, thread_id, limit)
    return [MessageView.model_validate(m, from_attributes=True) for m in found]


@router.post(
    "/threads/{thread_id}/turns",
    summary="Say something and hear the answer",
    description="Streams the turn's events as server-sent events, each named by its `event` and holding its "
    "JSON; with `Accept: application/json` the answer is all of them at once. A turn goes on when nobody "
    "reads: its messages are kept.",
    response_model=TurnEvents,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def turn(thread_id: UUID, body: Turn, principal: Talker, app: Wired, request: Request) -> Any:
    events = app.copilot.turn(principal, thread_id, body.text)
    if _prefers_json(request):
        happened = list(events)
        last = happened[-1]
        code = last.problem["status"] if isinstance(last, Failed) else status.HTTP_200_OK
        return Response(TurnEvents(events=happened).model_dump_json(), code, media_type="application/json")
    return EventSourceResponse(sse(events), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _prefers_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/event-stream" not in accept
