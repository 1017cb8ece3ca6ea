"""What a proposal rests on: the firm's records when it was made, field by field, and what its system of
record says of them now. What differs when it is about to be written is shown to those who signed.

What an hour costs is left out: a card is read by people who may not see it, and a change of it shows in the
gate that the policy asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from connectors.errors import NoSuchRecord
from connectors.ports import Crm, Erp, Hris, Psa, SystemOfRecord
from models.actions import ActionKind
from models.money import Money
from models.proposal import Difference
from store.db import Tx
from workflow.findings import Finding

_PROJECT = ("name", "practice", "office", "client_id", "contract_id", "manager_id", "account_owner_id")
_PERSON = ("name", "practice", "office", "manager_id", "starts_on", "ends_on")
_INVOICE = ("customer_id", "project_id", "amount", "currency", "paid_on")
_ENTRY = ("person_id", "project_id", "minutes", "state")

GONE = "gone"

Fields = Mapping[str, str]  # "invoice I-1: paid on" -> "2026-10-01"; empty: not set


@dataclass(frozen=True)
class Seen:
    """One field of a record as its system of record has it now."""

    field: str
    now: str
    mirrors: str = ""  # the field of the firm's own records that it ought to agree with
    expected: str = ""  # where there is none


def fields(finding: Finding) -> Fields:
    """What the firm's records say, flat."""
    facts = finding.facts
    found = dict[str, str]()
    for project in finding.projects:
        found |= _of(f"project {project.project_id}", project, _PROJECT)
    if finding.person:
        found |= _of(f"person {finding.person.person_id}", finding.person, _PERSON)
    if finding.invoice:
        found |= _of(f"invoice {finding.invoice.invoice_id}", finding.invoice, _INVOICE)
    for entry in finding.entries:
        found |= _of(f"time entry {entry.entry_id}", entry, _ENTRY)
    if facts.action == "create_change_order":
        found[f"contract {facts.contract_id}: kind"] = facts.contract_kind or ""
        found[f"contract {facts.contract_id}: value"] = _text(facts.contract_value)
    return found


def keep_basis(tx: Tx, proposal_id: UUID, version: int, rests_on: Fields) -> None:
    """Keep what a version rests on. Role: workflow."""
    tx.execute("returns.keep_basis", proposal_id=proposal_id, version=version, fields=dict(rests_on))


def look(
    system: SystemOfRecord, operation: ActionKind, body: Mapping[str, Any], today: date
) -> tuple[Seen, ...]:
    """What the system that is about to be written to says of the record that the write is about. Nothing for
    writes about which it cannot be asked.

    Raises what the ports' reads raise, but for a record that is gone: that is seen."""
    match operation, system:
        case (("send_reminder" | "hold_invoice"), Erp()):
            return _invoice(system, body["invoice_id"])
        case "return_time_entries", Psa():
            return _entry(system, body["entry_id"])
        case "create_change_order", Crm():
            return _contract(system, body["contract_id"], today)
        case "plan_development", Hris():
            return _employee(system, body["person_id"])
        case _:
            return ()


def differences(before: Fields, now: Fields, seen: Iterable[Seen]) -> tuple[Difference, ...]:
    """What is not as it was. A field that only one side knows says nothing: a batch is looked at item by
    item, and a later version of Chargehand may look at more."""
    changed = [
        Difference(field=f, was=before[f], now=value)
        for f, value in now.items()
        if f in before and before[f] != value
    ]
    for s in seen:
        was = before.get(s.field, before.get(s.mirrors, s.expected))
        if was != s.now:
            changed.append(Difference(field=s.field, was=was, now=s.now))
    return tuple(changed)


def _invoice(erp: Erp, invoice_id: str) -> tuple[Seen, ...]:
    record = f"invoice {invoice_id}"
    try:
        invoice = erp.invoice(invoice_id)
    except NoSuchRecord:
        return (_gone(record, "ERP"),)
    return (
        Seen(f"{record} in the ERP: paid on", _text(invoice.paid_on), f"{record}: paid on"),
        Seen(f"{record} in the ERP: on hold", _text(invoice.on_hold), expected=_text(False)),
        Seen(f"{record} in the ERP: amount", _text(invoice.amount.amount), f"{record}: amount"),
    )


def _entry(psa: Psa, entry_id: str) -> tuple[Seen, ...]:
    record = f"time entry {entry_id}"
    try:
        entry = psa.time_entry(entry_id)
    except NoSuchRecord:
        return (_gone(record, "project system"),)
    return (
        Seen(f"{record} in the project system: state", entry.state, f"{record}: state"),
        Seen(f"{record} in the project system: minutes", _text(entry.minutes), f"{record}: minutes"),
    )


def _contract(crm: Crm, contract_id: str, today: date) -> tuple[Seen, ...]:
    record = f"contract {contract_id}"
    try:
        contract = crm.contract(contract_id)
    except NoSuchRecord:
        return (_gone(record, "CRM"),)
    ended = contract.ends_on is not None and contract.ends_on < today
    return (
        Seen(f"{record} in the CRM: ended", _text(ended), expected=_text(False)),
        Seen(f"{record} in the CRM: value", _text(contract.value), f"{record}: value"),
    )


def _employee(hris: Hris, person_id: str) -> tuple[Seen, ...]:
    record = f"person {person_id}"
    try:
        employee = hris.employee(person_id)
    except NoSuchRecord:
        return (_gone(record, "HR system"),)
    return (Seen(f"{record} in the HR system: ends on", _text(employee.ends_on), f"{record}: ends on"),)


def _gone(record: str, system: str) -> Seen:
    return Seen(f"{record} in the {system}", GONE, expected="there")


def _of(record: str, holder: object, names: Iterable[str]) -> dict[str, str]:
    return {f"{record}: {name.replace('_', ' ')}": _text(getattr(holder, name)) for name in names}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:.2f}"
        case Money():
            return f"{value.currency} {value.amount:.2f}"
        case _:
            return str(value)
