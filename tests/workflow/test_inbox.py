"""Lists of proposals: mine to sign, those I asked for, all I may see."""

from uuid import UUID

import pytest

from models.access import NotFound, Principal
from tests.workflow.firm import assignment, change_order, draft, eur, principal, reminder, risk
from workflow.cards import Box, ProposalCard
from workflow.errors import BadCursor
from workflow.service import Workflow


@pytest.fixture
def cards(workflow: Workflow) -> dict[str, ProposalCard]:
    return {
        "assignment": workflow.propose(principal("paula"), draft(assignment())),
        "change": workflow.propose(principal("paula"), draft(change_order())),
        "risk": workflow.propose(principal("leo"), draft(risk())),
        "reminder": workflow.propose(principal("leo"), draft(reminder())),
    }


@pytest.mark.parametrize(
    ("who", "box", "expected", "reason"),
    [
        ("rita", "mine", ["assignment"], "the one she must sign"),
        ("fay", "mine", ["reminder"], "the change order is not at her step yet"),
        ("paula", "mine", ["risk"], "not her own"),
        ("paula", "asked", ["change", "assignment"], "newest first"),
        ("petra", "all", [], "nothing of hers"),
        ("carl", "all", [], "a consultant sees no one else's proposals, not even those about him"),
        ("paula", "all", ["reminder", "risk", "change", "assignment"], "all of her project"),
        ("audrey", "all", ["reminder", "risk", "change", "assignment"], "an auditor sees all"),
    ],
)
def test_boxes(
    who: str, box: Box, expected: list[str], reason: str, workflow: Workflow, cards: dict[str, ProposalCard]
) -> None:
    names = {card.proposal_id: name for name, card in cards.items()}
    page = workflow.inbox(principal(who), box=box)
    assert [names[line.proposal_id] for line in page.items] == expected, reason


def test_a_line(workflow: Workflow, cards: dict[str, ProposalCard]) -> None:
    [line] = workflow.inbox(principal("amir"), box="mine").items
    assert (line.amount, line.step, line.steps_total) == (eur("15000.00"), 0, 2)
    assert (line.waits_for_me, line.why_you) == (True, "account owner of Acme")
    assert line.proposer.name == "Paula Pohl"


def test_what_is_signed_leaves_the_box(workflow: Workflow, cards: dict[str, ProposalCard]) -> None:
    card = cards["change"]
    assert workflow.waiting(principal("amir")) == 1
    workflow.decide(principal("amir"), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    assert workflow.inbox(principal("amir"), box="mine").items == ()
    assert workflow.waiting(principal("amir")) == 0
    assert [line.proposal_id for line in workflow.inbox(principal("dora"), box="mine").items] == [
        card.proposal_id
    ]


def pages(workflow: Workflow, who: Principal, box: Box, limit: int) -> list[UUID]:
    found, after = [], None
    while True:
        page = workflow.inbox(who, box=box, limit=limit, after=after)
        assert len(page.items) <= limit
        found += [line.proposal_id for line in page.items]
        if (after := page.after) is None:
            return found


@pytest.mark.parametrize("box", ["mine", "all"])
def test_pages_show_each_once(box: Box, workflow: Workflow) -> None:
    for n in range(7):
        workflow.propose(principal("paula"), draft(assignment(role=f"{n}")))
    whole = [line.proposal_id for line in workflow.inbox(principal("rita"), box=box).items]
    assert len(whole) == 7
    for limit in (1, 3, 7):
        assert pages(workflow, principal("rita"), box, limit) == whole


def test_filters_and_cursors(workflow: Workflow, cards: dict[str, ProposalCard]) -> None:
    workflow.withdraw(principal("paula"), cards["assignment"].proposal_id)
    page = workflow.inbox(principal("paula"), box="asked", states=["withdrawn"])
    assert [line.state for line in page.items] == ["withdrawn"]
    of_kind = workflow.inbox(principal("paula"), box="all", kinds=["register_risk"])
    assert [line.action_kind for line in of_kind.items] == ["register_risk"]
    assert workflow.inbox(principal("paula"), box="all", project_id="borealis").items == ()
    assert len(workflow.inbox(principal("paula"), box="all", project_id="aurora").items) == 4
    with pytest.raises(BadCursor):
        workflow.inbox(principal("paula"), box="all", after="yesterday")


def test_a_card_is_for_those_who_may_see_it(workflow: Workflow, cards: dict[str, ProposalCard]) -> None:
    for stranger in ("petra", "carl"):
        with pytest.raises(NotFound):
            workflow.card(principal(stranger), cards["assignment"].proposal_id)


def test_how_the_queues_stand(workflow: Workflow, cards: dict[str, ProposalCard]) -> None:
    """Queues pile up and approvers tire (agentric #139): seen by step, with their age."""
    lines = {(line.rule, line.step): line for line in workflow.queue_health(principal("audrey"))}
    assert lines["change-order", "Account"].waiting == 1
    assert all(0 <= line.median_hours <= line.oldest_hours for line in lines.values())
    assert workflow.queue_health(principal("petra")) == []
