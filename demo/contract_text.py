"""Puts a contract's terms into words, in one of five drafting styles, and remembers which sentence says
what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from demo.cast import PROJECT_NAME
from demo.contract_terms import Agreed, TermKind, Value
from demo.records import Project
from demo.setting import Setting, text

_WORDS = {
    3: "three", 5: "five", 10: "ten", 14: "fourteen", 15: "fifteen", 20: "twenty", 30: "thirty",
    45: "forty-five", 60: "sixty", 90: "ninety",
}  # fmt: skip
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}


@dataclass(frozen=True)
class Clause:
    """A numbered paragraph. `kind` is the term that it states, if any."""

    number: str
    text: str
    kind: TermKind | None = None


@dataclass(frozen=True)
class Section:
    """A numbered heading and its clauses. A schedule's clauses may have no number."""

    number: str
    heading: str
    clauses: tuple[Clause, ...]
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Draft:
    """A contract's whole text."""

    title: str
    preamble: tuple[str, ...]
    sections: tuple[Section, ...]
    schedules: tuple[Section, ...]


@dataclass(frozen=True)
class StatedTerm:
    """A term as the document states it: the value, and the words and heading that say so."""

    kind: TermKind
    value: Value
    number: str
    heading: str
    quote: str


def draft(setting: Setting, agreed: Agreed) -> tuple[Draft, list[StatedTerm]]:
    """The document and the terms it states."""
    writer = _Writer(setting.random(f"draft/{agreed.contract.contract_id}"), agreed)
    sections = tuple(writer.sections())
    schedules = tuple(writer.schedules())
    contract = agreed.contract
    preamble = tuple(line.format(**writer.slots) for line in writer.style["preamble"])
    return Draft(f"{contract.title} ({contract.contract_id})", preamble, sections, schedules), writer.stated


def long_date(day: date) -> str:
    """4 March 2026."""
    return f"{day.day} {day:%B %Y}"


