"""Deciding: one transaction a verdict. Lock, check, sign; with the last signature the state moves, the writes
enter the ledger and people hear of it, all in the same commit. Role: workflow."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.actions import ChangePolicy, PromoteVersion
from models.evidence import Attachment
from models.proposal import Verdict, next_state
from store.db import Tx, dumps
from workflow import ledger, policy_change, promotions
from workflow.cards import ProposalCard
from workflow.docket import Docket
from workflow.errors import DecideAlone, EvidenceNeeded, NotYourDecision, ReasonNeeded
from workflow.gates import Resolved
from workflow.insight import plants
from workflow.notices import listed, tell
from workflow.questions import unanswered
from workflow.read import card
from workflow.seat import check_not_needed_later, check_open, seat_of, take_seat


def decide(
    tx: Tx,
    proposal_id: UUID,
    *,
    content_hash: str,
    verdict: Verdict,
    reason: str = "",
    evidence: Sequence[Attachment] = (),
    batch: UUID | None = None,
) -> ProposalCard:
    """Approve or reject what was read: `content_hash` says what that was. `evidence` is kept with the
    verdict. `batch`: it is one of many that are decided at once.

    Raises what `seat.take_seat` raises; ReasonNeeded, EvidenceNeeded, NeededLater; DecideAlone for an
    approval in a batch where the step wants something said or shown about each."""
    seat = take_seat(tx, proposal_id, content_hash, rejecting=verdict == "reject")
    reason = reason.strip()
    if verdict == "reject" and not reason:
        raise ReasonNeeded(what="a rejection")
    if batch and verdict == "approve":
        _check_not_alone(seat.docket)
    sign(seat.docket, seat.resolved, verdict, reason, evidence, batch=batch)
    return card(tx, proposal_id)


def withdraw(tx: Tx, proposal_id: UUID, *, reason: str = "") -> ProposalCard:
    """Take one's own proposal back. Raises NotFound, NotYourDecision, AlreadyDecided, AlreadyOver."""
    docket = Docket.locked(tx, proposal_id)
    current = docket.current
    if tx.principal.person_id != current.proposer_id:
        raise NotYourDecision(proposal_id=str(proposal_id), reason="only who proposed it may withdraw it")
    check_open(docket)
    docket.move("withdraw")
    tx.audit("proposal.withdrawn", docket.subject, version=current.version)
    told = [a.person_id for a in docket.asked if a.step <= current.step]
    text = f"{tx.principal.name} withdrew “{current.title}”" + (
        f": {reason.strip()}" if reason.strip() else "."
    )
    tell(tx, proposal_id, told, kind="outcome", event="outcome:withdrawn", text=text)
    return card(tx, proposal_id)


def overtake(docket: Docket) -> None:
    """Close a change of what is in force that was proposed against something that is not any more, aloud.
    Raises WrongState."""
    current = docket.current
    docket.move("expire")
    docket.tx.audit("proposal.overtaken", docket.subject, version=current.version)
    tell(
        docket.tx,
        current.proposal_id,
        [current.proposer_id, *(a.person_id for a in docket.asked if a.step <= current.step)],
        kind="outcome",
        event="outcome:expired",
        text=f"“{current.title}” was overtaken: something else was put in force since it was proposed. "
        "Propose it anew against that.",
    )


def expire(docket: Docket) -> None:
    """Let a proposal lapse, aloud: who asked hears it, and so does who did not answer. Raises WrongState."""
    current = docket.current
    docket.move("expire")
    docket.tx.audit("proposal.expired", docket.subject, version=current.version, step=current.step)
    waited_for = docket.waited_for
    names = listed({a.name or a.person_id for a in waited_for}) if waited_for else "anybody who may"
    open_questions = unanswered(docket.tx, current.proposal_id, current.version)
    silent = (
        f" A question of {listed({q.asker_name or q.asker_id for q in open_questions})} was not answered."
        if open_questions
        else ""
    )
    tell(
        docket.tx,
        current.proposal_id,
        [current.proposer_id, *(a.person_id for a in waited_for)],
        kind="outcome",
        event="outcome:expired",
        text=f"“{current.title}” expired: it was not signed by {names} in time.{silent} Nothing was written.",
    )


