"""The order of what waits: deadline, money and risk in one number that the database computes."""

from datetime import timedelta
from decimal import Decimal
from math import log10
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.workflow.firm import assignment, change_order, draft, people, principal, reminder, risk
from workflow.inbox import Order
from workflow.service import Workflow


def test_the_formula(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    """As workflow/inbox.py tells it, for each kind of part."""
    for action, risk_points in (
        (change_order(), 0.8),
        (reminder(), 0.2),
        (risk(severity="high"), 0.4 + 0.7),
        (risk(severity="medium"), 0.4 + 0.3),
        (risk(severity="low"), 0.4),
    ):
        card = workflow.propose(principal("paula"), draft(action))
        stored = owner.execute(
            "select ranked_at, risk, stake from workflow.proposal where proposal_id = %s",
            (card.proposal_id,),
        ).fetchone()
        assert stored is not None
        ranked_at, found, stake = stored
        assert found == pytest.approx(risk_points)
        assert stake == (card.amount.amount if card.amount else None)
        points = log10(1 + float(stake or 0) / 1000) + risk_points
        assert abs(card.expires_at - timedelta(days=points) - ranked_at) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("confidence", "points"), [("1.00", 0.0), ("0.60", 0.2), (None, 0.0)], ids=["sure", "unsure", "not said"]
)
def test_what_is_unsure_weighs_more(
    confidence: str | None, points: float, owner: psycopg.Connection[Any]
) -> None:
    row = owner.execute(
        "select workflow.risk_points('register_risk', jsonb_build_object('confidence', %s::text))",
        (confidence,),
    ).fetchone()
    assert row is not None and row[0] == pytest.approx(0.4 + points)


def test_other_money_is_weighed_in_the_policys_currency(owner: psycopg.Connection[Any]) -> None:
    row = owner.execute(
        "select workflow.in_policy_currency(100, 'EUR'), (body -> 'exchange_rates' ->> 'GBP')::numeric,"
        " workflow.in_policy_currency(100, 'GBP'), workflow.in_policy_currency(100, 'XTS'),"
        " workflow.in_policy_currency(null, null)"
        " from workflow.policy_version"
    ).fetchone()
    assert row is not None
    eur, rate, gbp, unknown, none = row
    assert (eur, none) == (Decimal(100), None)
    assert gbp == Decimal(100) * (rate or 1)
    assert unknown == Decimal(100), "no rate: as it is, rather than as nothing"


def put(owner: psycopg.Connection[Any], proposal_id: UUID, *, hours: float, amount: int | None) -> None:
    owner.execute(
        "update workflow.proposal set expires_at = now() + make_interval(secs => %s), amount = %s,"
        " currency = 'EUR', created_at = now() - make_interval(secs => %s) where proposal_id = %s",
        (hours * 3600, amount, hours, proposal_id),
    )


@pytest.fixture
def lines(workflow: Workflow, owner: psycopg.Connection[Any]) -> dict[str, UUID]:
    made = {}
    for name, hours, amount in (
        ("an hour", 1, 100),
        ("large, two days", 48, 62_400),
        ("small, a day", 24, 900),
        ("no money, four days", 96, None),
    ):
        card = workflow.propose(principal("paula"), draft(assignment()))
        put(owner, card.proposal_id, hours=hours, amount=amount)
        made[name] = card.proposal_id
    return made


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("rank", ["an hour", "large, two days", "small, a day", "no money, four days"]),
        ("deadline", ["an hour", "small, a day", "large, two days", "no money, four days"]),
        ("money", ["large, two days", "small, a day", "an hour", "no money, four days"]),
        ("newest", ["an hour", "small, a day", "large, two days", "no money, four days"]),
    ],
)
def test_orders_and_their_pages(
    order: Order, expected: list[str], workflow: Workflow, lines: dict[str, UUID]
) -> None:
    whole = workflow.inbox(principal("rita"), box="mine", order=order)
    assert [line.proposal_id for line in whole.items] == [lines[name] for name in expected]
    after, paged = None, []
    while True:
        page = workflow.inbox(principal("rita"), box="mine", order=order, limit=3, after=after)
        paged += page.items
        if (after := page.after) is None:
            break
    assert tuple(paged) == whole.items


@pytest.mark.parametrize(
    ("filters", "count", "reason"),
    [
        ({"min_amount": Decimal(900)}, 2, "what has no amount is not at least something"),
        ({"kinds": ["create_assignment"]}, 4, "all are"),
        ({"kinds": ["register_risk"]}, 0, "none is"),
        ({"project_id": "aurora"}, 4, "all are"),
        ({"practice": "Data"}, 4, "all are"),
        ({"practice": "Strategy"}, 0, "none is"),
        ({"text": "DATA ENGINEER"}, 4, "in any case"),
        ({"text": "%"}, 0, "a wildcard is a character"),
        ({"due_within_hours": 30}, 2, "those of an hour and of a day"),
        ({"proposer_id": "paula"}, 4, "all are hers"),
        ({"proposer_id": "petra"}, 0, "none is"),
        ({"rule": "assignment"}, 4, "all met it"),
        ({"rule": "none of this name"}, 0, "no rule of this name"),
    ],
)
def test_filters(filters: Any, count: int, reason: str, workflow: Workflow, lines: dict[str, UUID]) -> None:
    assert len(workflow.inbox(principal("rita"), box="mine", **filters).items) == count, reason
    assert len(workflow.inbox(principal("paula"), box="asked", **filters).items) == count, reason


def test_what_waits_follows_every_turn(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    """`workflow.asked` says what the tables of truth say, after each kind of turn."""
    truth = """
      select p.proposal_id, a.person_id from workflow.proposal p
      join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
      join workflow.approver a on a.proposal_id = p.proposal_id and a.version = p.version and a.step = p.step
      where p.state = 'pending' and a.held and a.person_id not in (p.proposer_id, v.author_id)
        and not exists (select from workflow.decision d where d.proposal_id = p.proposal_id
                        and d.version = p.version and d.approver_id = a.person_id)"""

    def agrees(after: str) -> None:
        waits = owner.execute("select proposal_id, person_id from workflow.asked where waits").fetchall()
        assert set(waits) == set(owner.execute(truth).fetchall()), after

    def decide(who: str, verdict: Any = "approve") -> None:
        card = workflow.card(principal("audrey"), order.proposal_id)
        workflow.decide(
            principal(who), card.proposal_id, content_hash=card.content_hash, verdict=verdict, reason="So."
        )
        agrees(f"{who} decided")

    order = workflow.propose(principal("paula"), draft(change_order()))
    agrees("proposed")
    decide("amir")
    edited = workflow.edit(
        principal("fay"),
        order.proposal_id,
        content_hash=order.content_hash,
        action=change_order("90"),
        note="Fewer hours.",
    )
    assert people(edited)[0] == {"amir"}
    agrees("edited")
    decide("amir")
    decide("dora", "reject")
    single = workflow.propose(principal("paula"), draft(assignment()))
    workflow.reassign(principal("rita"), single.proposal_id, to="leo", reason="Leave.")
    agrees("handed over")
    workflow.withdraw(principal("paula"), single.proposal_id)
    agrees("withdrawn")
