"""What can be proposed: a discriminated union by `kind`. An action is complete: it holds all that will be
written, so that what the approver reads is what the system of record receives."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from models.money import Money, total
from models.promotion import Compared, Measured, Promotable, Sha256, Standing

System = Literal["crm", "psa", "erp", "hris"]
SYSTEMS: tuple[System, ...] = get_args(System)

ActionKind = Literal[
    "create_assignment",
    "create_change_order",
    "register_risk",
    "return_time_entries",
    "send_reminder",
    "hold_invoice",
    "plan_development",
    "undo_write",
    "change_policy",
    "promote_version",
]
ACTION_KINDS: tuple[ActionKind, ...] = get_args(ActionKind)
NOUNS: Mapping[ActionKind, str] = {  # what one of a kind is, in a sentence
    "create_assignment": "an assignment",
    "create_change_order": "a change order",
    "register_risk": "a risk",
    "return_time_entries": "returned time",
    "send_reminder": "a payment reminder",
    "hold_invoice": "a hold on an invoice",
    "plan_development": "a development plan",
    "undo_write": "an undo",
    "change_policy": "a change of the policy",
    "promote_version": "a promotion",
}


class Write(BaseModel):
    """One write to one system of record: what the effect ledger carries."""

    model_config = ConfigDict(frozen=True)

    system: System
    operation: ActionKind  # the operation of that name on the system's port
    item: str = ""  # which item of a batch; empty where the action is one write
    ordering_key: str  # writes that share it happen one after the other, in order of approval
    body: dict[str, Any]  # JSON


class _Action(BaseModel, ABC):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ActionKind

    @abstractmethod
    def writes(self) -> tuple[Write, ...]:
        """What will be written when the action is approved, in order."""

    def _write(self, system: System, ordering_key: str, item: str = "", **body: Any) -> Write:
        body = body or self.model_dump(mode="json", exclude={"kind"})
        return Write(system=system, operation=self.kind, item=item, ordering_key=ordering_key, body=body)


class CreateAssignment(_Action):
    """Put a person on a project."""

    kind: Literal["create_assignment"] = "create_assignment"
    person_id: str
    person_name: str
    project_id: str
    project_name: str
    role: str
    starts_on: date
    ends_on: date
    hours_per_week: Annotated[Decimal, Field(gt=0, le=80)]
    state: Literal["hold", "booked"] = "booked"
    bill_rate: Money  # an hour
    request_id: str | None = None  # the role request it fills

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        return self

    def writes(self) -> tuple[Write, ...]:
        return (self._write("psa", f"person:{self.person_id}"),)


class ChangeItem(BaseModel):
    """One piece of additional (or removed) work in a change order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    role: str
    hours: Decimal
    rate: Money  # an hour
    amount: Money  # hours x rate, to the cent

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (self.rate * self.hours).rounded() != self.amount.rounded():
            raise ValueError(f"{self.hours} h at {self.rate} is not {self.amount}")
        return self


class CreateChangeOrder(_Action):
    """Add a priced change order to a contract."""

    kind: Literal["create_change_order"] = "create_change_order"
    contract_id: str
    project_id: str
    client_id: str
    title: str
    items: Annotated[tuple[ChangeItem, ...], Field(min_length=1)]
    value: Money  # the sum of the items
    starts_on: date
    ends_on: date
    requested_by: str  # who asked, on the client's side
    terms: str  # the clause the change is made under, e.g. "Clause 7.2"

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if total((i.amount for i in self.items), self.value.currency) != self.value:
            raise ValueError("value is not the sum of the items")
        return self

    def writes(self) -> tuple[Write, ...]:
        return (self._write("crm", f"contract:{self.contract_id}"),)


class RegisterRisk(_Action):
    """Put a delivery risk on the project's register."""

    kind: Literal["register_risk"] = "register_risk"
    project_id: str
    project_name: str
    category: str
    statement: str
    severity: Literal["low", "medium", "high"]
    mitigation: str
    owner_id: str
    review_on: date

    def writes(self) -> tuple[Write, ...]:
        return (self._write("psa", f"project:{self.project_id}"),)


