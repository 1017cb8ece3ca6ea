"""The last look before a write: is this still what was signed, by enough people, and does it still make
sense?

Days may lie between a signature and the write, and the ledger is only as good as who could write to it. What
changed since goes back to who signed, with the difference; what the ledger should not hold, or what makes no
sense even to who knows of the change, stops where a person must look."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any

from models.access import NotFound
from models.actions import (
    Action,
    ActionAdapter,
    CreateAssignment,
    HoldInvoice,
    PlanDevelopment,
    ReturnTimeEntries,
    SendReminder,
    UndoWrite,
)
from models.policy import PolicySet, Rule
from models.policy_match import gate_for
from models.proposal import Difference, ProposalState, idempotency_key
from store.db import Tx
from workflow import basis, policies
from workflow.basis import GONE, Fields, Seen
from workflow.docket import EVIDENCE
from workflow.errors import ContradictsRecords, NobodyMaySign, PolicyAltered
from workflow.findings import Finding
from workflow.gates import Request, Resolved, fillable, finding_for, gate_of, resolve
from workflow.ledger import Lease


@dataclass(frozen=True)
class Objection:
    """Why an effect must not be written now."""

    reason: str
    differences: tuple[Difference, ...] = ()  # what changed since it was signed; none: nothing did
    seen: tuple[Seen, ...] = ()  # in the system of record

    def __str__(self) -> str:
        changed = "; ".join(
            f"{d.field}: {d.was or 'not set'} → {d.now or 'not set'}" for d in self.differences
        )
        return f"{self.reason}: {changed}" if changed else self.reason


@dataclass(frozen=True)
class _Signed:
    canonical: str
    policy_sha256: str
    policy_digest: str | None
    active_sha256: str | None
    active_digest: str | None
    rule: str
    author_id: str
    proposer_id: str
    planted: bool
    on_behalf_of: str | None
    state: ProposalState
    basis: Fields
    asked: Sequence[Mapping[str, Any]]  # step and seat
    signatures: Sequence[Mapping[str, Any]]
    hours_since_signed: float | None


def about(action: Action, lease: Lease) -> Action:
    """The part of an action that one of its writes is about."""
    return action.keeping(frozenset({lease.item})) if isinstance(action, ReturnTimeEntries) else action


def objection(tx: Tx, lease: Lease, seen: Sequence[Seen]) -> Objection | None:
    """Why this effect must not be written now; None when nothing speaks against it. `seen`: what its system
    of record says now. Role: worker."""
    signed = tx.row("effects.signed_content", _Signed, proposal_id=lease.proposal_id, version=lease.version)
    assert signed is not None  # the effect refers to it
    content = json.loads(signed.canonical)
    action = ActionAdapter.validate_python(content["action"])
    if signed.planted or not _is_what_was_signed(action, lease):
        planted = "it was planted to see whether it is noticed, so nothing may come of it"
        return Objection(planted if signed.planted else "the ledger does not hold what was signed")
    try:
        policy = policies.known(tx, signed.policy_sha256, signed.policy_digest)
        in_force = policies.known(tx, signed.active_sha256 or signed.policy_sha256, signed.active_digest)
    except PolicyAltered as e:
        return Objection(str(e))
    rule = policy.rule(signed.rule)
    if signed.state not in ("approved", "parked") or rule is None or _too_few(rule, signed):
        return Objection("signatures are missing")
    request = _request(about(action, lease), content, signed)
    finding = _recorded(tx, request, policy)
    if isinstance(finding, Difference):
        return Objection("the firm's records contradict it", (finding,), tuple(seen))
    changed = (
        *basis.differences(signed.basis, basis.fields(finding), seen),
        *_too_old(rule, signed),
        *_unsigned(tx, in_force, request, finding, signed),
    )
    if changed:
        return Objection("it changed since it was signed", changed, tuple(seen))
    reason = (
        _incomplete(tx, policy, rule, finding, signed)
        or _overtaken(request.action, finding, lease.claimed_at.date())
        or _refused_by(seen)
    )
    return Objection(reason) if reason else None


def _request(action: Action, content: Mapping[str, Any], signed: _Signed) -> Request:
    """What asks for the gate: as it was signed."""
    said = content.get("confidence")
    return Request(
        action,
        signed.proposer_id,
        signed.author_id,
        EVIDENCE.validate_python(content["evidence"]),
        None if said is None else Decimal(said),
        signed.on_behalf_of,
    )


def _recorded(tx: Tx, request: Request, policy: PolicySet) -> Finding | Difference:
    """What the firm's records say about an action, or how they contradict it."""
    try:
        return finding_for(tx, request, policy)
    except ContradictsRecords as e:
        said = {name: str(value) for name, value in e.facts.items()}
        return Difference(field=f"{said['field']} of {said['thing']}", was=said["said"], now=said["recorded"])
    except NotFound as e:
        return Difference(field=f"{e.facts['what']} {e.facts['id']}", was="there", now=GONE)


def _is_what_was_signed(action: Action, lease: Lease) -> bool:
    key = idempotency_key(action.kind, str(lease.proposal_id), lease.content_hash, lease.item)
    return key == lease.idempotency_key and any(
        (w.system, w.operation, w.item, w.body) == (lease.system, lease.operation, lease.item, lease.body)
        for w in action.writes()
    )