def _check_not_alone(docket: Docket) -> None:
    """Raises DecideAlone: one comment for fifty is a comment on none, and what changes Chargehand itself is
    shown on a card alone."""
    step = docket.rule.gate.steps[docket.current.step]
    if not docket.action.writes():
        raise DecideAlone(step=step.name, what="reading what changes")
    if step.comment_required or step.evidence_required:
        raise DecideAlone(step=step.name, what="a comment" if step.comment_required else "evidence")


def sign(
    docket: Docket,
    resolved: Resolved | None,
    verdict: Verdict,
    reason: str,
    evidence: Sequence[Attachment] = (),
    *,
    batch: UUID | None = None,
) -> None:
    """Record the caller's verdict on the current step and do what follows from it."""
    tx, current = docket.tx, docket.current
    step, seat = docket.rule.gate.steps[current.step], seat_of(docket, resolved)
    if verdict == "approve":
        if step.comment_required and not reason:
            raise ReasonNeeded(what=f"a signature on '{step.name}'")
        if step.evidence_required and not evidence:
            raise EvidenceNeeded(step=step.name)
        if resolved:
            check_not_needed_later(docket, resolved, seat)
    shown = [a.model_dump() for a in evidence]
    decided_at = tx.value(
        "decisions.sign",
        proposal_id=current.proposal_id,
        version=current.version,
        step=current.step,
        content_hash=current.content_hash,
        proposer_id=current.proposer_id,
        author_id=current.author_id,
        on_behalf_of=current.on_behalf_of,
        verdict=verdict,
        reason=reason,
        stands_in_for=seat.stands_in_for,
        evidence=dumps(shown),
    )
    together: dict[str, Any] = {"batch": str(batch)} if batch else {}
    tx.audit(
        "proposal.decided",
        docket.subject,
        version=current.version,
        step=current.step,
        verdict=verdict,
        content_hash=current.content_hash,
        stands_in_for=seat.stands_in_for,
        **together,
    )
    docket.add_signature(seat, verdict, reason, shown, decided_at)
    if current.planted:
        plants.reveal(docket, noticed=verdict == "reject")
        return
    if resolved is None or verdict == "reject":
        _rejected(docket, reason)
        return
    left = docket.signatures_left(resolved)
    if not any(left):
        _approved(docket)
        return
    next_state(current.state, "sign", str(current.proposal_id))
    if not left[current.step]:
        _next_step(docket)
    # Who came to hold a step since it was proposed.
    docket.add_approvers(resolved, from_step=current.step if left[current.step] else current.step + 1)
    docket.again().ask()


def _rejected(docket: Docket, reason: str) -> None:
    current, me = docket.current, docket.tx.principal
    mine = next(s for s in docket.signed if s.person_id == me.person_id)
    docket.move("reject")
    tell(
        docket.tx,
        current.proposal_id,
        [current.proposer_id, *(docket.signers - {me.person_id})],
        kind="outcome",
        event="outcome:rejected",
        text=f"{mine.by} rejected “{current.title}”: {reason}",
    )


def _approved(docket: Docket) -> None:
    tx, current = docket.tx, docket.current
    docket.move("complete")
    tx.audit("proposal.approved", docket.subject, version=current.version, content_hash=current.content_hash)
    match docket.action:
        case ChangePolicy():
            policy_change.put_in_force(docket.again(), docket.action)
        case PromoteVersion():
            promotions.put_in_force(docket.again(), docket.action)
        case _:
            _send(docket)


def _send(docket: Docket) -> None:
    """Have it written, and say so."""
    tx, current = docket.tx, docket.current
    waiting = ledger.enqueue(docket)
    names = listed([s.by for s in docket.signed])
    text = f"{names} approved “{current.title}”. "
    if waiting:
        text += (
            f"It will be written as soon as the {listed([s.upper() for s in waiting])} can be reached again."
        )
    else:
        text += "It is being written now."
    event = f"outcome:approved:{current.version}"  # it may go back, and be approved again
    tell(tx, current.proposal_id, [current.proposer_id], kind="outcome", event=event, text=text)


def _next_step(docket: Docket) -> None:
    gate, step = docket.rule.gate, docket.current.step + 1
    docket.tx.execute(
        "proposals.next_step",
        proposal_id=docket.current.proposal_id,
        gate_expires_after_hours=gate.expires_after_hours,
        expires_after_hours=gate.expire_hours(step),
        remind_after_hours=gate.remind_hours(step),
        escalate_after_hours=gate.escalate_hours(step),
    )
