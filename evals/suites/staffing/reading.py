"""Who could take a role, read from the firm's files by the rules of docs/demo-firm.md. It is a referee: it
shares nothing with the tool, with the queries behind it or with the generator's own verdicts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, cast

import pandas as pd

from demo.catalogue import converted, roles
from evals.demo_firms import FirmFiles

Record = Mapping[str, Any]
Verdict = Literal["fit", "level_too_low", "leaving", "busy", "away", "too_expensive"]

LOOKED_AT = timedelta(days=27)  # bookings of the first four weeks must leave the hours free
FORTNIGHT = 14  # days, of which leave may take
DAYS_AWAY = 3  # weekdays


@dataclass(frozen=True)
class Wanted:
    """A role to fill."""

    project_id: str
    role: str
    skills: Mapping[str, int]  # least levels
    starts_on: date
    ends_on: date
    hours_per_week: float
    max_cost_rate: Decimal | None  # an hour, in the project's currency
    office: str | None


@dataclass(frozen=True)
class Reading:
    """The files of a firm."""

    firm: FirmFiles

    def fits(self, wanted: Wanted) -> list[str]:
        """Those who could take the role, by id."""
        return [person for person, verdict in self.verdicts(wanted).items() if verdict == "fit"]

    def verdicts(self, wanted: Wanted) -> dict[str, Verdict]:
        """Everybody of the project's practice and the role's grade who has all of the skills at some level,
        and what keeps them from it; nobody where the practice has no such role."""
        practice = self._projects[wanted.project_id]["practice"]
        grades = {role.name: role.grade for role in roles(practice)}
        return {
            person: self._verdict(person, wanted)
            for person, row in self._people.items()
            if row["practice"] == practice
            and grades.get(row["title"], "") == grades.get(wanted.role)
            and set(wanted.skills) <= set(self._levels.get(person, {}))
            and wanted.office in (None, row["office"])
            and self._employed(person, wanted.starts_on)
        }

    @property
    def everybody(self) -> Collection[str]:
        return self._people.keys()

    def project(self, project_id: str) -> Record:
        return self._projects[project_id]

    def skilled(self, person: str, wanted: Wanted) -> bool:
        levels = self._levels.get(person, {})
        return all(levels.get(skill, 0) >= least for skill, least in wanted.skills.items())

    def free(self, person: str, wanted: Wanted) -> bool:
        """Employed all the time, with the hours free in each of the first weeks, and there."""
        return (
            self._employed(person, wanted.ends_on)
            and self._free_hours(person, wanted.starts_on) >= wanted.hours_per_week
            and self._days_away(person, wanted.starts_on) <= DAYS_AWAY
        )

    def affordable(self, person: str, wanted: Wanted) -> bool:
        if wanted.max_cost_rate is None:
            return True
        row = self._people[person]
        project = self._projects[wanted.project_id]
        return bool(converted(row["cost_rate"], row["currency"], project["currency"]) <= wanted.max_cost_rate)

    def _verdict(self, person: str, wanted: Wanted) -> Verdict:
        if not self.skilled(person, wanted):
            return "level_too_low"
        if not self._employed(person, wanted.ends_on):
            return "leaving"
        if self._free_hours(person, wanted.starts_on) < wanted.hours_per_week:
            return "busy"
        if self._days_away(person, wanted.starts_on) > DAYS_AWAY:
            return "away"
        return "fit" if self.affordable(person, wanted) else "too_expensive"

    def _employed(self, person: str, on: date) -> bool:
        row = self._people[person]
        return bool(row["starts_on"] <= on and (pd.isna(row["ends_on"]) or row["ends_on"] >= on))

    def _free_hours(self, person: str, first: date) -> float:
        """A week, in the fullest of four; what is held counts as taken."""
        mondays = [_monday(first) + timedelta(weeks=n) for n in range(5)]
        own = self._bookings.get(person, [])
        taken = [
            sum(a["hours_per_week"] for a in own if _monday(a["starts_on"]) <= week <= a["ends_on"])
            for week in mondays
            if week <= first + LOOKED_AT
        ]
        capacity: float = self._people[person]["capacity_hours_per_week"]
        return float(capacity) - float(max(taken))

    def _days_away(self, person: str, first: date) -> int:
        days = [first + timedelta(days=n) for n in range(FORTNIGHT)]
        own = self._leave.get(person, [])
        return sum(d.weekday() < 5 and any(a["starts_on"] <= d <= a["ends_on"] for a in own) for d in days)

    @cached_property
    def _people(self) -> Mapping[str, Record]:
        return self._by_id("people", "person_id")

    @cached_property
    def _projects(self) -> Mapping[str, Record]:
        return self._by_id("projects", "project_id")

    @cached_property
    def _levels(self) -> Mapping[str, Mapping[str, int]]:
        rows = self._by_person("skills")
        return {person: {s["skill"]: int(s["level"]) for s in own} for person, own in rows.items()}

    @cached_property
    def _bookings(self) -> Mapping[str, Sequence[Record]]:
        return self._by_person("assignments")

    @cached_property
    def _leave(self) -> Mapping[str, Sequence[Record]]:
        return self._by_person("leave")

    def _by_id(self, table: str, key: str) -> dict[str, Record]:
        return {str(row[key]): row for row in self._rows(table)}

    def _by_person(self, table: str) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for row in self._rows(table):
            found.setdefault(row["person_id"], []).append(row)
        return found

    def _rows(self, table: str) -> list[Record]:
        return cast("list[Record]", self.firm.table(table).to_dict("records"))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
