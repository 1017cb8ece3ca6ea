"""What goes wrong in the demo firm, decided before anything is written down: projects that get into
trouble, contracts that work creeps beyond, clients that pay later and later."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from demo.cast import PROJECT_NAME
from demo.records import Client, Project
from demo.setting import Setting
from demo.time_entries import Creep

Trouble = Literal[
    "slow_decisions",
    "environment_access",
    "key_person",
    "scope_creep",
    "supplier_delay",
    "data_quality",
    "budget_burn",
    "low_adoption",
]
Stage = Literal["quiet", "hint", "visible", "biting", "recovering"]
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)
_VISIBLE_DAYS = 13  # before trouble bites


@dataclass(frozen=True)
class Story:
    """Trouble on a project: mentioned in passing from one day, plain to see some days before it bites."""

    project: Project
    trouble: Trouble
    hints_from: date
    bites_on: date
    eases_on: date | None  # None: not before the project or the record ends

    def stage(self, day: date) -> Stage:
        """How far the trouble has come on that day."""
        if day < self.hints_from:
            return "quiet"
        if day < self.bites_on - timedelta(days=_VISIBLE_DAYS):
            return "hint"
        if day < self.bites_on:
            return "visible"
        if self.eases_on is None or day < self.eases_on:
            return "biting"
        return "recovering" if day < self.eases_on + timedelta(days=35) else "quiet"


@dataclass(frozen=True)
class SlowPayer:
    """A client that takes longer to pay from one day on, by so many days after half a year of it."""

    client: Client
    since: date
    extra_days: int


def troubles(setting: Setting, projects: list[Project]) -> list[Story]:
    """At most one story a project; about a quarter of the running projects have one now."""
    rng = setting.random("stories")
    main = next(p for p in projects if p.name == PROJECT_NAME)
    ahead = setting.today + timedelta(days=16)
    found = [Story(main, "scope_creep", setting.today - timedelta(days=40), ahead, None)]
    running = [p for p in projects if p.status == "active" and p is not main]
    running = [p for p in running if p.starts_on < setting.today - timedelta(days=60)]
    over = [p for p in projects if p.status == "finished" and (p.ends_on - p.starts_on).days > 140]
    over = [p for p in over if p.ends_on > setting.first_day + timedelta(days=150)]
    now = rng.sample(running, min(len(running), setting.count(14, 3)))
    then = rng.sample(over, min(len(over), setting.count(28, 3)))
    earlier = [p for p in running if p not in now and p.starts_on < setting.today - timedelta(days=200)]
    for n, project in enumerate(now):
        days = rng.randint(-24, 30) if n else 18  # one at least is still to come
        bites = setting.today + timedelta(days=days)
        found.append(_story(rng, project, n, max(bites, project.starts_on + timedelta(days=56)), eases=None))
    for n, project in enumerate([*then, *earlier[: len(earlier) // 2]]):
        first = max(project.starts_on, setting.first_day) + timedelta(days=60)
        last = min(project.ends_on, setting.today) - timedelta(days=70)
        bites = first + timedelta(days=rng.randint(0, max(1, (last - first).days)))
        eases = bites + timedelta(days=rng.randint(21, 63))
        found.append(_story(rng, project, n, bites, eases=eases if rng.random() < 0.75 else None))
    return sorted(found, key=lambda s: s.project.project_id)


def _story(rng: random.Random, project: Project, n: int, bites: date, *, eases: date | None) -> Story:
    """The kinds of trouble in turn, so that each is there."""
    hints = bites - timedelta(days=rng.randint(32, 56))
    return Story(project, TROUBLES[(n + 3) % len(TROUBLES)], hints, bites, eases)


def creeps(setting: Setting, projects: list[Project], stories: list[Story]) -> list[Creep]:
    """Where time goes to work that the contract does not list, and from when."""
    rng = setting.random("creeps")
    at = {p.project_id: n for n, p in enumerate(projects)}
    return [
        Creep(
            project=at[story.project.project_id],
            from_day=max(0, (story.hints_from - setting.first_day).days - 7),
            share=round(rng.uniform(0.2, 0.4), 2),
        )
        for story in stories
        if story.trouble == "scope_creep"
    ]


def slow_payers(setting: Setting, clients: list[Client], projects: list[Project]) -> list[SlowPayer]:
    """Clients whose payments slow down over the last months, the main project's among them. All were billed
    both before and since."""
    rng = setting.random("slow payers")
    before = {p.client.client_id for p in projects if p.starts_on < setting.today - timedelta(days=400)}
    since = {p.client.client_id for p in projects if p.status == "active"}
    able = [c for c in clients[1:] if c.client_id in before & since]
    others = rng.sample(able, min(len(able), setting.count(6, 2) - 1))
    return [
        SlowPayer(client, setting.today - timedelta(days=rng.randint(170, 260)), rng.randint(22, 40))
        for client in (clients[0], *others)
    ]
