"""How proposals go through the gates: what waits now, and where a period's waiting fell. Role: agent, so each
caller reads of what they may see; a practice's lead has no firm-wide figure to be held against, because in a
small firm it would be somebody's own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from models.rates import rate
from store.db import Tx
from workflow.insight.views import (
    AGE_BOUNDS,
    CircuitEvent,
    Days,
    Flow,
    Outcomes,
    PersonLoad,
    PracticeWeek,
    Queue,
    QueuedFor,
    Queues,
    Rate,
    Slot,
    StepLoad,
)

T = TypeVar("T", bound=BaseModel)

MOST_PEOPLE = 15
MOST_EVENTS = 20
WEEKS = 8  # of booked and worked hours


def queues(tx: Tx, practice: str | None = None) -> Queues:
    """What waits now: by rule and step, and by person."""
    rows = tx.records("insight.queues", practice=practice, bounds=list(AGE_BOUNDS), limit=MOST_PEOPLE)
    people = [row for row in rows if row["person_id"]]
    total, steps = _parted([row for row in rows if not row["person_id"]], "rule")
    return Queues(
        waiting=total["waiting"] if total else 0,
        oldest_hours=total["oldest_hours"] if total else None,
        median_hours=total["median_hours"] if total else None,
        p90_hours=total["p90_hours"] if total else None,
        spread=total["spread"] if total else (0,) * (len(AGE_BOUNDS) + 1),
        by_step=tuple(_told(Queue, row) for row in steps),
        by_person=tuple(_told(QueuedFor, _named(row)) for row in people),
    )


def flow(tx: Tx, now: datetime, days: Days, practice: str | None = None) -> Flow:
    """The last `days` days: outcomes, how long they took, where the time went, and what was down."""
    since = now - timedelta(days=days)
    asked = {"since": since, "practice": practice}
    total, kinds = _parted(tx.records("insight.outcomes", **asked, bounds=list(AGE_BOUNDS)), "kind")
    load = tx.records("insight.load", **asked)
    trend = tx.rows(
        "insight.trend",
        Slot,
        **asked,
        zone=tx.principal.timezone,
        unit="week" if days > 30 else "day",
    )
    return Flow(
        days=days,
        since=since,
        practice=practice,
        total=_outcomes(total) if total else None,
        by_kind=tuple(_outcomes(row) for row in kinds),
        steps=tuple(StepLoad(**row) for row in load if row["rule"]),
        people=tuple(PersonLoad(**_named(row)) for row in load if row["person_id"])[:MOST_PEOPLE],
        trend=tuple(trend),
        circuits=tuple(tx.rows("insight.circuit_history", CircuitEvent, since=since, limit=MOST_EVENTS)),
    )


def practices(tx: Tx) -> list[str]:
    """Those that the caller may choose from."""
    return [row["practice"] for row in tx.records("insight.practices")]


def hours(tx: Tx, now: datetime, practice: str | None = None) -> list[PracticeWeek]:
    """Capacity, booked and worked hours of the last whole weeks, by practice and week."""
    monday = now.date() - timedelta(days=now.weekday())
    return tx.rows(
        "insight.practice_hours",
        PracticeWeek,
        first_week=monday - timedelta(weeks=WEEKS),
        last_week=monday - timedelta(weeks=1),
        practice=practice,
    )


def _parted(
    rows: Sequence[dict[str, Any]], key: str
) -> tuple[dict[str, Any] | None, Sequence[dict[str, Any]]]:
    """The row of all of them, and the others."""
    total = next((row for row in rows if row[key] is None), None)
    return total, [row for row in rows if row[key] is not None]


def _outcomes(row: dict[str, Any]) -> Outcomes:
    counts = {k: v for k, v in row.items() if k not in ("overturned", "verdicts", "rejects")}
    return Outcomes(
        **counts,
        expiry=_rate(row["expired"], row["ended"]),
        overturn=_rate(row["overturned"], row["ended"]),
        rejects=_rate(row["rejects"], row["verdicts"]),
    )


def _rate(count: int, of: int) -> Rate:
    return Rate(count=count, of=of, interval=rate(count, of))


def _told(as_: type[T], row: dict[str, Any]) -> T:
    """What of a row such a view has."""
    return as_(**{name: row[name] for name in as_.model_fields})


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"name": row["name"] or row["person_id"]}
