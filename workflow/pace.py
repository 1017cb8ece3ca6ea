"""Reading and signing: when somebody had a card before them, and whether they sign faster than they read.

A person reads 238 words of English prose a minute (Brysbaert 2019, 'How many words do we read per minute? A
review and meta-analysis of reading rate', Journal of Memory and Language 109, mean over 190 studies). Nothing
is blocked by this and nothing is approved: it is a hint to the reader. Role: agent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from store.db import Tx
from workflow.cards import Pace, ProposalCard

WORDS_A_MINUTE = 238
FLOOR_SECONDS = 5.0  # nothing is read and weighed in less
RUN = 5  # approvals in a row that are too fast, before anybody is told
LOOK_BACK = 50  # of the last approvals


@dataclass(frozen=True)
class _Signed:
    proposal_id: UUID
    opened_at: datetime | None  # None: they never had it before them
    decided_at: datetime
    action: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]

    @property
    def needs(self) -> float:
        return reading_seconds(self.action, self.evidence)

    @property
    def took(self) -> float:
        return (self.decided_at - self.opened_at).total_seconds() if self.opened_at else 0.0


def opened(tx: Tx, cards: Sequence[ProposalCard]) -> None:
    """Note that the caller has the cards before them, where something is asked of them: the first time
    counts."""
    if asked := [card for card in cards if card.why_you]:
        tx.execute(
            "pace.opened", proposals=[c.proposal_id for c in asked], versions=[c.version for c in asked]
        )


def pace(tx: Tx) -> Pace | None:
    """What the caller's last approvals say: a run of at least RUN, each faster than reading it takes. None
    when there is no such run. A card that was opened early counts as read for as long as it was open."""
    last = tx.rows("pace.last_approvals", _Signed, limit=LOOK_BACK)
    fast = list(takewhile(lambda s: s.took < s.needs, last))
    if len(fast) < RUN:
        return None
    began = min(s.opened_at or s.decided_at for s in fast)
    return Pace(
        signed=len(fast),
        seconds=(fast[0].decided_at - began).total_seconds(),
        reading_seconds=sum(s.needs for s in fast),
    )


def reading_seconds(action: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> float:
    """How long it takes to read what will be written and what it rests on, as JSON has them."""
    words = sum(len(text.split()) for part in (action, evidence) for text in _texts(part))
    return max(FLOOR_SECONDS, words * 60 / WORDS_A_MINUTE)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        yield str(value)
        return
    for part in value:
        yield from _texts(part)
