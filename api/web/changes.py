"""What an action would change, and what changed between two versions of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.wording import SYSTEMS
from models.actions import (
    Action,
    ChangePolicy,
    CreateAssignment,
    CreateChangeOrder,
    HoldInvoice,
    PlanDevelopment,
    PromoteVersion,
    RegisterRisk,
    ReturnTimeEntries,
    SendReminder,
    UndoWrite,
)
from models.money import Money
from store.db import Tx


@dataclass(frozen=True)
class Change:
    """One thing as it is, and as it would be. Values as JSON has them."""

    what: str
    now: Any
    after: Any


def effect_of(  # noqa: PLR0911 - one for each kind of action
    tx: Tx, action: Action, explanation: Mapping[str, Any]
) -> list[Change]:
    """What is now and what would be after, as far as the reader may see it. `explanation` is what the tool
    found at the time of the proposal."""
    match action:
        case CreateAssignment():
            return _of_assignment(action, explanation)
        case CreateChangeOrder():
            return _of_change_order(tx, action)
        case SendReminder():
            before = explanation.get("reminders_before")
            return (
                [Change("Reminders sent for this invoice", before, before + 1)] if before is not None else []
            )
        case HoldInvoice():
            return [Change(f"Invoice {action.invoice_id}", "to be issued", "held until it is mended")]
        case ReturnTimeEntries():
            count = len(action.items)
            return [Change(f"{count} time {'entry' if count == 1 else 'entries'}", "submitted", "returned")]
        case RegisterRisk():
            return [Change("Risk register", "not on it", f"{action.severity} {action.category} risk")]
        case UndoWrite():
            where = f"{SYSTEMS[action.system]} {action.record_id}"
            return [Change(where, "as it was written", action.outcome)]
        case ChangePolicy() | PromoteVersion():
            return []  # the card shows all of its differences
        case PlanDevelopment():
            return [Change("Development plan", "none for these days", f"{action.hours:g} h {action.skill}")]


def _of_assignment(action: CreateAssignment, explanation: Mapping[str, Any]) -> list[Change]:
    """Free hours by week, before and after."""
    return [
        Change(week["monday"], week["free"], str(Decimal(week["free"]) - action.hours_per_week))
        for week in explanation.get("candidate", {}).get("weeks", ())
    ]


def _of_change_order(tx: Tx, action: CreateChangeOrder) -> list[Change]:
    for contract in tx.records("pages.contract_value", contract_id=action.contract_id):
        now = Money(amount=contract["amount"], currency=contract["currency"])
        if now.currency != action.value.currency:
            break
        after = now + action.value
        return [
            Change(
                f"Value of contract {action.contract_id}",
                now.model_dump(mode="json"),
                after.model_dump(mode="json"),
            )
        ]
    return []


def between(before: Action, after: Action) -> list[Change]:
    """The fields that differ, deepest names first written with dots, e.g. `items.2.reason`."""
    old, new = flat(before.model_dump(mode="json")), flat(after.model_dump(mode="json"))
    return [
        Change(k, old.get(k), new.get(k)) for k in dict.fromkeys([*old, *new]) if old.get(k) != new.get(k)
    ]


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """A JSON value as its leaves by path; money is a leaf, and items are named by their id where they have
    one."""
    if isinstance(value, Mapping) and set(value) != {"amount", "currency"}:
        parts = value.items()
    elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
        parts = {str(v.get("entry_id", n)): v for n, v in enumerate(value, 1)}.items()
    else:
        return {path: value}
    return {k: v for name, part in parts for k, v in flat(part, f"{path}.{name}" if path else name).items()}
