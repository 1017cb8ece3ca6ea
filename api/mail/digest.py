"""What a day's mail holds: read when it is sent, through its reader's eyes, so that it is true then and shows
nothing that the reader may not see any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models.access import Principal
from store.db import Database, Tx
from workflow.cards import ProposalSummary
from workflow.deliveries import Heard, Message
from workflow.inbox import inbox

MOST = 15  # lines of each part; the rest is counted


@dataclass(frozen=True)
class Told:
    """One thing that the reader was told."""

    kind: Heard
    text: str
    proposal_id: UUID | None
    created_at: datetime


@dataclass(frozen=True)
class Digest:
    """A day for one reader."""

    day: date  # in the reader's zone
    waiting: Sequence[ProposalSummary]
    waiting_total: int
    news: Sequence[Told]
    news_total: int

    @property
    def is_empty(self) -> bool:
        return not self.waiting_total and not self.news_total


@dataclass(frozen=True)
class _Counted:
    kind: Heard
    text: str
    proposal_id: UUID | None
    created_at: datetime
    total: int

    @property
    def told(self) -> Told:
        return Told(self.kind, self.text, self.proposal_id, self.created_at)


def digest_of(db: Database, message: Message) -> Digest:
    """What the reader chose to hear once a day, since the last one. Role: agent."""
    reader = Principal(
        message.person_id, message.name, (), "mail", timezone=message.timezone, email=message.email or ""
    )
    day = message.created_at.astimezone(ZoneInfo(message.timezone)).date()
    with db.tx(reader, "agent") as tx:
        kinds: list[Heard] = tx.value("digests.kinds") or []
        waiting, waiting_total = _waiting(tx) if "card" in kinds else ((), 0)
        found = tx.rows(
            "digests.news",
            _Counted,
            kinds=[k for k in kinds if k != "card"],
            at=message.created_at,
            limit=MOST,
        )
    return Digest(
        day=day,
        waiting=waiting,
        waiting_total=waiting_total,
        news=[f.told for f in found],
        news_total=found[0].total if found else 0,
    )


def _waiting(tx: Tx) -> tuple[Sequence[ProposalSummary], int]:
    """By money and deadline, as the inbox ranks them."""
    return inbox(tx, box="mine", limit=MOST).items, int(tx.value("inbox.waiting"))
