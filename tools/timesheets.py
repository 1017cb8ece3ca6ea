"""Time entries: the strange ones with the reason and the money at stake, and proposing to return them to
their owners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from models.actions import ReturnedEntry, ReturnTimeEntries
from models.evidence import Citation, RecordCitation
from models.money import Money
from models.predict.time_simulation import Kind
from models.predict.timesheets import score
from store.shelf import Shelved
from tools.confidence import probability
from tools.lookup import find_project
from tools.money import Converter
from tools.registry import Limits, Tool, ToolContext, ToolResult
from tools.staffing import must_sign
from workflow.propose import Draft, propose_once

MODEL = "time-anomaly"
READ = 40_000  # entries looked at in one call
SHOWN = 12  # strange ones; more in a batch would not be read one by one
LIMITS = Limits(seconds=60)  # without a fitted model, one is fitted on the entries themselves
ROUNDING = 30  # minutes at stake where time was rounded up: more is not known
COLUMNS = (
    "entry_id",
    "person_id",
    "project_id",
    "work_item_id",
    "activity",
    "started_at",
    "ended_at",
    "minutes",
    "planned_minutes",
)


class CheckTime(BaseModel):
    """Which time entries."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str | None, Field(description="All visible projects if not said")] = None
    since: Annotated[date | None, Field(description="First day; last week if not said")] = None
    until: date | None = None


class ProposeReturns(CheckTime):
    entry_ids: Annotated[
        list[str] | None, Field(max_length=50, description="Only these of the strange entries")
    ] = None


@dataclass(frozen=True)
class Strange:
    """An entry that the detector flags."""

    row: Mapping[str, Any]
    score: float
    kinds: tuple[Kind, ...]
    reason: str
    at_stake: Money  # in the project's currency
    probability: Decimal | None  # that something is wrong with it, by the model in service

    def citation(self) -> Citation:
        hours = Decimal(self.row["minutes"]) / 60
        says = f"{hours:.1f} h by {self.row['person']} on {self.row['started_at']:%-d %b %Y}: {self.reason}"
        return RecordCitation(record="time_entry", id=self.row["entry_id"], says=says)


def check_time(ctx: ToolContext, asked: CheckTime) -> ToolResult:
    """The strange entries, the most money first."""
    since, until = _days(ctx.now.date(), asked)
    strange, looked_at, says_model = _strange(ctx, asked, since, until)
    days = f"{since:%-d %b} to {until:%-d %b %Y}"
    if not strange:
        text = f"{looked_at:,} time entries from {days}: none of them is strange. {says_model}"
        return ToolResult(text=text, data={"entries": [], "looked_at": looked_at})
    lines = [f"{looked_at:,} time entries from {days}; these {len(strange)} are worth a second look:"]
    lines += [f"{n}. {_line(s)}" for n, s in enumerate(strange, 1)]
    return ToolResult(
        text="\n".join([*lines, says_model]),
        data={
            "since": since.isoformat(),
            "until": until.isoformat(),
            "looked_at": looked_at,
            "entries": [_shown(s) for s in strange],
            "model": says_model,
        },
        citations=tuple(s.citation() for s in strange),
    )


def propose_returns(ctx: ToolContext, asked: ProposeReturns) -> ToolResult:
    """Propose to return strange entries to their owners, as one batch that can be accepted in part."""
    since, until = _days(ctx.now.date(), asked)
    strange, _, says_model = _strange(ctx, asked, since, until)
    waiting = {r["entry_id"] for r in ctx.tx.records("timesheets.waiting_returns")}
    if asked.entry_ids is not None:
        strange = [s for s in strange if s.row["entry_id"] in asked.entry_ids]
    strange = [
        s
        for s in strange
        if s.row["entry_id"] not in waiting and s.row["person_id"] != ctx.principal.person_id
    ]
    if not strange:
        return ToolResult(text="There is no strange entry to return that is not proposed already.", data={})
    action = ReturnTimeEntries(
        period_starts_on=since, period_ends_on=until, items=tuple(_returned(s) for s in strange)
    )
    evidence = tuple(s.citation() for s in strange)
    card = propose_once(
        ctx.tx,
        Draft(
            action=action,
            evidence=evidence,
            explanation={"entries": [_shown(s) for s in strange], "model": says_model},
            tool=RETURN.name,
            tool_version=RETURN.version,
            thread_id=ctx.thread_id,
            confidence=min((s.probability for s in strange if s.probability is not None), default=None),
        ),
    )
    return ToolResult(
        text=f"Proposed: {card.title}. {must_sign(card)}",
        data={"proposal_id": str(card.proposal_id), "entries": [_shown(s) for s in strange]},
        citations=evidence,
        proposals=(card.proposal_id,),
    )


