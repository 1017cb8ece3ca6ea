"""Whether this person may decide this proposal now. All the checks of a decision, in one place.

The gate that a proposal was stored with is only a promise: an agent process could have handed in a weak
one. So it is derived again here, from the firm's records and the pinned policy, with rights that the agent
does not have; and constraints in the database refuse once more what these checks should have."""

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from models.access import NotFound
from models.policy_match import gate_for
from store.db import Tx
from workflow.docket import Docket
from workflow.errors import (
    AlreadyDecided,
    AlreadyOver,
    ContentChanged,
    ContradictsRecords,
    Expired,
    GateChanged,
    NeededLater,
    NotYourDecision,
    OwnProposal,
)
from workflow.facts import derive
from workflow.gates import Resolved, barred_from, needed_later, resolve
from workflow.notices import listed
from workflow.policies import pinned


@dataclass(frozen=True)
class Seat:
    """A person at the table, with the proposal locked before them."""

    docket: Docket
    resolved: Resolved | None  # None: rejecting what the records contradict by now


def take_seat(tx: Tx, proposal_id: UUID, content_hash: str, *, rejecting: bool = False) -> Seat:
    """Lock the proposal and check everything that does not depend on the verdict. Role: workflow.

    Raises NotFound, AlreadyDecided, AlreadyOver, OwnProposal, NotYourDecision, ContentChanged, Expired,
    GateChanged; and ContradictsRecords unless `rejecting`: what the records contradict cannot be
    approved any more, but can be rejected."""
    docket = Docket.locked(tx, proposal_id)
    _still_open(docket)
    _not_own(docket)
    _is_read(docket, content_hash)
    _is_asked(docket)
    try:
        resolved = check_gate(docket)
    except (ContradictsRecords, NotFound):
        if not rejecting:
            raise
        return Seat(docket, None)
    _still_holds(docket, resolved)
    return Seat(docket, resolved)


def check_gate(docket: Docket) -> Resolved:
    """The people of the proposal's gate as the records and its pinned policy have it today.

    Raises GateChanged when the stored gate is not the one that holds; NotFound, ContradictsRecords."""
    tx, current = docket.tx, docket.current
    policy = pinned(tx, current.policy_sha256)
    finding = derive(tx, docket.action, current.proposer_id, policy)
    rule, last = policy.rule(current.rule), policy.rules[-1]
    # The last rule is the strictest: a proposal may always be under it, e.g. when nobody else could sign.
    if rule is None or rule not in (gate_for(policy, finding.facts), last) or docket.rule.gate != rule.gate:
        raise GateChanged(proposal_id=str(current.proposal_id), version=current.version)
    return resolve(
        tx,
        policy,
        rule,
        finding,
        barred_from(finding, current.proposer_id, current.author_id),
        escalated={current.step} if current.escalated_at else (),
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
        by=listed([s.name or s.person_id for s in by]),
        by_ids=[s.person_id for s in by],
    )


def _still_open(docket: Docket) -> None:
    check_open(docket)
    if docket.current.now >= docket.deadline:
        raise Expired(
            proposal_id=str(docket.current.proposal_id),
            expires_at=docket.current.expires_at.isoformat(timespec="minutes"),
        )


def _not_own(docket: Docket) -> None:
    if docket.tx.principal.person_id in (docket.current.proposer_id, docket.current.author_id):
        raise OwnProposal(proposal_id=str(docket.current.proposal_id))


def _is_read(docket: Docket, content_hash: str) -> None:
    current = docket.current
    if content_hash != current.content_hash:
        raise ContentChanged(
            proposal_id=str(current.proposal_id), version=current.version, content_hash=current.content_hash
        )


def _is_asked(docket: Docket) -> None:
    """Among those who were asked to sign the current step, and has not signed."""
    current, principal = docket.current, docket.tx.principal
    if principal.narrowed_to is not None and "proposals.decide" not in principal.narrowed_to:
        _not_yours(docket, "the token you use may not decide")
    if principal.person_id in docket.signers:
        raise AlreadyDecided(proposal_id=str(current.proposal_id), outcome="signed", by="you")
    steps = {a.step for a in docket.asked if a.person_id == principal.person_id}
    if current.step in steps:
        return
    if any(step < current.step for step in steps):
        by = [s for s in docket.signed if s.step in steps]
        raise AlreadyDecided(
            proposal_id=str(current.proposal_id),
            outcome="signed",
            by=listed([s.name or s.person_id for s in by]),
            by_ids=[s.person_id for s in by],
        )
    _not_yours(
        docket, "an earlier step waits for others" if steps else "you are not among those asked to sign"
    )


def _still_holds(docket: Docket, resolved: Resolved) -> None:
    if not resolved.may_sign(docket.current.step, docket.tx.principal.person_id):
        _not_yours(docket, "what made you an approver no longer holds")


def check_not_needed_later(docket: Docket, resolved: Resolved) -> None:
    """Raises NeededLater when the caller's signature here would leave nobody for a later step."""
    step, me = docket.current.step, docket.tx.principal.person_id
    people = docket.people_left(resolved)
    if needed_later(docket.signatures_left(resolved), people, step, me):
        steps = enumerate(resolved.rule.gate.steps)
        later = next(s.name for i, s in steps if i > step and me in people[i])
        raise NeededLater(proposal_id=str(docket.current.proposal_id), step=later)


def _not_yours(docket: Docket, reason: str) -> NoReturn:
    raise NotYourDecision(proposal_id=str(docket.current.proposal_id), reason=reason)