class ReturnedEntry(BaseModel):
    """A time entry to send back to the person who made it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry_id: str
    person_id: str
    person_name: str
    project_id: str
    started_at: datetime
    minutes: int
    kinds: tuple[str, ...]
    reason: str
    at_stake: Money


class ReturnTimeEntries(_Action):
    """Send time entries back to their owners to correct or explain. A batch: each entry is its own write."""

    kind: Literal["return_time_entries"] = "return_time_entries"
    period_starts_on: date
    period_ends_on: date
    items: Annotated[tuple[ReturnedEntry, ...], Field(min_length=1)]

    def writes(self) -> tuple[Write, ...]:
        return tuple(
            self._write("psa", f"entry:{i.entry_id}", i.entry_id, **i.model_dump(mode="json"))
            for i in self.items
        )

    def keeping(self, item_ids: frozenset[str]) -> Self:
        """The same batch with only these items."""
        return self.model_copy(update={"items": tuple(i for i in self.items if i.entry_id in item_ids)})

    def item_ids(self) -> tuple[str, ...]:
        return tuple(i.entry_id for i in self.items)


class SendReminder(_Action):
    """Send the customer a payment reminder for an invoice."""

    kind: Literal["send_reminder"] = "send_reminder"
    invoice_id: str
    client_id: str
    project_id: str
    amount: Money
    due_on: date
    subject: str
    body: str
    tone: Literal["friendly", "firm", "final"] = "friendly"

    def writes(self) -> tuple[Write, ...]:
        return (self._write("erp", f"invoice:{self.invoice_id}"),)


class HoldInvoice(_Action):
    """Keep an invoice from being issued until what is missing is mended."""

    kind: Literal["hold_invoice"] = "hold_invoice"
    invoice_id: str
    client_id: str
    project_id: str
    amount: Money
    reasons: Annotated[tuple[str, ...], Field(min_length=1)]

    def writes(self) -> tuple[Write, ...]:
        return (self._write("erp", f"invoice:{self.invoice_id}"),)


class PlanDevelopment(_Action):
    """Put bench time to use: a development plan in the HRIS for a person with no work ahead."""

    kind: Literal["plan_development"] = "plan_development"
    person_id: str
    person_name: str
    skill: str
    why: str
    starts_on: date
    ends_on: date
    hours: Annotated[Decimal, Field(gt=0)]

    def writes(self) -> tuple[Write, ...]:
        return (self._write("hris", f"person:{self.person_id}"),)


class UndoWrite(_Action):
    """Take one write back that was carried out, as long as its system of record allows it."""

    kind: Literal["undo_write"] = "undo_write"
    effect_id: int  # in the effect ledger
    proposal_id: str  # which had it written
    system: System
    operation: ActionKind  # that was carried out
    item: str = ""
    record_id: str  # that it made, in the system of record
    ordering_key: str  # of the write: what is undone keeps its turn among what is written
    outcome: str  # what becomes of the record, e.g. "The assignment is cancelled."
    record: dict[str, Any]  # as it was written, JSON
    until: AwareDatetime  # the system takes it back no later
    reason: Annotated[str, Field(min_length=1)]

    def writes(self) -> tuple[Write, ...]:
        return (self._write(self.system, self.ordering_key),)


class PolicyDifference(BaseModel):
    """One thing that a new policy says otherwise than the one in force, in words (models/policy_words.py)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str  # its name; empty where it is about the policy as a whole
    what: str  # e.g. 'holds for', 'step 2: Finance'
    now: str  # empty where it is new
    after: str  # empty where it is gone


class ChangePolicy(_Action):
    """Put another approval policy in force, in place of the one that the proposal is pinned to."""

    kind: Literal["change_policy"] = "change_policy"
    name: str
    sha256: Sha256
    policy: str  # the whole of it: the JSON text that the sha256 is of
    differences: Annotated[tuple[PolicyDifference, ...], Field(min_length=1)]
    why: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _is_its_text(self) -> Self:
        if hashlib.sha256(self.policy.encode()).hexdigest() != self.sha256:
            raise ValueError("sha256 is not that of the policy's text")
        return self

    def writes(self) -> tuple[Write, ...]:
        return ()


class PromoteVersion(_Action):
    """Put a version of a prompt in force, or make a run the baseline of its suite."""

    kind: Literal["promote_version"] = "promote_version"
    what: Promotable
    name: str  # the prompt's, or the suite's
    version: str  # 'v2', or the run's id
    sha256: Sha256  # of the prompt's file, or the run's
    text: str = ""  # the prompt's whole file, which the sha256 is of
    replaces: Standing | None  # None: the suite has no baseline yet
    measured: Measured
    compared: Compared | None = None
    not_compared: str = ""  # why there is no comparison with what is in force
    returns: bool = False  # it was in force before: no limit of a gate stands in its way
    why: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _is_what_it_says(self) -> Self:
        if self.what == "prompt" and not re.fullmatch(r"v[1-9]\d*", self.version):
            raise ValueError("version is not one of a prompt, such as v2")
        for said in (self, *((self.replaces,) if self.replaces else ())):
            if self.what == "prompt" and hashlib.sha256(said.text.encode()).hexdigest() != said.sha256:
                raise ValueError("sha256 is not that of the prompt's text")
            if self.what == "baseline" and said.text:
                raise ValueError("a baseline has no text")
        if self.what == "prompt" and not (self.replaces and self.compared):
            raise ValueError("a prompt takes the place of another, which it was compared with")
        if self.what == "baseline" and (self.name, self.version, self.sha256) != (
            self.measured.suite,
            self.measured.run_id,
            self.measured.sha256,
        ):
            raise ValueError("a baseline is the run that speaks for it")
        if bool(self.replaces) != bool(self.compared or self.not_compared):
            raise ValueError("it says how it compares with what is in force, or why that is not known")
        return self

    def writes(self) -> tuple[Write, ...]:
        return ()


Action = Annotated[
    CreateAssignment
    | CreateChangeOrder
    | RegisterRisk
    | ReturnTimeEntries
    | SendReminder
    | HoldInvoice
    | PlanDevelopment
    | UndoWrite
    | ChangePolicy
    | PromoteVersion,
    Field(discriminator="kind"),
]
ActionAdapter: TypeAdapter[Action] = TypeAdapter(Action)
