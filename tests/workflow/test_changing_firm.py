"""Gates in a firm whose records and policy change: each test has a firm of its own."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from models.access import NotFound
from models.actions import Action
from models.policy import Facts, PolicySet
from models.proposal import Verdict
from store.db import Database
from tests.workflow.firm import (
    asked,
    assignment,
    development,
    draft,
    eur,
    insert,
    people,
    principal,
    put_in_force,
    returned_time,
)
from workflow import policies
from workflow.cards import ProposalCard
from workflow.errors import ContradictsRecords, NeededLater, NobodyMaySign, NoPolicy
from workflow.facts import derive
from workflow.service import Workflow


@pytest.fixture
def facts_of(db: Database) -> Callable[..., Facts]:
    def derived(action: Action, proposer: str = "paula") -> Facts:
        with db.tx(principal(proposer), "agent") as tx:
            return derive(tx, action, proposer, policies.default()).facts

    return derived


@pytest.mark.parametrize(
    ("change", "unknown", "reason"),
    [
        (
            "delete from firm.person_rate where person_id = 'carl'",
            ("margin",),
            "nobody knows what an hour costs",
        ),
        ("update firm.person_rate set currency = 'XAU'", ("margin",), "no exchange rate"),
    ],
)
def test_a_margin_that_cannot_be_told_is_unknown(
    change: str,
    unknown: tuple[str, ...],
    reason: str,
    owner: psycopg.Connection[Any],
    facts_of: Callable[..., Facts],
) -> None:
    owner.execute(change)
    facts = facts_of(assignment())
    assert (facts.margin, facts.unknown) == (None, unknown), reason


def test_a_proposer_is_told_no_cost_by_the_rates_they_try(
    owner: psycopg.Connection[Any], facts_of: Callable[..., Facts]
) -> None:
    """Paula does not answer for Carl: he costs her 66, the most within the step of his own rate of 120."""
    owner.execute("update firm.person_rate set cost_rate = 61.37 where person_id = 'carl'")
    for rate in ("61.37", "66", "72.20", "120"):
        told, true = 1 - 66 / Decimal(rate), 1 - Decimal("61.37") / Decimal(rate)
        assert facts_of(assignment(bill_rate=eur(rate))).margin == round(told, 4)
        assert facts_of(assignment(bill_rate=eur(rate)), "leo").margin == round(true, 4), "leads his practice"


@pytest.mark.parametrize(
    ("rate", "by_paula", "by_rolf"),
    [
        ("70", "thin-margin-assignment", "thin-margin-assignment"),
        ("77", "thin-margin-assignment", "assignment"),
        ("78", "assignment", "assignment"),
    ],
)
def test_deciding_derives_the_gate_that_the_proposer_may_know(
    rate: str, by_paula: str, by_rolf: str, owner: psycopg.Connection[Any], workflow: Workflow
) -> None:
    """At 77 an hour Carl's true margin is over the policy's 15 percent, by what paula is told it is not."""
    owner.execute("update firm.person_rate set cost_rate = 61.37 where person_id = 'carl'")
    for who, rule in (("paula", by_paula), ("rolf", by_rolf)):
        card = workflow.propose(principal(who), draft(assignment(bill_rate=eur(rate))))
        assert card.rule == rule
        workflow.decide(
            principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )


def test_the_proposer_cannot_blind_the_gate(owner: psycopg.Connection[Any], workflow: Workflow) -> None:
    """Somebody who may not see rates proposes an assignment at a loss: the margin still decides."""
    owner.execute("update access.role_grant set role = 'account_owner' where person_id = 'paula'")
    card = workflow.propose(principal("paula"), draft(assignment(bill_rate=eur("1"))))
    assert card.rule == "strictest", "what the proposer may not see is unknown, and unknown is strict"
    with pytest.raises(NotFound):
        workflow.card(principal("petra"), card.proposal_id)


def test_who_gains_does_not_sign(owner: psycopg.Connection[Any], workflow: Workflow) -> None:
    owner.execute("update firm.project set manager_id = 'carl' where project_id = 'aurora'")
    card = workflow.propose(principal("rita"), draft(returned_time("t-1")))
    assert people(card) == [{"leo"}], "Carl manages the project and made the entries"


def test_who_left_does_not_sign(owner: psycopg.Connection[Any], workflow: Workflow) -> None:
    owner.execute("update firm.person set ends_on = current_date - 1 where person_id = 'rita'")
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert people(card) == [{"rolf"}]


def test_a_fallback_says_that_it_is_one(owner: psycopg.Connection[Any], workflow: Workflow) -> None:
    owner.execute("delete from access.role_grant where role = 'resource_manager'")
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert people(card) == [{"leo", "dora", "dan"}]
    assert all(a.fallback for a in card.steps[0].approvers)


def test_where_nobody_is_left_the_strictest_rule_holds(
    owner: psycopg.Connection[Any], workflow: Workflow
) -> None:
    owner.execute("delete from access.role_grant where role = 'practice_lead'")
    owner.execute("update firm.person set manager_id = null")
    card = workflow.propose(principal("rita"), draft(development()))
    assert card.rule == "strictest"
    assert "Nobody is left to sign under 'development'" in card.because
    assert len(card.steps) == 3


def test_nothing_is_proposed_without_a_gate(owner: psycopg.Connection[Any], workflow: Workflow) -> None:
    owner.execute("delete from access.role_grant where role in ('practice_lead', 'delivery_director')")
    owner.execute("update firm.person set manager_id = null")
    with pytest.raises(NobodyMaySign):
        workflow.propose(principal("rita"), draft(development()))
    owner.execute("delete from workflow.active_policy")
    with pytest.raises(NoPolicy):
        workflow.propose(principal("rita"), draft(assignment()))
    assert owner.execute("select count(*) from workflow.proposal").fetchone() == (0,)


def _policy(steps: Sequence[Mapping[str, Any]]) -> PolicySet:
    return PolicySet.model_validate(
        {
            "name": "test",
            "currency": "EUR",
            "rules": [{"name": "only", "because": "it is the only one", "gate": {"steps": steps}}],
        }
    )


def test_a_person_is_counted_once_over_the_steps(owner: psycopg.Connection[Any], workflow: Workflow) -> None:
    """Both steps name Leo; the first one's fallback has to come in so that two people sign."""
    leo = {"name": "First", "approvers": [{"person": "leo"}], "fallback": [{"person": "rita"}]}
    put_in_force(owner, _policy([leo, {"name": "Second", "approvers": [{"person": "leo"}]}]))
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert people(card) == [{"leo", "rita"}, {"leo"}]


