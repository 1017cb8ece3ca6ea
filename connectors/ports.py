"""The firm's systems of record as Chargehand sees them: four ports, what can be read from each and what each
one takes. How a record travels is a `Transport`'s business: HTTP, or in process."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from connectors.errors import (
    BodyDoesNotFit,
    CannotUndo,
    FoundTwice,
    NotItsOperation,
    UnreadableRecord,
)
from models.actions import (
    SYSTEMS,
    ActionKind,
    CreateAssignment,
    CreateChangeOrder,
    HoldInvoice,
    PlanDevelopment,
    RegisterRisk,
    ReturnedEntry,
    SendReminder,
    System,
)
from models.money import Money

UNDONE_REF = "undone_ref"  # the field of a record that holds the key it was taken back under

Verb = Literal["cancellation", "withdrawal", "release", "voiding", "resubmission"]
Resource = Literal[
    "assignments",
    "time-entries",
    "returned-entries",
    "risks",
    "contracts",
    "change-orders",
    "invoices",
    "reminders",
    "invoice-holds",
    "employees",
    "development-plans",
]


# --- what is exchanged
class Written(BaseModel):
    """A record that a write made, or had already made."""

    model_config = ConfigDict(frozen=True)

    record_id: str  # in the system of record
    record: dict[str, Any]  # as the system of record holds it, JSON
    replayed: bool = False  # it was there already; this call added nothing


class SystemRecord(BaseModel):
    """What every record that is read says; fields that Chargehand has no use for are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    version: int  # grows with every change: a freshness check compares it
    updated_at: AwareDatetime


Record = TypeVar("Record", bound=SystemRecord)


class Assignment(SystemRecord):
    """A person on a project, in the PSA."""

    person_id: str
    project_id: str
    role: str
    starts_on: date
    ends_on: date
    hours_per_week: Decimal
    state: Literal["hold", "booked"]


class TimeEntry(SystemRecord):
    """Time that a person booked, in the PSA."""

    person_id: str
    project_id: str
    started_at: AwareDatetime
    minutes: int
    state: str  # the PSA's own word; "returned" once it was sent back to its owner


class Contract(SystemRecord):
    """What was agreed with a client, in the CRM."""

    client_id: str
    title: str
    kind: str
    starts_on: date
    ends_on: date | None = None
    value: Money


class ChangeOrder(SystemRecord):
    """A priced change to a contract, in the CRM. Once it is invoiced it stays."""

    contract_id: str
    invoiced_on: date | None = None


class Invoice(SystemRecord):
    """An invoice, in the ERP."""

    customer_id: str
    project_id: str
    issued_on: date
    due_on: date
    amount: Money
    paid_on: date | None = None
    on_hold: bool = False


class Employee(SystemRecord):
    """A person's employment, in the HRIS."""

    name: str
    starts_on: date
    ends_on: date | None = None


