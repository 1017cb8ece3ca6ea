"""Handing a seat over: one goes, one comes, and the policy must accept who comes. It widens nothing: there
are as many seats as before, each for somebody whom the step's approvers or fallback name and nothing bars.
What was planted is for one person: nobody else agreed to be tested. Role: workflow."""

from typing import NoReturn
from uuid import UUID

from models.errors import ChargehandError
from store.db import Tx
from workflow.cards import PersonRef, ProposalCard, person
from workflow.docket import Asked, Docket
from workflow.errors import CannotHandOver, NotYourDecision, ReasonNeeded
from workflow.gates import Resolved, fillable
from workflow.notices import tell
from workflow.read import card
from workflow.seat import check_gate, check_in_time, check_not_own, check_open, check_token, everybody
from workflow.sources import Candidate


def reassign(tx: Tx, proposal_id: UUID, *, to: str, reason: str, seat_of: str | None = None) -> ProposalCard:
    """Hand one's seat at the current step to `to`, who is asked from now on; `seat_of`: for an administrator,
    whose seat, when that person has left the firm.

    Raises NotFound, AlreadyDecided, AlreadyOver, Expired, GateChanged, OwnProposal, NotYourDecision,
    ReasonNeeded, CannotHandOver, ContradictsRecords."""
    docket = Docket.locked(tx, proposal_id)
    check_open(docket)
    check_in_time(docket)
    check_not_own(docket)
    check_token(docket)
    giver = _giver(docket, seat_of)
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(what="handing a signature over")
    taker = _taker(docket, giver, to)
    _move(docket, giver, taker, reason)
    docket = docket.again()
    _tell(docket, giver, taker, reason)
    return card(tx, proposal_id)


def takers(tx: Tx, proposal_id: UUID) -> list[PersonRef]:
    """To whom the caller could hand their seat at the current step, by name; nobody when they have none."""
    docket = Docket.locked(tx, proposal_id)
    try:
        check_open(docket)
        giver = _giver(docket, None)
        named = [c for c in everybody(docket).steps[giver.step] if c.stands_in_for is None]
        resolved = check_gate(docket)
    except ChargehandError:  # no seat, or the records contradict what it would be asked for
        return []
    found = [c for c in named if _objection(docket, giver, resolved, c.person_id) is None]
    return sorted((person(c.person_id, c.name) for c in found), key=lambda p: p.name)


def _giver(docket: Docket, seat_of: str | None) -> Asked:
    """Whose seat it is: the caller's, or that of somebody who has left, for an administrator."""
    step, me = docket.current.step, docket.tx.principal
    whose = seat_of or me.person_id
    if whose != me.person_id:
        if not any(g.role == "admin" for g in me.grants):
            _refuse(docket, "only an administrator hands over the seat of somebody else")
        if docket.tx.records("gates.working", person_ids=[whose]):
            _refuse(docket, "who works here hands their own seat over")
    for seat in docket.asked:
        if (seat.step, seat.person_id, seat.seat) == (step, whose, whose) and whose not in docket.spent:
            return seat
    return _refuse(docket, "there is no seat at this step that could be handed over")


def _taker(docket: Docket, giver: Asked, to: str) -> Candidate:
    """Who takes the seat, as the policy knows them today. Raises CannotHandOver, and what check_gate does."""
    named = {c.person_id: c for c in everybody(docket).steps[giver.step] if c.stands_in_for is None}
    if to not in named:
        raise CannotHandOver(to=to, reason="the policy does not accept them for this step")
    if objection := _objection(docket, giver, check_gate(docket), to):
        raise CannotHandOver(to=named[to].name, reason=objection)
    return named[to]


def _objection(docket: Docket, giver: Asked, resolved: Resolved, to: str) -> str | None:
    """What speaks against somebody whom the policy accepts."""
    if docket.current.planted:
        return "nobody else can be asked to sign this"
    step = giver.step
    seat = next((a for a in docket.seats if (a.step, a.person_id) == (step, to)), None)
    if seat:
        return "they are asked already" if seat.held else "they handed their own seat over"
    if to in docket.spent:
        return "they signed an earlier step, and nobody signs twice"
    people = docket.people_left(resolved)
    people[step] = (people[step] - {giver.person_id}) | {to}
    if not fillable(docket.signatures_left(resolved), people):
        return "then nobody would be left for another step"
    return None


def _move(docket: Docket, giver: Asked, taker: Candidate, reason: str) -> None:
    tx, current = docket.tx, docket.current
    seat = {"proposal_id": current.proposal_id, "version": current.version, "step": giver.step}
    tx.execute("decisions.give_seat", **seat, from_id=giver.person_id)
    tx.execute(
        "decisions.take_seat",
        **seat,
        to_id=taker.person_id,
        why=f"handed over by {giver.name or giver.person_id}: {reason}",
        fallback=giver.fallback,  # the seat is what is handed over
    )
    tx.execute("decisions.hand_over", **seat, from_id=giver.person_id, to_id=taker.person_id, reason=reason)
    tx.audit(
        "proposal.reassigned",
        docket.subject,
        version=current.version,
        step=giver.step,
        giver=giver.person_id,
        taker=taker.person_id,
    )


def _tell(docket: Docket, giver: Asked, taker: Candidate, reason: str) -> None:
    """The taker gets a card; who asked, and a giver who did not do it, hear of it."""
    tx, current = docket.tx, docket.current
    docket.ask()
    others = {current.proposer_id, giver.person_id} - {tx.principal.person_id}
    tell(
        tx,
        current.proposal_id,
        others,
        kind="outcome",
        event=f"outcome:reassigned:{current.version}:{giver.step}:{giver.person_id}",
        text=f"{taker.name} is asked to sign “{current.title}” in place of {giver.name or giver.person_id}:"
        f" {reason}",
    )


def _refuse(docket: Docket, reason: str) -> NoReturn:
    raise NotYourDecision(proposal_id=str(docket.current.proposal_id), reason=reason)
