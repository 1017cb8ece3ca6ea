"""Proposals that went through the real workflow, replayed under a candidate; and a longer history of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from models.backtest import Backtest
from models.policy import PolicySet
from store.db import Database
from tests.workflow.firm import change_order, draft, principal, reminder, risk
from workflow import policies
from workflow.backtest import Load, backtest
from workflow.cards import ProposalCard
from workflow.service import Workflow


def with_threshold(amount: str) -> PolicySet:
    """The default policy with another threshold for small change orders (10,000 EUR)."""
    body = policies.default().model_dump(mode="json")
    rules = {r["name"]: r for r in body["rules"]}
    rules["small-change-order"]["when"]["amount_below"] = amount
    return PolicySet.model_validate(body)


@pytest.fixture
def replayed(db: Database) -> Any:
    def run(policy: PolicySet, days: int = 90) -> tuple[Backtest, Sequence[Load]]:
        until = datetime.now(UTC) + timedelta(minutes=1)
        with db.tx(principal("ada"), "workflow") as tx:
            return backtest(tx, policy, until - timedelta(days=days), until)

    return run


@pytest.fixture
def lived(workflow: Workflow) -> dict[str, ProposalCard]:
    """Change orders over 9,000 (signed), 15,000 (rejected), 18,000 (edited) and 30,000 EUR (waiting), a
    reminder and a risk."""
    cards = {
        hours: workflow.propose(principal("paula"), draft(change_order(hours)))
        for hours in ("60", "100", "120", "200")
    }
    cards["reminder"] = workflow.propose(principal("leo"), draft(reminder()))
    cards["risk"] = workflow.propose(principal("leo"), draft(risk()))

    def act(hours: str, verdict: Any) -> None:
        card = cards[hours]
        workflow.decide(
            principal("amir"),
            card.proposal_id,
            content_hash=card.content_hash,
            verdict=verdict,
            reason="So be it.",
        )

    act("60", "approve")
    act("100", "reject")
    edited = cards["120"]
    workflow.edit(
        principal("amir"),
        edited.proposal_id,
        content_hash=edited.content_hash,
        action=change_order("120", title="Third warehouse"),
        note="A better name.",
    )
    return cards


def test_the_policy_in_force_changes_nothing(lived: dict[str, ProposalCard], replayed: Any) -> None:
    found, loads = replayed(policies.default())
    assert (found.proposals, dict(found.changes), found.moved) == (6, {"same": 6}, ())
    assert found.signatures_then == found.signatures_now == 9
    assert {load.person_id: load.then for load in loads if load.person_id in ("fay", "paula")} == {
        "fay": pytest.approx(3 * 1 / 3 + 1),
        "paula": 1.0,  # the risk, which Leo proposed himself
    }
    assert all(load.then == pytest.approx(load.now) for load in loads)


def test_a_higher_threshold_lets_money_through_with_fewer_eyes(
    lived: dict[str, ProposalCard], replayed: Any
) -> None:
    found, loads = replayed(with_threshold("20000"))
    eyes = found.fewer_eyes
    assert (eyes.proposals, eyes.amount) == (2, Decimal(33000))
    assert (eyes.rejected, eyes.edited) == (1, 1), "people had stopped both"
    [moved] = found.moved
    assert (moved.rule_then, moved.rule_now, moved.signatures_then, moved.signatures_now) == (
        "change-order",
        "small-change-order",
        2,
        1,
    )
    assert not found.settled
    assert found.verdict(Decimal(33000)) == "unsettled"
    assert found.verdict(Decimal(32999)) == "past"
    by = {load.person_id: load for load in loads}
    assert by["dora"].now < by["dora"].then


def test_facts_of_an_earlier_version_are_not_taken_for_known(
    lived: dict[str, ProposalCard], replayed: Any, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("update workflow.proposal_version set facts = facts - 'sensitivity' || '{\"gone\": 1}'")
    body = policies.default().model_dump(mode="json")
    step = {"name": "Owner", "approvers": [{"relation": "account_owner"}]}
    confidential = {
        "name": "confidential",
        "because": "b",
        "when": {"action": ["create_change_order"], "sensitivity": ["client_confidential"]},
        "gate": {"steps": [step]},
    }
    found, _ = replayed(PolicySet.model_validate(body | {"rules": [confidential, *body["rules"]]}))
    assert found.untold == {"sensitivity": 4}
    assert dict(found.changes) == {"same": 2}


def test_only_the_time_that_is_asked_for_counts(
    lived: dict[str, ProposalCard], replayed: Any, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "update workflow.proposal set created_at = created_at - interval '40 days' where action_kind = %s",
        ("create_change_order",),
    )
    assert replayed(policies.default(), days=30)[0].proposals == 2
    assert replayed(policies.default(), days=90)[0].proposals == 6


def test_a_history_of_many_clients_settles_it(
    workflow: Workflow, owner: psycopg.Connection[Any], replayed: Any
) -> None:
    """One real proposal, copied over 40 clients and 400 amounts up to 40,000 EUR."""
    card = workflow.propose(principal("paula"), draft(change_order("100")))
    owner.execute(
        """
        with made as (
          insert into workflow.proposal (proposal_id, proposer_id, tool, tool_version, surface, title,
            action_kind, project_id, practice, client_id, amount, currency, expires_at)
          select gen_random_uuid(), proposer_id, tool, tool_version, surface, title, action_kind, project_id,
            practice, 'client ' || n %% 40, 100 * n, currency, expires_at
          from workflow.proposal, generate_series(1, 400) n where proposal_id = %(id)s
          returning proposal_id, amount)
        insert into workflow.proposal_version (proposal_id, version, author_id, canonical, content_hash,
          policy_sha256, rule, gate, facts)
        select m.proposal_id, 1, author_id, canonical, content_hash, policy_sha256, rule, gate,
          jsonb_set(facts, '{amount,amount}', to_jsonb(m.amount::text))
        from workflow.proposal_version v, made m where v.proposal_id = %(id)s and version = 1
        """,
        {"id": card.proposal_id},
    )
    found, _ = replayed(with_threshold("20000"))
    assert found.settled
    assert (found.proposals, found.clients) == (401, 41)
    eyes = found.fewer_eyes
    assert eyes.amount == sum(100 * n for n in range(1, 200)) + 15000
    assert eyes.amount_interval is not None
    assert eyes.amount_interval[0] < eyes.amount < eyes.amount_interval[1]
    assert found.verdict(Decimal(10_000)) == "past"
    assert found.verdict(eyes.amount_interval[1]) == "within"
    assert found.verdict(eyes.amount + 1) == "unsettled"
    assert eyes.share is not None
    assert eyes.share.share == pytest.approx(200 / 401)
