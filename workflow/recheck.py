"""The last look before a write: is this still what was signed, by enough people, and does it still make
sense?

Days may lie between a signature and the write, and the ledger is only as good as who could write to it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import singledispatch

from models.access import NotFound
from models.actions import (
    Action,
    ActionAdapter,
    CreateAssignment,
    HoldInvoice,
    PlanDevelopment,
    ReturnTimeEntries,
    SendReminder,
)
from models.proposal import idempotency_key
from store.db import Tx
from workflow.errors import ContradictsRecords, PolicyAltered
from workflow.facts import Finding, derive
from workflow.ledger import Lease
from workflow.policies import pinned


@dataclass(frozen=True)
class _Signed:
    canonical: str
    policy_sha256: str
    rule: str
    proposer_id: str
    signed_steps: Sequence[int]


def objection(tx: Tx, lease: Lease) -> str | None:
    """Why this effect must not be written now; None when nothing speaks against it. Role: worker."""
    signed = tx.row("effects.signed_content", _Signed, proposal_id=lease.proposal_id, version=lease.version)
    assert signed is not None  # the effect refers to it
    action = ActionAdapter.validate_python(json.loads(signed.canonical)["action"])
    if not _is_what_was_signed(action, lease):
        return "the ledger does not hold what was signed"
    try:
        policy = pinned(tx, signed.policy_sha256)
    except PolicyAltered as e:
        return str(e)
    rule = policy.rule(signed.rule)
    if rule is None or any(
        signed.signed_steps.count(i) < step.fewest for i, step in enumerate(rule.gate.steps)
    ):
        return "signatures are missing"
    if isinstance(action, ReturnTimeEntries):
        action = action.keeping(frozenset({lease.item}))
    try:
        finding = derive(tx, action, signed.proposer_id, policy)
    except (NotFound, ContradictsRecords) as e:
        return str(e)
    return _overtaken(action, finding, lease.claimed_at.date())


def _is_what_was_signed(action: Action, lease: Lease) -> bool:
    key = idempotency_key(action.kind, str(lease.proposal_id), lease.content_hash, lease.item)
    return key == lease.idempotency_key and any(
        (w.system, w.operation, w.item, w.body) == (lease.system, lease.operation, lease.item, lease.body)
        for w in action.writes()
    )


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
