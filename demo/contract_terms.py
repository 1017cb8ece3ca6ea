"""What was agreed in each contract, before it is put into words. Drawn from ranges that firms really use;
a term that a contract does not have is simply absent."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from demo.cast import PROJECT_NAME
from demo.catalogue import HOURS_PER_DAY, day_rate, roles
from demo.records import Assignment, Contract, Project
from demo.setting import Setting

TermKind = Literal[
    "rate",
    "working_day",
    "rate_review",
    "fee_cap",
    "cap_warning",
    "fixed_price",
    "weekend_work",
    "payment_terms",
    "late_interest",
    "expenses_approval",
    "expenses_cap",
    "change_order",
    "change_signatory",
    "change_notice",
    "change_allowance",
    "change_rate",
    "key_persons",
    "release_notice",
    "non_solicitation",
    "acceptance",
    "ip_ownership",
    "confidentiality",
    "liability_cap",
    "termination",
    "governing_law",
    "exclusion",
]
Value = dict[str, str | int | list[str]]

_CLIENT_SIGNATORIES = (
    "Chief Information Officer",
    "Head of Data",
    "Procurement Director",
    "Finance Director",
    "Programme Sponsor",
    "Chief Operating Officer",
)
_STYLES = {
    "London": ("formal", "plain", "framework"),
    "New York": ("us", "us", "plain"),
    "Berlin": ("continental", "continental", "framework", "formal"),
    "Madrid": ("continental", "framework", "plain"),
}


@dataclass(frozen=True)
class Rate:
    """One line of a rate card."""

    role: str
    amount: Decimal
    currency: str
    unit: Literal["day", "hour"]


@dataclass(frozen=True)
class Agreed:
    """A contract's terms: each kind with its value, and the wording that its option calls for."""

    contract: Contract
    style: str
    rates: tuple[Rate, ...]
    terms: dict[TermKind, Value]
    projects: tuple[Project, ...]


def agree(
    setting: Setting, contracts: list[Contract], projects: list[Project], assignments: list[Assignment]
) -> list[Agreed]:
    """The terms of every contract, in the contracts' order. Also sets each contract's value."""
    found = []
    for contract in contracts:
        rng = setting.random(f"terms/{contract.contract_id}")
        own = tuple(p for p in projects if p.contract is contract)
        contract.value = Decimal(round(sum(p.budget_amount for p in own) / 5000) * 5000)
        team = [a for a in assignments if a.project.contract is contract]
        main = contract.contract_id == _main(projects).contract_id
        found.append(
            Agreed(
                contract=contract,
                style="formal" if main else rng.choice(_STYLES[contract.client.office.city]),
                rates=_rates(rng, contract, own, team, hourly=not main and rng.random() < 0.35),
                terms=_main_terms(contract, team) if main else _terms(rng, contract, team),
                projects=own,
            )
        )
    return found


def _main(projects: list[Project]) -> Contract:
    return next(p.contract for p in projects if p.name == PROJECT_NAME)


def _rates(
    rng: random.Random,
    contract: Contract,
    projects: tuple[Project, ...],
    team: list[Assignment],
    *,
    hourly: bool,
) -> tuple[Rate, ...]:
    """The roles of the projects' practices, and those of anybody from elsewhere who is booked."""
    priced = {r.name: r for p in projects for r in roles(p.practice)}
    priced |= {a.person.role.name: a.person.role for a in team if a.person.role}
    found = []
    for held in priced.values():
        a_day = day_rate(contract, held)
        amount = Decimal(round(a_day / HOURS_PER_DAY)) if hourly else a_day
        found.append(Rate(held.name, amount, contract.currency, "hour" if hourly else "day"))
    if rng.random() < 0.5:
        found.sort(key=lambda r: -r.amount)
    return tuple(found)


def _key_persons(rng: random.Random, team: list[Assignment], size: int) -> list[str]:
    """Names of those who are longest on the contract's projects."""
    ranked = sorted(team, key=lambda a: (-(a.ends_on - a.starts_on).days * a.hours_per_week, a.assignment_id))
    names = list(dict.fromkeys(a.person.name for a in ranked))[:size]
    rng.shuffle(names)
    return names


def _amount(value: Decimal | float, step: int, currency: str) -> Value:
    return {"amount": str(max(step, round(float(value) / step) * step)), "currency": currency}


