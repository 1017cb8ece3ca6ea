"""What people hear outside our pages, sent once: the same promises as for the effect ledger. A message was
entered when what it says became true; a worker that dies leaves a lease that runs out; what may have left is
looked up where the surface can tell, and sent again under the same key where it cannot. Role: worker."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from models.access import service
from models.errors import ChargehandError
from store.db import Database
from workflow.loop import work_until

log = logging.getLogger(__name__)

CLERK = service("messages")
MOST_ATTEMPTS = 8

SurfaceName = Literal["mail", "slack", "teams"]
Heard = Literal[
    "card",
    "outcome",
    "reminder",
    "escalation",
    "report",
    "delegation",
    "question",
    "answer",
    "operations",  # what those who keep the installation must know
    "digest",  # a day in one mail
]


class SurfaceDown(ChargehandError):
    """{surface} does not take messages now: {reason}. It will be tried again."""

    status = 503
    retry = "later"


class Undeliverable(ChargehandError):
    """{surface} refuses the message to {person_id}: {reason}"""

    status = 422


class NothingToSay(ChargehandError):
    """There is nothing to tell {person_id} any more."""

    status = 404


class Unreachable(ChargehandError):
    """{person_id} is not to be found on {surface}."""

    status = 404


@dataclass(frozen=True)
class Message:
    """What one person hears about one thing."""

    key: str  # the same for every attempt: a surface that knows it shows it once
    person_id: str
    name: str
    email: str | None
    timezone: str  # IANA name, of the person's office
    kind: Heard
    title: str | None  # of the proposal it is about
    text: str
    proposal_id: UUID | None
    thread_id: UUID | None  # the conversation that asked
    created_at: datetime


class Surface(Protocol):
    """A place where people hear things."""

    @property
    def name(self) -> SurfaceName: ...

    def send(self, message: Message) -> str:
        """Send it; its reference there. Raises SurfaceDown where it certainly did not leave, Undeliverable
        where it never will, Unreachable where the person is not there at all, NothingToSay where it is
        not worth sending; any other exception means that it may have left."""

    def find(self, message: Message) -> str | None:
        """The reference of an earlier attempt that arrived, or None where none did or nobody can tell."""


@dataclass(frozen=True)
class Lease:
    """A message that one worker holds."""

    delivery_id: int
    fence: int
    attempts: int  # this one included
    sent_at: datetime | None  # the last time an earlier attempt may have left
    notice_id: int
    person_id: str
    name: str
    email: str | None
    timezone: str
    kind: Heard
    text: str
    proposal_id: UUID | None
    thread_id: UUID | None
    created_at: datetime
    title: str | None
    still_news: bool

    @property
    def mine(self) -> dict[str, int]:
        """What proves the lease."""
        return {"delivery_id": self.delivery_id, "fence": self.fence}

    @property
    def message(self) -> Message:
        return Message(
            key=f"notice-{self.notice_id}",
            person_id=self.person_id,
            name=self.name,
            email=self.email,
            timezone=self.timezone,
            kind=self.kind,
            title=self.title,
            text=self.text,
            proposal_id=self.proposal_id,
            thread_id=self.thread_id,
            created_at=self.created_at,
        )


@dataclass(frozen=True)
class Patience:
    """Seconds."""

    lease: float = 60.0  # longer than any surface's own time-out: a message is not kept alive by a heartbeat
    outage: float = 30.0  # until a surface that is down is tried again
    longest_backoff: float = 600.0
    idle: float = 1.0


def enable(db: Database, surfaces: Sequence[Surface]) -> None:
    """Let what people hear from now on be entered for these surfaces, and for no others."""
    on = {s.name for s in surfaces}
    with db.tx(CLERK, "worker") as tx:
        for name in ("mail", "slack", "teams"):
            tx.execute("deliveries.enable", surface=name, enabled=name in on)


def run(
    db: Database, surfaces: Sequence[Surface], stop: threading.Event, patience: Patience | None = None
) -> None:
    """Send what is due until `stop` is set."""
    patience = patience or Patience()

    def sent() -> bool:
        return sum(deliver_once(db, surface, patience) for surface in surfaces) > 0

    work_until(stop, sent, idle_seconds=patience.idle, what="messages")


def deliver_once(db: Database, surface: Surface, patience: Patience | None = None) -> bool:
    """Send one message of a surface; False when none is due."""
    patience = patience or Patience()
    with db.tx(CLERK, "worker") as tx:
        lease = tx.row("deliveries.claim", Lease, surface=surface.name, lease_seconds=patience.lease)
    if lease is None:
        return False
    if not lease.still_news:
        _settle(db, lease, "dropped", error="decided or heard elsewhere before it was sent")
    elif lease.attempts > MOST_ATTEMPTS:
        _settle(db, lease, "parked", error=f"tried {MOST_ATTEMPTS} times")
    else:
        _attempt(db, surface, lease, patience)
    return True


def _attempt(db: Database, surface: Surface, lease: Lease, patience: Patience) -> None:
    reached = False
    try:
        reference = surface.find(lease.message) if lease.sent_at else None
        if reference is None:
            with db.tx(CLERK, "worker") as tx:
                if not tx.execute("deliveries.mark_sent", **lease.mine):
                    return  # the lease ran out, and another worker has it
            reached = True
            reference = surface.send(lease.message)
    except SurfaceDown as e:
        with db.tx(CLERK, "worker") as tx:
            tx.execute("deliveries.pause", surface=surface.name, after_seconds=patience.outage)
        _release(db, lease, e, after=patience.outage, give_back=True, reached=False)
    except Undeliverable as e:
        _settle(db, lease, "parked", error=str(e))
    except (Unreachable, NothingToSay) as e:
        _settle(db, lease, "dropped", error=str(e))
    except Exception as e:
        log.warning("delivery %s may have left: %r", lease.delivery_id, e)
        after = min(2.0**lease.attempts, patience.longest_backoff)
        _release(db, lease, e, after=after, give_back=False, reached=reached)
    else:
        _settle(db, lease, "sent", reference=reference)


def _settle(
    db: Database,
    lease: Lease,
    state: Literal["sent", "dropped", "parked"],
    *,
    reference: str | None = None,
    error: str | None = None,
) -> None:
    with db.tx(CLERK, "worker") as tx:
        tx.execute("deliveries.settle", **lease.mine, state=state, reference=reference, error=error)


def _release(
    db: Database, lease: Lease, error: Exception, *, after: float, give_back: bool, reached: bool
) -> None:
    with db.tx(CLERK, "worker") as tx:
        tx.execute(
            "deliveries.release",
            **lease.mine,
            error=str(error),
            after_seconds=after,
            give_back=give_back,
            reached=reached,
            sent_before=lease.sent_at,
        )
