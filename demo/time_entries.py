"""Two years of recorded time, made from bookings, leave and public holidays with numpy: one row of arrays an
entry, a quarter of a million entries in about two seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from demo.records import Assignment, Leave, Person, Project
from demo.setting import HISTORY_DAYS, Setting
from demo.workdays import is_workday

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
MINUTES_PER_DAY = 1440
DRAFT, SUBMITTED, APPROVED = 0, 1, 2
NOT_SUBMITTED = -1
CUTOVER = -1
_LONGEST_DAY = 9.0  # hours
_OVER_BOOKING = 1.05  # people work a little more than they are booked for


@dataclass
class Entries:
    """Time entries as arrays of equal length. Days count from the setting's first day; minutes of the day
    may pass midnight."""

    person: Ints  # index into the people
    project: Ints  # index into the projects
    package: Ints  # index into the packages of all projects, in the projects' order
    noted: Ints  # the package whose notes this entry's note is one of
    day: Ints
    start: Ints  # minute of the day, local time
    span: Ints  # minutes from start to end
    minutes: Ints  # what is claimed
    planned: Ints
    note: Ints  # which of those notes, or CUTOVER
    submitted: Ints  # minutes since the first day's midnight, or -1
    state: Ints

    def __len__(self) -> int:
        return len(self.person)

    def take(self, chosen: Ints | Bools) -> Entries:
        """The chosen rows, as a copy."""
        return Entries(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def joined(self, other: Entries) -> Entries:
        """These rows and then the other's."""
        return Entries(
            **{f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)}
        )


@dataclass(frozen=True)
class Creep:
    """Work beyond the contract that creeps into a project from a day on."""

    project: int  # index
    from_day: int
    share: float  # of the entries, once it has set in


def record(
    setting: Setting,
    people: list[Person],
    projects: list[Project],
    assignments: list[Assignment],
    leave: list[Leave],
    creeps: list[Creep],
) -> Entries:
    """Everybody's time up to yesterday, by day and person, without anything planted but the creep."""
    rng = setting.numpy("time")
    person, project, day, hours = _worked_days(setting, rng, people, projects, assignments, leave)
    parts = 1 + (hours > 1.6).astype(np.int64) + (hours > 3.4) * (rng.random(len(hours)) < 0.9)
    parts += (hours > 5.0) * (rng.random(len(hours)) < 0.7)
    row = np.repeat(np.arange(len(hours)), parts)
    weight = rng.uniform(0.5, 1.5, len(row))
    share = weight / np.bincount(row, weight)[row]
    planned = np.maximum(15, np.rint(hours[row] * 60 * share / 15) * 15).astype(np.int64)
    person, project, day = person[row], project[row], day[row]
    minutes = _claimed(rng, person, planned, len(people))
    order = np.lexsort((rng.random(len(row)), person, day))
    person, project, day, planned, minutes = (a[order] for a in (person, project, day, planned, minutes))
    start, span = _clock(rng, person, day, minutes)
    package = _packages(rng, setting, projects, project, day, person, people, creeps)
    submitted, state = _submission(setting, rng, person, day, len(people))
    note = rng.integers(0, 1 << 20, len(row))
    made = Entries(
        person, project, package, package, day, start, span, minutes, planned, note, submitted, state
    )
    return made.joined(_cutovers(setting, rng, made, people, projects, leave))


