"""Whether this person may decide this proposal now. All the checks of a decision, in one place.

The gate that a proposal was stored with is only a promise: an agent process could have handed in a weak
one. So it is derived again here, from the firm's records and the pinned policy, with rights that the agent
does not have; and constraints in the database refuse once more what these checks should have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from models.access import NotFound
from models.policy import PolicySet, Rule
from models.policy_match import gate_for
from store.db import Tx
from workflow.docket import Asked, Docket, Signed, spent
from workflow.errors import (
    AlreadyDecided,
    AlreadyOver,
    ContentChanged,
    ContradictsRecords,
    Expired,
    GateChanged,
    NeededLater,
    NotYourDecision,
    Overtaken,
    OwnProposal,
)
from workflow.findings import Finding
from workflow.gates import Resolved, finding_for, needed_later, resolve
from workflow.notices import listed
from workflow.policies import known
from workflow.stand_ins import standing_in, why_over
from workflow.titles import title_of


@dataclass(frozen=True)
class Seat:
    """A person at the table, with the proposal locked before them."""

    docket: Docket
    resolved: Resolved | None  # None: rejecting what the records contradict by now


def take_seat(tx: Tx, proposal_id: UUID, content_hash: str, *, rejecting: bool = False) -> Seat:
    """Lock the proposal and check everything that does not depend on the verdict. Role: workflow.

    Raises NotFound, AlreadyDecided, AlreadyOver, OwnProposal, NotYourDecision, ContentChanged, Expired,
    GateChanged; and ContradictsRecords and Overtaken unless `rejecting`: what the records contradict
    cannot be approved any more, but can be rejected."""
    docket = Docket.locked(tx, proposal_id)
    check_open(docket)
    check_in_time(docket)
    check_not_own(docket)
    _is_read(docket, content_hash)
    _is_asked(docket)
    _hold_delegations(docket)
    resolved: Resolved | None
    try:
        resolved = check_gate(docket)
    except (ContradictsRecords, NotFound, Overtaken):
        if not rejecting:
            raise
        resolved = None
    seat_of(docket, resolved)
    return Seat(docket, resolved)


def _hold_delegations(docket: Docket) -> None:
    """Whoever revokes what the caller decides by is first, or waits until it is decided."""
    me = docket.tx.principal.person_id
    if any(a.stands_in_for for a in docket.asked if a.person_id == me):
        docket.tx.execute("delegations.hold", delegate_id=me)


def check_gate(docket: Docket) -> Resolved:
    """The people of the proposal's gate as the records and its pinned policy have it today.

    Raises GateChanged when the stored gate is not the one that holds; NotFound, ContradictsRecords."""
    current, (policy, rule, finding) = docket.current, _gate_today(docket)
    escalated = {current.step} if current.escalated_at else ()
    resolved = resolve(docket.tx, policy, rule, finding, finding.barred, escalated=escalated)
    return resolved if all(a.held for a in docket.seats) else docket.handed_over(resolved, everybody(docket))


def everybody(docket: Docket) -> Resolved:
    """As `check_gate`, with the fallback of every step: whom the policy would ever accept."""
    policy, rule, finding = _gate_today(docket)
    return resolve(docket.tx, policy, rule, finding, finding.barred, escalated=range(len(rule.gate.steps)))


def _gate_today(docket: Docket) -> tuple[PolicySet, Rule, Finding]:
    tx, current = docket.tx, docket.current
    policy = known(tx, current.policy_sha256, current.policy_digest)
    finding = finding_for(tx, docket.request(), policy)
    rule, last = policy.rule(current.rule), policy.rules[-1]
    # The last rule is the strictest: a proposal may always be under it, e.g. when nobody else could sign.
    if rule is None or rule not in (gate_for(policy, finding.facts), last) or docket.rule.gate != rule.gate:
        raise GateChanged(proposal_id=str(current.proposal_id), version=current.version)
    if not _is_called_what_it_is(docket, finding):
        raise GateChanged(proposal_id=str(current.proposal_id), version=current.version)
    return policy, rule, finding


def _is_called_what_it_is(docket: Docket, finding: Finding) -> bool:
    """Whether title and amount, which lists and messages show, are those of the action."""
    current, amount = docket.current, finding.facts.amount
    shown = (current.amount, current.currency)
    return current.title == title_of(docket.action, finding) and shown == (
        (amount.amount, amount.currency) if amount else (None, None)
    )


def check_open(docket: Docket) -> None:
    """Raises AlreadyDecided or AlreadyOver unless the proposal waits for signatures."""
    current = docket.current
    if current.state == "pending":
        return
    about = {"proposal_id": str(current.proposal_id), "state": current.state}
    if current.state in ("withdrawn", "expired"):
        raise AlreadyOver(**about, since=current.state_since.isoformat(timespec="minutes"))
    rejected = [s for s in docket.signed if s.verdict == "reject"]
    by = rejected or docket.signed
    raise AlreadyDecided(
        **about,
        outcome="rejected" if rejected else "approved",
        by=listed([s.by for s in by]),
        by_ids=[s.person_id for s in by],
    )


def check_in_time(docket: Docket) -> None:
    """Raises Expired."""
    if docket.current.now >= docket.deadline:
        raise Expired(
            proposal_id=str(docket.current.proposal_id),
            expires_at=docket.current.expires_at.isoformat(timespec="minutes"),
        )


def check_not_own(docket: Docket) -> None:
    """Raises OwnProposal for who proposed or wrote it, or for whom it was proposed."""
    current = docket.current
    if docket.tx.principal.person_id in (current.proposer_id, current.on_behalf_of, current.author_id):
        raise OwnProposal(proposal_id=str(docket.current.proposal_id))


def check_token(docket: Docket) -> None:
    """Raises NotYourDecision for a token that was narrowed to less than deciding."""
    narrowed_to = docket.tx.principal.narrowed_to
    if narrowed_to is not None and "proposals.decide" not in narrowed_to:
        _not_yours(docket, "the token you use may not decide")


def _is_read(docket: Docket, content_hash: str) -> None:
    current = docket.current
    if content_hash != current.content_hash:
        raise ContentChanged(
            proposal_id=str(current.proposal_id), version=current.version, content_hash=current.content_hash
        )


def _is_asked(docket: Docket) -> None:
    """Among those who were asked to sign the current step, in a seat that nobody has signed in."""
    current, principal = docket.current, docket.tx.principal
    check_token(docket)
    if principal.person_id in docket.signers:
        _signed_already(docket, "you", [])
    seats = [a for a in docket.asked if a.person_id == principal.person_id]
    here = [a for a in seats if a.step == current.step]
    if any(a.uses.isdisjoint(docket.spent) for a in here):
        return
    if gave := [
        a for a in docket.seats if not a.held and (a.person_id, a.step) == (principal.person_id, current.step)
    ]:
        taker = next(a for a in docket.seats if (a.taken_from, a.step) == (gave[0].seat, current.step))
        _not_yours(docket, f"the seat was handed over to {taker.name or taker.person_id}")
    earlier = {a.step for a in seats if a.step < current.step}
    by = [s for s in docket.signed if s.step in earlier or any(_clash(s, a) for a in here)]
    if by:
        _signed_already(docket, listed([s.by for s in by]), [s.person_id for s in by])
    _not_yours(
        docket, "an earlier step waits for others" if seats else "you are not among those asked to sign"
    )


def _clash(signed: Signed, asked: Asked) -> bool:
    return not asked.uses.isdisjoint(spent([signed]))


def _signed_already(docket: Docket, by: str, by_ids: Sequence[str]) -> NoReturn:
    raise AlreadyDecided(
        proposal_id=str(docket.current.proposal_id), outcome="signed", by=by, by_ids=list(by_ids)
    )


def seat_of(docket: Docket, resolved: Resolved | None) -> Asked:
    """The seat in which the caller signs the current step: their own goes first, then a delegator's. Raises
    NotYourDecision when what made them an approver no longer holds.

    `resolved`: None where the records contradict the proposal; then who stands in today still does."""
    tx, step, me = docket.tx, docket.current.step, docket.tx.principal.person_id
    asked = [a for a in docket.asked if (a.step, a.person_id) == (step, me)]
    free = {a.stands_in_for: a for a in asked if a.uses.isdisjoint(docket.spent)}
    if resolved:
        held = [c.stands_in_for for c in resolved.seats_of(step, me)]
    else:
        policy = known(tx, docket.current.policy_sha256, docket.current.policy_digest)
        delegators = [d for d in free if d]
        held = [None, *(s.delegator_id for s in standing_in(tx, delegators, policy) if s.delegate_id == me)]
    for stands_in_for in held:
        if stands_in_for in free:
            return free[stands_in_for]
    _not_yours(docket, _why_not(docket, resolved, [a for a in asked if a.stands_in_for]))


def _why_not(docket: Docket, resolved: Resolved | None, stood_in: Sequence[Asked]) -> str:
    """Why somebody who was asked may not sign any more."""
    if not stood_in:
        return "what made you an approver no longer holds"
    delegator_id = stood_in[0].stands_in_for
    assert delegator_id
    name = stood_in[0].stands_in_for_name or delegator_id
    if resolved and delegator_id not in resolved.people[docket.current.step]:
        return f"what made {name} an approver, for whom you stand in, no longer holds"
    return why_over(docket.tx, delegator_id, name)


def check_not_needed_later(docket: Docket, resolved: Resolved, seat: Asked) -> None:
    """Raises NeededLater when the caller's signature here would leave nobody for a later step."""
    step, used = docket.current.step, seat.uses
    people = docket.people_left(resolved)
    if needed_later(docket.signatures_left(resolved), people, step, used):
        steps = enumerate(resolved.rule.gate.steps)
        later = next(s.name for i, s in steps if i > step and used & people[i])
        raise NeededLater(proposal_id=str(docket.current.proposal_id), step=later)


def _not_yours(docket: Docket, reason: str) -> NoReturn:
    raise NotYourDecision(proposal_id=str(docket.current.proposal_id), reason=reason)
