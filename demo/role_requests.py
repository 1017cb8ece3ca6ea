"""Requests for people: the filled ones that lie behind bookings, and open ones that somebody fits."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from demo.catalogue import converted, roles
from demo.load import WeeklyHours, booked_hours, weeks
from demo.records import Assignment, Leave, Person, Project, Role, RoleRequest
from demo.setting import Setting, text

Verdict = Literal["fit", "busy", "away", "too_expensive", "level_too_low", "leaving"]


_DAYS_AWAY = 3  # of the first two weeks, that a request can bear
_TRIES = 3000  # draws of a project and a person that might go together


@dataclass(frozen=True)
class Suitability:
    """Whether a person of the right grade who has the skills could take a request, and if not, why."""

    person_id: str
    verdict: Verdict
    free_hours: int  # a week, in the fullest of the request's first four weeks


class Suitable:
    """Judges people for requests by bookings, leave, cost and skill levels."""

    def __init__(self, people: list[Person], assignments: Iterable[Assignment], leave: list[Leave]) -> None:
        self.people = [p for p in people if p.role]
        self.load: WeeklyHours = booked_hours(assignments)
        self._leave: dict[str, list[Leave]] = {}
        for absence in leave:
            self._leave.setdefault(absence.person_id, []).append(absence)

    def free_hours(self, person: Person, first: date) -> int:
        """Hours a week that a person has in the fullest of four weeks."""
        fullest = self.load.most(person.person_id, first, first + timedelta(days=27))
        return max(0, person.capacity - fullest)

    def days_away(self, person: Person, first: date) -> int:
        """Weekdays of leave in the first two weeks."""
        window = [first + timedelta(days=n) for n in range(14)]
        away = self._leave.get(person.person_id, [])
        return sum(d.weekday() < 5 and any(a.starts_on <= d <= a.ends_on for a in away) for d in window)

    def judge(self, request: RoleRequest) -> list[Suitability]:
        """Everybody of the role's grade who has all the skills at some level, best first."""
        grade = next(r.grade for r in roles(request.project.practice) if r.name == request.role)
        found = []
        for person in self.people:
            if person.role is None or person.role.grade != grade:
                continue
            if person.practice != request.project.practice:
                continue
            if any(skill not in person.skills for skill, _ in request.skills):
                continue
            if request.office and person.office.city != request.office:
                continue
            if not person.employed(request.starts_on):
                continue
            found.append(self._verdict(person, request))
        return sorted(found, key=lambda s: (s.verdict != "fit", -s.free_hours, s.person_id))

    def _verdict(self, person: Person, request: RoleRequest) -> Suitability:
        free = self.free_hours(person, request.starts_on)
        verdict: Verdict = "fit"
        if any(person.skills[skill][0] < level for skill, level in request.skills):
            verdict = "level_too_low"
        elif person.ends_on and person.ends_on < request.ends_on:
            verdict = "leaving"
        elif free < request.hours_per_week:
            verdict = "busy"
        elif self.days_away(person, request.starts_on) > _DAYS_AWAY:
            verdict = "away"
        elif cost_in_project(person, request.project) > request.max_cost_rate:
            verdict = "too_expensive"
        return Suitability(person.person_id, verdict, free)


def ask(
    setting: Setting,
    people: list[Person],
    projects: list[Project],
    assignments: list[Assignment],
    suitable: Suitable,
) -> list[RoleRequest]:
    """All requests, numbered by the day they were made."""
    rng = setting.random("requests")
    booked = [
        a
        for a in assignments
        if a.state == "booked" and a.person.person_id != a.project.manager_id and a.hours_per_week >= 16
        if a.starts_on > setting.first_day
    ]
    filled = [_behind(rng, a) for a in rng.sample(booked, min(len(booked), setting.count(130, 10)))]
    open_ones = _open(setting, rng, people, projects, suitable)
    made = sorted([*filled, *open_ones], key=lambda r: (r.requested_on, r.project.project_id, r.role))
    return [replace(r, request_id=f"RR-{n:03d}") for n, r in enumerate(made, 1)]


