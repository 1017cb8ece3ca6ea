"""Webhooks: which programs hear what happens to proposals. Set up by who keeps access. Role: workflow, which
row-level security holds to them."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import BaseModel

from models.access import NotFound
from models.errors import ChargehandError
from store.db import Tx

EventType = Literal[
    "proposal.created",
    "proposal.edited",  # there is a new version; signatures start again
    "proposal.decided",  # one signature, or one refusal
    "proposal.approved",
    "proposal.rejected",
    "proposal.withdrawn",
    "proposal.expired",
    "proposal.returned",  # it is not any more what was signed, and waits for signatures again
    "proposal.executed",
    "proposal.parked",
    "proposal.resumed",  # what was parked goes on
    "proposal.failed",
    "effect.written",
    "effect.parked",
    "effect.failed",
    "report.ready",
    "webhook.test",
]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
TEST: EventType = "webhook.test"  # nobody subscribes to it: it is asked for
SUBSCRIBABLE: tuple[EventType, ...] = tuple(t for t in EVENT_TYPES if t != TEST)

DeliveryState = Literal["ready", "leased", "sent", "parked", "dropped"]
DisabledWhy = Literal["gone", "failing", "by hand"]


class WebhookIsOff(ChargehandError):
    """The webhook {name} is disabled ({why}). Enable it first."""

    status = 409
    retry = "with a fix"


class Webhook(BaseModel):
    """An endpoint, without its secret."""

    webhook_id: UUID
    url: str
    name: str
    types: tuple[EventType, ...]
    generation: int  # of its secret
    rotated_at: datetime | None
    created_by: str
    created_at: datetime
    disabled_at: datetime | None
    disabled_why: DisabledWhy | None
    failing_since: datetime | None  # it took nothing since


class WebhookDelivery(BaseModel):
    """One event for one endpoint, with the latest answer."""

    event_id: UUID  # the webhook-id
    type: EventType
    subject: str
    occurred_at: datetime
    state: DeliveryState
    attempts: int
    settled_at: datetime | None
    next_at: datetime | None
    tried_at: datetime | None
    status: int | None
    milliseconds: int | None
    error: str | None


class WebhookAttempt(BaseModel):
    """How an endpoint answered once."""

    at: datetime
    status: int | None  # None: there was no answer
    milliseconds: int
    error: str | None  # None: it was taken


def add(tx: Tx, *, url: str, name: str, types: tuple[EventType, ...]) -> Webhook:
    """A new endpoint, which hears what happens from now on."""
    made = Webhook.model_validate(tx.records("webhooks.add", url=url, name=name, types=sorted(set(types)))[0])
    tx.audit("webhook.added", _subject(made.webhook_id), types=list(made.types))
    return made


def every(tx: Tx) -> list[Webhook]:
    """The endpoints, the newest first."""
    return tx.rows("webhooks.all", Webhook)


def get(tx: Tx, webhook_id: UUID) -> Webhook:
    """Raises NotFound."""
    found = tx.row("webhooks.get", Webhook, webhook_id=webhook_id)
    if found is None:
        raise NotFound(what="webhook", id=str(webhook_id))
    return found


def rotate(tx: Tx, webhook_id: UUID) -> Webhook:
    """Give it another secret. Raises NotFound."""
    return _changed(tx, webhook_id, "rotate", "webhook.rotated")


def enable(tx: Tx, webhook_id: UUID) -> Webhook:
    """Send it what happens from now on; what it missed can be replayed. Raises NotFound."""
    return _changed(tx, webhook_id, "enable", "webhook.enabled")


def disable(tx: Tx, webhook_id: UUID) -> Webhook:
    """Leave it alone. What is on its way is dropped, and can be replayed. Raises NotFound."""
    found = get(tx, webhook_id)
    if tx.execute("webhooks.disable", webhook_id=webhook_id, why="by hand"):
        tx.execute("webhooks.drop_open", webhook_id=webhook_id)
        tx.audit("webhook.disabled", _subject(webhook_id), why="by hand")
        found = get(tx, webhook_id)
    return found


def remove(tx: Tx, webhook_id: UUID) -> None:
    """Raises NotFound."""
    get(tx, webhook_id)
    tx.execute("webhooks.drop_open", webhook_id=webhook_id)
    tx.execute("webhooks.remove", webhook_id=webhook_id)
    tx.audit("webhook.removed", _subject(webhook_id))


def test(tx: Tx, webhook_id: UUID) -> UUID:
    """Send it an event that says nothing; the event's id. Raises NotFound, WebhookIsOff."""
    _listening(tx, webhook_id)
    event_id: UUID = tx.value("webhooks.add_test", webhook_id=webhook_id)
    return event_id


def replay(
    tx: Tx,
    webhook_id: UUID,
    *,
    event_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Send one event, or those from `since` to before `until`, again under their ids; how many. What is still
    on its way is not counted. Raises NotFound, also for an event that is not known any more, WebhookIsOff."""
    _listening(tx, webhook_id)
    count = tx.execute("webhooks.replay", webhook_id=webhook_id, event_id=event_id, since=since, until=until)
    if event_id is not None and not count and not attempts(tx, webhook_id, event_id):
        raise NotFound(what="event", id=str(event_id))
    tx.audit("webhook.replayed", _subject(webhook_id), events=count)
    return count


def deliveries(tx: Tx, webhook_id: UUID, limit: int) -> list[WebhookDelivery]:
    """What it was sent or is to be sent, newest first. Raises NotFound."""
    get(tx, webhook_id)
    return tx.rows("webhooks.log", WebhookDelivery, webhook_id=webhook_id, limit=limit)


def attempts(tx: Tx, webhook_id: UUID, event_id: UUID) -> list[WebhookAttempt]:
    """How it answered to one event each time, newest first. Raises NotFound."""
    get(tx, webhook_id)
    return tx.rows("webhooks.attempts", WebhookAttempt, webhook_id=webhook_id, event_id=event_id)


def _changed(tx: Tx, webhook_id: UUID, statement: str, action: str) -> Webhook:
    tx.execute(f"webhooks.{statement}", webhook_id=webhook_id)
    found = get(tx, webhook_id)
    tx.audit(action, _subject(webhook_id), generation=found.generation)
    return found


def _listening(tx: Tx, webhook_id: UUID) -> None:
    found = get(tx, webhook_id)
    if found.disabled_why is not None:
        raise WebhookIsOff(name=found.name, why=found.disabled_why)


def _subject(webhook_id: UUID) -> str:
    return f"webhook:{webhook_id}"
