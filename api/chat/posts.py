"""Messages that show a proposal, drawn anew when it moves: whoever decides, wherever, buttons go and the
outcome comes on every surface. The database marks a message as outdated in the transaction that moves the
proposal; a worker draws what is so now, so that a lost or late attempt does no harm."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from api.auth.people import find_person
from api.chat.accounts import ChatSurface
from models.access import NotFound, Principal, service
from models.errors import ChargehandError
from store.db import Database, Tx
from workflow.cards import ProposalCard
from workflow.deliveries import SurfaceDown
from workflow.service import Workflow

CLERK = service("messages")
MOST_ATTEMPTS = 8
LEASE_S = 60.0
OUTAGE_S = 15.0
IDLE_S = 0.5

log = structlog.get_logger(__name__)


class PostGone(ChargehandError):
    """The message on {surface} can no longer be changed: {reason}"""

    status = 410


@dataclass(frozen=True)
class Post:
    """A message that shows a proposal to one reader, leased to be drawn."""

    post_id: int
    surface: ChatSurface
    workspace: str
    channel: str
    reference: str  # the message's id in the channel
    service_url: str | None
    proposal_id: UUID
    reader_id: str
    stale_since: datetime
    attempts: int
    fence: int


class Poster(Protocol):
    """A surface whose messages can be changed."""

    @property
    def name(self) -> ChatSurface: ...

    def update(self, post: Post, reader: Principal | None, card: ProposalCard | None) -> None:
        """Show what is so now; None: the reader works here no more, or may not see it. Safe to repeat. Raises
        SurfaceDown for later, PostGone where there is nothing to change any more."""


def record(
    tx: Tx,
    card: ProposalCard,
    *,
    drawn_at: datetime,
    surface: ChatSurface,
    workspace: str,
    channel: str,
    reference: str,
    reader_id: str,
    service_url: str | None = None,
) -> None:
    """The message shows the card to its reader. `drawn_at`: when the card was read, so that what moved since
    then is not missed. Role: worker, or agent for what is shown to oneself."""
    tx.execute(
        "chat.add_post",
        surface=surface,
        workspace=workspace,
        channel=channel,
        reference=reference,
        service_url=service_url,
        proposal_id=card.proposal_id,
        reader_id=reader_id,
        version=card.version,
        state=card.state,
        since=drawn_at,
    )


def reader(tx: Tx, person_id: str, surface: ChatSurface) -> Principal | None:
    """Whose eyes a message is for; None where they work here no more. Role: worker or gate."""
    row = find_person(tx, person_id)
    return row.principal(surface) if row else None


def run(db: Database, posters: Sequence[Poster], stop: threading.Event) -> None:
    """Draw what is outdated until `stop` is set."""
    while not stop.is_set():
        try:
            drawn = [draw_once(db, poster) for poster in posters]
        except Exception:
            log.exception("posts.lost")  # its lease will run out
            drawn = []
        if not any(drawn):
            stop.wait(IDLE_S)


def draw_once(db: Database, poster: Poster) -> bool:
    """Draw one message of a surface; False when none is outdated."""
    with db.tx(CLERK, "worker") as tx:
        post = tx.row("chat.claim_post", Post, surface=poster.name, lease_seconds=LEASE_S)
        whose = reader(tx, post.reader_id, poster.name) if post else None
    if post is None:
        return False
    try:
        poster.update(post, whose, _card(db, whose, post.proposal_id))
    except SurfaceDown as e:
        with db.tx(CLERK, "worker") as tx:
            tx.execute("deliveries.pause", surface=poster.name, after_seconds=OUTAGE_S)
        _put_back(db, post, e, after=OUTAGE_S, give_back=True)
    except PostGone as e:
        _put_back(db, post, e, gone=True)
    except Exception as e:
        log.warning("post %s could not be drawn", post.post_id, reason=type(e).__name__, exc_info=True)
        _put_back(db, post, e, after=2.0**post.attempts, gone=post.attempts >= MOST_ATTEMPTS)
    else:
        with db.tx(CLERK, "worker") as tx:
            tx.execute(
                "chat.post_drawn", post_id=post.post_id, fence=post.fence, stale_since=post.stale_since
            )
    return True


def _card(db: Database, reader: Principal | None, proposal_id: UUID) -> ProposalCard | None:
    if reader is None:
        return None
    try:
        return Workflow(db).card(reader, proposal_id)
    except NotFound:
        return None


def _put_back(
    db: Database,
    post: Post,
    error: Exception,
    *,
    after: float = 0.0,
    gone: bool = False,
    give_back: bool = False,
) -> None:
    with db.tx(CLERK, "worker") as tx:
        tx.execute(
            "chat.post_put_back",
            post_id=post.post_id,
            fence=post.fence,
            error=f"{type(error).__name__}: {error}"[:500],
            after_seconds=after,
            gone=gone,
            give_back=give_back,
        )