def _terms(rng: random.Random, contract: Contract, team: list[Assignment]) -> dict[TermKind, Value]:
    """Terms as they come: some contracts are silent on some points."""
    terms: dict[TermKind, Value] = {}
    terms["working_day"] = {"hours": 8}
    terms["payment_terms"] = {"days": contract.client.payment_terms_days}
    terms["change_order"] = {"option": rng.choices(("written_before_work", "email_confirmation"), (8, 2))[0]}
    terms["change_signatory"] = {
        "client_title": rng.choice(_CLIENT_SIGNATORIES),
        "supplier_title": rng.choice(("Delivery Director", "Practice Lead", "Client Director")),
    }
    terms["change_notice"] = {"days": rng.choice((3, 5, 5, 10, 10, 15))}
    if rng.random() < 0.55:
        terms["change_allowance"] = {"hours": rng.choice((4, 6, 8, 8, 10, 16)), "per": "month"}
    option = rng.choices(("rate_card", "discount", "uplift"), (7, 2, 2))[0]
    percent = {"rate_card": 0, "discount": rng.choice((5, 10)), "uplift": rng.choice((10, 15, 20))}[option]
    terms["change_rate"] = {"option": option, "percent": percent}
    terms["termination"] = {"days": rng.choice((30, 30, 60, 90))}
    terms["confidentiality"] = {"years": rng.choice((2, 3, 3, 5, 5, 7))}
    ownership = ("client_on_payment", "client_on_creation", "supplier_licence")
    terms["ip_ownership"] = {"option": rng.choices(ownership, (6, 2, 2))[0]}
    terms["acceptance"] = {
        "option": rng.choices(("deemed", "explicit"), (6, 4))[0],
        "days": rng.choice((5, 10, 10, 15)),
    }
    if rng.random() < 0.6:
        terms["liability_cap"] = {"option": "multiple", "percent": rng.choice((100, 100, 125, 150, 200))}
    else:
        cap = _amount(contract.value * rng.choice((1, 2)), 50_000, contract.currency)
        terms["liability_cap"] = {"option": "amount", **cap}
    office = contract.client.office
    terms["governing_law"] = {"law": office.law, "courts": office.courts}
    terms |= _optional_terms(rng, contract, team)
    return terms


def _optional_terms(rng: random.Random, contract: Contract, team: list[Assignment]) -> dict[TermKind, Value]:
    terms: dict[TermKind, Value] = {}
    if contract.kind == "fixed_price":
        terms["fixed_price"] = {"amount": str(contract.value), "currency": contract.currency}
    elif rng.random() < 0.75:
        terms["fee_cap"] = {"amount": str(contract.value), "currency": contract.currency}
        if rng.random() < 0.7:
            terms["cap_warning"] = {"percent": rng.choice((70, 75, 80, 80, 90))}
    if rng.random() < 0.7:
        terms["rate_review"] = {"percent": rng.choice((2, 3, 3, 4, 5))}
    if rng.random() < 0.6:
        terms["weekend_work"] = {"percent": rng.choice((25, 50, 50, 100))}
    if rng.random() < 0.6:
        terms["late_interest"] = {"percent": rng.choice((2, 4, 5, 8))}
    if rng.random() < 0.8:
        terms["expenses_approval"] = _amount(rng.choice((150, 250, 300, 500)), 50, contract.currency)
    if rng.random() < 0.45:
        terms["expenses_cap"] = {"percent": rng.choice((5, 8, 10, 12))}
    names = _key_persons(rng, team, rng.choice((1, 2, 2, 3)))
    if names and rng.random() < 0.65:
        terms["key_persons"] = {"names": list(names), "days": rng.choice((20, 30, 30, 60))}
    if rng.random() < 0.6:
        terms["release_notice"] = {"days": rng.choice((10, 14, 20, 30))}
    if rng.random() < 0.55:
        terms["non_solicitation"] = {"months": rng.choice((6, 12, 12, 24))}
    return terms


def _main_terms(contract: Contract, team: list[Assignment]) -> dict[TermKind, Value]:
    """The main project's contract has every term that the day needs."""
    manager = next(a.person for a in team if a.person.part == "manager")
    others = [n for n in _key_persons(random.Random(0), team, 3) if n != manager.name]
    return {
        "working_day": {"hours": 8},
        "payment_terms": {"days": 30},
        "late_interest": {"percent": 4},
        "change_order": {"option": "written_before_work"},
        "change_signatory": {"client_title": "Head of Data", "supplier_title": "Delivery Director"},
        "change_notice": {"days": 10},
        "change_allowance": {"hours": 8, "per": "month"},
        "change_rate": {"option": "rate_card", "percent": 0},
        "fee_cap": {"amount": str(contract.value), "currency": contract.currency},
        "cap_warning": {"percent": 80},
        "rate_review": {"percent": 3},
        "weekend_work": {"percent": 50},
        "expenses_approval": {"amount": "250", "currency": contract.currency},
        "expenses_cap": {"percent": 8},
        "key_persons": {"names": [manager.name, *others[:1]], "days": 30},
        "release_notice": {"days": 20},
        "non_solicitation": {"months": 12},
        "acceptance": {"option": "deemed", "days": 10},
        "ip_ownership": {"option": "client_on_payment"},
        "confidentiality": {"years": 5},
        "liability_cap": {"option": "multiple", "percent": 125},
        "termination": {"days": 60},
        "governing_law": {"law": contract.client.office.law, "courts": contract.client.office.courts},
    }
