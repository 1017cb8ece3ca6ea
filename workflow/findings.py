"""The firm's records as a gate is derived from them, and what they come to for one action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from connectors.ports import undoing
from models.actions import Action, ActionKind, System
from models.policy import Facts
from workflow.undoable import undoable_until


@dataclass(frozen=True)
class Project:
    project_id: str
    name: str
    practice: str
    office: str  # the legal entity
    client_id: str
    client_name: str
    contract_id: str | None
    contract_kind: str | None
    contract_value: Decimal | None
    contract_currency: str | None
    manager_id: str
    account_owner_id: str


@dataclass(frozen=True)
class Person:
    person_id: str
    name: str
    practice: str
    office: str
    manager_id: str | None
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class Contract:
    contract_id: str
    client_id: str
    kind: str
    value: Decimal
    currency: str
    ends_on: date | None


@dataclass(frozen=True)
class Invoice:
    invoice_id: str
    customer_id: str
    project_id: str
    amount: Decimal
    currency: str
    paid_on: date | None


@dataclass(frozen=True)
class Entry:
    entry_id: str
    person_id: str
    person_name: str
    project_id: str
    minutes: int
    state: str


@dataclass(frozen=True)
class Done:
    """A write that is in its system of record, as the ledger has it."""

    proposal_id: UUID
    system: System
    operation: ActionKind
    item: str
    record_id: str
    ordering_key: str
    record: Mapping[str, Any]  # as it was written
    settled_at: datetime
    action: Mapping[str, Any]  # that it is a write of
    evidence: Sequence[Mapping[str, Any]]
    now: datetime  # by the database's clock

    def as_undone(self) -> dict[str, Any]:
        """The fields of an `UndoWrite` that are about the write and what its system does with it."""
        names = ("system", "operation", "item", "record_id", "ordering_key", "record")
        how = undoing(self.system, self.operation)
        return {name: getattr(self, name) for name in names} | {
            "proposal_id": str(self.proposal_id),
            "outcome": how.outcome if how else "",
            "until": undoable_until(self.system, self.operation, self.settled_at),
        }


@dataclass(frozen=True)
class Finding:
    """What the records say about one action."""

    facts: Facts
    projects: tuple[Project, ...] = ()  # that it touches: approvers stand in their relation to all of them
    person: Person | None = None  # whom it is about, where it is about one person's work
    invoice: Invoice | None = None
    entries: tuple[Entry, ...] = ()
    undone: Action | None = None  # what an undo takes back
    # The persons who may not sign: who proposed or wrote it, for whom it was proposed, who gains by it, whom
    # it is about.
    barred: frozenset[str] = frozenset()
