"""A person's hand on what stopped."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from connectors.sim.twin import Twin
from models.access import NotAllowed, NotFound
from tests.workflow.firm import assignment, draft, principal, reminder
from workflow.cards import EffectView, ProposalCard
from workflow.errors import EffectNotParked, ReasonNeeded
from workflow.service import Workflow

Notices = Callable[[str], Sequence[tuple[str, str]]]


@pytest.fixture
def parked(workflow: Workflow, drain: Callable[[], int], owner: psycopg.Connection[Any]) -> ProposalCard:
    """A reminder for an invoice that was paid after an attempt that may have reached the ERP."""
    card = workflow.propose(principal("leo"), draft(reminder()))
    workflow.decide(principal("fay"), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    owner.execute("update firm.invoice set paid_on = '2026-10-01'")
    owner.execute("update workflow.effect set sent_at = now() - interval '1 hour'")
    drain()
    stopped = workflow.card(principal("ada"), card.proposal_id)
    assert stopped.state == "parked"
    return stopped


def effect(card: ProposalCard) -> EffectView:
    return card.effects[0]


def test_trying_again_looks_again(
    workflow: Workflow,
    parked: ProposalCard,
    drain: Callable[[], int],
    owner: psycopg.Connection[Any],
    notices: Notices,
) -> None:
    workflow.retry(principal("ada"), effect(parked).effect_id, "It was paid by mistake.")
    drain()
    assert workflow.card(principal("ada"), parked.proposal_id).state == "parked", "nothing has changed"
    owner.execute("update firm.invoice set paid_on = null")
    workflow.retry(principal("ada"), effect(parked).effect_id, "The payment was returned.")
    drain()
    assert workflow.card(principal("ada"), parked.proposal_id).state == "executed"
    told = [text for _, text in notices("leo")]
    assert [("stopped" in t, "goes on" in t, "Done" in t) for t in told[1:]] == [
        (True, False, False),
        (False, True, False),
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


def test_giving_up(workflow: Workflow, parked: ProposalCard, drain: Callable[[], int], twin: Twin) -> None:
    workflow.give_up(principal("ada"), effect(parked).effect_id, "It was paid.")
    assert workflow.card(principal("leo"), parked.proposal_id).state == "failed"
    assert drain() == 0
    assert not twin.book.written()


def test_marking_done_what_a_person_did(
    workflow: Workflow, parked: ProposalCard, owner: psycopg.Connection[Any], audited: Any
) -> None:
    workflow.mark_done(principal("ada"), effect(parked).effect_id, "MAIL-7", "Fay sent it by hand.")
    done = workflow.card(principal("leo"), parked.proposal_id)
    assert (done.state, effect(done).external_ref) == ("executed", "MAIL-7")
    assert owner.execute("select system, record_id from firm.system_record").fetchall() == [("erp", "MAIL-7")]
    assert [(who, what) for who, what, _ in audited()][-2:] == [
        ("ada", "effect.marked_done"),
        ("ada", "proposal.executed"),
    ]


def test_what_is_done_by_hand_is_allowed_and_explained(workflow: Workflow, parked: ProposalCard) -> None:
    effect_id = effect(parked).effect_id
    with pytest.raises(NotAllowed):
        workflow.retry(principal("fay"), effect_id, "Please.")
    with pytest.raises(ReasonNeeded):
        workflow.retry(principal("ada"), effect_id, " ")
    with pytest.raises(NotFound):
        workflow.retry(principal("ada"), 10**9, "There is none.")
    workflow.give_up(principal("ada"), effect_id, "It was paid.")
    with pytest.raises(EffectNotParked):
        workflow.retry(principal("ada"), effect_id, "After all.")


def test_a_hand_does_not_reach_what_a_worker_holds(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    signed = workflow.decide(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    with pytest.raises(EffectNotParked, match="ready"):
        workflow.mark_done(principal("ada"), effect(signed).effect_id, "X", "Done by hand.")
