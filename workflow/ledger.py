"""The effect ledger: what was signed and must happen exactly once. Statements and what they mean; who works
it is `workflow.effects`.

Locks are taken in one order everywhere: a proposal, then its effects, then a circuit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from models.actions import SYSTEMS, ActionKind, System
from models.proposal import EffectState, ProposalState, after_effects, idempotency_key
from store.db import Tx, dumps
from workflow import circuits
from workflow.docket import Docket
from workflow.errors import LeaseLost
from workflow.mirror import mirror
from workflow.notices import tell


@dataclass(frozen=True)
class Pace:
    """How patient a worker is. Seconds."""

    lease_seconds: float = 60.0  # a worker that died is noticed after this long
    beat_seconds: float = 15.0  # how often a living one says so
    probe_seconds: float = 15.0  # how often a system that is down is tried
    trip_after: int = 3  # failures in a row that open a circuit
    margin_seconds: float = 1.0  # on top of what a system says about itself
    longest_backoff_seconds: float = 300.0
    longest_slow_seconds: float = 6 * 3600.0  # that a system may ask to slow down, before a person looks
    idle_seconds: float = 1.0  # between looks at an empty ledger


@dataclass(frozen=True)
class Lease:
    """An effect that one worker holds. The fence grows with every claim: whoever holds an older one is
    refused."""

    effect_id: int
    idempotency_key: str
    proposal_id: UUID
    version: int
    content_hash: str
    system: System
    operation: ActionKind
    item: str
    body: Mapping[str, Any]
    attempts: int  # this one included
    max_attempts: int
    fence: int
    sent_at: datetime | None  # the last time an earlier attempt may have reached the system
    slowed_since: datetime | None  # its system has asked to slow down since
    troubled: bool  # its system's circuit was open, or had failures in a row
    claimed_at: datetime

    @property
    def mine(self) -> dict[str, int]:
        """What proves the lease."""
        return {"effect_id": self.effect_id, "fence": self.fence}


def enqueue(docket: Docket) -> list[System]:
    """Enter the writes of a proposal that was signed to the end; the systems that are down or paused."""
    current = docket.current
    writes = docket.action.writes()
    rows = [
        w.model_dump(mode="json")
        | {
            "position": position,
            "idempotency_key": idempotency_key(
                docket.action.kind, str(current.proposal_id), current.content_hash, w.item
            ),
        }
        for position, w in enumerate(writes)
    ]
    entered = docket.tx.records(
        "effects.enqueue",
        proposal_id=current.proposal_id,
        version=current.version,
        content_hash=current.content_hash,
        writes=dumps(rows),
    )
    return sorted({row["system"] for row in entered if row["waits_since"]})


def claim(tx: Tx, worker_id: str, pace: Pace, systems: Collection[System] = SYSTEMS) -> Lease | None:
    """Lease the next effect of one of the systems: of any, by chance, that has one which is due and whose
    circuit lets it through, so that none starves behind another's queue."""
    return tx.row(
        "effects.claim",
        Lease,
        systems=list(systems),
        worker_id=worker_id,
        lease_seconds=pace.lease_seconds,
        probe_seconds=pace.probe_seconds,
    )


def extend(tx: Tx, lease: Lease, pace: Pace) -> None:
    """The worker is still at it. Raises LeaseLost."""
    _held(tx.execute("effects.extend_lease", **lease.mine, lease_seconds=pace.lease_seconds), lease)


def mark_sent(tx: Tx, lease: Lease) -> None:
    """Just before the call. Raises LeaseLost."""
    _held(tx.execute("effects.mark_sent", **lease.mine), lease)


def settle(tx: Tx, lease: Lease, record_id: str, record: Mapping[str, Any]) -> None:
    """It is written: mirror it, close the circuit, move the proposal on. Raises LeaseLost."""
    _held(tx.execute("effects.settle", **lease.mine, external_ref=record_id, result=dict(record)), lease)
    mirror(tx, lease, record_id, record)
    tx.audit(
        "effect.settled",
        f"proposal:{lease.proposal_id}",
        effect=lease.effect_id,
        system=lease.system,
        external_ref=record_id,
        key=lease.idempotency_key,
    )
    progress(tx, lease.proposal_id)
    if lease.troubled:
        circuits.succeeded(tx, lease.system)


