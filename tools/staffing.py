"""Staffing: who fits a role, is free, and at what margin; and proposing an assignment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from models.access import NotFound
from models.actions import CreateAssignment
from models.evidence import Citation, RecordCitation
from models.fit import Candidate, Fit, Wanted, Week, fit, fits, why_not
from models.money import Money
from tools.availability import plain, skill_held, weeks_of
from tools.lookup import Project, find_person, find_project
from tools.money import Converter
from tools.registry import Ask, Question, Tool, ToolContext, ToolResult
from workflow.cards import ProposalCard
from workflow.propose import Draft, propose_once

POOL = 120  # people looked at for one request
FULL_WEEK = Decimal(40)
DEFAULT_WEEKS = 12  # of an assignment whose end nobody said, in a project without one
NEAR_MISSES = 3


class RoleWanted(BaseModel):
    """The role to fill."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(description="Project id or name")]
    role: Annotated[str, Field(min_length=2, description="e.g. 'senior data engineer'")]
    starts_on: Annotated[date | None, Field(description="First day; next Monday if not said")] = None
    ends_on: Annotated[date | None, Field(description="Last day; the project's end if not said")] = None
    hours_per_week: Annotated[Decimal | None, Field(gt=0, le=80)] = None
    percent: Annotated[int | None, Field(gt=0, le=100, description="Of a full week")] = None


class FindPeople(RoleWanted):
    skills: Annotated[list[str], Field(max_length=12, description="e.g. ['Snowflake', 'dbt:4']")] = []
    office: Annotated[str | None, Field(description="Only people of this office")] = None
    max_cost_rate: Annotated[Decimal | None, Field(gt=0, description="Project currency, an hour")] = None
    limit: Annotated[int, Field(ge=1, le=20)] = 5


class ProposeAssignment(RoleWanted):
    person: Annotated[str, Field(description="Person id or name")]
    skills: Annotated[list[str], Field(max_length=12)] = []
    hold: Annotated[bool, Field(description="Hold instead of booking")] = False


@dataclass(frozen=True)
class Option:
    """A candidate with the fit and what it costs; money in the project's currency, an hour and in all."""

    row: Mapping[str, Any]
    fit: Fit
    weeks: Sequence[Week]
    exact: bool  # else the cost is the middle of what the margin's step of five points allows
    bill_rate: Money | None  # None where the caller may not see rates
    cost_rate: Money | None

    @property
    def margin(self) -> Decimal | None:
        if self.bill_rate is None or self.cost_rate is None or not self.bill_rate.amount:
            return None
        return ((self.bill_rate - self.cost_rate).amount / self.bill_rate.amount).quantize(Decimal("0.001"))


def find_people(ctx: ToolContext, asked: FindPeople) -> ToolResult:
    """A shortlist with evidence for each, and why the next ones are not on it."""
    project = find_project(ctx, asked.project)
    wanted = _wanted(ctx, project, asked, asked.skills)
    options = _options(ctx, project, wanted, asked.office, None)
    if asked.max_cost_rate is not None:
        options = [o for o in options if o.cost_rate is None or o.cost_rate.amount <= asked.max_cost_rate]
    options.sort(key=lambda o: (-o.fit.score, o.row["person_id"]))
    listed = [o for o in options if fits(o.fit, wanted)][: asked.limit]
    chosen = {o.row["person_id"] for o in listed}
    missed = [o for o in options if o.row["person_id"] not in chosen][:NEAR_MISSES]
    last = listed[-1].fit if listed else None
    return ToolResult(
        text=_shortlist_text(project, wanted, listed),
        data={
            "request": _request(project, wanted),
            "shortlist": [_shown(o, wanted) for o in listed],
            "near_misses": [
                {"person_id": o.row["person_id"], "name": o.row["name"], "why": why_not(o.fit, last, wanted)}
                for o in missed
            ],
            "looked_at": len(options),
        },
        citations=tuple(c for o in listed for c in _evidence(o)),
    )


