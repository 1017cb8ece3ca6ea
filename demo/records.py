"""The things of the demo firm while it is being made. Their CSV columns are in `tables`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Grade = Literal["consultant", "senior", "manager", "principal", "partner"]
ContractKind = Literal["time_and_materials", "fixed_price", "retainer", "framework"]
ProjectStatus = Literal["planned", "active", "finished"]
BookingState = Literal["hold", "booked"]
_NAMES = frozenset({"Snowflake", "Kubernetes", "Terraform", "Welsh"})  # that titles begin with
LeaveKind = Literal["annual", "sick", "parental", "training"]


@dataclass(frozen=True)
class Office:
    """A place of work and the legal entity that signs and invoices there."""

    city: str
    country: str  # ISO 3166 alpha-2
    entity: str
    address: str
    time_zone: str
    currency: str
    cost_factor: float  # on the grade's cost rate in pounds
    share: float  # of the people
    law: str
    courts: str


@dataclass(frozen=True)
class Role:
    """What a person is engaged as; rate cards price roles."""

    name: str
    grade: Grade
    discipline: str
    practice: str


@dataclass
class Person:
    """One member of staff. Rates are an hour, in the office's currency."""

    person_id: str
    name: str
    email: str
    title: str
    practice: str
    office: Office
    cost_rate: Decimal
    bill_rate: Decimal
    capacity: int  # hours a week
    starts_on: date
    ends_on: date | None = None
    manager_id: str = ""
    role: Role | None = None  # None: does not work for clients
    skills: dict[str, tuple[int, date | None]] = field(default_factory=dict)  # level and last use
    part: str = ""  # the part played in the demo's story, if any

    def employed(self, day: date) -> bool:
        """Whether the person is on the payroll on that day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True)
class Client:
    """A customer, served and invoiced by one office."""

    client_id: str
    name: str
    short: str
    industry: str
    country: str
    payment_terms_days: int
    account_owner_id: str
    office: Office
    contacts: tuple[str, ...]
    domain: str


@dataclass
class Contract:
    """An agreement with a client. `value` and the file's text follow once its projects are known."""

    contract_id: str
    client: Client
    title: str
    kind: ContractKind
    currency: str
    rate_level: float  # on the firm's rate card
    signed_on: date
    starts_on: date
    ends_on: date
    value: Decimal = Decimal(0)
    file: str = ""


@dataclass(frozen=True)
class WorkPackage:
    """A piece of work that time is recorded against. `agreed`: the contract lists it."""

    work_item_id: str
    title: str
    activity: str
    agreed: bool

    @property
    def inner_title(self) -> str:
        """The title inside a sentence: without its capital, unless that is a name's."""
        first = self.title.partition(" ")[0]
        is_name = first in _NAMES or any(c.isupper() for c in first[1:])
        return self.title if is_name else self.title[0].lower() + self.title[1:]


@dataclass
class Project:
    """A piece of work for a client under a contract."""

    project_id: str
    name: str
    contract: Contract
    practice: str
    manager_id: str
    status: ProjectStatus
    starts_on: date
    ends_on: date
    subject: str
    packages: tuple[WorkPackage, ...]
    systems: tuple[str, ...]
    demand: float  # hours a week that it wants staffed
    budget_hours: int = 0
    budget_amount: Decimal = Decimal(0)

    @property
    def client(self) -> Client:
        """Who pays for the project."""
        return self.contract.client

    @property
    def agreed(self) -> tuple[WorkPackage, ...]:
        """The work packages that the contract lists."""
        return tuple(p for p in self.packages if p.agreed)

    @property
    def extras(self) -> tuple[WorkPackage, ...]:
        """Work that is done, or asked for, without being in the contract."""
        return tuple(p for p in self.packages if not p.agreed)


@dataclass(frozen=True)
class Assignment:
    """A person booked, or held, for a project."""

    assignment_id: str
    person: Person
    project: Project
    role: str
    starts_on: date
    ends_on: date
    hours_per_week: int
    state: BookingState


@dataclass(frozen=True)
class Leave:
    """Days on which a person does not work, both ends included."""

    person_id: str
    starts_on: date
    ends_on: date
    kind: LeaveKind


@dataclass(frozen=True)
class RoleRequest:
    """A project's demand for a person."""

    request_id: str
    project: Project
    role: str
    skills: tuple[tuple[str, int], ...]
    starts_on: date
    ends_on: date
    hours_per_week: int
    max_cost_rate: Decimal
    office: str
    requested_by: str
    requested_on: date
    filled_by: str  # person_id, blank while open