def stop(tx: Tx, lease: Lease, state: Literal["parked", "failed"], error: str) -> None:
    """It goes no further by itself. Raises LeaseLost."""
    _held(tx.execute("effects.stop", **lease.mine, state=state, error=error), lease)
    tx.audit(f"effect.{state}", f"proposal:{lease.proposal_id}", effect=lease.effect_id, system=lease.system)
    progress(tx, lease.proposal_id)
    if state == "parked":
        _tell_who_waits(tx, lease)


def release(
    tx: Tx,
    lease: Lease,
    error: str,
    *,
    after_seconds: float,
    give_back: bool = False,
    reached: bool = False,
    waits: bool = False,
    slowed: bool = False,
) -> None:
    """Try again later. `give_back`: the attempt does not count; `reached`: it may have reached the system;
    `waits`: for the system to take writes again; `slowed`: because it asks to slow down. Raises
    LeaseLost."""
    _held(
        tx.execute(
            "effects.release",
            **lease.mine,
            error=error,
            after_seconds=after_seconds,
            give_back=give_back,
            reached=reached,
            sent_before=lease.sent_at,
            waits=waits,
            slowed=slowed,
        ),
        lease,
    )


@dataclass(frozen=True)
class _Behind:
    proposal_id: UUID
    proposer_id: str
    title: str


def _tell_who_waits(tx: Tx, lease: Lease) -> None:
    """Writes on the same record wait behind one that is parked, however long that takes: who asked for them
    hears why nothing happens."""
    for waiting in tx.rows("effects.behind", _Behind, effect_id=lease.effect_id):
        tell(
            tx,
            waiting.proposal_id,
            [waiting.proposer_id],
            kind="outcome",
            event=f"outcome:behind:{lease.effect_id}:{lease.fence}",
            text=f"“{waiting.title}” waits: an older write on the same record stopped until a person looks.",
        )


@dataclass(frozen=True)
class _Progress:
    proposal_id: UUID
    proposer_id: str
    title: str
    state: ProposalState
    version: int
    effects: Sequence[EffectState]
    written: Sequence[str]
    errors: Sequence[str]
    signers: Sequence[str]


def progress(tx: Tx, proposal_id: UUID) -> None:
    """Move a proposal to where its effects are, and tell those who asked and signed. Its lock must be held.

    A proposal that nobody signed stays where it is, whatever somebody put into the ledger."""
    now = tx.row("effects.progress", _Progress, proposal_id=proposal_id)
    if now is None or now.state not in ("approved", "parked"):
        return
    state = after_effects(now.state, now.effects, str(proposal_id))
    if state == now.state:
        return
    since: datetime = tx.value("proposals.set_state", proposal_id=proposal_id, state=state)
    event = "resumed" if state == "approved" else state
    tx.audit(f"proposal.{event}", f"proposal:{proposal_id}", version=now.version)
    hands = tx.records("effects.hands") if state == "parked" else []
    tell(
        tx,
        proposal_id,
        {now.proposer_id, *now.signers, *(h["person_id"] for h in hands)},
        kind="outcome",
        event=f"outcome:{event}:{since.isoformat()}",  # parking may happen again
        text=_outcome(state, now),
    )


def _outcome(state: ProposalState, now: _Progress) -> str:
    written, errors = _few(now.written), _few(now.errors)
    match state:
        case "executed":
            return f"Done: “{now.title}” is written ({written})."
        case "parked":
            return f"“{now.title}” stopped and waits for a person to look at it: {errors}"
        case "failed":
            rest = f" Written all the same: {written}." if written else ""
            return f"“{now.title}” was not carried out: {errors}{rest}"
        case _:
            return f"“{now.title}” goes on."


def _few(items: Sequence[str], most: int = 3) -> str:
    """The first of them, and how many more."""
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return "; ".join(items[:most]) + rest


def _held(rows: int, lease: Lease) -> None:
    if rows == 0:
        raise LeaseLost(effect_id=lease.effect_id)
