"""A person's hand on what stopped: parked effects and paused systems. Role: workflow; permission:
operations.manage. Every touch says why and is in the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from models.access import NotFound, require
from models.actions import ActionKind, System
from models.proposal import EffectState
from store.db import Tx
from workflow import circuits
from workflow.errors import EffectNotParked, ReasonNeeded
from workflow.ledger import progress
from workflow.mirror import mirror


@dataclass(frozen=True)
class _Stopped:
    effect_id: int
    proposal_id: UUID
    system: System
    operation: ActionKind
    item: str
    state: EffectState
    body: Mapping[str, Any]


def retry(tx: Tx, effect_id: int, reason: str) -> None:
    """Let a parked effect go on: it is looked up first where it may have been sent.

    Raises NotAllowed, NotFound, EffectNotParked, ReasonNeeded; so do the two below."""
    effect = _parked(tx, effect_id, reason)
    tx.execute("effects.retry", effect_id=effect_id)
    _after(tx, effect, "retried", reason)


def mark_done(tx: Tx, effect_id: int, external_ref: str, reason: str) -> None:
    """A person saw the record `external_ref` in the system of record."""
    effect = _parked(tx, effect_id, reason)
    _settle(tx, effect_id, "done", external_ref)
    mirror(tx, effect, external_ref, effect.body)
    _after(tx, effect, "marked_done", reason, external_ref=external_ref)


def give_up(tx: Tx, effect_id: int, reason: str) -> None:
    """It will not be written any more."""
    effect = _parked(tx, effect_id, reason)
    _settle(tx, effect_id, "failed", None)
    _after(tx, effect, "given_up", reason)


def pause(tx: Tx, system: System, reason: str) -> None:
    """Write nothing to a system until it is resumed. Raises NotAllowed, ReasonNeeded."""
    circuits.pause(tx, system, _allowed(tx, reason))


def resume(tx: Tx, system: System, reason: str) -> None:
    """Let writes to a system go on. Raises NotAllowed, ReasonNeeded."""
    circuits.resume(tx, system, _allowed(tx, reason))


def _allowed(tx: Tx, reason: str) -> str:
    require(tx.principal, "operations.manage")
    if not reason.strip():
        raise ReasonNeeded(what="what is done by hand")
    return reason.strip()


def _parked(tx: Tx, effect_id: int, reason: str) -> _Stopped:
    _allowed(tx, reason)
    tx.value("effects.lock_proposal", effect_id=effect_id)
    effect = tx.row("effects.stopped", _Stopped, effect_id=effect_id)
    if effect is None:
        raise NotFound(what="effect", id=str(effect_id))
    if effect.state != "parked":
        raise EffectNotParked(effect_id=effect_id, state=effect.state)
    return effect


def _settle(tx: Tx, effect_id: int, state: Literal["done", "failed"], external_ref: str | None) -> None:
    tx.execute("effects.settle_by_hand", effect_id=effect_id, state=state, external_ref=external_ref)


def _after(tx: Tx, effect: _Stopped, what: str, reason: str, **more: str) -> None:
    tx.audit(
        f"effect.{what}",
        f"proposal:{effect.proposal_id}",
        effect=effect.effect_id,
        personal={"reason": reason.strip()},
        **more,
    )
    progress(tx, effect.proposal_id)