def propose_assignment(
    ctx: ToolContext, asked: ProposeAssignment, tool: str = "propose_assignment"
) -> ToolResult:
    """Propose to put a person on the project; whoever the policy names must approve. `tool`: the name the
    proposal is made under."""
    project = find_project(ctx, asked.project)
    person = find_person(ctx, asked.person)
    wanted = _wanted(ctx, project, asked, asked.skills)
    options = _options(ctx, project, wanted, None, person.id)
    if not options:
        raise NotFound(what="person free for work in that time", id=person.id)
    option = options[0]
    if option.bill_rate is None:
        raise NotFound(what="bill rate of person", id=person.id)
    request = ctx.tx.value(
        "staffing.request",
        project_id=project.id,
        role=wanted.role,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
    )
    action = CreateAssignment(
        person_id=person.id,
        person_name=person.name,
        project_id=project.id,
        project_name=project.name,
        role=wanted.role,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        hours_per_week=wanted.hours_per_week,
        state="hold" if asked.hold else "booked",
        bill_rate=option.bill_rate.rounded(),
        request_id=request,
    )
    card = propose_once(
        ctx.tx,
        Draft(
            action=action,
            evidence=tuple(_evidence(option)),
            explanation={"request": _request(project, wanted), "candidate": _shown(option, wanted)},
            tool=tool,
            tool_version=PROPOSE.version,
            thread_id=ctx.thread_id,
        ),
    )
    return ToolResult(
        text=f"Proposed: {card.title}, {wanted.starts_on:%-d %b} to {wanted.ends_on:%-d %b %Y}. "
        f"{must_sign(card)}",
        data={"proposal_id": str(card.proposal_id), "candidate": _shown(option, wanted)},
        citations=tuple(_evidence(option)),
        proposals=(card.proposal_id,),
    )


def must_sign(card: ProposalCard) -> str:
    """Who must sign a new proposal, and why, in a sentence or two."""
    steps = []
    for step in card.steps:
        names = [a.person.name for a in step.approvers]
        more = len(names) - 3
        others = f" or {more} {'other' if more == 1 else 'others'}" if more > 0 else ""
        steps.append(f"{step.name} ({', '.join(names[:3])}{others})")
    return f"It waits for {', then '.join(steps)}: {card.because}"


def _wanted(ctx: ToolContext, project: Project, asked: RoleWanted, skills: Sequence[str]) -> Wanted:
    today = ctx.now.date()
    starts_on = asked.starts_on or max(today + timedelta(days=7 - today.weekday()), project.starts_on)
    ends_on = asked.ends_on or project.ends_on or starts_on + timedelta(weeks=DEFAULT_WEEKS)
    if ends_on < starts_on:
        raise Ask(Question(argument="ends_on", text=f"{project.name} ends {ends_on:%-d %b %Y}. Until when?"))
    if ends_on < today:
        over = f"{starts_on:%-d %b} to {ends_on:%-d %b %Y} is over."
        raise Ask(Question(argument="starts_on", text=f"{over} From which day, and until when?"))
    hours = asked.hours_per_week or FULL_WEEK * (asked.percent or 100) / 100
    return Wanted(asked.role, _skills(ctx, skills), starts_on, ends_on, hours)


def _skills(ctx: ToolContext, said: Sequence[str]) -> dict[str, int]:
    """The firm's own names of the skills, with the least level where one was said ('dbt:4')."""
    parts = [s.partition(":") for s in said]
    levels = {name.strip(): int(level) if level.strip().isdigit() else 0 for name, _, level in parts}
    known = {r["said"]: r["skill"] for r in ctx.tx.records("staffing.skill_names", said=list(levels))}
    return {known.get(name, name): level for name, level in levels.items()}


def _options(
    ctx: ToolContext, project: Project, wanted: Wanted, office: str | None, person_id: str | None
) -> list[Option]:
    rows = ctx.tx.records(
        "staffing.candidates",
        role=wanted.role,
        skills=[s.lower() for s in wanted.skills],
        client_id=project.client_id,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        office=office,
        person_id=person_id,
        limit=POOL,
    )
    capacity = {r["person_id"]: r["capacity_hours_per_week"] for r in rows}
    weeks = weeks_of(ctx, capacity, wanted.starts_on, wanted.ends_on)
    convert = Converter.of(ctx)
    options = []
    for row in rows:
        person_weeks = weeks[row["person_id"]]
        candidate = Candidate(
            person_id=row["person_id"],
            skills=[skill_held(s) for s in row["skills"]],
            weeks=person_weeks,
            role_likeness=float(row["role_likeness"]),
            past_weeks_with_client=row["weeks_with_client"],
            past_weeks_in_role=row["weeks_in_role"],
        )
        rates = [
            convert(Money(amount=row[kind], currency=row["currency"]), project.currency)
            if row[kind] is not None
            else None
            for kind in ("bill_rate", "cost_rate")
        ]
        options.append(Option(row, fit(candidate, wanted), person_weeks, bool(row["exact"]), *rates))
    return options


