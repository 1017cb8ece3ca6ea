"""What the records say about a project's weeks, as the words that fill the sentences of status reports."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta

from demo.records import Assignment, Leave, Person, Project
from demo.setting import Setting
from demo.time_entries import Entries
from demo.workdays import days, is_workday

_NEW_DAYS = 35  # for how long somebody is new on a project


class ProjectFacts:
    """Hours, budget use, people and absences of projects by week."""

    def __init__(
        self,
        setting: Setting,
        projects: list[Project],
        assignments: Iterable[Assignment],
        leave: Iterable[Leave],
        entries: Entries,
    ) -> None:
        self._setting = setting
        self._minutes = _weekly_minutes(setting, projects, entries)
        self._teams: dict[str, list[Assignment]] = {p.project_id: [] for p in projects}
        for made in assignments:
            if made.state == "booked":
                self._teams[made.project.project_id].append(made)
        self._leave: dict[str, list[Leave]] = {}
        for absence in leave:
            self._leave.setdefault(absence.person_id, []).append(absence)

    def of(self, rng: random.Random, project: Project, friday: date) -> dict[str, object]:
        """The slots of `text/reports.yaml` that are known for the week that ends on a Friday."""
        minutes = self._minutes[project.project_id]
        weekly = minutes.get(friday - timedelta(days=4), 0)
        used = sum(m for monday, m in minutes.items() if monday < friday)
        slots = self._work(rng, project, friday) | self._team(rng, project, friday)
        contacts = [c.partition(" ")[0] for c in project.client.contacts]
        more = rng.randint(3, 9)
        return slots | {
            "contact": contacts[0],
            "contact2": contacts[1],
            "client": project.client.short,
            "system": rng.choice(project.systems),
            "hours": weekly // 60,
            "burn": round(100 * used / 60 / project.budget_hours),
            "n": more,
            "fewer": more - rng.randint(0, 2),
            "day": f"{friday + timedelta(days=rng.choice((7, 12, 14, 19))):%d %b}",
        }

    def _work(self, rng: random.Random, project: Project, friday: date) -> dict[str, object]:
        """The packages that are done, under way and next by the calendar."""
        agreed = project.agreed
        length = max(1, (project.ends_on - project.starts_on).days)
        at = round((friday - project.starts_on).days / length * (len(agreed) - 1))
        at = min(len(agreed) - 2, max(0, at))
        extra = project.extras[0] if rng.random() < 0.7 else rng.choice(project.extras)
        slots: dict[str, object] = {
            "package": agreed[at].inner_title,
            "next_package": agreed[at + 1].inner_title,
            "extra": extra.inner_title,
        }
        if at:
            slots["done"] = agreed[rng.randrange(max(0, at - 2), at)].inner_title
        return slots

    def _team(self, rng: random.Random, project: Project, friday: date) -> dict[str, object]:
        """Who is there, who is new, who is away, and whether there was a public holiday."""
        monday = friday - timedelta(days=4)
        there = [a for a in self._teams[project.project_id] if a.starts_on <= friday and a.ends_on >= monday]
        others = [a for a in there if a.person.person_id != project.manager_id]
        slots: dict[str, object] = {}
        if others:
            longest = max(others, key=lambda a: ((a.ends_on - a.starts_on).days, a.assignment_id))
            slots |= {"key": _given(longest.person), "colleague": _given(rng.choice(others).person)}
        else:
            slots |= {"key": "our architect", "colleague": "the team"}
        if len(there) > 2:
            slots["team"] = len({a.person.person_id for a in there})
        new = [a for a in others if a.starts_on >= friday - timedelta(days=_NEW_DAYS) > project.starts_on]
        if new:
            slots["newcomer"] = _given(new[-1].person)
        for made in others:
            if (away := self._days_away(made.person, monday, friday)) >= 2:
                slots |= {"away": _given(made.person), "away_days": away}
                break
        country = project.client.office.country
        closed = [d for d in days(monday, friday) if not is_workday(d, country)]
        if closed:
            slots["holiday"] = f"{closed[0]:%A}"
        return slots

    def _days_away(self, person: Person, monday: date, friday: date) -> int:
        absences = self._leave.get(person.person_id, [])
        return sum(any(a.starts_on <= d <= a.ends_on for a in absences) for d in days(monday, friday))


def _given(person: Person) -> str:
    return person.name.partition(" ")[0]


def _weekly_minutes(
    setting: Setting, projects: list[Project], entries: Entries
) -> dict[str, dict[date, int]]:
    """Recorded minutes by project and the Monday of the week."""
    found: dict[str, dict[date, int]] = {p.project_id: {} for p in projects}
    weekday = setting.first_day.weekday()
    monday = setting.first_day - timedelta(days=weekday)
    week = ((entries.day + weekday) // 7).tolist()
    for n, number, minutes in zip(entries.project.tolist(), week, entries.minutes.tolist(), strict=True):
        weeks = found[projects[n].project_id]
        begin = monday + timedelta(weeks=number)
        weeks[begin] = weeks.get(begin, 0) + minutes
    return found
