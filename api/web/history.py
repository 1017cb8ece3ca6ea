"""What happened to a proposal, in one line of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.web.changes import Change, between
from workflow.cards import DeclinedItem, HandoverView, ProposalCard, QuestionView, Signature, VersionView


@dataclass(frozen=True)
class Event:
    """One thing that happened: what it is about has the rest."""

    kind: Literal["version", "verdict", "question", "answer", "handover", "left_out"]
    at: datetime
    version: int
    of: VersionView | Signature | QuestionView | HandoverView | DeclinedItem
    changes: Sequence[Change] = ()  # of a version, since the one before


def history(card: ProposalCard) -> list[Event]:
    """All that happened, the newest first. Verdicts on versions before stay on record and no longer count."""
    found = [*_versions(card), *_verdicts(card), *_talk(card)]
    found += [Event("handover", h.handed_at, card.version, h) for h in card.handovers]
    found += [Event("left_out", d.declined_at, d.version, d) for d in card.declined_items]
    return sorted(found, key=lambda event: event.at, reverse=True)


def _versions(card: ProposalCard) -> Iterator[Event]:
    for before, v in zip([None, *card.versions], card.versions, strict=False):
        changes = between(before.action, v.action) if before else ()
        yield Event("version", v.created_at, v.version, v, changes)


def _verdicts(card: ProposalCard) -> Iterator[Event]:
    for step in card.steps:
        yield from (Event("verdict", s.decided_at, card.version, s) for s in step.signatures)
    yield from (Event("verdict", e.signature.decided_at, e.version, e.signature) for e in card.earlier)


def _talk(card: ProposalCard) -> Iterator[Event]:
    for q in card.questions:
        yield Event("question", q.asked_at, q.version, q)
        if q.answered_at:
            yield Event("answer", q.answered_at, q.version, q)