# --- how it travels
class Transport(ABC):
    """Carries records to and from one system of record, and names its ways of failing by the errors above."""

    system: System
    supports_idempotency_keys: bool  # a repeated key makes no second record
    max_write_seconds: float  # a write whose answer was lost can still happen within this time

    @abstractmethod
    def create(
        self, resource: Resource, body: Mapping[str, Any], *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        """Create a record that holds `idempotency_key` as its external reference.

        Raises SystemDown, SlowDown, OutcomeUnknown, Refused."""

    @abstractmethod
    def created(self, resource: Resource, idempotency_key: str) -> tuple[Written, ...]:
        """Every record with this external reference, oldest first. Raises SystemDown, SlowDown, Refused."""

    @abstractmethod
    def undo(
        self, resource: Resource, record_id: str, verb: Verb, *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        """Take a record back, which keeps `idempotency_key` as the reference of who did; the record as it is
        then. Doing it again changes nothing.

        Raises SystemDown, SlowDown, OutcomeUnknown; Refused where somebody else did, or it is too late."""

    @abstractmethod
    def read(self, resource: Resource, record_id: str) -> dict[str, Any]:
        """One record. Raises NoSuchRecord, SystemDown, SlowDown, Refused."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""


# --- the ports
@dataclass(frozen=True)
class Undo:
    """How a write can be taken back."""

    verb: Verb
    within: timedelta  # of the write
    outcome: str  # what becomes of its record, in a sentence


@dataclass(frozen=True)
class Operation:
    """A write that a system of record takes."""

    resource: Resource
    takes: type[BaseModel]  # what the body must be, before anything is sent
    undo: Undo | None = None  # None: what is written stays, e.g. a mail that was sent


class SystemOfRecord(ABC):
    """One system of record: the writes it takes by name, and the look-up that settles an unknown outcome. The
    ports below add what each of them can be asked."""

    system: ClassVar[System]
    operations: ClassVar[Mapping[ActionKind, Operation]]

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def supports_idempotency_keys(self) -> bool:
        """Whether the system itself makes sure that a key is used once. Where not, only `find` does."""
        return self._transport.supports_idempotency_keys

    @property
    def max_write_seconds(self) -> float:
        """How long after an unknown outcome the write may still happen."""
        return self._transport.max_write_seconds

    def write(self, operation: ActionKind, body: Mapping[str, Any], *, idempotency_key: str) -> Written:
        """Perform a `models.actions.Write`: its operation and body, under the key of its effect.

        Raises NotItsOperation and BodyDoesNotFit before anything is sent; then SystemDown, SlowDown,
        OutcomeUnknown or Refused."""
        performed = self._operation(operation)
        try:
            fitting = performed.takes.model_validate(body)
        except ValidationError as error:
            raise BodyDoesNotFit(system=self.system, operation=operation, reason=_first(error)) from None
        return self._transport.create(
            performed.resource,
            fitting.model_dump(mode="json", exclude={"kind"}),
            operation=operation,
            idempotency_key=idempotency_key,
        )

    def find(self, operation: ActionKind, idempotency_key: str) -> Written | None:
        """What an earlier `write` under this key made, or None.

        Raises FoundTwice when it made more than one record; SystemDown, SlowDown, Refused."""
        found = self._transport.created(self._operation(operation).resource, idempotency_key)
        if len(found) > 1:
            raise FoundTwice(
                system=self.system,
                operation=operation,
                count=len(found),
                record_ids=", ".join(w.record_id for w in found),
            )
        return found[0] if found else None

    def undo_window(self, operation: ActionKind) -> timedelta | None:
        """How long after a write it can be undone; None: it cannot. Raises NotItsOperation."""
        undo = self._operation(operation).undo
        return undo.within if undo else None

    def undo(self, operation: ActionKind, record_id: str, *, idempotency_key: str) -> Written:
        """Take back the record that an `operation` made; the record as it is then. Doing it again under the
        same key changes nothing, whether or not the system honours keys.

        Raises NotItsOperation, CannotUndo before anything is sent; then SystemDown, SlowDown, OutcomeUnknown,
        or Refused: also where it was undone by somebody else."""
        performed = self._operation(operation)
        if performed.undo is None:
            raise CannotUndo(system=self.system, operation=operation)
        return self._transport.undo(
            performed.resource,
            record_id,
            performed.undo.verb,
            operation=operation,
            idempotency_key=idempotency_key,
        )

    def find_undone(self, operation: ActionKind, record_id: str, idempotency_key: str) -> Written | None:
        """The record, if an earlier `undo` under this key took it back; else None.

        Raises NoSuchRecord, SystemDown, SlowDown, Refused."""
        record = self._transport.read(self._operation(operation).resource, record_id)
        if record.get(UNDONE_REF) != idempotency_key:
            return None
        return Written(record_id=record_id, record=record, replayed=True)

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _read(self, resource: Resource, record_id: str, record: type[Record]) -> Record:
        held = self._transport.read(resource, record_id)
        try:
            return record.model_validate(held)
        except ValidationError as error:
            raise UnreadableRecord(
                system=self.system, resource=resource, record_id=record_id, reason=_first(error)
            ) from None

    def _operation(self, operation: ActionKind) -> Operation:
        try:
            return self.operations[operation]
        except KeyError:
            raise NotItsOperation(system=self.system, operation=operation) from None


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, without the value: it may be confidential."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}"


class Crm(SystemOfRecord):
    """Clients and what was agreed with them."""

    system = "crm"
    operations: ClassVar = {
        "create_change_order": Operation(
            "change-orders",
            CreateChangeOrder,
            Undo("voiding", timedelta(days=7), "The change order is void."),
        )
    }

    def change_order(self, change_order_id: str) -> ChangeOrder:
        """Raises, as all reads do, NoSuchRecord, UnreadableRecord, SystemDown, SlowDown or Refused."""
        return self._read("change-orders", change_order_id, ChangeOrder)

    def contract(self, contract_id: str) -> Contract:
        return self._read("contracts", contract_id, Contract)


class Psa(SystemOfRecord):
    """Projects: who works on them, what was booked, what may go wrong."""

    system = "psa"
    operations: ClassVar = {
        "create_assignment": Operation(
            "assignments",
            CreateAssignment,
            Undo("cancellation", timedelta(days=14), "The assignment is cancelled."),
        ),
        "register_risk": Operation(
            "risks",
            RegisterRisk,
            Undo("withdrawal", timedelta(days=30), "The risk is off the register."),
        ),
        "return_time_entries": Operation(
            "returned-entries",
            ReturnedEntry,
            Undo("resubmission", timedelta(days=7), "The time entry counts as submitted again."),
        ),
    }

    def assignment(self, assignment_id: str) -> Assignment:
        return self._read("assignments", assignment_id, Assignment)

    def time_entry(self, entry_id: str) -> TimeEntry:
        return self._read("time-entries", entry_id, TimeEntry)


class Erp(SystemOfRecord):
    """Invoices and their payment."""

    system = "erp"
    operations: ClassVar = {
        "send_reminder": Operation("reminders", SendReminder),
        "hold_invoice": Operation(
            "invoice-holds", HoldInvoice, Undo("release", timedelta(days=90), "The invoice is released.")
        ),
    }

    def invoice(self, invoice_id: str) -> Invoice:
        return self._read("invoices", invoice_id, Invoice)


class Hris(SystemOfRecord):
    """People and their employment."""

    system = "hris"
    operations: ClassVar = {
        "plan_development": Operation(
            "development-plans",
            PlanDevelopment,
            Undo("cancellation", timedelta(days=14), "The development plan is cancelled."),
        )
    }

    def employee(self, person_id: str) -> Employee:
        return self._read("employees", person_id, Employee)


PORTS: Mapping[System, type[SystemOfRecord]] = {"crm": Crm, "psa": Psa, "erp": Erp, "hris": Hris}


def undoing(system: System, operation: ActionKind) -> Undo | None:
    """How a system takes an operation back, before it is connected to; None: it does not."""
    performed = PORTS[system].operations.get(operation)
    return performed.undo if performed else None


@dataclass(frozen=True)
class Connectors:
    """The firm's four systems of record."""

    crm: Crm
    psa: Psa
    erp: Erp
    hris: Hris

    @classmethod
    def over(cls, transport: Callable[[System], Transport]) -> Self:
        """The four ports, each over the transport made for its system."""
        return cls(
            crm=Crm(transport("crm")),
            psa=Psa(transport("psa")),
            erp=Erp(transport("erp")),
            hris=Hris(transport("hris")),
        )

    def for_system(self, system: System) -> SystemOfRecord:
        ports: Mapping[System, SystemOfRecord] = {
            "crm": self.crm,
            "psa": self.psa,
            "erp": self.erp,
            "hris": self.hris,
        }
        return ports[system]

    def close(self) -> None:
        for system in SYSTEMS:
            self.for_system(system).close()
