"""Bench risk: who rolls off in the coming weeks, who could go where, and proposing what to do about it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from models.actions import PlanDevelopment
from models.bench import OpenRole, PracticeWeek, Suggestion, Worker, by_practice, suggest
from models.evidence import Citation, RecordCitation
from store.shelf import Shelved
from tools.availability import plain, skill_held, weeks_of
from tools.confidence import probability
from tools.lookup import find_person, find_practice
from tools.registry import Tool, ToolContext, ToolResult
from tools.staffing import ProposeAssignment, must_sign, propose_assignment
from workflow.propose import Draft, propose_once

HISTORY_MONTHS = 6  # what the bench model looks back on
LISTED = 15
MODEL = "bench"


class BenchOutlook(BaseModel):
    """Which part of the firm, and how far ahead."""

    model_config = ConfigDict(extra="forbid")

    practice: Annotated[str | None, Field(description="All practices if not said")] = None
    weeks: Annotated[int, Field(ge=1, le=26)] = 8


class ProposeReallocation(ProposeAssignment):
    """An assignment for someone who would be on the bench."""


class ProposeDevelopment(BaseModel):
    """Bench time put to use."""

    model_config = ConfigDict(extra="forbid")

    person: Annotated[str, Field(description="Person id or name")]
    skill: Annotated[str, Field(min_length=2, description="What to learn")]
    starts_on: date | None = None
    weeks: Annotated[int, Field(ge=1, le=12)] = 2
    hours_per_week: Annotated[Decimal, Field(gt=0, le=40)] = Decimal(20)


def bench_outlook(ctx: ToolContext, asked: BenchOutlook) -> ToolResult:
    """The bench ahead by practice, with the people behind it and where they could go."""
    practice = find_practice(ctx, asked.practice) if asked.practice else None
    first, last = window(ctx.now.date(), asked.weeks)
    workers = workers_in(ctx, practice, first, last)
    roles = open_roles(ctx, first, last)
    chances, says_model = _bench_chances(ctx, [w.person_id for w in workers])
    rolling = {
        r["person_id"]: r
        for r in ctx.tx.records("bench.rolling_off", people=[w.person_id for w in workers], starts_on=first)
    }
    benched = sorted(
        (w for w in workers if w.bench_from()), key=lambda w: (w.bench_from() or last, w.person_id)
    )
    suggestions = suggest(workers, roles, _likeness(workers, roles))
    by_week = by_practice(workers)
    return ToolResult(
        text=_outlook_text(by_week, benched, suggestions, asked.weeks, says_model),
        data={
            "first_week": first.isoformat(),
            "weeks": asked.weeks,
            "practices": [_week_shown(w) for w in by_week],
            "rolling_off": [_worker_shown(w, rolling, chances) for w in benched],
            "suggestions": [_suggestion_shown(s) for s in suggestions],
            "unfilled_roles": len(roles),
            "wanted_skills": [
                skill for skill, _ in Counter(s for r in roles for s in r.skills).most_common()
            ],
            "model": says_model,
        },
        citations=tuple(_citations(benched[:LISTED], rolling, suggestions[:LISTED])),
    )


def propose_reallocation(ctx: ToolContext, asked: ProposeReallocation) -> ToolResult:
    """Propose to move someone from the bench to a project."""
    return propose_assignment(ctx, asked, tool=REALLOCATE.name)


def propose_development(ctx: ToolContext, asked: ProposeDevelopment) -> ToolResult:
    """Propose a development plan for someone whose bench time has no taker."""
    person = find_person(ctx, asked.person)
    starts_on = asked.starts_on or window(ctx.now.date(), 1)[0]
    ends_on = starts_on + timedelta(weeks=asked.weeks, days=-1)
    weeks = ctx.tx.records("staffing.booked_hours", people=[person.id], starts_on=starts_on, ends_on=ends_on)
    booked = sum((w["booked_hours"] for w in weeks), Decimal(0))
    evidence = (
        RecordCitation(
            record="person",
            id=person.id,
            says=f"{plain(booked)} hours booked from {starts_on:%-d %b} to {ends_on:%-d %b %Y}",
        ),
    )
    action = PlanDevelopment(
        person_id=person.id,
        person_name=person.name,
        skill=asked.skill,
        why=f"No booked work for most of {starts_on:%-d %b} to {ends_on:%-d %b %Y}",
        starts_on=starts_on,
        ends_on=ends_on,
        hours=asked.hours_per_week * asked.weeks,
    )
    card = propose_once(
        ctx.tx,
        Draft(
            action=action,
            evidence=evidence,
            explanation={"booked_hours": str(booked)},
            tool=DEVELOP.name,
            tool_version=DEVELOP.version,
            thread_id=ctx.thread_id,
            confidence=_bench_confidence(ctx, person.id, starts_on),
        ),
    )
    return ToolResult(
        text=f"Proposed: {card.title}. {must_sign(card)}",
        data={"proposal_id": str(card.proposal_id)},
        citations=evidence,
        proposals=(card.proposal_id,),
    )


def window(today: date, weeks: int) -> tuple[date, date]:
    """Monday of the coming week and the last day of the `weeks` weeks from then."""
    first = today + timedelta(days=7 - today.weekday())
    return first, first + timedelta(weeks=weeks, days=-1)


def workers_in(ctx: ToolContext, practice: str | None, first: date, last: date) -> list[Worker]:
    """The people of a practice (or all) with their weeks between two days."""
    rows = ctx.tx.records("bench.people", practice=practice, starts_on=first, ends_on=last)
    weeks = weeks_of(ctx, {r["person_id"]: r["capacity"] for r in rows}, first, last)
    return [
        Worker(
            **{k: r[k] for k in ("person_id", "name", "title", "practice", "office", "capacity")},
            skills=[skill_held(s) for s in r["skills"]],
            weeks=weeks[r["person_id"]],
        )
        for r in rows
    ]


def open_roles(ctx: ToolContext, first: date, last: date) -> list[OpenRole]:
    """Role requests that nobody fills yet, of projects the caller may see."""
    return [
        OpenRole(
            **{
                k: r[k]
                for k in (
                    "request_id",
                    "project_id",
                    "project",
                    "practice",
                    "role",
                    "skills",
                    "starts_on",
                    "ends_on",
                    "hours_per_week",
                )
            }
        )
        for r in ctx.tx.records("bench.open_requests", starts_on=first, ends_on=last)
    ]


def _bench_chances(ctx: ToolContext, people: Sequence[str]) -> tuple[Mapping[str, float], str]:
    """The chance that a person is on the bench this month, by the model of the hours of whole months before
    it, and in words which model that was."""
    shelved = ctx.shelf.serving(ctx.tx, MODEL)
    if not isinstance(shelved, Shelved):
        return {}, "No bench model is in service: only bookings are shown."
    rows = ctx.tx.records(
        "bench.monthly_hours",
        people=list(people),
        today=ctx.now.date(),
        months=HISTORY_MONTHS - 1,
    )
    if not rows:
        return {}, "Too little time is booked to estimate the bench: only bookings are shown."
    frame = pd.DataFrame(rows)
    months = sorted(frame["month"].unique())
    frame["period"] = frame["month"].map({m: i + 1 for i, m in enumerate(months)})
    frame["hours"] = frame["hours"].astype(float)
    predicted = shelved.model.predict(frame[["person_id", "period", "hours"]])
    chances = dict(zip(predicted["person_id"], predicted["p_bench"].astype(float), strict=True))
    return chances, f"Chances by bench model {shelved.version}."


def _bench_confidence(ctx: ToolContext, person_id: str, starts_on: date) -> Decimal | None:
    """How sure it is that the person is on the bench when the plan begins: the model looks no further than
    this month."""
    if starts_on.replace(day=1) != ctx.now.date().replace(day=1):
        return None
    chances, _ = _bench_chances(ctx, [person_id])
    return probability(chances.get(person_id))


def _wanted_skills(roles: Sequence[OpenRole]) -> list[str]:
    """What open roles ask for, the most wanted first."""
    return [skill for skill, _ in Counter(s for r in roles for s in r.skills).most_common()]


def _likeness(workers: Sequence[Worker], roles: Sequence[OpenRole]) -> dict[tuple[str, str], float]:
    titles, names = {w.title for w in workers}, {r.role for r in roles}
    return {(t, n): fuzz.token_set_ratio(t.lower(), n.lower()) / 100 for t in titles for n in names}


def _week_shown(week: PracticeWeek) -> dict[str, Any]:
    return {
        "practice": week.practice,
        "monday": week.monday.isoformat(),
        "capacity": str(week.capacity.quantize(Decimal("0.1"))),
        "booked": str(week.booked.quantize(Decimal("0.1"))),
        "held": str(week.held.quantize(Decimal("0.1"))),
        "utilisation": str(week.utilisation),
        "bench_people": week.bench_people,
    }


def _worker_shown(
    worker: Worker, rolling: Mapping[str, Mapping[str, Any]], chances: Mapping[str, float]
) -> dict[str, Any]:
    last = rolling.get(worker.person_id)
    bench_from = worker.bench_from()
    chance = chances.get(worker.person_id)
    return {
        "person_id": worker.person_id,
        "name": worker.name,
        "title": worker.title,
        "practice": worker.practice,
        "office": worker.office,
        "bench_from": bench_from.isoformat() if bench_from else None,
        "bench_weeks": len(worker.bench_weeks()),
        "booked_until": last["ends_on"].isoformat() if last else None,
        "on_project": last["project"] if last else None,
        "p_bench": round(chance, 3) if chance is not None else None,
        "skills": [f"{s.skill} {s.level}" for s in worker.skills[:4]],
        "all_skills": [s.skill for s in worker.skills],
    }


def _suggestion_shown(suggestion: Suggestion) -> dict[str, Any]:
    worker, role = suggestion.worker, suggestion.role
    return {
        "person_id": worker.person_id,
        "name": worker.name,
        "practice": worker.practice,
        "request_id": role.request_id,
        "project_id": role.project_id,
        "project": role.project,
        "role": role.role,
        "starts_on": role.starts_on.isoformat(),
        "ends_on": role.ends_on.isoformat(),
        "hours_per_week": str(role.hours_per_week),
        "fit": suggestion.fit.score,
        "strengths": suggestion.fit.strengths,
        "gaps": suggestion.fit.gaps,
    }


def _citations(
    benched: Sequence[Worker], rolling: Mapping[str, Mapping[str, Any]], suggestions: Sequence[Suggestion]
) -> list[Citation]:
    found: list[Citation] = []
    for worker in benched:
        last = rolling.get(worker.person_id)
        says = f"booked until {last['ends_on']:%-d %b %Y}" if last else "nothing booked"
        found.append(RecordCitation(record="person", id=worker.person_id, says=says))
    found += [
        RecordCitation(record="role_request", id=s.role.request_id, says=f"{s.role.role}, unfilled")
        for s in suggestions
    ]
    return found


def _outlook_text(
    by_week: Sequence[PracticeWeek],
    benched: Sequence[Worker],
    suggestions: Sequence[Suggestion],
    weeks: int,
    says_model: str,
) -> str:
    if not by_week:
        return "No people with bookable time are in this part of the firm."
    lines = [
        f"The next {weeks} weeks from {by_week[0].monday:%-d %b %Y}: {len(benched)} people run out of work."
    ]
    for practice in sorted({w.practice for w in by_week}):
        ahead = [w for w in by_week if w.practice == practice]
        first, last = ahead[0], ahead[-1]
        lines.append(
            f"- {practice}: utilisation {first.utilisation:.0%} now, {last.utilisation:.0%} in week {weeks}; "
            f"{first.bench_people} on the bench now, {last.bench_people} then."
        )
    for s in suggestions[:5]:
        lines.append(f"- {s.worker.name} could be {s.role.role} on {s.role.project} (fit {s.fit.score:.0%}).")
    return "\n".join([*lines, says_model])


OUTLOOK = Tool(
    name="bench_outlook",
    version="1",
    description="Bench risk by practice for the coming weeks: who rolls off and who could go where.",
    permission="bench.read",
    effect="read",
    arguments=BenchOutlook,
    run=bench_outlook,
)
REALLOCATE = Tool(
    name="propose_reallocation",
    version="1",
    description="Propose to move someone from the bench to a project. Others must approve.",
    permission="bench.propose",
    effect="propose",
    arguments=ProposeReallocation,
    run=propose_reallocation,
)
DEVELOP = Tool(
    name="propose_development",
    version="1",
    description="Propose a development plan for someone on the bench. Their manager must approve.",
    permission="bench.propose",
    effect="propose",
    arguments=ProposeDevelopment,
    run=propose_development,
)
TOOLS = (OUTLOOK, REALLOCATE, DEVELOP)
