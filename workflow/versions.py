"""Storing a new version of a proposal: its content, its gate, and who may sign it. Role: workflow."""

from dataclasses import dataclass

from models.actions import Action
from models.proposal import content_hash
from workflow.docket import Docket, approver_rows
from workflow.gates import Resolved
from workflow.titles import title_of


@dataclass(frozen=True)
class Version:
    """What a new version consists of."""

    action: Action
    canonical: str  # the exact text that is signed
    author_id: str
    note: str  # why it was made
    policy_sha256: str
    resolved: Resolved


def store(docket: Docket, new: Version) -> int:
    """Make it the proposal's current version, at the gate's first step and without signatures; its number."""
    tx, current = docket.tx, docket.current
    facts, rule, number = new.resolved.finding.facts, new.resolved.rule, current.version + 1
    tx.execute(
        "proposals.add_version",
        proposal_id=current.proposal_id,
        version=number,
        author_id=new.author_id,
        canonical=new.canonical,
        content_hash=content_hash(new.canonical),
        policy_sha256=new.policy_sha256,
        rule=rule.name,
        gate=rule.model_dump(mode="json"),
        facts=facts.model_dump(mode="json"),
        explanation=dict(current.explanation),
        note=new.note,
        why=list(new.resolved.why),
    )
    tx.execute(
        "proposals.put_version",
        proposal_id=current.proposal_id,
        version=number,
        title=title_of(new.action, new.resolved.finding),
        amount=facts.amount.amount if facts.amount else None,
        currency=facts.amount.currency if facts.amount else None,
        expires_after_hours=rule.gate.expire_hours(0),
        remind_after_hours=rule.gate.remind_hours(0),
        escalate_after_hours=rule.gate.escalate_hours(0),
    )
    tx.execute(
        "proposals.add_approvers",
        proposal_id=current.proposal_id,
        version=number,
        approvers=approver_rows(new.resolved),
    )
    return number
