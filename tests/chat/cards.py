"""Cards made by hand, for what draws them: no database is needed to look at one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.actions import Action, ChangePolicy, HoldInvoice, PromoteVersion, UndoWrite
from models.evidence import QuoteCitation, RecordCitation
from tests.models.test_actions import EXAMPLES
from tests.workflow import firm
from workflow.cards import (
    ApproverView,
    EffectView,
    PersonRef,
    ProposalCard,
    QuestionView,
    Signature,
    StepView,
    VersionView,
)

PROPOSAL_ID = UUID("3b241101-e2bb-4255-8caf-4136c566a962")
QUESTION_ID = UUID("9b2c41c7-51a3-4c86-94a3-6a6f2a2f3d11")
ASKED_AT = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
SIGNED_AT = datetime(2027, 1, 4, 10, 30, tzinfo=UTC)
EXPIRES_AT = datetime(2027, 1, 8, 16, 0, tzinfo=UTC)
QUOTE = "Any change of scope needs a signed order."
ZONE = "Europe/Berlin"

ACTIONS: Sequence[Action] = (
    firm.assignment(),
    firm.change_order(),
    firm.risk(),
    firm.returned_time("t-1", "t-2"),
    firm.reminder(body="Dear all,\n\nplease pay."),
    HoldInvoice(
        invoice_id="i-1",
        client_id="acme",
        project_id="aurora",
        amount=firm.eur("1200.00"),
        reasons=("Not approved", "No order"),
    ),
    firm.development(),
    UndoWrite.model_validate({"kind": "undo_write", **EXAMPLES["undo_write"]}),
    ChangePolicy.model_validate({"kind": "change_policy", **EXAMPLES["change_policy"]}),
    PromoteVersion.model_validate(EXAMPLES["promote_version"]),
)


def who(person_id: str) -> PersonRef:
    return PersonRef(person_id=person_id, name=firm.PEOPLE[person_id][0])


def step(name: str, *people: str, signed: Sequence[str] = (), **changes: Any) -> StepView:
    """A step that these people may sign, and whom of them did."""
    approvers = tuple(
        ApproverView(person=who(p), stands_in_for=None, why=f"You lead {name}.", fallback=False)
        for p in people
    )
    signatures = tuple(
        Signature(
            person=who(p),
            stands_in_for=None,
            verdict="approve",
            reason="",
            surface="slack",
            decided_at=SIGNED_AT,
            evidence=(),
        )
        for p in signed
    )
    return StepView.model_validate(
        {
            "name": name,
            "signatures_needed": 1,
            "all_of": False,
            "signatures": signatures,
            "approvers": approvers,
            "comment_required": False,
            "evidence_required": False,
        }
        | changes
    )


def made(action: Action | None = None, **changes: Any) -> ProposalCard:
    """A card that waits for Rita's signature, then for Dora's or Dan's, as Rita reads it."""
    action = action or firm.assignment()
    return ProposalCard.model_validate(
        {
            "proposal_id": PROPOSAL_ID,
            "version": 1,
            "content_hash": "a" * 64,
            "state": "pending",
            "title": "Carl Cole on Aurora as Data engineer, 32 h a week",
            "action": action,
            "writes": action.writes(),
            "evidence": (
                QuoteCitation(
                    document="contract", id="c-1", quote=QUOTE, start=10, end=10 + len(QUOTE), clause="7.2"
                ),
                RecordCitation(record="project", id="aurora", says="an active project"),
            ),
            "explanation": {},
            "proposer": who("paula"),
            "on_behalf_of": None,
            "tool": "staffing",
            "tool_version": "3",
            "thread_id": None,
            "project_id": "aurora",
            "amount": firm.eur("15360.00"),
            "rule": "large",
            "because": "A large assignment is signed by two.",
            "why_gate": ("amount 15,360 EUR is at least 10,000 EUR",),
            "confidence": None,
            "policy_sha256": "b" * 64,
            "steps": (step("Resources", "rita", "rolf"), step("Directors", "dora", "dan")),
            "step": 0,
            "why_you": "You manage the people of Data.",
            "may": {"approve", "reject", "edit", "ask", "reassign"},
            "effects": (),
            "differences": (),
            "declined_items": (),
            "questions": (),
            "mine_to_answer": frozenset(),
            "handovers": (),
            "versions": (
                VersionView(
                    version=1,
                    author=who("paula"),
                    note="",
                    created_at=ASKED_AT,
                    content_hash="a" * 64,
                    action=action,
                ),
            ),
            "created_at": ASKED_AT,
            "state_since": ASKED_AT,
            "expires_at": EXPIRES_AT,
        }
        | changes
    )


def effect(**changes: Any) -> EffectView:
    return EffectView.model_validate(
        {
            "effect_id": 1,
            "system": "psa",
            "operation": "create_assignment",
            "item": "",
            "state": "ready",
            "attempts": 0,
            "external_ref": None,
            "last_error": None,
            "waits_since": None,
            "waits_behind": None,
            "settled_at": None,
            "undo_until": None,
            "undone_by": None,
            "undo_state": None,
            "idempotency_key": "key",
            "body": {},
        }
        | changes
    )


def question(**changes: Any) -> QuestionView:
    """Rita asked, and nobody answered yet."""
    return QuestionView.model_validate(
        {
            "question_id": QUESTION_ID,
            "version": 1,
            "asker": who("rita"),
            "question": "Does the client know?",
            "asked_at": SIGNED_AT,
            "answered_by": None,
            "answer": None,
            "answered_at": None,
        }
        | changes
    )
