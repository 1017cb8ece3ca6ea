"""What people changed becomes cases for evals that name nobody."""

from pathlib import Path
from typing import Any

from evals.overrides import export
from models.access import service
from models.actions import Action
from store.db import Database
from tests.workflow.conftest import db, workflow
from tests.workflow.firm import assignment, draft, principal, returned_time
from workflow.cards import ProposalCard
from workflow.service import Workflow

__all__ = ["db", "workflow"]


def propose(workflow: Workflow, action: Action, by: str = "paula") -> ProposalCard:
    return workflow.propose(principal(by), draft(action))


def decide(workflow: Workflow, card: ProposalCard, by: str, verdict: Any, reason: str) -> ProposalCard:
    return workflow.decide(
        principal(by), card.proposal_id, content_hash=card.content_hash, verdict=verdict, reason=reason
    )


def test_overrides_become_cases_that_name_nobody(workflow: Workflow, db: Database, tmp_path: Path) -> None:
    decide(workflow, propose(workflow, assignment()), "rita", "reject", "Carl Cole is needed on Borealis.")
    batch = propose(workflow, returned_time("t-1", "t-2"), "dora")
    workflow.accept_part(
        principal("paula"),
        batch.proposal_id,
        content_hash=batch.content_hash,
        keep=frozenset({"t-1"}),
        reason="Agreed with Cleo.",
    )
    card = propose(workflow, assignment())
    workflow.edit(
        principal("rita"),
        card.proposal_id,
        content_hash=card.content_hash,
        action=assignment(hours_per_week=8),
        note="One day a week.",
    )
    out = tmp_path / "cases.jsonl"
    with db.tx(service("export"), "worker") as tx:
        counts = export(tx, out, b"salt")
    assert counts == {"reject": 1, "accept_part": 1, "edit": 1}
    text = out.read_text(encoding="utf-8")
    for hidden in ("carl", "cole", "cleo", "aurora", "borealis", "acme", "paula", "rita", '"t-1"', '"t-2"'):
        assert hidden not in text.casefold(), hidden
    with db.tx(service("export"), "worker") as tx:
        export(tx, tmp_path / "again.jsonl", b"salt")
    assert (tmp_path / "again.jsonl").read_text(encoding="utf-8") == text
