"""A card names whom and what its ids stand for, and no more than the reader may see: also where the role that
reads is not held back by row-level security."""

from tests.workflow.firm import change_order, draft, principal, risk
from workflow.service import Workflow


def test_a_card_names_its_ids(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(change_order()))
    assert card.names == {"aurora": "Aurora", "acme": "Acme"}
    seen = workflow.card(principal("amir"), card.proposal_id)
    assert seen.names == card.names
    assert workflow.propose(principal("leo"), draft(risk())).names["carl"] == "Carl Cole"


def test_after_a_decision_too(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(change_order("10")))
    signed = workflow.decide(
        principal("amir"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    assert signed.names == card.names


def test_nobody_is_told_a_name_that_they_may_not_see(workflow: Workflow) -> None:
    """An administrator sees every proposal and no project."""
    card = workflow.propose(principal("paula"), draft(change_order()))
    assert workflow.card(principal("ada"), card.proposal_id).names == {}