def _behind(rng: random.Random, made: Assignment) -> RoleRequest:
    """The request that a booking answered."""
    skills = rng.sample(sorted(made.person.skills), 2)
    levels = tuple((s, max(1, made.person.skills[s][0] - rng.choice((0, 0, 1)))) for s in skills)
    return RoleRequest(
        request_id="",
        project=made.project,
        role=made.role,
        skills=levels,
        starts_on=made.starts_on,
        ends_on=made.ends_on,
        hours_per_week=made.hours_per_week,
        max_cost_rate=_ceiling(rng, made.person, made.project),
        office=made.person.office.city if rng.random() < 0.3 else "",
        requested_by=made.project.manager_id,
        requested_on=made.starts_on - timedelta(days=rng.randint(7, 35)),
        filled_by=made.person.person_id,
    )


def cost_in_project(person: Person, project: Project) -> Decimal:
    """A person's cost an hour in a project's currency, which is also that of `max_cost_rate`."""
    return converted(person.cost_rate, person.office.currency, project.contract.currency)


def _ceiling(rng: random.Random, person: Person, project: Project) -> Decimal:
    return Decimal(round(float(cost_in_project(person, project)) * rng.uniform(1.03, 1.3)))


def _wanted(rng: random.Random, model: Person, role: Role) -> tuple[tuple[str, int], ...]:
    """Two skills that a person has: the trade's own at a fair level, or the person's best at theirs."""
    if rng.random() < 0.6:
        core: list[str] = text("firm")["core_skills"][role.discipline]
        return tuple((skill, min(3, model.skills[skill][0])) for skill in core[:2])
    best = sorted(model.skills, key=lambda s: (-model.skills[s][0], s))[:3]
    return tuple(
        (skill, max(1, model.skills[skill][0] - rng.choice((0, 1)))) for skill in rng.sample(best, 2)
    )


def _open(
    setting: Setting, rng: random.Random, people: list[Person], projects: list[Project], suitable: Suitable
) -> Iterator[RoleRequest]:
    """Requests nobody is booked for. Three in four describe somebody who is free."""
    for n in range(setting.count(24, 6)):
        wish = _wish(setting, rng, people, projects, suitable if n % 4 else None)
        if wish is None:
            continue
        project, starts, ends, model, role = wish
        free = suitable.free_hours(model, starts) if n % 4 else 32
        yield RoleRequest(
            request_id="",
            project=project,
            role=role.name,
            skills=_wanted(rng, model, role),
            starts_on=starts,
            ends_on=ends,
            hours_per_week=min(free // 8 * 8, 40),
            max_cost_rate=_ceiling(rng, model, project),
            office=model.office.city if rng.random() < 0.2 else "",
            requested_by=project.manager_id,
            requested_on=setting.today - timedelta(days=rng.randint(0, 18)),
            filled_by="",
        )


def _wish(
    setting: Setting,
    rng: random.Random,
    people: list[Person],
    projects: list[Project],
    suitable: Suitable | None,
) -> tuple[Project, date, date, Person, Role] | None:
    """(project, first and last day, the person it describes, their role). With `suitable`, the person has
    half a week free and is there. None where chance finds nobody."""
    monday = setting.next_monday
    wanting = [p for p in projects if p.status != "finished" and p.ends_on > monday + timedelta(weeks=10)]
    for _ in range(_TRIES):
        project, model = rng.choice(wanting), rng.choice(people)
        starts = max(monday + timedelta(weeks=rng.choice((0, 0, 1, 2, 3))), project.starts_on)
        ends = min(project.ends_on, starts + timedelta(weeks=rng.randint(6, 20), days=-3))
        role = model.role
        if role is None or role.practice != project.practice:
            continue
        if role.grade not in ("consultant", "senior") or not model.employed(ends) or ends <= starts:
            continue
        if suitable is None or (
            suitable.free_hours(model, starts) >= 16 and suitable.days_away(model, starts) <= _DAYS_AWAY
        ):
            return project, starts, ends, model, role
    return None


def roll_offs(setting: Setting, suitable: Suitable, within_weeks: int = 8) -> list[tuple[Person, date]]:
    """Who has work this week and none after a day within eight weeks: (person, first week without)."""
    found = []
    ahead = weeks(setting.today, setting.today + timedelta(weeks=within_weeks + 4))
    for person in suitable.people:
        hours = [suitable.load.at(person.person_id, week) for week in ahead]
        last = max((n for n, h in enumerate(hours) if h >= 8), default=-1)
        stays = person.ends_on is None or person.ends_on > ahead[-1]
        if hours[0] >= 16 and 0 <= last < within_weeks and stays and person.employed(setting.today):
            found.append((person, ahead[last + 1]))
    return found
