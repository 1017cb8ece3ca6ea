"""Going back: what is not any more what was signed is put before its approvers again, with what is different
now, as long as nothing of it was sent. Role: workflow, as the ledger's worker."""

from dataclasses import dataclass

from models.access import NotFound
from models.proposal import content_hash, sent_back
from store.db import Tx
from workflow import basis
from workflow.docket import Docket
from workflow.errors import ContradictsRecords, LeaseLost, NobodyMaySign
from workflow.gates import Resolved, find_gate
from workflow.ledger import Lease
from workflow.notices import tell
from workflow.policies import active
from workflow.recheck import Objection
from workflow.versions import Version, store


@dataclass(frozen=True)
class _Held:
    effect_id: int
    state: str
    fence: int
    unsent: bool


def send_back(tx: Tx, lease: Lease, objection: Objection) -> bool:
    """Make a new version of the same content, under the gate that holds now, for signatures to start again.
    False where some of it was sent, or where a person must look at it anyway: then it stays as it is.

    Raises LeaseLost."""
    docket = Docket.locked(tx, lease.proposal_id)
    current = docket.current
    effects = tx.rows("returns.unsent", _Held, proposal_id=lease.proposal_id, version=lease.version)
    if not any((e.effect_id, e.fence, e.state) == (lease.effect_id, lease.fence, "leased") for e in effects):
        raise LeaseLost(effect_id=lease.effect_id)
    if current.state != "approved" or not all(e.unsent for e in effects):
        return False
    tx.execute(
        "returns.take_back", proposal_id=lease.proposal_id, version=lease.version, reason=str(objection)
    )
    asked = docket.signers | {current.proposer_id}
    docket = _new_version(docket, objection)
    docket.move("return")
    tx.audit(
        "proposal.returned",
        docket.subject,
        version=docket.current.version,
        content_hash=docket.current.content_hash,
        rule=docket.current.rule,
        differences=len(objection.differences),
    )
    docket.again().ask()
    tell(
        tx,
        current.proposal_id,
        asked,
        kind="outcome",
        event=f"outcome:returned:{docket.current.version}",
        text=f"“{current.title}” was not written and needs signatures again. {_sentence(objection)}",
    )
    return True


def _new_version(docket: Docket, objection: Objection) -> Docket:
    tx, current = docket.tx, docket.current
    seen = {s.field: s.now for s in objection.seen}
    try:
        policy, sha256 = active(tx)
        resolved = find_gate(tx, docket.request(), policy)
    except (ContradictsRecords, NotFound, NobodyMaySign):
        _repeat(docket, objection)
    else:
        _regate(docket, objection, resolved, sha256)
        basis.keep_basis(
            tx, current.proposal_id, current.version + 1, {**basis.fields(resolved.finding), **seen}
        )
    return docket.again()


def _regate(docket: Docket, objection: Objection, resolved: Resolved, policy_sha256: str) -> None:
    """Under the gate that the policy in force asks for."""
    current = docket.current
    text = sent_back(
        current.canonical, current.version + 1, objection.differences, policy_sha256, resolved.rule.name
    )
    note = _sentence(objection)
    store(docket, Version(docket.action, text, current.author_id, note, policy_sha256, resolved))


def _repeat(docket: Docket, objection: Objection) -> None:
    """Under the gate it had: while the records contradict it nobody can tell which one it needs, and nobody
    can approve it, but who was asked can reject it."""
    tx, current = docket.tx, docket.current
    version = current.version + 1
    text = sent_back(current.canonical, version, objection.differences, current.policy_sha256, current.rule)
    about = {"proposal_id": current.proposal_id, "version": current.version, "to_version": version}
    tx.execute(
        "returns.repeat_version",
        **about,
        canonical=text,
        content_hash=content_hash(text),
        note=_sentence(objection),
    )
    gate = docket.rule.gate
    tx.execute(
        "returns.put_version",
        proposal_id=current.proposal_id,
        version=version,
        expires_after_hours=gate.expire_hours(0),
        remind_after_hours=gate.remind_hours(0),
        escalate_after_hours=gate.escalate_hours(0),
    )
    tx.execute("returns.repeat_approvers", **about)
    tx.execute("returns.repeat_basis", **about)


def _sentence(objection: Objection) -> str:
    text = str(objection)
    return f"{text[:1].upper()}{text[1:]}."
