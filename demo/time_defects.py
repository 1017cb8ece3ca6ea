"""Plants entries that should not have been claimed as they are, of the eight kinds that auditors name, and
keeps a record of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

import numpy as np

from demo.cast import PROJECT_NAME
from demo.records import Leave, Person, Project
from demo.setting import HISTORY_DAYS, Setting
from demo.time_entries import (
    SUBMITTED,
    Bools,
    Entries,
    Ints,
    absences,
    first_package,
    hand_in_after,
    presence,
)

DefectKind = Literal[
    "inflated_hours",
    "rounded_up",
    "duplicate",
    "overlapping_projects",
    "weekend",
    "wrong_project",
    "after_close",
    "impossible_day",
]
KINDS: tuple[DefectKind, ...] = get_args(DefectKind)
SHARE = 0.004  # of all entries
_MIX: dict[DefectKind, float] = {
    "inflated_hours": 0.30,
    "rounded_up": 0.20,
    "duplicate": 0.14,
    "overlapping_projects": 0.10,
    "weekend": 0.08,
    "wrong_project": 0.08,
    "after_close": 0.05,
    "impossible_day": 0.05,
}
_PADDERS = 9  # people who pad habitually, at full scale
_WAITING_WEIGHT = 6.0  # how much likelier an entry is chosen that waits for approval


@dataclass
class Marked:
    """Entries and, beside each, what is wrong with it: an index into KINDS or -1, and minutes at stake."""

    entries: Entries
    kind: Ints
    stake: Ints
    padders: list[Person]


def plant(
    setting: Setting, clean: Entries, people: list[Person], projects: list[Project], leave: list[Leave]
) -> Marked:
    """The entries with the defects among them, in order of day and person."""
    planter = _Planter(setting, clean, people, projects, leave)
    total = max(24, round(len(clean) * SHARE))
    planter.inflate(round(total * _MIX["inflated_hours"]))
    planter.round_up(round(total * _MIX["rounded_up"]))
    planter.move_project(round(total * _MIX["wrong_project"]))
    planter.duplicate(round(total * _MIX["duplicate"]))
    planter.overlap(round(total * _MIX["overlapping_projects"]))
    planter.weekend(round(total * _MIX["weekend"]))
    planter.after_close(round(total * _MIX["after_close"]))
    planter.overfill_days(max(1, round(total * _MIX["impossible_day"] / 2)))
    made = planter.entries
    order = np.lexsort((made.start, made.person, made.day))
    return Marked(made.take(order), planter.kind[order], planter.stake[order], planter.padders)


class _Planter:
    """Changes rows in place or adds rows; a row is touched once at most."""

    def __init__(
        self,
        setting: Setting,
        clean: Entries,
        people: list[Person],
        projects: list[Project],
        leave: list[Leave],
    ) -> None:
        self.setting = setting
        self.rng = setting.numpy("time defects")
        self.entries = clean.take(np.arange(len(clean)))
        self.kind: Ints = np.full(len(clean), -1, dtype=np.int64)
        self.stake: Ints = np.zeros(len(clean), dtype=np.int64)
        self.people, self.projects = people, projects
        self.present = presence(setting, people, leave)
        self.away = absences(setting, people, leave)
        self.first = first_package(projects)
        self.clean = len(clean)
        workers = np.unique(clean.person)
        busy = workers[np.bincount(clean.person)[workers] > 300]
        self._padding = self.rng.choice(busy, min(len(busy), setting.count(_PADDERS, 2)), replace=False)
        self.padders = [people[n] for n in self._padding]
        main = next(n for n, p in enumerate(projects) if p.name == PROJECT_NAME)
        manager = next(n for n, p in enumerate(people) if p.person_id == projects[main].manager_id)
        self._main: Bools = (clean.project == main) & (clean.person != manager)

    def _choose(self, size: int, able: Bools, *, padders: bool = False) -> Ints:
        """Rows not yet touched, rather such as wait for approval; always one of the main project's."""
        free = np.zeros(len(self.entries), dtype=bool)
        free[: self.clean] = able[: self.clean] & (self.kind[: self.clean] < 0)
        waiting = self.entries.state == SUBMITTED
        weight = free * np.where(waiting, _WAITING_WEIGHT, 1.0)
        if padders:
            weight *= np.where(np.isin(self.entries.person, self._padding), 60.0, 1.0)
        size = min(size, int(np.count_nonzero(weight)))
        if size == 0:
            return np.zeros(0, dtype=np.int64)
        drawn = self.rng.choice(len(weight), size, replace=False, p=weight / weight.sum())
        main = np.flatnonzero(free[: self.clean] & waiting[: self.clean] & self._main)
        shown = self.rng.choice(main, min(1, len(main)), replace=False)
        return self.rng.permutation(np.unique(np.concatenate([drawn[len(shown) :], shown])))

    def _mark(self, rows: Ints, kind: DefectKind, stake: Ints) -> None:
        self.kind[rows] = KINDS.index(kind)
        self.stake[rows] = stake

    def _add(self, rows: Entries, kind: DefectKind) -> None:
        self.entries = self.entries.joined(rows)
        self.kind = np.concatenate([self.kind, np.full(len(rows), KINDS.index(kind))])
        self.stake = np.concatenate([self.stake, rows.minutes])

    def inflate(self, size: int) -> None:
        """Claims far more than was planned; half of them forget to move the end time along."""
        e = self.entries
        rows = self._choose(size, e.minutes >= 45, padders=True)
        more = np.maximum(60, np.rint(e.minutes[rows] * self.rng.uniform(0.6, 1.4, len(rows)) / 15) * 15)
        stake = more.astype(np.int64)
        e.minutes[rows] += stake
        stretched = rows[self.rng.random(len(rows)) < 0.5]
        e.span[stretched] = e.minutes[stretched]
        self._mark(rows, "inflated_hours", stake)

    def round_up(self, size: int) -> None:
        """Claims the next full hour."""
        e = self.entries
        rows = self._choose(size, (e.minutes % 60 > 0) & (e.minutes % 60 <= 35), padders=True)
        stake = -e.minutes[rows] % 60
        e.minutes[rows] += stake
        self._mark(rows, "rounded_up", stake)

    def move_project(self, size: int) -> None:
        """Posts time, note and all, to a running project that the person does not work on."""
        e = self.entries
        rows = self._choose(size, np.ones(len(e), dtype=bool))
        pairs = set(zip(e.person.tolist(), e.project.tolist(), strict=True))
        kept: list[int] = []
        for row in rows.tolist():
            day, person = int(e.day[row]), int(e.person[row])
            others = [n for n in self._running(day) if (person, n) not in pairs]
            if not others:
                continue
            other = int(self.rng.choice(others))
            e.project[row] = other
            e.package[row] = self.first[other] + self.rng.integers(0, len(self.projects[other].agreed))
            kept.append(row)
        moved = np.array(kept, dtype=np.int64)
        self._mark(moved, "wrong_project", e.minutes[moved])

    def _running(self, day: int) -> list[int]:
        when = self.setting.first_day + timedelta(days=day)
        return [n for n, p in enumerate(self.projects) if p.starts_on <= when <= p.ends_on]

    def duplicate(self, size: int) -> None:
        """The same work entered again."""
        rows = self._choose(size, self.entries.minutes >= 30)
        copies = self.entries.take(rows)
        reworded = self.rng.random(len(rows)) < 0.4
        copies.note[reworded] = self.rng.integers(0, 1 << 20, int(reworded.sum()))
        self._add(copies, "duplicate")

    def overlap(self, size: int) -> None:
        """Time on another of the person's projects while the clock runs on this one."""
        e = self.entries
        rows = self._choose(size * 2, e.minutes >= 60)
        own: dict[int, set[int]] = {}
        for person, project in set(zip(e.person.tolist(), e.project.tolist(), strict=True)):
            own.setdefault(person, set()).add(project)
        picked: list[tuple[int, int]] = []
        for row in rows.tolist():
            running = set(self._running(int(e.day[row]))) & own[int(e.person[row])]
            others = sorted(running - {int(e.project[row])})
            if others and len(picked) < size:
                picked.append((row, int(self.rng.choice(others))))
        doubled = e.take(np.array([row for row, _ in picked], dtype=np.int64))
        doubled.project = np.array([other for _, other in picked], dtype=np.int64)
        doubled.package = self.first[doubled.project]
        doubled.noted = doubled.package.copy()
        doubled.start = doubled.start + self.rng.integers(1, 4, len(doubled)) * 10
        self._add(doubled, "overlapping_projects")

    def weekend(self, size: int) -> None:
        """Posted to a Saturday or Sunday without anybody having asked for it."""
        e = self.entries
        weekday = (e.day + self.setting.first_day.weekday()) % 7
        rows = self._choose(size * 2, (weekday >= 3) & (weekday <= 4) & (e.day < HISTORY_DAYS - 3))
        moved = e.take(rows)
        to_saturday = 5 - (moved.day + self.setting.first_day.weekday()) % 7
        moved.day = moved.day + to_saturday + self.rng.integers(0, 2, len(moved))
        moved.start = self.rng.integers(18, 42, len(moved)) * 30
        moved.span = moved.minutes.copy()
        hand_in_after(self.rng, moved)
        ends = np.array([(p.ends_on - self.setting.first_day).days for p in self.projects])
        fine = (moved.day <= ends[moved.project]) & ~self.away[moved.person, moved.day]
        self._add(moved.take(np.flatnonzero(fine)[:size]), "weekend")

    def after_close(self, size: int) -> None:
        """Posted to a project a week to two months after it was finished."""
        e = self.entries
        ends = np.array([(p.ends_on - self.setting.first_day).days for p in self.projects])
        rows = self._choose(size * 4, ends[e.project] < HISTORY_DAYS - 10)
        late = e.take(rows)
        after = self.rng.integers(8, 60, len(late))
        lately = HISTORY_DAYS - self.rng.integers(2, 12, len(late)) - ends[late.project]
        after = np.where((lately >= 8) & (lately < 90), lately, after)
        late.day = ends[late.project] + after
        inside = late.take(late.day < HISTORY_DAYS)
        fine = inside.take(self.present[inside.person, inside.day])
        fine = fine.take(np.arange(min(size, len(fine))))
        fine.start = self.rng.integers(34, 38, len(fine)) * 30  # 17:00 to 18:30
        hand_in_after(self.rng, fine)
        self._add(fine, "after_close")

    def overfill_days(self, size: int) -> None:
        """Two long evening entries on a full day, which then has more hours than anybody works."""
        e = self.entries
        total = np.bincount(e.person * HISTORY_DAYS + e.day, e.minutes)
        rows = self._choose(size, total[e.person * HISTORY_DAYS + e.day] > 420)
        for begin in (18 * 60 + 30, 19 * 60 + 15):
            added = e.take(rows)
            added.start = np.full(len(rows), begin)
            added.minutes = self.rng.integers(20, 25, len(rows)) * 15  # 5 to 6 hours
            added.span = added.minutes.copy()
            added.planned = np.full(len(rows), 60)
            hand_in_after(self.rng, added)
            self._add(added, "impossible_day")
