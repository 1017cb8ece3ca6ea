"""What an effect asks of its system of record: to write, or to take back, and how each is found again."""

from collections.abc import Callable
from dataclasses import dataclass

from connectors.ports import SystemOfRecord
from connectors.ports import Written as Record
from models.actions import UndoWrite
from workflow import basis
from workflow.basis import Seen
from workflow.ledger import Lease


@dataclass(frozen=True)
class Call:
    """A change under its idempotency key, and the look-up that settles an unknown outcome."""

    perform: Callable[[], Record]
    find: Callable[[], Record | None]


def call(system: SystemOfRecord, lease: Lease) -> Call:
    """The call that carries an effect out."""
    key = lease.idempotency_key
    if lease.operation != "undo_write":
        return Call(
            lambda: system.write(lease.operation, lease.body, idempotency_key=key),
            lambda: system.find(lease.operation, key),
        )
    undone = UndoWrite.model_validate(lease.body)
    return Call(
        lambda: system.undo(undone.operation, undone.record_id, idempotency_key=key),
        lambda: system.find_undone(undone.operation, undone.record_id, key),
    )


def look(system: SystemOfRecord, lease: Lease) -> tuple[Seen, ...]:
    """What the system of record says now of what an effect is about. Raises what the ports' reads raise."""
    return basis.look(system, lease.operation, lease.body, lease.claimed_at.date())
