"""What may be undone, until when, and by whose proposal."""

from collections.abc import Mapping
from datetime import datetime

from connectors.ports import undoing
from models.access import Permission
from models.actions import ActionKind, System

# Who may propose a write may propose to take it back.
PROPOSING: Mapping[ActionKind, Permission] = {
    "create_assignment": "staffing.propose",
    "create_change_order": "change.propose",
    "register_risk": "risk.propose",
    "return_time_entries": "time.propose",
    "hold_invoice": "invoices.propose",
    "plan_development": "bench.propose",
}


def undoable_until(system: System, operation: ActionKind, settled_at: datetime) -> datetime | None:
    """Until when a system takes a write back; None: it never does."""
    how = undoing(system, operation)
    return settled_at + how.within if how else None