def _too_few(rule: Rule, signed: _Signed) -> bool:
    steps = [s["step"] for s in signed.signatures]
    return any(steps.count(i) < step.fewest for i, step in enumerate(rule.gate.steps))


def _incomplete(tx: Tx, policy: PolicySet, rule: Rule, finding: Finding, signed: _Signed) -> str | None:
    """A step that all sign and that lacks somebody who was asked and would be today, with nobody in their
    stead. Who came since is for the policy in force to ask."""
    steps = [i for i, step in enumerate(rule.gate.steps) if step.signatures == "all"]
    if not steps:
        return None
    gate = resolve(tx, policy, rule, finding, finding.barred, escalated=steps)
    for i in steps:
        seats = {s["seat"] for s in signed.signatures if s["step"] == i}
        needed = {a["seat"] for a in signed.asked if a["step"] == i} & gate.first[i]
        if len(needed - seats) > len(seats & gate.people[i] - gate.first[i]):
            return f"not everybody signed '{rule.gate.steps[i].name}'"
    return None


def _too_old(rule: Rule, signed: _Signed) -> tuple[Difference, ...]:
    hours, valid = signed.hours_since_signed, rule.gate.valid_after_approval_hours
    if hours is None or hours <= valid:
        return ()
    return (Difference(field="last signature", was=f"valid for {valid} hours", now=f"{hours:.0f} hours old"),)


def _unsigned(
    tx: Tx, policy: PolicySet, request: Request, finding: Finding, signed: _Signed
) -> tuple[Difference, ...]:
    """What the signatures lack of the gate that the policy in force asks for now: a stricter rule, or a
    signature of somebody who might not give it any more."""
    fallback = any(s["fallback"] for s in signed.signatures)
    held = set[str]()
    for rule in dict.fromkeys((gate_for(policy, finding.facts).name, policy.rules[-1].name)):
        now = policy.rule(rule)
        assert now is not None
        gate = resolve(
            tx, policy, now, finding, finding.barred, escalated=range(len(now.gate.steps)) if fallback else ()
        )
        stands = [_standing(gate, i, signed.signatures) for i in range(len(gate.steps))]
        if gate.complete and fillable(gate.needed, stands):
            return ()
        held = held.union(*stands)
    lost = [s for s in signed.signatures if s["seat"] not in held]
    if lost:
        return tuple(
            Difference(
                field=f"signature of {s['name'] or s['seat']}", was=s["why"], now="may not sign it now"
            )
            for s in lost
        )
    try:
        needed = gate_of(tx, request, finding, policy)
    except NobodyMaySign:
        return (Difference(field="gate", was=signed.rule, now="nobody may sign it"),)
    return (Difference(field="gate", was=signed.rule, now=_gate_text(needed)),)


def _standing(gate: Resolved, step: int, signatures: Collection[Mapping[str, Any]]) -> set[str]:
    """Whose signatures count for a step: who only comes after others must have been asked as such."""
    comment = gate.rule.gate.steps[step].comment_required
    first = gate.first[step]
    return {
        s["seat"]
        for s in signatures
        if s["seat"] in gate.people[step]
        and (s["seat"] in first or s["fallback"])
        and (s["commented"] or not comment)
    }


def _gate_text(gate: Resolved) -> str:
    steps = ", ".join(s.name for s in gate.rule.gate.steps)
    return f"{gate.rule.name}: {sum(gate.needed)} signatures ({steps})"


def _refused_by(seen: Sequence[Seen]) -> str | None:
    """What the system of record says that makes the write pointless, also to who knows of it."""
    gone = [s.field for s in seen if s.now == GONE]
    return f"there is no {gone[0]}" if gone else None


@singledispatch
def _overtaken(action: Action, finding: Finding, today: date) -> str | None:
    """What happened since that makes the write pointless or wrong."""
    return None


@_overtaken.register(CreateAssignment)
@_overtaken.register(PlanDevelopment)
def _person_gone(action: CreateAssignment | PlanDevelopment, finding: Finding, today: date) -> str | None:
    person = finding.person
    if person and person.ends_on and person.ends_on < action.ends_on:
        return f"{person.name} leaves on {person.ends_on}, before it ends"
    if action.ends_on < today:
        return f"its last day, {action.ends_on}, is over"
    return None


@_overtaken.register(SendReminder)
@_overtaken.register(HoldInvoice)
def _paid(action: SendReminder | HoldInvoice, finding: Finding, today: date) -> str | None:
    invoice = finding.invoice
    return (
        f"invoice {invoice.invoice_id} was paid on {invoice.paid_on}" if invoice and invoice.paid_on else None
    )


@_overtaken.register
def _returned(action: ReturnTimeEntries, finding: Finding, today: date) -> str | None:
    done = [e.entry_id for e in finding.entries if e.state == "returned"]
    return f"time entry {done[0]} was sent back already" if done else None


@_overtaken.register
def _kept(action: UndoWrite, finding: Finding, today: date) -> str | None:
    return f"it could be undone until {action.until:%Y-%m-%d}" if action.until.date() < today else None
