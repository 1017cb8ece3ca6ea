"""Undoing what was written: a proposal of its own, under a gate of its own, within the window that the system
of record gives. Role: agent, so that nobody undoes what they may not see."""

from models.access import NotFound, require
from models.actions import UndoWrite
from models.evidence import RecordCitation
from store.db import Tx
from workflow.cards import ProposalCard
from workflow.errors import BeingUndone, CannotBeUndone, ReasonNeeded, TooLateToUndo
from workflow.findings import Done
from workflow.propose import Draft, propose
from workflow.undoable import PROPOSING, undoable_until


def undo(tx: Tx, effect_id: int, reason: str) -> ProposalCard:
    """Propose to take back a write that was carried out.

    Raises NotFound, also for a write that is not done; CannotBeUndone, TooLateToUndo, BeingUndone,
    NotAllowed, ReasonNeeded, and what `propose` raises."""
    done = tx.row("effects.done", Done, effect_id=effect_id)
    if done is None:
        raise NotFound(what="write", id=str(effect_id))
    until = undoable_until(done.system, done.operation, done.settled_at)
    if until is None:
        raise CannotBeUndone(operation=done.operation.replace("_", " "), system=done.system.upper())
    require(tx.principal, PROPOSING[done.operation])
    if not reason.strip():
        raise ReasonNeeded(what="an undo")
    if done.now > until:
        raise TooLateToUndo(until=until.isoformat(timespec="minutes"))
    tx.value("effects.take_undo_turn", effect_id=effect_id)
    if other := tx.records("effects.open_undo", effect_id=effect_id):
        raise BeingUndone(proposal_id=str(other[0]["proposal_id"]))
    action = UndoWrite.model_validate(done.as_undone() | {"effect_id": effect_id, "reason": reason.strip()})
    return propose(
        tx,
        Draft(
            action=action,
            evidence=tuple(
                RecordCitation.model_validate(cited) for cited in done.evidence if cited["kind"] == "record"
            ),
            explanation={},
            tool="undo",
            tool_version="1",
        ),
    )