def _cutovers(
    setting: Setting,
    rng: np.random.Generator,
    made: Entries,
    people: list[Person],
    projects: list[Project],
    leave: list[Leave],
) -> Entries:
    """Weekend work that is in order: releases and cut-overs, and the notes say so."""
    activities = np.array([p.activity for project in projects for p in project.packages])
    friday = (made.day + setting.first_day.weekday()) % 7 == 4
    able = np.flatnonzero((activities[made.package] == "Deployment") & friday & (made.day < HISTORY_DAYS - 1))
    chosen = made.take(rng.choice(able, min(len(able), max(2, len(made) // 900)), replace=False))
    chosen.day = chosen.day + 1
    chosen.start = rng.integers(16, 30, len(chosen)) * 30
    chosen.planned = rng.integers(4, 13, len(chosen)) * 30
    chosen.minutes = chosen.planned.copy()
    chosen.span = chosen.minutes.copy()
    chosen.note[:] = CUTOVER
    hand_in_after(rng, chosen)
    away = absences(setting, people, leave)
    ends = np.array([(p.ends_on - setting.first_day).days for p in projects])
    return chosen.take(~away[chosen.person, chosen.day] & (chosen.day <= ends[chosen.project]))


def hand_in_after(rng: np.random.Generator, rows: Entries) -> None:
    """Sets submission and state of entries that were made outside the weekly round: two or three days after,
    by when people are back at work, and approved after a fortnight."""
    rows.submitted = (rows.day + rng.integers(2, 4, len(rows))) * MINUTES_PER_DAY + 10 * 60
    rows.state = np.where(rows.submitted < (HISTORY_DAYS - 14) * MINUTES_PER_DAY, APPROVED, SUBMITTED)
    waiting = rows.submitted >= HISTORY_DAYS * MINUTES_PER_DAY
    rows.state[waiting] = DRAFT
    rows.submitted[waiting] = NOT_SUBMITTED


def _worked_days(
    setting: Setting,
    rng: np.random.Generator,
    people: list[Person],
    projects: list[Project],
    assignments: list[Assignment],
    leave: list[Leave],
) -> tuple[Ints, Ints, Ints, NDArray[np.float64]]:
    """(person, project, day, hours) of every day that somebody worked for a project."""
    present = presence(setting, people, leave)
    person_at = {p.person_id: n for n, p in enumerate(people)}
    project_at = {p.project_id: n for n, p in enumerate(projects)}
    found: list[tuple[int, int, Ints, NDArray[np.float64]]] = []
    for a in assignments:
        first = max(0, (a.starts_on - setting.first_day).days)
        last = min(HISTORY_DAYS - 1, (a.ends_on - setting.first_day).days)
        if a.state != "booked" or last < first:
            continue
        who = person_at[a.person.person_id]
        weekly = _week_pattern(rng, a.hours_per_week)
        days = np.arange(first, last + 1)
        hours = weekly[(days + setting.first_day.weekday()) % 7] * rng.normal(_OVER_BOOKING, 0.06)
        worked = present[who, days] & (hours > 0)
        found.append((who, project_at[a.project.project_id], days[worked], hours[worked]))
    lengths = [len(days) for _, _, days, _ in found]
    person = np.repeat(np.array([f[0] for f in found], dtype=np.int64), lengths)
    project = np.repeat(np.array([f[1] for f in found], dtype=np.int64), lengths)
    day = np.concatenate([f[2] for f in found])
    hours = np.concatenate([f[3] for f in found]) * rng.normal(1.0, 0.1, len(day))
    whole_day = np.bincount(person * HISTORY_DAYS + day, hours)[person * HISTORY_DAYS + day]
    hours *= np.minimum(1.0, _LONGEST_DAY / whole_day)  # people with too many bookings do less on each
    return person, project, day, np.maximum(hours, 0.5)


def presence(setting: Setting, people: list[Person], leave: list[Leave]) -> Bools:
    """Whether each person (row) works on each recorded day (column)."""
    recorded = [setting.first_day + timedelta(days=n) for n in range(HISTORY_DAYS)]
    open_days = {
        country: np.array([is_workday(d, country) for d in recorded]) for country in ("GB", "DE", "ES", "US")
    }
    present = np.stack([open_days[p.office.country] for p in people])
    for n, person in enumerate(people):
        present[n, : _column(setting, person.starts_on)] = False
        if person.ends_on:
            present[n, _column(setting, person.ends_on) + 1 :] = False
    return present & ~absences(setting, people, leave)


def absences(setting: Setting, people: list[Person], leave: list[Leave]) -> Bools:
    """Whether each person (row) is on leave on each recorded day (column)."""
    away = np.zeros((len(people), HISTORY_DAYS), dtype=bool)
    row = {p.person_id: n for n, p in enumerate(people)}
    for absence in leave:
        until = _column(setting, absence.ends_on + timedelta(days=1))
        away[row[absence.person_id], _column(setting, absence.starts_on) : until] = True
    return away


def _column(setting: Setting, day: date) -> int:
    return min(max((day - setting.first_day).days, 0), HISTORY_DAYS)


def _week_pattern(rng: np.random.Generator, hours_per_week: int) -> NDArray[np.float64]:
    """Hours by weekday. Few hours are worked on few days."""
    days = 5 if hours_per_week > 24 else max(1, min(5, round(hours_per_week / 5)))
    pattern = np.zeros(7)
    pattern[rng.permutation(5)[:days]] = hours_per_week / days
    return pattern


def _claimed(rng: np.random.Generator, person: Ints, planned: Ints, people: int) -> Ints:
    """Minutes as recorded: near the plan, to each person's own rounding of 5, 15 or 30 minutes."""
    habit = rng.choice([5, 15, 15, 30], people)[person]
    bias = rng.normal(0.0, 0.04, people)[person]
    raw = planned * np.exp(rng.normal(0.0, 0.14, len(planned)) + bias)
    rounded: Ints = np.maximum(habit, np.rint(raw / habit) * habit).astype(np.int64)
    return rounded


def _clock(rng: np.random.Generator, person: Ints, day: Ints, minutes: Ints) -> tuple[Ints, Ints]:
    """Start and span: entries of a day follow one another, with a break at noon. Rows come by day, person."""
    new_day = np.ones(len(day), dtype=bool)
    new_day[1:] = (day[1:] != day[:-1]) | (person[1:] != person[:-1])
    group = np.cumsum(new_day) - 1
    size = len(new_day)
    pause = np.where(rng.random(size) < 0.25, rng.integers(0, 4, size) * 5, 0)
    span = minutes + pause
    begin = np.rint(rng.normal(535, 22, group[-1] + 1) / 5).astype(np.int64) * 5
    before = np.cumsum(span) - span
    before -= before[np.flatnonzero(new_day)][group]
    start = np.clip(begin, 450, 620)[group] + before
    lunch = rng.choice([30, 45, 60], group[-1] + 1)[group]
    return start + np.where(start >= 735, lunch, 0), span


def _packages(
    rng: np.random.Generator,
    setting: Setting,
    projects: list[Project],
    project: Ints,
    day: Ints,
    person: Ints,
    people: list[Person],
    creeps: list[Creep],
) -> Ints:
    """Which work package each entry is for: the agreed ones in turn, the last for who manages."""
    first = first_package(projects)
    agreed = np.array([len(p.agreed) for p in projects])
    extra = np.array([len(p.extras) for p in projects])
    starts = np.array([(p.starts_on - setting.first_day).days for p in projects])
    length = np.array([max(1, (p.ends_on - p.starts_on).days) for p in projects])
    progress = (day - starts[project]) / length[project]
    wanted = np.rint(progress * (agreed[project] - 1) + rng.normal(0, 1.3, len(day)))
    chosen = np.clip(wanted, 0, agreed[project] - 2).astype(np.int64)
    at = {p.person_id: n for n, p in enumerate(people)}
    manager = np.array([at[p.manager_id] for p in projects])
    leads = person == manager[project]
    chosen = np.where(leads & (rng.random(len(day)) < 0.8), agreed[project] - 1, chosen)
    for creep in creeps:
        here = (project == creep.project) & (day >= creep.from_day) & ~leads
        ramp = np.clip((day - creep.from_day) / 60, 0.25, 1.0) * creep.share
        here &= rng.random(len(day)) < ramp
        offset = rng.integers(0, extra[creep.project], len(day)) * (rng.random(len(day)) < 0.5)
        chosen = np.where(here, agreed[creep.project] + offset, chosen)
    return first[project] + chosen


def first_package(projects: list[Project]) -> Ints:
    """Where each project's packages begin among those of all projects."""
    sizes = [len(p.packages) for p in projects]
    return np.cumsum([0, *sizes[:-1]])


def _submission(
    setting: Setting, rng: np.random.Generator, person: Ints, day: Ints, people: int
) -> tuple[Ints, Ints]:
    """When each entry was handed in, and its state. A person hands a whole week in at once: on Friday
    afternoon, or some days later; who approves does so within a fortnight, save for a few that lie."""
    week = (day + setting.first_day.weekday()) // 7
    sheet = person * (week.max() + 1) + week
    tidiness = rng.choice([0.2, 0.6, 2.0], people, p=[0.6, 0.3, 0.1])
    late_days = np.floor(rng.exponential(1.0, sheet.max() + 1)[sheet] * tidiness[person]).astype(np.int64)
    friday = week * 7 + 4 - setting.first_day.weekday()
    minute = rng.integers(15 * 60, 19 * 60, sheet.max() + 1)[sheet]
    submitted = np.maximum(friday, day) * MINUTES_PER_DAY + late_days * MINUTES_PER_DAY + minute
    now = HISTORY_DAYS * MINUTES_PER_DAY
    wait = rng.gamma(3.0, 2.5, sheet.max() + 1)[sheet] * MINUTES_PER_DAY
    forgotten = rng.random(sheet.max() + 1)[sheet] < 0.004
    state = np.where((submitted + wait < now) & ~forgotten, APPROVED, SUBMITTED)
    state = np.where(submitted >= now, DRAFT, state)
    return np.where(submitted >= now, NOT_SUBMITTED, submitted), state