def test_who_is_needed_later_lets_others_sign_first(
    owner: psycopg.Connection[Any], workflow: Workflow
) -> None:
    """Nobody signs twice: the only person for the second step would block it by signing the first."""
    first = {"name": "First", "approvers": [{"person": "leo"}, {"person": "rita"}]}
    second = {"name": "Second", "approvers": [{"person": "leo"}]}
    put_in_force(owner, _policy([first, second]))
    card = workflow.propose(principal("paula"), draft(assignment()))

    def decide(person_id: str, verdict: Verdict) -> ProposalCard:
        return workflow.decide(
            principal(person_id),
            card.proposal_id,
            content_hash=card.content_hash,
            verdict=verdict,
            reason="So be it.",
        )

    assert workflow.card(principal("leo"), card.proposal_id).may == {"reject", "edit", "ask", "reassign"}
    with pytest.raises(NeededLater, match="Second"):
        decide("leo", "approve")
    decide("rita", "approve")
    assert decide("leo", "approve").state == "approved"
    other = workflow.propose(principal("paula"), draft(assignment()))
    rejected = workflow.decide(
        principal("leo"),
        other.proposal_id,
        content_hash=other.content_hash,
        verdict="reject",
        reason="Rejecting leaves nothing to sign.",
    )
    assert rejected.state == "rejected"


def test_a_quorum_draws_on_the_fallback(owner: psycopg.Connection[Any], workflow: Workflow) -> None:
    step = {
        "name": "Both",
        "approvers": [{"relation": "practice_lead"}],
        "fallback": [{"role": "delivery_director"}],
        "signatures": 2,
    }
    put_in_force(owner, _policy([step]))
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert people(card) == [{"leo", "dora", "dan"}]
    assert [a.fallback for a in card.steps[0].approvers if a.person.person_id == "leo"] == [False]


def test_a_role_over_another_practice_does_not_count(
    owner: psycopg.Connection[Any], workflow: Workflow
) -> None:
    owner.execute("update access.role_grant set scope_id = 'Cloud' where person_id = 'rolf'")
    insert(
        owner,
        "access.role_grant",
        [{"person_id": "cleo", "role": "resource_manager", "scope_kind": "office", "scope_id": "Berlin"}],
    )
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert asked(card) == [{"rita": "resource manager of Data", "cleo": "resource manager of Berlin"}]


def test_what_vanished_meanwhile_is_left_out_and_the_rest_goes_on(
    workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    """A batch is not lost because one of its entries was deleted or altered at its source."""
    card = workflow.propose(principal("dora"), draft(returned_time("t-1", "t-2", "t-3")))
    owner.execute("update firm.time_entry set minutes = 60 where entry_id = 't-3'")
    owner.execute("alter table firm.time_entry disable trigger all")
    owner.execute("delete from firm.time_entry where entry_id = 't-2'")
    owner.execute("alter table firm.time_entry enable trigger all")
    with pytest.raises(NotFound):
        workflow.decide(
            principal("paula"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )

    def keep(*entries: str) -> ProposalCard:
        return workflow.accept_part(
            principal("paula"),
            card.proposal_id,
            content_hash=card.content_hash,
            keep=frozenset(entries),
            reason="It is gone.",
        )

    with pytest.raises(ContradictsRecords):
        keep("t-1", "t-3")
    done = keep("t-1")
    assert (done.state, [e.item for e in done.effects]) == ("approved", ["t-1"])