class _Writer:
    def __init__(self, rng: random.Random, agreed: Agreed) -> None:
        self.rng = rng
        self.agreed = agreed
        self.style: dict[str, Any] = text(f"contracts/{agreed.style}")
        self.stated: list[StatedTerm] = []
        contract = agreed.contract
        office = contract.client.office
        subjects = list(dict.fromkeys(p.subject for p in agreed.projects))
        self.slots: dict[str, object] = {
            "S": self.style["supplier"],
            "C": self.style["client"],
            "supplier_name": office.entity,
            "supplier_address": office.address,
            "client_name": contract.client.name,
            "subject": f"its {_join(subjects)}" if agreed.style != "plain" else f"your {_join(subjects)}",
            "signed_on": long_date(contract.signed_on),
            "starts_on": long_date(contract.starts_on),
            "ends_on": long_date(contract.ends_on),
        }

    def money(self, amount: str, currency: str) -> str:
        """An amount as the style writes it."""
        figure = f"{Decimal(amount):,.0f}"
        return f"{_SIGNS[currency]}{figure}" if self.style["money"] == "symbol" else f"{currency} {figure}"

    def sections(self) -> Iterator[Section]:
        """The body. Sections that would state nothing are left out, and numbers follow the order."""
        boilerplate = text("contracts/boilerplate")[self.style["boilerplate"]]
        number = 0
        for name in self.style["order"]:
            if name in boilerplate:
                title, clauses = name, [{"text": variants} for variants in boilerplate[name]]
            else:
                title, clauses = (
                    self.style["sections"][name]["title"],
                    self.style["sections"][name]["clauses"],
                )
            heading = self.style["heading"].format(number=number + 1, title=title)
            made = self._clauses(str(number + 1), heading, clauses)
            if made:
                number += 1
                yield Section(str(number), heading, made)

    def _clauses(self, number: str, heading: str, clauses: list[dict[str, Any]]) -> tuple[Clause, ...]:
        made: list[Clause] = []
        for clause in clauses:
            kind: TermKind | None = clause.get("kind")
            value = self.agreed.terms.get(kind) if kind else None
            variants = (
                clause["text"] if "text" in clause else clause["options"].get((value or {}).get("option"), [])
            )
            if kind and value is None:
                value, variants = self._denied(clause)
            if not variants:
                continue
            words = self.rng.choice(variants).format(**self.slots, **self._value_slots(value or {}))
            position = f"{number}.{len(made) + 1}"
            made.append(Clause(position, words, kind))
            if kind and value is not None:
                self.stated.append(StatedTerm(kind, value, position, heading, words))
        return tuple(made)

    def _denied(self, clause: dict[str, Any]) -> tuple[Value | None, list[str]]:
        """Of the contracts without a term, half say so, where a style has words for it; the others are
        silent."""
        if "absent" not in clause or self.rng.random() < 0.5:
            return None, []
        return {"hours": 0, "per": "month"}, clause["absent"]

    def _value_slots(self, value: Value) -> dict[str, object]:
        slots: dict[str, object] = dict(value)
        if "amount" in value and "currency" in value:
            slots["amount"] = self.money(str(value["amount"]), str(value["currency"]))
        days = value.get("days")
        if isinstance(days, int):
            slots["days_words"] = _WORDS[days]
        names = value.get("names")
        if isinstance(names, list):
            slots["names"] = _join(names)
        return slots

    def schedules(self) -> Iterator[Section]:
        """Scope, rates, key persons and the form of a change order."""
        yield self._scope()
        yield self._rate_card()
        names = self.agreed.terms.get("key_persons", {}).get("names")
        if isinstance(names, list):
            lines = tuple(Clause("", name) for name in names)
            yield Section("Schedule 3", "Schedule 3 - Key Persons", lines)
        form = (
            "Change Order number; date; reference to the request.",
            "Description of the change and the work packages it adds or alters.",
            "Estimated hours by role, price, and effect on the dates in Schedule 1.",
            "Signature, name and title for each party.",
        )
        lines = tuple(Clause(f"{n}.", line) for n, line in enumerate(form, 1))
        yield Section("Schedule 4", "Schedule 4 - Form of Change Order", lines)

    def _scope(self) -> Section:
        lines: list[Clause] = []
        for project in self.agreed.projects:
            period = f"{long_date(project.starts_on)} to {long_date(project.ends_on)}"
            lines.append(Clause("", f"{project.name} ({project.project_id}): {project.subject}, {period}."))
            lines.append(Clause("", f"Budget: {project.budget_hours:,} hours. The work packages are:"))
            lines += [Clause(p.work_item_id, p.title) for p in project.agreed]
            if project.name == PROJECT_NAME or self.rng.random() < 0.6:
                lines.append(self._exclusion(project))
            depends = _join([f"access to {s}" for s in project.systems[:2]])
            lines.append(Clause("", f"The work depends on {depends}, to be provided by the client side."))
        return Section("Schedule 1", "Schedule 1 - Services", tuple(lines))

    def _exclusion(self, project: Project) -> Clause:
        """Says that the first of the things a client may ask for is not included."""
        excluded = project.extras[0]
        words = f"Not part of the Services: {excluded.inner_title}."
        value: Value = {"project_id": project.project_id, "title": excluded.title}
        self.stated.append(StatedTerm("exclusion", value, "Schedule 1", "Schedule 1 - Services", words))
        return Clause("", words)

    def _rate_card(self) -> Section:
        heading = "Schedule 2 - Rates"
        unit = self.agreed.rates[0].unit
        rows = [(r.role, self.money(str(r.amount), r.currency), f"per {unit}") for r in self.agreed.rates]
        for rate, row in zip(self.agreed.rates, rows, strict=True):
            value: Value = {
                "role": rate.role,
                "amount": str(rate.amount),
                "currency": rate.currency,
                "unit": rate.unit,
            }
            self.stated.append(StatedTerm("rate", value, "Schedule 2", heading, " ".join(row)))
        intro = f"Rates in {self.agreed.contract.currency}, net of tax, by role:"
        table = (("Role", "Rate", "Unit"), *rows)
        return Section("Schedule 2", heading, (Clause("", intro),), table)


def _join(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
