"""Remind, escalate, expire aloud; and gates that follow the firm's records while they wait."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from models.policy import PolicySet
from tests.workflow.firm import assignment, change_order, development, draft, people, principal, put_in_force
from workflow.cards import ProposalCard
from workflow.errors import AlreadyOver, NotYourDecision
from workflow.service import Workflow
from workflow.timers import Swept

Notices = Callable[[str], Sequence[tuple[str, str]]]


@pytest.fixture
def in_hours() -> Callable[[float], datetime]:
    return lambda hours: datetime.now(UTC) + timedelta(hours=hours)


Later = Callable[[float], datetime]


def kinds(notices: Notices, person_id: str) -> list[str]:
    return [kind for kind, _ in notices(person_id)]


def test_nothing_is_due_at_first(workflow: Workflow, in_hours: Later) -> None:
    workflow.propose(principal("paula"), draft(assignment()))
    assert workflow.sweep(in_hours(23)) == Swept()


def test_a_proposal_is_never_denied_in_silence(workflow: Workflow, in_hours: Later, notices: Notices) -> None:
    """Some want expiry, others no silent denial (openworker #622, hermes-agent #76235): both."""
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert workflow.sweep(in_hours(25)) == Swept(reminded=1)
    assert workflow.sweep(in_hours(25)) == Swept(), "once"
    assert workflow.sweep(in_hours(49.1)) == Swept(reminded=1), "and again after a day"
    assert kinds(notices, "rita") == ["card", "reminder", "reminder"]
    assert workflow.sweep(in_hours(73.2)) == Swept(escalated=1)
    assert kinds(notices, "leo") == ["card", "escalation"], "the fallback is asked"
    assert kinds(notices, "paula") == ["escalation"]
    assert workflow.sweep(in_hours(121)) == Swept(expired=1)
    assert workflow.sweep(in_hours(121)) == Swept()
    assert workflow.card(principal("paula"), card.proposal_id).state == "expired"
    assert kinds(notices, "paula") == ["escalation", "outcome"]
    assert "was not signed by" in notices("paula")[-1][1]
    with pytest.raises(AlreadyOver, match="expired"):
        decide(workflow, "rita", card)


def decide(workflow: Workflow, person_id: str, card: ProposalCard) -> ProposalCard:
    return workflow.decide(
        principal(person_id), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )


def test_after_escalating_the_fallback_may_sign(workflow: Workflow, in_hours: Later) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(NotYourDecision):
        decide(workflow, "dora", card)
    workflow.sweep(in_hours(72.1))
    escalated = workflow.card(principal("dora"), card.proposal_id)
    assert people(escalated) == [{"rita", "rolf", "leo", "dora", "dan"}]
    assert {"approve", "reject", "edit"} < escalated.may
    assert decide(workflow, "dora", card).state == "approved"


def test_each_step_has_its_own_time(workflow: Workflow, in_hours: Later, notices: Notices) -> None:
    card = workflow.propose(principal("paula"), draft(change_order()))
    workflow.sweep(in_hours(72.1))
    decide(workflow, "amir", card)
    assert workflow.sweep(in_hours(23)) == Swept(), "finance and the directors have only just been asked"
    assert workflow.sweep(in_hours(25)) == Swept(reminded=1)
    assert kinds(notices, "fay") == ["card", "reminder"]
    assert "reminder" not in kinds(notices, "amir")


def test_whoever_takes_over_a_role_is_asked(
    workflow: Workflow, in_hours: Later, owner: psycopg.Connection[Any], notices: Notices
) -> None:
    card = workflow.propose(principal("paula"), draft(change_order("50")))
    owner.execute("update firm.client set account_owner_id = 'cleo'")
    workflow.sweep(in_hours(25))
    assert kinds(notices, "cleo") == ["card", "reminder"]
    with pytest.raises(NotYourDecision, match="no longer holds"):
        decide(workflow, "amir", card)
    assert decide(workflow, "cleo", card).state == "approved"


def test_a_refused_attempt_asks_the_right_people_at_once(
    workflow: Workflow, owner: psycopg.Connection[Any], notices: Notices
) -> None:
    card = workflow.propose(principal("paula"), draft(change_order("50")))
    owner.execute("update firm.client set account_owner_id = 'cleo'")
    with pytest.raises(NotYourDecision):
        decide(workflow, "amir", card)
    assert kinds(notices, "cleo") == ["card"]


def test_when_all_who_could_sign_are_gone_the_fallback_is_asked(
    workflow: Workflow, in_hours: Later, owner: psycopg.Connection[Any]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    owner.execute("delete from access.role_grant where role = 'resource_manager'")
    workflow.sweep(in_hours(25))
    assert decide(workflow, "leo", card).state == "approved"


def test_when_nobody_is_left_it_starts_again_under_the_strictest_rule(
    workflow: Workflow, in_hours: Later, owner: psycopg.Connection[Any], notices: Notices
) -> None:
    card = workflow.propose(principal("rita"), draft(development()))
    owner.execute("update firm.person set manager_id = null")
    owner.execute("delete from access.role_grant where role = 'practice_lead'")
    workflow.sweep(in_hours(25))
    again = workflow.card(principal("rita"), card.proposal_id)
    assert (again.state, again.version, again.rule) == ("pending", 2, "strictest")
    assert [v.author.person_id for v in again.versions] == ["rita", "rita"], "nobody else wrote any of it"
    assert kinds(notices, "dora") == ["card", "reminder"]


def test_who_has_signed_cannot_fill_the_gap_that_somebody_leaves(
    workflow: Workflow, in_hours: Later, owner: psycopg.Connection[Any]
) -> None:
    steps = [
        {"name": "First", "approvers": [{"person": "leo"}, {"person": "rita"}]},
        {"name": "Second", "approvers": [{"person": "leo"}, {"person": "dora"}]},
    ]
    policy = {
        "name": "two",
        "currency": "EUR",
        "rules": [{"name": "only", "because": "two sign", "gate": {"steps": steps}}],
    }
    put_in_force(owner, PolicySet.model_validate(policy))
    card = workflow.propose(principal("paula"), draft(assignment()))
    decide(workflow, "leo", card)
    owner.execute("update firm.person set ends_on = current_date - 1 where person_id = 'dora'")
    workflow.sweep(in_hours(25))
    again = workflow.card(principal("rita"), card.proposal_id)
    assert (again.version, again.step) == (2, 0), "Leo is needed for the second step now"
    decide(workflow, "rita", again)
    assert decide(workflow, "leo", again).state == "approved"


def test_a_proposal_that_cannot_be_refreshed_still_expires(
    workflow: Workflow, in_hours: Later, owner: psycopg.Connection[Any]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    owner.execute("update firm.person set name = 'Carl Other' where person_id = 'carl'")
    assert workflow.sweep(in_hours(25)) == Swept(reminded=1)
    assert workflow.sweep(in_hours(121)) == Swept(expired=1)
    assert workflow.card(principal("paula"), card.proposal_id).state == "expired"
