"""New versions: edits, partial acceptance, and a gate computed again. A new version has a hash of its own, so
earlier signatures do not carry over. Role: workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from models.actions import Action, ActionKind, ReturnTimeEntries
from models.evidence import Attachment
from models.policy import PolicySet
from models.proposal import canonical, content_hash, next_state
from store.db import Tx
from workflow.basis import fields, keep_basis
from workflow.cards import ProposalCard
from workflow.decide import sign
from workflow.docket import Docket
from workflow.errors import (
    CannotEdit,
    GateChanged,
    NotABatch,
    NothingChanged,
    NotItsItems,
    NotYourDecision,
    ReasonNeeded,
)
from workflow.gates import Resolved, find_gate
from workflow.insight import plants
from workflow.notices import tell
from workflow.policies import active, pinned
from workflow.read import card
from workflow.seat import check_gate, take_seat
from workflow.versions import Version, store

# What an approver may change of an action. Not its kind, nor whose project, contract, invoice, person or
# money it is about: that would be another proposal, under another's gate.
EDITABLE: Mapping[ActionKind, frozenset[str]] = {
    "create_assignment": frozenset({"role", "starts_on", "ends_on", "hours_per_week", "state", "bill_rate"}),
    "create_change_order": frozenset({"title", "items", "value", "starts_on", "ends_on"}),
    "register_risk": frozenset({"category", "statement", "severity", "mitigation", "review_on"}),
    "return_time_entries": frozenset({"items"}),
    "send_reminder": frozenset({"subject", "body", "tone"}),
    "hold_invoice": frozenset({"reasons"}),
    "plan_development": frozenset({"skill", "why", "starts_on", "ends_on", "hours"}),
    "undo_write": frozenset({"reason"}),
    "change_policy": frozenset(),  # what is read is compared with the policy in force: propose another one
    "promote_version": frozenset(),  # it is what was measured
}
EDITABLE_IN_ENTRY = frozenset(
    {"reason"}
)  # of a time entry to return; leaving entries out is accepting a part


@dataclass(frozen=True)
class _Revision:
    """What a new version consists of."""

    action: Action
    author_id: str
    note: str
    policy_sha256: str
    resolved: Resolved


def edit(tx: Tx, proposal_id: UUID, *, content_hash: str, action: Action, note: str) -> ProposalCard:
    """Change what will be written, instead of signing it: somebody else must sign the new version, under the
    gate that the policy in force now asks for. `note` says why.

    Raises what `seat.take_seat` raises; ReasonNeeded, CannotEdit, NothingChanged, ContradictsRecords,
    NobodyMaySign."""
    docket = take_seat(tx, proposal_id, content_hash).docket
    if not note.strip():
        raise ReasonNeeded(what="an edit")
    check_edit(docket.action, action)
    current, me = docket.current, tx.principal
    if current.planted:
        plants.reveal(docket, noticed=True)
        return card(tx, proposal_id)
    policy, sha256 = active(tx)
    resolved = find_gate(tx, docket.request(action=action, author_id=me.person_id), policy)
    revised = _revise(
        docket, _Revision(action, me.person_id, note.strip(), sha256, resolved), "proposal.edited"
    )
    revised.ask()
    tell(
        tx,
        proposal_id,
        [current.proposer_id],
        kind="outcome",
        event=f"outcome:edited:{revised.current.version}",
        text=f"{me.name} edited “{current.title}”: {note.strip()} Others must sign it now.",
    )
    return card(tx, proposal_id)


def accept_part(
    tx: Tx,
    proposal_id: UUID,
    *,
    content_hash: str,
    keep: frozenset[str],
    reason: str,
    evidence: Sequence[Attachment] = (),
) -> ProposalCard:
    """Sign a batch without some of its items. What is left is a new version by the same author, which this
    signature is about; who signed the whole batch before must sign again. An item that the records know no
    more, or know otherwise, can be left out like any other.

    Raises what `seat.take_seat` raises; ReasonNeeded, EvidenceNeeded, NotABatch, NotItsItems, NeededLater,
    NobodyMaySign."""
    seat = take_seat(tx, proposal_id, content_hash, rejecting=True)
    docket = seat.docket
    current, action, me = docket.current, docket.action, tx.principal
    reason = reason.strip()
    if not isinstance(action, ReturnTimeEntries):
        raise NotABatch(action_kind=action.kind)
    if not reason:
        raise ReasonNeeded(what="leaving items out")
    declined = [item for item in action.item_ids() if item not in keep]
    if not keep or not declined or not keep <= set(action.item_ids()):
        raise NotItsItems(items=", ".join(action.item_ids()), kept=", ".join(sorted(keep)))
    narrowed, policy = action.keeping(keep), pinned(tx, current.policy_sha256)
    resolved = find_gate(tx, docket.request(action=narrowed), policy)
    if not seat.resolved and not any(resolved.seats_of(i, me.person_id) for i in range(len(resolved.steps))):
        raise NotYourDecision(
            proposal_id=str(proposal_id), reason="what made you an approver no longer holds"
        )
    note = f"{me.name} left out {len(declined)} of {len(action.items)}: {reason}"
    revised = _revise(
        docket,
        _Revision(narrowed, current.author_id, note, current.policy_sha256, resolved),
        "proposal.narrowed",
    )
    tx.execute(
        "decisions.decline_items",
        proposal_id=proposal_id,
        version=revised.current.version,
        items=declined,
        reason=reason,
    )
    if resolved.seats_of(0, me.person_id):
        sign(revised, resolved, "approve", reason, evidence)
    revised = revised.again()
    if revised.current.state == "pending":
        revised.ask()
    return card(tx, proposal_id)


def refresh(docket: Docket) -> None:
    """Bring a waiting proposal's gate up to the firm's records: who came to hold a step is asked too; when
    the gate is not the right one any more, or cannot be filled any more, it starts again under the one that
    is.

    Raises NobodyMaySign, NotFound, ContradictsRecords: then it stays as it is and expires."""
    try:
        resolved = check_gate(docket)
    except GateChanged:
        _regate(docket)
        return
    if docket.can_be_filled(resolved):
        docket.add_approvers(resolved, from_step=docket.current.step)
        docket.again().ask()
    else:
        _regate(docket)


def check_edit(before: Action, after: Action) -> None:
    """Raises CannotEdit for a change beyond EDITABLE, NothingChanged for none."""
    if before.kind != after.kind:
        raise CannotEdit(field="kind")
    if before == after:
        raise NothingChanged
    _only_changed(before.model_dump(), after.model_dump(), EDITABLE[before.kind])
    if isinstance(before, ReturnTimeEntries) and isinstance(after, ReturnTimeEntries):
        if before.item_ids() != after.item_ids():
            raise CannotEdit(field="entries")
        for old, new in zip(before.items, after.items, strict=True):
            _only_changed(old.model_dump(), new.model_dump(), EDITABLE_IN_ENTRY)


def _only_changed(before: Mapping[str, object], after: Mapping[str, object], allowed: frozenset[str]) -> None:
    for field, value in before.items():
        if field not in allowed and after[field] != value:
            raise CannotEdit(field=field.replace("_", " "))


def _regate(docket: Docket) -> None:
    """The same content under the gate that holds now; signatures start again."""
    current = docket.current
    policy: PolicySet = pinned(docket.tx, current.policy_sha256)
    resolved = find_gate(docket.tx, docket.request(), policy)
    note = "The firm's records changed, so the gate was computed again."
    revision = _Revision(docket.action, current.author_id, note, current.policy_sha256, resolved)
    _revise(docket, revision, "proposal.regated").ask()


def _revise(docket: Docket, new: _Revision, audited: str) -> Docket:
    tx, current = docket.tx, docket.current
    next_state(current.state, "edit", str(current.proposal_id))
    rule = new.resolved.rule
    text = canonical(new.action, docket.evidence, new.policy_sha256, rule.name, docket.confidence)
    version = store(
        docket, Version(new.action, text, new.author_id, new.note, new.policy_sha256, new.resolved)
    )
    keep_basis(tx, current.proposal_id, version, fields(new.resolved.finding))
    tx.audit(
        audited,
        docket.subject,
        version=version,
        author=new.author_id,
        content_hash=content_hash(text),
        rule=rule.name,
        approvers=[[c.person_id for c in step] for step in new.resolved.steps],
    )
    return docket.again()
