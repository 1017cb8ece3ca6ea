"""Two years of invoices for the recorded time, and how each client pays: in its own rhythm, mostly on its
own pay day, some later and later."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from demo.budgets import Amounts
from demo.records import Client, Project
from demo.setting import Setting
from demo.stories import SlowPayer
from demo.time_entries import APPROVED, Entries


@dataclass(frozen=True)
class Invoice:
    """An invoice; `paid_on` is None while it is unpaid today."""

    invoice_id: str
    client: Client
    project: Project
    issued_on: date
    due_on: date
    amount: Decimal
    paid_on: date | None


@dataclass(frozen=True)
class _Habit:
    """How a client pays, in days against the due date."""

    delay: float
    spread: float
    pay_day: int | None  # weekday of the payment run
    large_extra: float  # more days for amounts above the client's usual
    dispute_share: float


_PROMPT = _Habit(delay=-4.0, spread=3.0, pay_day=3, large_extra=0.0, dispute_share=0.0)  # until it slows


def bill(
    setting: Setting,
    clients: list[Client],
    projects: list[Project],
    entries: Entries,
    prices: Amounts,
    slow: list[SlowPayer],
) -> list[Invoice]:
    """All invoices, numbered by issue."""
    rng = setting.random("invoices")
    habits = {c.client_id: _habit(setting.random(f"pays/{c.client_id}")) for c in clients}
    habits[clients[0].client_id] = _PROMPT
    slower = {s.client.client_id: s for s in slow}
    made: list[Invoice] = []
    for project, last, amount in _amounts(setting, projects, entries, prices):
        client = project.client
        issued = last + timedelta(days=rng.choice((1, 2, 3, 3, 5, 8)))
        issued += timedelta(days=(7 - issued.weekday()) % 7 if issued.weekday() > 4 else 0)
        if issued >= setting.today:
            continue
        for share in _parts(rng, amount):
            value = Decimal(round(amount * share, 2)).quantize(Decimal("0.01"))
            due = issued + timedelta(days=client.payment_terms_days)
            paid = _paid_on(rng, habits[client.client_id], slower.get(client.client_id), issued, due, amount)
            known = paid if paid is not None and paid < setting.today else None
            made.append(Invoice("", client, project, issued, due, value, known))
    made.sort(key=lambda i: (i.issued_on, i.project.project_id, -i.amount))
    return [replace(i, invoice_id=f"INV-{i.issued_on.year}-{n:05d}") for n, i in enumerate(made, 1)]


def _amounts(
    setting: Setting, projects: list[Project], entries: Entries, prices: Amounts
) -> Iterator[tuple[Project, date, float]]:
    """(project, last day, amount) of each half month with approved time."""
    days = [setting.first_day + timedelta(days=n) for n in range(int(entries.day.max()) + 1)]
    halves = [(d.year * 12 + d.month) * 2 + (d.day > 15) for d in days]
    half = np.array(halves)[entries.day]
    base = halves[0]
    width = halves[-1] - base + 1
    done = entries.state == APPROVED
    worth = np.bincount(
        (entries.project * width + half - base)[done],
        (entries.minutes / 60 * prices)[done],
        len(projects) * width,
    ).reshape(len(projects), width)
    for n, project in enumerate(projects):
        by_month = project.contract.kind in ("fixed_price", "retainer")
        carried = 0.0
        for at in range(width):
            carried += float(worth[n, at])
            month, second = divmod(at + base, 2)
            if carried < 500 or (by_month and not second):
                continue
            year, month = divmod(month - 1, 12)
            last = date(year, month + 1, 15) if not second else _month_end(year, month + 1)
            if last < setting.today:
                yield project, last, carried
                carried = 0.0


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _parts(rng: random.Random, amount: float) -> tuple[float, ...]:
    """Shares of the amount by invoice: fees on one purchase order or two, and often the expenses apart."""
    fees: tuple[float, ...] = (1.0,)
    if amount > 30_000 and rng.random() < 0.5:
        first = rng.choice((0.5, 0.6, 0.7))
        fees = (first, 1 - first)
    if amount > 4000 and rng.random() < 0.5:
        return (*fees, rng.uniform(0.01, 0.07))
    return fees


def _habit(rng: random.Random) -> _Habit:
    delay = rng.choices((-10.0, -5.0, 0.0, 8.0, 22.0), (2, 4, 4, 3, 1))[0] + rng.uniform(-2, 2)
    return _Habit(
        delay=delay,
        spread=rng.uniform(2.5, 9.0),
        pay_day=rng.choice((None, 1, 3, 3, 4)),
        large_extra=rng.choice((0.0, 0.0, 3.0, 8.0)),
        dispute_share=rng.choice((0.0, 0.01, 0.03, 0.06)),
    )


def _paid_on(
    rng: random.Random, habit: _Habit, slow: SlowPayer | None, issued: date, due: date, amount: float
) -> date | None:
    """When the client pays, or None for a dispute without end in sight."""
    days = rng.gauss(habit.delay, habit.spread) + (habit.large_extra if amount > 40_000 else 0.0)
    if slow and issued >= slow.since:
        days += slow.extra_days * min(1.0, 0.35 + (issued - slow.since).days / 180)
    if issued.month == 12:
        days += 6  # nobody pays between the years
    if rng.random() < habit.dispute_share:
        days += rng.uniform(30, 110)
        if rng.random() < 0.1:
            return None
    paid = max(due + timedelta(days=round(days)), issued + timedelta(days=2))
    if habit.pay_day is not None:
        paid += timedelta(days=(habit.pay_day - paid.weekday()) % 7)
    return paid + timedelta(days=max(0, 7 - paid.weekday()) if paid.weekday() > 4 else 0)
