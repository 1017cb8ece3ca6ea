"""Circuits: one row for each system of record. Closed: it is written to. Open: it is down, and one probe at
a time tries it. Paused: a person said stop. Approvals go on in all three; what is approved waits and says
since when.

Role: worker, or workflow for a person's hand."""

from models.actions import System
from store.db import Tx


def failed(tx: Tx, system: System, reason: str, *, trip_after: int, probe_seconds: float) -> None:
    """One more failure in a row; the one that opens the circuit makes everything for the system wait."""
    opened = tx.value(
        "effects.count_failure",
        system=system,
        reason=reason,
        trip_after=trip_after,
        probe_seconds=probe_seconds,
    )
    if opened:
        tx.execute("effects.start_waiting", system=system)
        tx.audit("circuit.opened", f"system:{system}", reason=reason)


def succeeded(tx: Tx, system: System) -> None:
    """The system answered: whatever waited for it goes on."""
    if tx.value("effects.close_circuit", system=system):
        tx.execute("effects.stop_waiting", system=system)
        tx.audit("circuit.closed", f"system:{system}")


def rest(tx: Tx, system: System, seconds: float) -> None:
    """Send a system nothing for a while: it asked for that."""
    tx.execute("effects.rest", system=system, seconds=seconds)


def pause(tx: Tx, system: System, reason: str) -> None:
    """Write nothing to a system until it is resumed."""
    if tx.value("effects.set_circuit", system=system, state="paused", reason=reason):
        tx.execute("effects.start_waiting", system=system)
        tx.audit("circuit.paused", f"system:{system}", personal={"reason": reason})


def resume(tx: Tx, system: System, reason: str) -> None:
    """Let writes to a system go on, whoever or whatever stopped them."""
    if tx.value("effects.set_circuit", system=system, state="closed", reason=reason):
        tx.execute("effects.stop_waiting", system=system)
        tx.audit("circuit.resumed", f"system:{system}", personal={"reason": reason})
