"""Proposing: facts, gate and people from the firm's records, the content bound by its hash, one
transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from models.access import NotFound
from models.actions import Action
from models.evidence import Citation, QuoteCitation, check_quote
from models.proposal import canonical, content_hash
from store.db import Tx
from workflow import basis
from workflow.cards import ProposalCard
from workflow.docket import approver_rows
from workflow.errors import DuplicateItem
from workflow.gates import Request, find_gate
from workflow.policies import active
from workflow.read import card
from workflow.titles import title_of


@dataclass(frozen=True)
class Draft:
    """What a tool wants to have decided."""

    action: Action
    evidence: tuple[Citation, ...]
    explanation: Mapping[str, Any]  # JSON: what the card shows beside the action
    tool: str
    tool_version: str
    thread_id: UUID | None = None  # the conversation that asked, and hears the outcome
    on_behalf_of: str | None = None  # the person for whom it is proposed, who may not decide it either
    confidence: Decimal | None = None  # 0 to 1, of the prediction that it rests on

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence is from 0 to 1, not {self.confidence}")


def propose(tx: Tx, draft: Draft) -> ProposalCard:
    """Store a proposal and send cards to those who may sign first. Role: agent, or worker for a service.

    Raises NotFound for what the caller may not see, ContradictsRecords, NotVerbatim, DuplicateItem, NoPolicy,
    NobodyMaySign: nothing is ever stored without a gate."""
    _distinct(draft.action)
    check_quotes(tx, draft.evidence)
    policy, sha256 = active(tx)
    me = tx.principal.person_id
    on_behalf_of = _on_behalf_of(tx, draft)
    request = Request(draft.action, me, me, draft.evidence, draft.confidence, on_behalf_of)
    resolved = find_gate(tx, request, policy)
    facts, gate = resolved.finding.facts, resolved.rule.gate
    text = canonical(draft.action, draft.evidence, sha256, resolved.rule.name, draft.confidence)
    proposal_id, signed = uuid4(), content_hash(text)
    tx.value(
        "proposals.submit",
        proposal_id=proposal_id,
        tool=draft.tool,
        tool_version=draft.tool_version,
        thread_id=draft.thread_id,
        title=title_of(draft.action, resolved.finding),
        action_kind=draft.action.kind,
        project_id=facts.project_id,
        practice=facts.practice,
        client_id=facts.client_id,
        amount=facts.amount.amount if facts.amount else None,
        currency=facts.amount.currency if facts.amount else None,
        canonical=text,
        content_hash=signed,
        policy_sha256=sha256,
        rule=resolved.rule.name,
        gate=resolved.rule.model_dump(mode="json"),
        facts=facts.model_dump(mode="json"),
        explanation=dict(draft.explanation),
        approvers=approver_rows(resolved),
        expires_after_hours=gate.expire_hours(0),
        remind_after_hours=gate.remind_hours(0),
        escalate_after_hours=gate.escalate_hours(0),
        on_behalf_of=on_behalf_of,
        why=list(resolved.why),
    )
    tx.value("returns.keep_first_basis", proposal_id=proposal_id, fields=dict(basis.fields(resolved.finding)))
    tx.audit(
        "proposal.submitted",
        f"proposal:{proposal_id}",
        action=draft.action.kind,
        content_hash=signed,
        policy=sha256,
        rule=resolved.rule.name,
        approvers=[[c.person_id for c in step] for step in resolved.steps],
        on_behalf_of=on_behalf_of,
    )
    return card(tx, proposal_id)


def propose_once(tx: Tx, draft: Draft) -> ProposalCard:
    """As `propose`, but where the caller has proposed the same already and it still waits: that one. A model
    that loops, or a client that tries again, makes no second one. Role: agent."""
    waiting = tx.value("proposals.waiting_alike", action=draft.action.model_dump(mode="json"))
    return card(tx, waiting) if waiting else propose(tx, draft)


def _on_behalf_of(tx: Tx, draft: Draft) -> str | None:
    """The person whose account the draft names. Raises NotFound for somebody who does not work here."""
    if draft.on_behalf_of is None:
        return None
    found = tx.records("gates.working", person_ids=[draft.on_behalf_of])
    if not found:
        raise NotFound(what="person", id=draft.on_behalf_of)
    return str(found[0]["person_id"])


def check_quotes(tx: Tx, evidence: Sequence[Citation]) -> None:
    """Raises NotVerbatim for a quote that does not stand where it says, NotFound for a document that the
    caller may not see."""
    for quote in evidence:
        if isinstance(quote, QuoteCitation):
            text = tx.value("proposals.document", document=quote.document, id=quote.id)
            if text is None:
                raise NotFound(what=quote.document.replace("_", " "), id=quote.id)
            check_quote(quote, text)


def _distinct(action: Action) -> None:
    """Each write needs a key of its own."""
    items = [write.item for write in action.writes()]
    for item in items:
        if items.count(item) > 1:
            raise DuplicateItem(item=item)
