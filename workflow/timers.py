"""Timers are columns: remind, escalate, then expire aloud. Nothing is denied in silence, and nothing is
lost when a clock stands still: the next look finds it. Role: workflow, as Chargehand's own clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from models.errors import ChargehandError
from store.db import Tx
from workflow.decide import expire
from workflow.docket import Docket
from workflow.notices import tell
from workflow.questions import unanswered
from workflow.revise import refresh

Rung = Literal["expired", "escalated", "reminded"]


@dataclass(frozen=True)
class Swept:
    """What a sweep did."""

    reminded: int = 0
    escalated: int = 0
    expired: int = 0
    failed: int = 0  # proposals whose timers could not be rung; they are tried again


@dataclass(frozen=True)
class _Timers:
    expires_at: datetime
    remind_at: datetime | None
    escalate_at: datetime | None


def due(tx: Tx, now: datetime, limit: int = 500) -> list[UUID]:
    """Proposals whose timer has rung, the longest overdue first."""
    return [row["proposal_id"] for row in tx.records("proposals.due", now=now, limit=limit)]


def ring(tx: Tx, proposal_id: UUID, now: datetime) -> Rung | None:
    """Do what the proposal's timer asks for; None when somebody was faster."""
    docket = Docket.locked(tx, proposal_id)
    timers = tx.row("proposals.timers", _Timers, proposal_id=proposal_id)
    if timers is None or docket.current.state != "pending":
        return None
    if timers.expires_at <= now:
        expire(docket)
        return "expired"
    if timers.escalate_at and timers.escalate_at <= now:
        _escalate(docket, now)
        return "escalated"
    if timers.remind_at and timers.remind_at <= now:
        _remind(docket, now)
        return "reminded"
    return None


def _remind(docket: Docket, now: datetime) -> None:
    """Remind those who have not signed, and in place of who waits for an answer, who must give it; first the
    gate is brought up to the firm's records."""
    docket = _refreshed(docket)
    current = docket.current
    hours = docket.rule.gate.remind_hours(current.step)
    docket.tx.execute(
        "proposals.remind_again", proposal_id=current.proposal_id, at=now + timedelta(hours=hours)
    )
    waiting = unanswered(docket.tx, current.proposal_id, current.version)
    for question in waiting:
        tell(
            docket.tx,
            current.proposal_id,
            question.asked_of,
            kind="question",
            event=f"reminder:{question.question_id}:{now.isoformat()}",
            text=f"{question.asker_name or question.asker_id} waits for your answer about “{current.title}”:"
            f" {question.question}",
        )
    tell(
        docket.tx,
        current.proposal_id,
        {a.person_id for a in docket.waited_for} - {q.asker_id for q in waiting},
        kind="reminder",
        event=f"reminder:{current.version}:{current.step}:{now.isoformat()}",
        text=f"“{current.title}” waits for your signature until {current.expires_at:%Y-%m-%d %H:%M %Z}.",
    )


def _escalate(docket: Docket, now: datetime) -> None:
    """Let the step's fallback sign too, and say so to everybody it concerns."""
    docket.tx.execute("proposals.mark_escalated", proposal_id=docket.current.proposal_id, now=now)
    docket = _refreshed(docket.again())
    current = docket.current
    tell(
        docket.tx,
        current.proposal_id,
        [current.proposer_id, *(a.person_id for a in docket.waited_for)],
        kind="escalation",
        event=f"escalation:{current.version}:{current.step}",
        text=f"Nobody signed “{current.title}” yet. It expires at {current.expires_at:%Y-%m-%d %H:%M %Z}.",
    )


def _refreshed(docket: Docket) -> Docket:
    try:
        refresh(docket)
    except ChargehandError:
        # It cannot be signed as things are: the records contradict it, or nobody may. Who opens it is told
        # why, and it expires aloud.
        return docket
    return docket.again()
