"""Billing readiness of a whole practice: what was worked, what of it may be invoiced, and what stands in the
way, by the same checks that `check_readiness` makes for one project."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from models.money import Money
from models.policy import NoExchangeRate
from store.db import Tx
from tools.money import Converter
from tools.readiness import CheckReadiness, Kind, findings, period
from workflow.policies import active


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Obstacle(_View):
    """What keeps invoices of a practice from going out."""

    kind: Kind
    projects: int


class PracticeBilling(_View):
    """The last whole month of a practice, of the projects that the caller may see."""

    practice: str
    projects: int  # that were worked on
    ready: int  # of them, those with nothing to mend
    hours: float
    approved_hours: float
    approved: Money | None  # what the approved hours bill; None: the caller sees no rates, or one is missing
    invoiced: Money | None  # since the month began
    obstacles: tuple[Obstacle, ...]


class Billing(_View):
    starts_on: date
    ends_on: date
    practices: tuple[PracticeBilling, ...]


def billing(tx: Tx, today: date, practice: str | None = None) -> Billing:
    """The last whole month by practice, in the currency of the active policy. Role: agent."""
    starts_on, ends_on = period(today, CheckReadiness(project=""))
    rows = tx.records("invoices.worked_projects", starts_on=starts_on, ends_on=ends_on, practice=practice)
    policy, _ = active(tx)
    convert = Converter(policy)
    found = findings(tx, convert, sorted({r["project_id"] for r in rows}), starts_on, ends_on)
    blocked = {id_: {f.kind for f in there if f.blocks} for id_, there in found.items()}
    by_practice: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_practice.setdefault(row["practice"], []).append(row)
    return Billing(
        starts_on=starts_on,
        ends_on=ends_on,
        practices=tuple(
            _practice(name, there, blocked, convert, policy.currency) for name, there in by_practice.items()
        ),
    )


def _practice(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    blocked: Mapping[str, set[Kind]],
    convert: Converter,
    currency: str,
) -> PracticeBilling:
    projects = {r["project_id"]: r for r in rows}  # one row a project and currency of its people
    approved = [(r["amount"], r["amount_currency"]) for r in rows if r["approved_hours"]]
    kinds = Counter(kind for id_ in projects for kind in blocked[id_])
    return PracticeBilling(
        practice=name,
        projects=len(projects),
        ready=sum(not blocked[id_] for id_ in projects),
        hours=sum(r["hours"] for r in rows),
        approved_hours=sum(r["approved_hours"] for r in rows),
        approved=_sum(approved, convert, currency),
        invoiced=_sum([(r["invoiced"], r["currency"]) for r in projects.values()], convert, currency),
        obstacles=tuple(Obstacle(kind=kind, projects=n) for kind, n in kinds.most_common()),
    )


def _sum(
    amounts: Sequence[tuple[Decimal | None, str | None]], convert: Converter, currency: str
) -> Money | None:
    """All of them in one currency; None where one is not known or has no rate."""
    total = Decimal(0)
    for amount, of in amounts:
        if amount is None or of is None:
            return None
        try:
            total += convert(Money(amount=amount, currency=of), currency).amount
        except NoExchangeRate:
            return None
    return Money(amount=total, currency=currency).rounded()
