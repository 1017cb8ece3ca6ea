"""Handing a signature over: to whom the policy would accept, and to nobody else."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from models.access import NotFound
from tests.workflow.firm import asked, assignment, change_order, draft, people, principal
from workflow.cards import ProposalCard
from workflow.errors import AlreadyDecided, CannotHandOver, NotYourDecision, OwnProposal, ReasonNeeded
from workflow.service import Workflow


def hand(workflow: Workflow, who: str, card: ProposalCard, to: str, **more: str) -> ProposalCard:
    return workflow.reassign(
        principal(who), card.proposal_id, to=to, **({"reason": "knows the client"} | more)
    )


def approve(workflow: Workflow, who: str, card: ProposalCard) -> ProposalCard:
    return workflow.decide(
        principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )


def test_one_goes_and_one_comes(
    workflow: Workflow, notices: Callable[[str], Sequence[tuple[str, str]]]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert people(card) == [{"rita", "rolf"}]
    handed = hand(workflow, "rita", card, "leo")
    assert handed.may == frozenset(), "her card is closed"
    assert asked(handed)[0].keys() == {"rolf", "leo"}
    assert asked(handed)[0]["leo"] == "handed over by Rita Roth: knows the client"
    [change] = handed.handovers
    assert (change.giver.name, change.taker.name, change.reason) == (
        "Rita Roth",
        "Leo Lang",
        "knows the client",
    )
    assert workflow.inbox(principal("rita"), box="mine").items == ()
    [line] = workflow.inbox(principal("leo"), box="mine").items
    assert line.why_you == "handed over by Rita Roth: knows the client"
    assert notices("leo")[-1][0] == "card" and "in place of Rita Roth" in notices("paula")[-1][1]
    with pytest.raises(NotYourDecision, match="handed over to Leo Lang"):
        approve(workflow, "rita", card)
    assert approve(workflow, "leo", card).state == "approved"


@pytest.mark.parametrize(
    ("to", "reason"),
    [("leo", "of the step's fallback"), ("dora", "of its fallback, and of nothing else that could sign it")],
)
def test_the_signature_of_who_took_a_seat_is_good_enough_to_write(
    to: str, reason: str, workflow: Workflow, drain: Callable[[], int]
) -> None:
    card = hand(workflow, "rita", workflow.propose(principal("paula"), draft(assignment())), to)
    approve(workflow, to, card)
    drain()
    card = workflow.card(principal("audrey"), card.proposal_id)
    assert (card.state, card.differences) == ("executed", ()), reason


@pytest.mark.parametrize(
    ("who", "to", "error", "reason"),
    [
        ("rita", "rolf", CannotHandOver, "is asked already: two seats would become one"),
        ("rita", "paula", CannotHandOver, "proposed it"),
        ("rita", "carl", CannotHandOver, "gains by it"),
        ("rita", "fay", CannotHandOver, "the policy does not name her for this step"),
        ("rita", "rita", CannotHandOver, "is the same person"),
        ("rita", "nobody", CannotHandOver, "does not exist"),
        ("paula", "leo", OwnProposal, "a proposer does not choose who signs"),
        ("dora", "leo", NotYourDecision, "has no seat"),
        ("ada", "leo", NotYourDecision, "an administrator has none either"),
        ("carl", "leo", NotFound, "may not see it"),
    ],
)
def test_it_never_widens_who_may_sign(
    who: str, to: str, error: type[Exception], reason: str, workflow: Workflow
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(error):
        hand(workflow, who, card, to)
    assert people(workflow.card(principal("rolf"), card.proposal_id)) == [{"rita", "rolf"}], reason


def test_the_list_of_takers_is_what_the_policy_accepts(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    takers = workflow.takers(principal("rita"), card.proposal_id)
    assert {t.person_id for t in takers} == {"leo", "dora", "dan"}
    assert workflow.takers(principal("dora"), card.proposal_id) == [], "she has nothing to hand over"
    for taker in takers:
        one = workflow.propose(principal("paula"), draft(assignment()))
        assert hand(workflow, "rita", one, taker.person_id).handovers


def test_a_seat_is_not_taken_back_and_not_given_twice(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    hand(workflow, "rita", card, "leo")
    with pytest.raises(CannotHandOver, match="handed their own seat over"):
        hand(workflow, "rolf", card, "rita")
    with pytest.raises(NotYourDecision):
        hand(workflow, "rita", card, "dora")
    again = hand(workflow, "leo", card, "dora")
    assert people(again) == [{"rolf", "dora"}]
    assert approve(workflow, "dora", card).state == "approved"


def test_it_says_why(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(ReasonNeeded):
        hand(workflow, "rita", card, "leo", reason=" ")


def test_a_signature_is_not_handed_over(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    card = workflow.propose(principal("paula"), draft(change_order()))
    approve(workflow, "amir", card)
    with pytest.raises(NotYourDecision):
        hand(workflow, "amir", card, "leo")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        owner.execute(
            "update workflow.approver set held = false where proposal_id = %s and person_id = 'amir'",
            (card.proposal_id,),
        )


def test_the_database_refuses_the_giver_and_remembers(
    workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    hand(workflow, "rita", card, "leo")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="approver_is_eligible"):
        owner.execute(
            "insert into workflow.decision (proposal_id, version, step, content_hash, proposer_id, author_id,"
            " approver_id, verdict, surface)"
            " values (%s, 1, 0, %s, 'paula', 'paula', 'rita', 'approve', 'web')",
            (card.proposal_id, card.content_hash),
        )
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="giver_gave"):
        owner.execute(
            "update workflow.approver set held = true where proposal_id = %s and person_id = 'rita'",
            (card.proposal_id,),
        )


def test_who_lost_the_role_since_cannot_use_the_seat(
    workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    hand(workflow, "rita", card, "leo")
    owner.execute("delete from access.role_grant where person_id = 'leo'")
    with pytest.raises(NotYourDecision, match="no longer holds"):
        approve(workflow, "leo", card)


def test_an_administrator_moves_the_seat_of_who_left(
    workflow: Workflow,
    owner: psycopg.Connection[Any],
    audited: Callable[[], Sequence[tuple[str, str, dict[str, Any]]]],
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(NotYourDecision, match="hands their own seat over"):
        hand(workflow, "ada", card, "leo", seat_of="rita")
    owner.execute("update firm.person set ends_on = current_date - 1 where person_id = 'rita'")
    with pytest.raises(NotYourDecision, match="only an administrator"):
        hand(workflow, "dora", card, "leo", seat_of="rita")
    with pytest.raises(CannotHandOver):
        hand(workflow, "ada", card, "ada", seat_of="rita")
    handed = hand(workflow, "ada", card, "leo", seat_of="rita")
    assert handed.handovers[0].handed_by.name == "Ada Adam"
    who, what, body = audited()[-1]
    assert (who, what, body["giver"], body["taker"]) == ("ada", "proposal.reassigned", "rita", "leo")
    assert approve(workflow, "leo", card).state == "approved"


def test_what_is_decided_is_not_handed_over(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    approve(workflow, "rolf", card)
    with pytest.raises(AlreadyDecided, match="Rolf Rau"):
        hand(workflow, "rita", card, "leo")