def _days(today: date, asked: CheckTime) -> tuple[date, date]:
    """The days asked for, or last week, Monday to Sunday."""
    monday = today - timedelta(days=today.weekday() + 7)
    since = asked.since or monday
    return since, asked.until or max(since, monday + timedelta(days=6))


def _strange(ctx: ToolContext, asked: CheckTime, since: date, until: date) -> tuple[list[Strange], int, str]:
    """The flagged entries by money at stake, how many were looked at, and by what."""
    project_id = find_project(ctx, asked.project).id if asked.project else None
    rows = ctx.tx.records("timesheets.entries", since=since, until=until, project_id=project_id, limit=READ)
    if not rows:
        return [], 0, ""
    frame = pd.DataFrame(rows)[list(COLUMNS)]
    frame["planned_minutes"] = frame["planned_minutes"].astype(float)
    shelved = ctx.shelf.serving(ctx.tx, MODEL)
    if isinstance(shelved, Shelved):
        scored, says = shelved.model.predict(frame), f"Found by time model {shelved.version}."
    else:
        scored, says = score(frame), "No time model is in service: entries were compared with one another."
    convert = Converter.of(ctx)
    found = [
        _judged(row, verdict, convert, fitted=isinstance(shelved, Shelved))
        for row, verdict in zip(rows, scored.to_dict("records"), strict=True)
        if verdict["flagged"]
    ]
    found.sort(key=lambda s: (-s.score, s.row["entry_id"]))
    kept = found[:SHOWN]
    return sorted(kept, key=lambda s: (-s.at_stake.amount, s.row["entry_id"])), len(rows), says


def _judged(
    row: Mapping[str, Any], verdict: Mapping[Any, Any], convert: Converter, *, fitted: bool
) -> Strange:
    """`fitted`: by a model that learnt from the firm's history. Entries compared with one another get a score
    too, which is no probability."""
    kinds: tuple[Kind, ...] = tuple(k for k in str(verdict["kinds"]).split(";") if k)  # type: ignore[misc]
    currency = row["project_currency"]
    hours = Decimal(_minutes_at_stake(row, kinds)) / 60
    rate = Money(amount=row["bill_rate"] or Decimal(0), currency=row["currency"] or currency)
    stake = convert(rate * hours, currency).rounded()
    score = float(verdict["score"])
    chance = probability(score) if fitted else None
    return Strange(row, score, kinds, str(verdict["reason"]), stake, chance)


def _minutes_at_stake(row: Mapping[str, Any], kinds: Sequence[Kind]) -> int:
    """What the client would be billed for wrongly: all of it, unless only its length is in doubt."""
    minutes = int(row["minutes"])
    doubts_length = set(kinds) <= {"inflated_hours", "rounded_up"}
    if not kinds or not doubts_length:
        return minutes
    planned = int(row["planned_minutes"] or 0)
    if "inflated_hours" in kinds:
        return max(minutes - planned, 0) if planned else minutes // 2
    return min(ROUNDING, minutes)


def _returned(strange: Strange) -> ReturnedEntry:
    row = strange.row
    return ReturnedEntry(
        entry_id=row["entry_id"],
        person_id=row["person_id"],
        person_name=row["person"],
        project_id=row["project_id"],
        started_at=row["started_at"],
        minutes=row["minutes"],
        kinds=strange.kinds,
        reason=strange.reason,
        at_stake=strange.at_stake,
    )


def _line(strange: Strange) -> str:
    row = strange.row
    hours = Decimal(row["minutes"]) / 60
    return (
        f"{row['person']}, {row['project']}, {row['started_at']:%a %-d %b}, {hours:.1f} h "
        f"({strange.at_stake} at stake): {strange.reason}"
    )


def _shown(strange: Strange) -> dict[str, Any]:
    row = strange.row
    return {
        "entry_id": row["entry_id"],
        "person_id": row["person_id"],
        "person": row["person"],
        "project_id": row["project_id"],
        "project": row["project"],
        "started_at": row["started_at"].isoformat(),
        "minutes": row["minutes"],
        "planned_minutes": str(row["planned_minutes"]) if row["planned_minutes"] is not None else None,
        "note": row["note"],
        "score": round(strange.score, 3),
        "kinds": list(strange.kinds),
        "reason": strange.reason,
        "at_stake": strange.at_stake.model_dump(mode="json"),
    }


CHECK = Tool(
    name="check_time",
    version="1",
    description="Find strange time entries, with the reason and the money at stake for each.",
    permission="time.read",
    effect="read",
    arguments=CheckTime,
    run=check_time,
    limits=LIMITS,
)
RETURN = Tool(
    name="propose_returns",
    version="1",
    description="Propose to return strange time entries to the people who made them, as one batch.",
    permission="time.propose",
    effect="propose",
    arguments=ProposeReturns,
    run=propose_returns,
    limits=LIMITS,
)
TOOLS = (CHECK, RETURN)
