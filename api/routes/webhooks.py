"""Webhooks: programs that hear what happens. For administrators. Replies that hold a secret are not kept."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response, status
from pydantic import AwareDatetime, BaseModel, Field

from api.auth.callers import Keeper, Wired
from api.routes.base import Body, Limit, resource
from api.webhooks.endpoints import NewSecret, Sent
from workflow.webhooks import EventType, Webhook, WebhookAttempt

router = resource("access", problems=(404, 409, 422), keeps_replies=False)


class WebhookWanted(Body):
    url: Annotated[str, Field(min_length=1, max_length=2_000, description="https, and not inside the firm")]
    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for")]
    types: Annotated[frozenset[EventType], Field(description="None: everything")] = frozenset()


class Span(Body):
    since: AwareDatetime
    until: AwareDatetime | None = None  # not included; now if not said


class Replayed(BaseModel):
    events: int  # that are sent again; those still on their way are not counted


class TestSent(BaseModel):
    event_id: UUID


@router.get("/webhooks", summary="Who hears what happens")
def every(principal: Keeper, app: Wired) -> list[Webhook]:
    return app.webhooks.every(principal)


@router.post(
    "/webhooks", status_code=status.HTTP_201_CREATED, summary="Add an endpoint; its secret is shown once"
)
def add(body: WebhookWanted, principal: Keeper, app: Wired) -> NewSecret:
    return app.webhooks.add(principal, url=body.url, name=body.name, types=sorted(body.types))


@router.delete("/webhooks/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove an endpoint")
def remove(webhook_id: UUID, principal: Keeper, app: Wired) -> Response:
    app.webhooks.remove(principal, webhook_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/webhooks/{webhook_id}/rotations", summary="Another secret; for a day the one before signs beside it"
)
def rotate(webhook_id: UUID, principal: Keeper, app: Wired) -> NewSecret:
    return app.webhooks.rotate(principal, webhook_id)


@router.post("/webhooks/{webhook_id}/enable", summary="Send it what happens from now on")
def enable(webhook_id: UUID, principal: Keeper, app: Wired) -> Webhook:
    return app.webhooks.enable(principal, webhook_id)


@router.post("/webhooks/{webhook_id}/disable", summary="Send it nothing for a while")
def disable(webhook_id: UUID, principal: Keeper, app: Wired) -> Webhook:
    return app.webhooks.disable(principal, webhook_id)


@router.post(
    "/webhooks/{webhook_id}/tests", status_code=status.HTTP_202_ACCEPTED, summary="Send it a test event"
)
def test(webhook_id: UUID, principal: Keeper, app: Wired) -> TestSent:
    return TestSent(event_id=app.webhooks.test(principal, webhook_id))


@router.get(
    "/webhooks/{webhook_id}/deliveries", summary="What it was sent, newest first, and what it answered"
)
def deliveries(webhook_id: UUID, principal: Keeper, app: Wired, limit: Limit = 50) -> list[Sent]:
    return app.webhooks.deliveries(principal, webhook_id, limit)


@router.get("/webhooks/{webhook_id}/deliveries/{event_id}", summary="How it answered each time")
def attempts(webhook_id: UUID, event_id: UUID, principal: Keeper, app: Wired) -> list[WebhookAttempt]:
    return app.webhooks.attempts(principal, webhook_id, event_id)


@router.post(
    "/webhooks/{webhook_id}/deliveries/{event_id}/replays",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Send an event again, under its id",
)
def replay_one(webhook_id: UUID, event_id: UUID, principal: Keeper, app: Wired) -> Replayed:
    return Replayed(events=app.webhooks.replay_one(principal, webhook_id, event_id))


@router.post(
    "/webhooks/{webhook_id}/replays",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Send what happened in a time again, under the same ids",
)
def replay(webhook_id: UUID, body: Span, principal: Keeper, app: Wired) -> Replayed:
    until = body.until or datetime.now(UTC)
    return Replayed(events=app.webhooks.replay(principal, webhook_id, since=body.since, until=until))
