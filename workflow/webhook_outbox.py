"""Events on their way to webhooks, under the same promises as a message to a person: entered in the
transaction that makes it true, leased, sent, settled with a fence. A worker that dies leaves a lease that
runs out, and the event is sent again under the same id. Role: worker."""

import logging
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from models.access import service
from store.db import Database, Tx
from workflow.loop import work_until
from workflow.webhooks import DisabledWhy, EventType

log = logging.getLogger(__name__)

POSTMAN = service("webhooks")
GONE = 410
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
KEPT_DAYS = 30


@dataclass(frozen=True)
class Patience:
    """Seconds. `retries` are those that the Standard Webhooks specification recommends: 76 hours in all."""

    lease: float = 60.0  # longer than an attempt may take: it is not kept alive by a heartbeat
    retries: tuple[float, ...] = (
        *(5.0, 5 * MINUTE, 30 * MINUTE),
        *(hours * HOUR for hours in (2, 5, 10, 14, 20, 24)),
    )
    jitter: float = 0.2  # of a delay, either way: endpoints that failed together do not come back together
    longest_wish: float = DAY  # an endpoint that asks for more time gets no more
    trip_after: int = 5  # outages in a row, until an endpoint is left alone
    probe: float = 30.0  # and for how long at first
    longest_rest: float = 900.0
    failing: float = 5 * DAY  # of nothing but failures, until it is disabled
    overlap: float = DAY  # after a rotation the secret before signs too
    idle: float = 1.0

    def delay(self, attempts: int) -> float | None:
        """How long to wait after so many attempts; None to give up."""
        if attempts > len(self.retries):
            return None
        return self.retries[attempts - 1] * random.uniform(1 - self.jitter, 1 + self.jitter)


@dataclass(frozen=True)
class Parcel:
    """An event that one worker holds for one endpoint."""

    delivery_id: int
    fence: int
    attempts: int  # this one included
    webhook_id: UUID
    url: str
    name: str
    generation: int
    rotated_lately: bool | None
    event_id: UUID
    type: EventType
    data: Mapping[str, Any]
    occurred_at: datetime

    @property
    def mine(self) -> dict[str, int]:
        """What proves the lease."""
        return {"delivery_id": self.delivery_id, "fence": self.fence}


@dataclass(frozen=True)
class Answer:
    """What an endpoint made of an event."""

    status: int | None  # None: there was no answer
    milliseconds: int
    error: str | None = None  # None: it was taken
    retry_after: float | None = None  # seconds that the endpoint asks for

    @property
    def is_outage(self) -> bool:
        """Whether the endpoint is to be left alone, and not this event alone refused."""
        return self.error is not None and (
            self.status is None or self.status >= 500 or self.status in (408, 425, 429)
        )


class Sender(Protocol):
    """Who knows how to reach endpoints."""

    def post(self, parcel: Parcel) -> Answer:
        """Send it once. Raises nothing that an endpoint can cause."""


def run(db: Database, sender: Sender, stop: threading.Event, patience: Patience | None = None) -> None:
    """Send what is due until `stop` is set."""
    patience = patience or Patience()
    work_until(stop, lambda: deliver_once(db, sender, patience), idle_seconds=patience.idle, what="webhooks")


def deliver_once(db: Database, sender: Sender, patience: Patience | None = None) -> bool:
    """Send one event to one endpoint; False when none is due."""
    patience = patience or Patience()
    with db.tx(POSTMAN, "worker") as tx:
        parcel = tx.row(
            "webhooks.claim", Parcel, lease_seconds=patience.lease, overlap_seconds=patience.overlap
        )
    if parcel is None:
        return False
    answer = sender.post(parcel)
    with db.tx(POSTMAN, "worker") as tx:
        _note(tx, parcel, answer, patience)
    return True


def forget(db: Database) -> int:
    """Drop events that are too old to be replayed, with how they were taken; how many."""
    with db.tx(POSTMAN, "worker") as tx:
        return tx.execute("webhooks.forget", days=KEPT_DAYS)


def _note(tx: Tx, parcel: Parcel, answer: Answer, patience: Patience) -> None:
    tx.execute(
        "webhooks.log_attempt",
        delivery_id=parcel.delivery_id,
        status=answer.status,
        milliseconds=answer.milliseconds,
        error=answer.error,
    )
    if answer.error is None:
        tx.execute("webhooks.settle", **parcel.mine, state="sent")
        tx.execute("webhooks.recovered", webhook_id=parcel.webhook_id)
        return
    log.info("webhook %s did not take %s: %s", parcel.webhook_id, parcel.event_id, answer.error)
    _postpone(tx, parcel, answer, patience)
    failing = tx.value(
        "webhooks.failed",
        webhook_id=parcel.webhook_id,
        outage=answer.is_outage,
        trip_after=patience.trip_after,
        probe_seconds=patience.probe,
        longest_seconds=patience.longest_rest,
    )
    if answer.status == GONE:
        _disable(tx, parcel, "gone")
    elif failing >= patience.failing:
        _disable(tx, parcel, "failing")


def _postpone(tx: Tx, parcel: Parcel, answer: Answer, patience: Patience) -> None:
    state: Literal["parked"] = "parked"
    delay = patience.delay(parcel.attempts)
    if delay is None or answer.status == GONE:
        tx.execute("webhooks.settle", **parcel.mine, state=state)
        return
    wished = min(answer.retry_after or 0.0, patience.longest_wish)
    tx.execute("webhooks.release", **parcel.mine, after_seconds=max(delay, wished))


def _disable(tx: Tx, parcel: Parcel, why: DisabledWhy) -> None:
    """Aloud: who keeps the installation hears it once."""
    if not tx.execute("webhooks.disable", webhook_id=parcel.webhook_id, why=why):
        return
    tx.execute("webhooks.drop_open", webhook_id=parcel.webhook_id)
    tx.execute("webhooks.tell_keepers", text=_TOLD[why].format(name=parcel.name))
    tx.audit("webhook.disabled", f"webhook:{parcel.webhook_id}", why=why)


_TOLD: Mapping[DisabledWhy, str] = {
    "gone": "The webhook “{name}” is disabled: its address answered that it is gone for good.",
    "failing": "The webhook “{name}” is disabled: for days it took nothing that it was sent. Enable it when"
    " it is mended, and replay what it missed.",
}
