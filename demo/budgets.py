"""What projects cost and may cost: the price of recorded time under each contract, and the budgets."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from demo.catalogue import HOURS_PER_DAY, day_rate
from demo.records import Assignment, Person, Project
from demo.setting import HISTORY_DAYS, Setting
from demo.stories import Story
from demo.time_entries import Entries

Amounts = NDArray[np.float64]


def hourly_prices(people: list[Person], projects: list[Project], entries: Entries) -> Amounts:
    """The price an hour of each entry, by its person's role under its project's contract."""
    contracts = {id(p.contract): n for n, p in reversed(list(enumerate(projects)))}
    row_of = np.array([contracts[id(p.contract)] for p in projects])
    pair = row_of[entries.project] * len(people) + entries.person
    distinct, at = np.unique(pair, return_inverse=True)
    prices = np.zeros(len(distinct))
    for n, code in enumerate(distinct.tolist()):
        project, person = projects[code // len(people)], people[code % len(people)]
        if person.role:
            prices[n] = float(day_rate(project.contract, person.role)) / HOURS_PER_DAY
    found: Amounts = prices[at]
    return found


def set_budgets(
    setting: Setting,
    projects: list[Project],
    assignments: list[Assignment],
    entries: Entries,
    prices: Amounts,
    stories: list[Story],
) -> None:
    """Gives each project a budget near what its work comes to; troubled projects have too little of it."""
    rng = setting.random("budgets")
    spent = np.bincount(entries.project, entries.minutes / 60, len(projects))
    worth = np.bincount(entries.project, entries.minutes / 60 * prices, len(projects))
    tight = {s.project.project_id: s.trouble for s in stories}
    for n, project in enumerate(projects):
        ahead = sum(_hours_ahead(setting, a) for a in assignments if a.project is project)
        before = spent[n] * _share_unrecorded(setting, project)
        factor = rng.uniform(0.97, 1.16)
        if tight.get(project.project_id) in ("budget_burn", "scope_creep"):
            factor = rng.uniform(0.8, 0.9)
        hours = max(200.0, (spent[n] + ahead + before) * factor)
        price = worth[n] / spent[n] if spent[n] else 120.0
        project.budget_hours = round(hours / 20) * 20
        project.budget_amount = Decimal(round(project.budget_hours * price / 1000) * 1000)


def _hours_ahead(setting: Setting, made: Assignment) -> float:
    """Hours that a booking still has to give, allowing for holidays."""
    first = max(made.starts_on, setting.today)
    return max(0, (made.ends_on - first).days + 1) / 7 * made.hours_per_week * 0.9


def _share_unrecorded(setting: Setting, project: Project) -> float:
    """Time before the records begin, as a share of the recorded."""
    before = max(0, (setting.first_day - project.starts_on).days)
    inside = max(1, min(HISTORY_DAYS, (project.ends_on - setting.first_day).days))
    return before / inside
