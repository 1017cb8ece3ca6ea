"""The firm's offices, roles and price list, read from `text/firm.yaml`."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import get_args

from demo.records import Contract, Grade, Office, Role
from demo.setting import text

GRADES: tuple[Grade, ...] = get_args(Grade)
OPERATIONS = "Operations"
HOURS_PER_DAY = 8


@cache
def offices() -> tuple[Office, ...]:
    """The offices, the largest first."""
    return tuple(Office(**facts) for facts in text("firm")["offices"])


@cache
def practices() -> tuple[str, ...]:
    """The practices that work for clients."""
    return tuple(practice["name"] for practice in text("firm")["practices"])


@cache
def skills_of(practice: str) -> tuple[str, ...]:
    """The skills that belong to a practice."""
    return next(tuple(p["skills"]) for p in text("firm")["practices"] if p["name"] == practice)


@cache
def disciplines(practice: str) -> tuple[str, ...]:
    """A practice's disciplines; one that is named twice is twice as common."""
    return next(tuple(p["disciplines"]) for p in text("firm")["practices"] if p["name"] == practice)


@cache
def role(practice: str, grade: Grade, discipline: str) -> Role:
    """The role of a grade and discipline. Managers and partners have one role a practice."""
    facts = next(p for p in text("firm")["practices"] if p["name"] == practice)
    name = text("firm")["grades"][grade]["title"].format(
        discipline=discipline, manager=facts["manager"], practice=practice
    )
    return Role(name, grade, discipline, practice)


@cache
def roles(practice: str) -> tuple[Role, ...]:
    """Every role of a practice, by grade, without repeats."""
    found = {role(practice, g, d).name: role(practice, g, d) for g in GRADES for d in disciplines(practice)}
    return tuple(found.values())


def converted(amount: Decimal, currency: str, into: str) -> Decimal:
    """An amount in another currency, to two decimals."""
    factors = text("firm")["currency_factor"]
    return (amount * Decimal(str(factors[into] / factors[currency]))).quantize(Decimal("0.01"))


def day_rate(contract: Contract, held: Role) -> Decimal:
    """A day's price of a role under a contract, in its currency, rounded to ten."""
    firm = text("firm")
    places = disciplines(held.practice)
    premium = 1 + 0.02 * (places.index(held.discipline) if held.grade in ("consultant", "senior") else 0)
    hourly = firm["grades"][held.grade]["bill"] * firm["currency_factor"][contract.currency]
    return Decimal(round(hourly * HOURS_PER_DAY * contract.rate_level * premium / 10) * 10)
