"""A candidate held against what was: gates by the facts as they were, and honest intervals."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from models.backtest import Backtest, Past, asked_for, replay, summarize
from models.policy import Facts, PolicySet

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=90)


def policy(threshold: str, when: dict[str, Any] | None = None) -> PolicySet:
    """One signature for change orders under a threshold (in EUR; 1 USD is 0.5 EUR), two for the rest."""
    step = {"name": "Lead", "approvers": [{"role": "practice_lead"}]}
    director = {"name": "Director", "approvers": [{"role": "delivery_director"}]}
    small = when or {"action": ["create_change_order"], "amount_below": threshold}
    return PolicySet.model_validate(
        {
            "name": "t",
            "currency": "EUR",
            "exchange_rates": {"USD": "0.5"},
            "rules": [
                {"name": "small", "because": "b", "when": small, "gate": {"steps": [step]}},
                {"name": "rest", "because": "b", "gate": {"steps": [step, director]}},
            ],
        }
    )


THEN = policy("1000")


def past(amount: str | None = "500", currency: str = "EUR", client: str = "acme", **changed: Any) -> Past:
    money = {"amount": amount, "currency": currency} if amount is not None else None
    facts = Facts.model_validate({"action": "create_change_order", "amount": money, "client_id": client})
    rule = THEN.rules[0] if amount is not None and Decimal(amount) < 1000 else THEN.rules[1]
    values: dict[str, Any] = {
        "proposal_id": "p",
        "created_at": SINCE,
        "unit": client,
        "facts": facts,
        "missing": frozenset(),
        "rule": rule,
        "rejected": False,
        "edited": False,
        "hours": 10.0,
    }
    return Past(**(values | changed))


def held(of: PolicySet, *proposals: Past) -> Backtest:
    return summarize(of, [replay(of, p) for p in proposals], SINCE, UNTIL)


@pytest.mark.parametrize(
    ("threshold", "amount", "currency", "change", "reason"),
    [
        ("1000", "500", "EUR", "same", "the same policy"),
        ("5000", "2000", "EUR", "fewer", "a higher threshold"),
        ("100", "500", "EUR", "more", "a lower one"),
        ("5000", "8000", "USD", "fewer", "8,000 USD are 4,000 EUR"),
        ("5000", "2000", "JPY", "same", "without a rate the last rule holds, as it did"),
        ("5000", None, "EUR", "same", "no money is under no threshold"),
    ],
)
def test_how_a_proposal_would_have_fared(
    threshold: str, amount: str | None, currency: str, change: str, reason: str
) -> None:
    assert replay(policy(threshold), past(amount, currency)).change == change, reason


def test_the_same_number_of_other_people_differs() -> None:
    body = THEN.model_dump(mode="json")
    body["rules"][0]["gate"]["steps"][0]["approvers"] = [{"role": "finance"}]
    found = held(PolicySet.model_validate(body), past())
    assert found.changes == {"others": 1}
    assert [(m.rule_then, m.change) for m in found.moved] == [("small", "others")]


def test_a_fact_that_was_not_stored_then_is_not_judged() -> None:
    candidate = policy("", {"action": ["create_change_order"], "sensitivity": ["none"]})
    old = past("2000", missing=frozenset({"sensitivity", "confidence"}))
    assert asked_for(candidate, old) == {"sensitivity"}
    found = held(candidate, old, past("2000"))
    assert (found.untold, found.changes) == ({"sensitivity": 1}, {"fewer": 1})
    elsewhere = policy("", {"action": ["register_risk"], "sensitivity": ["none"]})
    assert asked_for(elsewhere, old) == frozenset(), "the rule does not hold anyway"


def test_money_with_fewer_eyes_and_what_people_had_done() -> None:
    found = held(
        policy("5000"),
        past("2000", client="a", rejected=True),
        past("3000", client="b", edited=True),
        past("1000", "USD", client="c"),
        past("500", client="d"),
        past("9000", client="e"),
    )
    eyes = found.fewer_eyes
    assert (eyes.proposals, eyes.amount, eyes.rejected, eyes.edited) == (3, Decimal(5500), 1, 1)
    assert eyes.share is not None
    assert eyes.share.low < 0.6 < eyes.share.high
    assert (found.signatures_then, found.signatures_now) == (9, 6)
    assert found.verdict(Decimal(5499)) == "past"
    assert found.verdict(Decimal(10**9)) == "unsettled", "five proposals settle nothing"


def history(clients: int, each: int, seed: int = 1) -> list[Past]:
    """Change orders of clients that each have their own size."""
    random = Random(seed)
    found = []
    for client in range(clients):
        size = random.lognormvariate(7, 1)
        found += [
            past(f"{size * random.lognormvariate(0, 0.2):.2f}", client=f"c{client}") for _ in range(each)
        ]
    return found


def test_enough_data_is_within_a_limit_that_it_is_far_from() -> None:
    same = held(THEN, *history(40, 10))
    assert same.settled
    assert same.changes == {"same": 400}
    assert same.fewer_eyes.amount == 0
    assert same.fewer_eyes.amount_interval is not None
    high = same.fewer_eyes.amount_interval[1]
    assert high > 0, "nothing in 400 does not rule out a little"
    assert same.verdict(high) == "within"
    assert same.verdict(high - 1) == "unsettled"


def test_alike_proposals_of_few_clients_count_for_less() -> None:
    wide = held(policy("5000"), *history(10, 40)).fewer_eyes.share_by_client
    narrow = held(policy("5000"), *history(200, 2)).fewer_eyes.share_by_client
    assert wide is not None
    assert narrow is not None
    assert wide[1] - wide[0] > narrow[1] - narrow[0]


def test_the_interval_of_the_sum_covers_the_truth() -> None:
    """Samples of clients from one population: the sum over as many clients, on average, lies within."""
    candidate = policy("5000")

    def passing(of: list[Past]) -> float:
        return float(held(candidate, *of).fewer_eyes.amount)

    truth = sum(passing(history(60, 3, seed)) for seed in range(100, 140)) / 40
    covered = 0
    for seed in range(40):
        interval = held(candidate, *history(60, 3, seed)).fewer_eyes.amount_interval
        assert interval is not None
        covered += float(interval[0]) <= truth <= float(interval[1])
    assert covered >= 34


def test_nothing_at_all_says_nothing() -> None:
    found = held(THEN)
    assert (found.proposals, found.settled, found.fewer_eyes.share) == (0, False, None)
    assert found.verdict(Decimal(10**9)) == "unsettled"
