"""Actions as a scene's file writes them, a line each, made whole from the firm's records: what is proposed
names people, contracts and entries as the records have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from evals.demo_firms import DemoFirm
from models.actions import (
    Action,
    ActionAdapter,
    ChangeItem,
    CreateAssignment,
    CreateChangeOrder,
    HoldInvoice,
    PlanDevelopment,
    RegisterRisk,
    ReturnedEntry,
    ReturnTimeEntries,
    SendReminder,
)
from models.evidence import Citation, RecordCitation
from models.money import Money

STARTS_ON = date(2026, 4, 20)  # a Monday
TEN_WEEKS_LATER = date(2026, 6, 26)  # a Friday


class _Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Assignment(_Wanted):
    kind: Literal["create_assignment"]
    person: str
    project: str
    rate: str  # e.g. "115 GBP"
    hours: Decimal = Decimal(32)  # a week
    starts_on: date = STARTS_ON
    ends_on: date = TEN_WEEKS_LATER
    role: str = "Senior Data Engineer"
    state: Literal["hold", "booked"] = "booked"

    def make(self, records: "Records") -> Action:
        return CreateAssignment(
            person_id=self.person,
            person_name=records.name("people", self.person),
            project_id=self.project,
            project_name=records.name("projects", self.project),
            role=self.role,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            hours_per_week=self.hours,
            state=self.state,
            bill_rate=money(self.rate),
        )


class ChangeOrder(_Wanted):
    kind: Literal["create_change_order"]
    project: str
    hours: Decimal
    rate: str
    title: str = "Second warehouse"
    description: str = "Feed of the second warehouse"
    requested_by: str = "Head of Customer Insight"
    contract: str | None = None  # the project's own, if not given

    def make(self, records: "Records") -> Action:
        project, rate = records.row("projects", self.project), money(self.rate)
        amount = (rate * self.hours).rounded()
        return CreateChangeOrder(
            contract_id=self.contract or project["contract_id"],
            project_id=self.project,
            client_id=project["client_id"],
            title=self.title,
            items=(
                ChangeItem(
                    description=self.description,
                    role="Senior Data Engineer",
                    hours=self.hours,
                    rate=rate,
                    amount=amount,
                ),
            ),
            value=amount,
            starts_on=STARTS_ON,
            ends_on=TEN_WEEKS_LATER,
            requested_by=self.requested_by,
            terms="Clause 7.2",
        )


class Risk(_Wanted):
    kind: Literal["register_risk"]
    project: str
    owner: str
    statement: str = "The interface is late."
    mitigation: str = "Agree a date."

    def make(self, records: "Records") -> Action:
        return RegisterRisk(
            project_id=self.project,
            project_name=records.name("projects", self.project),
            category="schedule",
            statement=self.statement,
            severity="high",
            mitigation=self.mitigation,
            owner_id=self.owner,
            review_on=STARTS_ON,
        )


class Returned(_Wanted):
    """Entries that wait for approval, the first ones by id of each person and project."""

    kind: Literal["return_time_entries"]
    of: tuple[tuple[str, str], ...]  # person and project
    each: int = 2  # entries
    at_stake: str = "200 EUR"  # of each
    reason: str = "It is on another project's day."

    def make(self, records: "Records") -> Action:
        items = [item for person, project in self.of for item in self._entries(records, person, project)]
        days = [item.started_at.date() for item in items]
        return ReturnTimeEntries(period_starts_on=min(days), period_ends_on=max(days), items=tuple(items))

    def _entries(self, records: "Records", person: str, project: str) -> list[ReturnedEntry]:
        entries = records.table("time_entries")
        theirs = entries[
            (entries["person_id"] == person)
            & (entries["project_id"] == project)
            & (entries["state"] == "submitted")
        ]
        return [
            ReturnedEntry(
                entry_id=entry["entry_id"],
                person_id=person,
                person_name=records.name("people", person),
                project_id=project,
                started_at=entry["started_at"],
                minutes=entry["minutes"],
                kinds=("wrong_project",),
                reason=self.reason,
                at_stake=money(self.at_stake),
            )
            for entry in theirs.sort_values("entry_id").head(self.each).to_dict("records")
        ]


class _OfInvoice(_Wanted):
    invoice: str

    def about(self, records: "Records") -> dict[str, Any]:
        found = records.row("invoices", self.invoice)
        return {
            "invoice_id": self.invoice,
            "client_id": found["customer_id"],
            "project_id": found["project_id"],
            "amount": Money(amount=found["amount"], currency=found["currency"]),
        }


class Reminder(_OfInvoice):
    kind: Literal["send_reminder"]
    body: str = "Our invoice is due. We would be glad of a word on when it will be paid."

    def make(self, records: "Records") -> Action:
        return SendReminder(
            **self.about(records),
            due_on=records.row("invoices", self.invoice)["due_on"],
            subject=f"Invoice {self.invoice}",
            body=self.body,
        )


class Hold(_OfInvoice):
    kind: Literal["hold_invoice"]
    reason: str = "The acceptance certificate is missing."

    def make(self, records: "Records") -> Action:
        return HoldInvoice(**self.about(records), reasons=(self.reason,))


class Development(_Wanted):
    kind: Literal["plan_development"]
    person: str
    skill: str = "Airflow"
    why: str = "Two open requests ask for it."

    def make(self, records: "Records") -> Action:
        return PlanDevelopment(
            person_id=self.person,
            person_name=records.name("people", self.person),
            skill=self.skill,
            why=self.why,
            starts_on=STARTS_ON,
            ends_on=TEN_WEEKS_LATER,
            hours=Decimal(40),
        )


class PolicyChange(_Wanted):
    """The policy in force under another name and with other delegates during leave."""

    kind: Literal["change_policy"]
    why: str = "We tried it."


Wanted = Annotated[
    Assignment | ChangeOrder | Risk | Returned | Reminder | Hold | Development | PolicyChange,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class Records:
    """The firm's files, by id; each is read once."""

    firm: DemoFirm

    def table(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            self._tables[name] = self.firm.table(name)
        return self._tables[name]

    def row(self, name: str, id: str) -> Mapping[str, Any]:
        """Raises LookupError."""
        table = self.table(name)
        found = table[table[table.columns[0]] == id].to_dict("records")
        if not found:
            raise LookupError(f"{name} has no {id}")
        return {str(k): v for k, v in found[0].items()}

    def name(self, table: str, id: str) -> str:
        return str(self.row(table, id)["name"])

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return {}


def money(said: str) -> Money:
    """Of words such as "115 GBP"."""
    amount, currency = said.split()
    return Money(amount=Decimal(amount), currency=currency)


def changed(action: Action, changes: Mapping[str, Any]) -> Action:
    """The action with other values. A change order's `hours` are those of its one item, with which the
    amounts go along."""
    if isinstance(action, CreateChangeOrder) and "hours" in changes:
        item = action.items[0]
        hours = Decimal(changes["hours"])
        amount = (item.rate * hours).rounded()
        other = item.model_copy(update={"hours": hours, "amount": amount})
        return action.model_copy(update={"items": (other,), "value": amount})
    return ActionAdapter.validate_python(action.model_dump() | dict(changes))


def cited(action: Action) -> tuple[Citation, ...]:
    """A record that the action rests on."""
    match action:
        case CreateAssignment() | PlanDevelopment():
            return (RecordCitation(record="person", id=action.person_id, says="has the hours"),)
        case SendReminder() | HoldInvoice():
            return (RecordCitation(record="invoice", id=action.invoice_id, says="is not paid"),)
        case ReturnTimeEntries():
            return tuple(
                RecordCitation(record="time_entry", id=i.entry_id, says=f"{i.minutes} minutes")
                for i in action.items
            )
        case CreateChangeOrder() | RegisterRisk():
            return (RecordCitation(record="project", id=action.project_id, says="is running"),)
        case _:
            return ()