def _request(project: Project, wanted: Wanted) -> dict[str, Any]:
    return {
        "project_id": project.id,
        "project": project.name,
        "client": project.client_name,
        "role": wanted.role,
        "skills": dict(wanted.skills),
        "starts_on": wanted.starts_on.isoformat(),
        "ends_on": wanted.ends_on.isoformat(),
        "hours_per_week": str(wanted.hours_per_week),
    }


def _shown(option: Option, wanted: Wanted) -> dict[str, Any]:
    hours = wanted.hours_per_week * len(option.weeks)
    money = {}
    if option.bill_rate and option.cost_rate:
        money = {
            "cost_rate": option.cost_rate.rounded().model_dump(mode="json"),
            "bill_rate": option.bill_rate.rounded().model_dump(mode="json"),
            "cost": (option.cost_rate * hours).rounded().model_dump(mode="json"),
            "price": (option.bill_rate * hours).rounded().model_dump(mode="json"),
            "margin": str(option.margin),
            "cost_is": "exact" if option.exact else "about",
        }
    return {
        "person_id": option.row["person_id"],
        "name": option.row["name"],
        "title": option.row["title"],
        "practice": option.row["practice"],
        "office": option.row["office"],
        "fit": option.fit.score,
        "parts": dict(option.fit.parts),
        "strengths": option.fit.strengths,
        "gaps": option.fit.gaps,
        "free_hours": str(option.fit.average_free_hours),
        "weeks": [
            {"monday": w.monday.isoformat(), "free": str(w.free_hours), "held": str(w.held_hours)}
            for w in option.weeks
        ],
        **money,
    }


def _evidence(option: Option) -> list[Citation]:
    person_id = option.row["person_id"]
    skills = [
        f"{s['skill']} level {s['level']}"
        + (f", last used {date.fromisoformat(used):%B %Y}" if (used := s["last_used_on"]) else "")
        for s in option.row["skills"]
    ]
    free = (
        f"{option.fit.average_free_hours:.1f} hours a week free on average, "
        f"{option.fit.free_hours:.1f} at the least"
    )
    found: list[Citation] = [RecordCitation(record="person", id=person_id, says=free)]
    if skills:
        found.append(RecordCitation(record="skill", id=person_id, says="; ".join(skills)))
    return found


def _shortlist_text(project: Project, wanted: Wanted, listed: Sequence[Option]) -> str:
    asked = (
        f"{wanted.role} for {project.name}, {plain(wanted.hours_per_week)} hours a week from "
        f"{wanted.starts_on:%-d %b} to {wanted.ends_on:%-d %b %Y}"
    )
    if not listed:
        return f"Nobody fits: {asked}. See who came close and what keeps them off."
    lines = [f"{asked}:"]
    for number, o in enumerate(listed, 1):
        line = f"{number}. {o.row['name']}, {o.row['title']} ({o.row['office']}): fit {o.fit.score:.0%}"
        line += f", {plain(o.fit.average_free_hours)} h a week free"
        if o.margin is not None and o.cost_rate is not None:
            about = "" if o.exact else "about "
            line += f", cost {about}{o.cost_rate.rounded()} an hour, margin {about}{o.margin:.0%}"
        reasons = "; ".join(o.fit.strengths[:2] + o.fit.gaps[:1])
        lines.append(f"{line}. {reasons}." if reasons else f"{line}.")
    return "\n".join(lines)


FIND = Tool(
    name="find_people",
    version="1",
    description="Shortlist people for a role on a project: fit, free hours, cost and margin, with evidence.",
    permission="staffing.read",
    effect="read",
    arguments=FindPeople,
    run=find_people,
)
PROPOSE = Tool(
    name="propose_assignment",
    version="1",
    description="Propose to assign a named person to a project. Others must approve before it is booked.",
    permission="staffing.propose",
    effect="propose",
    arguments=ProposeAssignment,
    run=propose_assignment,
)
TOOLS = (FIND, PROPOSE)
