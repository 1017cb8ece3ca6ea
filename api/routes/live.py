"""Changes as they happen."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.auth.callers import Reader
from api.live import Live
from api.routes.base import resource

router = resource("live")


@router.get(
    "/live",
    summary="Hear of every proposal that I may see as it changes",
    description="Server-sent events: `proposal` with the id, state and version; `missed` when something may "
    "have been missed and should be read anew. The stream ends after some minutes: connect again, with the "
    "`Last-Event-ID` you were given.",
    response_class=EventSourceResponse,
)
async def live(
    principal: Reader,
    request: Request,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> AsyncIterator[ServerSentEvent]:
    watching: Live = request.app.state.live
    async with aclosing(watching.watch(principal, again=last_event_id is not None)) as events:
        async for event in events:
            yield event
