"""Planted items: proposals that are known to be bad, shown to one person who agreed to be tested, to see
whether they are noticed. Role: workflow.

What keeps them harmless is in the database (store/migrations/0016_insight.sql): a planted proposal cannot
become approved, no effect can refer to it, and only the person it is for is asked. It tells what it was as
soon as it is answered."""

from dataclasses import dataclass
from typing import get_args
from uuid import UUID, uuid4

from models.access import require, service
from models.actions import Action, ActionKind
from models.proposal import canonical, content_hash
from store.db import Tx
from workflow.docket import Docket
from workflow.errors import CannotPlant, ReasonNeeded
from workflow.gates import Request, Resolved, find_gate
from workflow.notices import tell
from workflow.policies import active

PROPOSER = service("nightly-bench")  # as the database has it: a name of its own would give it away
# Kinds that no other question counts while they wait.
PLANTABLE: frozenset[ActionKind] = frozenset(get_args(ActionKind)) & {
    "create_assignment",
    "register_risk",
    "send_reminder",
    "hold_invoice",
    "plan_development",
}


@dataclass(frozen=True)
class _Source:
    tool: str
    tool_version: str


@dataclass(frozen=True)
class _Item:
    person_id: str
    flaw: str


def consent(tx: Tx, *, agrees: bool) -> None:
    """Agree to be tested, or no longer: then what waits for the caller is taken back, and told."""
    changed = tx.execute("plants.agree" if agrees else "plants.disagree")
    if not changed:
        return
    tx.audit("plants.agreed" if agrees else "plants.disagreed", f"person:{tx.principal.person_id}")
    for row in [] if agrees else tx.records("plants.waiting"):
        reveal(Docket.locked(tx, row["proposal_id"]), noticed=None)


def plant(tx: Tx, source_id: UUID, *, person_id: str, flaw: str, action: Action | None = None) -> UUID:
    """Show a person a copy of a proposal that was rejected, or of any whose action was made wrong. `flaw`:
    what is wrong, told once it is answered. Permission: audit.read; the database asks for a delivery director
    or an auditor.

    Raises NotAllowed, NotFound, ReasonNeeded, CannotPlant, and what `gates.find_gate` raises."""
    require(tx.principal, "audit.read")
    if not flaw.strip():
        raise ReasonNeeded(what="a planted item")
    source = Docket.locked(tx, source_id)
    action = action or source.action
    _check(tx, source, action, person_id)
    policy, sha256 = active(tx)
    me = PROPOSER.person_id
    resolved = find_gate(tx, Request(action, me, me, source.evidence), policy)
    why = [c.why for c in resolved.steps[0] if c.person_id == person_id]
    if not why:
        raise CannotPlant(reason="the policy would not ask this person to sign it")
    proposal_id = _store(tx, source, action, sha256, resolved, person_id=person_id, flaw=flaw, why=why[0])
    tx.audit("proposal.planted", f"proposal:{proposal_id}", source=str(source_id), person=person_id)
    return proposal_id


def reveal(docket: Docket, *, noticed: bool | None) -> None:
    """End a planted proposal that was answered, and say what it was. `noticed`: None when it is taken
    back."""
    tx, current = docket.tx, docket.current
    item = tx.row("plants.item", _Item, proposal_id=current.proposal_id)
    assert item is not None  # a constraint ties it to the proposal
    docket.move("reject" if noticed else "withdraw")
    tx.audit("proposal.plant_revealed", docket.subject, noticed=noticed)
    said = {True: "You noticed.", False: "You signed it.", None: "It was taken back."}[noticed]
    tell(
        tx,
        current.proposal_id,
        [item.person_id],
        kind="outcome",
        event="outcome:revealed",
        text=f"“{current.title}” was planted, to see whether it is noticed. {said} What was wrong:"
        f" {item.flaw} Nothing was written.",
    )


def _check(tx: Tx, source: Docket, action: Action, person_id: str) -> None:
    if action.kind not in PLANTABLE:
        raise CannotPlant(reason="proposals of this kind are counted elsewhere while they wait")
    if source.current.planted:
        raise CannotPlant(reason="it was planted itself")
    if source.current.state != "rejected" and action == source.action:
        raise CannotPlant(reason="it was not rejected, so something must be made wrong in it first")
    if person_id == tx.principal.person_id:
        raise CannotPlant(reason="nobody is tested by themselves")
    if not tx.value("plants.agreed", person_id=person_id):
        raise CannotPlant(reason="this person did not agree to it")


def _store(
    tx: Tx,
    source: Docket,
    action: Action,
    sha256: str,
    resolved: Resolved,
    *,
    person_id: str,
    flaw: str,
    why: str,
) -> UUID:
    like = tx.row("plants.source", _Source, proposal_id=source.current.proposal_id)
    assert like is not None  # it is locked
    facts, rule, proposal_id = resolved.finding.facts, resolved.rule, uuid4()
    text = canonical(action, source.evidence, sha256, rule.name)
    tx.value(
        "plants.plant",
        proposal_id=proposal_id,
        source_id=source.current.proposal_id,
        person_id=person_id,
        flaw=flaw.strip(),
        tool=like.tool,
        tool_version=like.tool_version,
        title=source.current.title,
        action_kind=action.kind,
        project_id=facts.project_id,
        practice=facts.practice,
        client_id=facts.client_id,
        amount=facts.amount.amount if facts.amount else None,
        currency=facts.amount.currency if facts.amount else None,
        canonical=text,
        content_hash=content_hash(text),
        policy_sha256=sha256,
        rule=rule.name,
        gate=rule.model_dump(mode="json"),
        facts=facts.model_dump(mode="json"),
        explanation=dict(source.current.explanation),
        why=why,
        expires_after_hours=rule.gate.expire_hours(0),
    )
    return proposal_id
