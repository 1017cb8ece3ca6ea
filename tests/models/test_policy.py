"""Policies: which rule holds, what a file may say, and what a version is."""

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from models.actions import ACTION_KINDS
from models.errors import BadInput
from models.money import Money
from models.policy import Condition, Facts, PolicySet, policy_sha, signatures
from models.policy_match import gate_for
from models.policy_text import parse_policy

STEP = {"name": "Lead", "approvers": [{"role": "practice_lead"}]}
GATE = {"steps": [STEP]}


def policy(*rules: dict[str, Any]) -> PolicySet:
    """These rules in EUR (1 USD is 0.90 EUR), then the last one, which asks for three signatures."""
    last = {"name": "last", "because": "nothing else fits", "gate": {"steps": [STEP, STEP, STEP]}}
    return PolicySet.model_validate(
        {
            "name": "test",
            "currency": "EUR",
            "exchange_rates": {"USD": "0.90"},
            "rules": [*({"because": "it says so", "gate": GATE} | r for r in rules), last],
        }
    )


def facts(**known: Any) -> Facts:
    return Facts.model_validate({"action": "create_assignment", **known})


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


BIG = {"name": "big", "when": {"amount_at_least": "1000"}}
SMALL = {"name": "small", "when": {"amount_below": "1000"}}
THIN = {"name": "thin", "when": {"margin_below": "0.15"}}
ANY = {"name": "any", "when": {"action": ["create_assignment"]}}


@pytest.mark.parametrize(
    ("rules", "known", "expected", "reason"),
    [
        ([BIG, SMALL], {"amount": money("1000")}, "big", "at_least includes the threshold"),
        ([BIG, SMALL], {"amount": money("999.99")}, "small", "below excludes it"),
        ([BIG, SMALL], {"amount": money("1111.12", "USD")}, "big", "1,111.12 USD are 1,000.008 EUR"),
        ([BIG, SMALL], {"amount": money("1111.11", "USD")}, "small", "1,111.11 USD are 999.999 EUR"),
        ([SMALL, ANY], {"amount": money("1", "XAU")}, "last", "unknown money is never small money"),
        ([BIG, ANY], {}, "any", "an action without money meets no threshold"),
        ([BIG, ANY], {"unknown": ("amount",)}, "last", "it has an amount, and nobody knows which"),
        ([THIN, ANY], {"margin": Decimal("0.1499")}, "thin", "a thin margin"),
        ([THIN, ANY], {"margin": Decimal("0.15")}, "any", "not below"),
        ([THIN, ANY], {"margin": Decimal("-2")}, "thin", "a loss is a thin margin"),
        ([THIN, ANY], {"unknown": ("margin",)}, "last", "an unknown margin is never a good one"),
        ([THIN, ANY], {}, "any", "an action without a price has no margin"),
        ([ANY, BIG], {"amount": money("5000")}, "any", "the first that holds, not the best"),
        (
            [{"name": "acme", "when": {"client": ["acme"], "amount_below": "10"}}, ANY],
            {"client_id": "other", "unknown": ("amount",)},
            "any",
            "a rule that does not hold anyway does not ask for the amount",
        ),
        ([{"name": "p", "when": {"practice": ["Data"]}}], {"practice": "Data"}, "p", "a practice by name"),
        ([{"name": "p", "when": {"practice": ["Data"]}}], {"practice": "data"}, "last", "names are exact"),
        ([{"name": "p", "when": {"practice": ["Data"]}}], {}, "last", "no practice is not that practice"),
        (
            [{"name": "r", "when": {"proposer_role": ["finance", "practice_lead"]}}],
            {"proposer_roles": ("consultant", "finance")},
            "r",
            "one of the proposer's roles suffices",
        ),
        ([{"name": "r", "when": {"proposer_role": ["finance"]}}], {}, "last", "no role is not that role"),
    ],
)
def test_the_first_rule_that_holds(
    rules: list[dict[str, Any]], known: dict[str, Any], expected: str, reason: str
) -> None:
    assert gate_for(policy(*rules), facts(**known)).name == expected, reason


@given(
    st.builds(
        Facts,
        action=st.sampled_from(ACTION_KINDS),
        amount=st.none()
        | st.builds(
            Money,
            amount=st.decimals(allow_nan=False, allow_infinity=False, places=2),
            currency=st.sampled_from(["EUR", "USD", "XAU"]),
        ),
        margin=st.none() | st.decimals(-5, 1, places=4),
        unknown=st.sets(st.sampled_from(["amount", "margin"])).map(tuple),
    )
)
def test_every_action_meets_a_gate(known: Facts) -> None:
    assert signatures(gate_for(policy(BIG, SMALL, THIN, ANY), known).gate) >= 1


VALID = {
    "name": "test",
    "currency": "EUR",
    "rules": [{"name": "all", "because": "it is the only one", "gate": GATE}],
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rules": []}, "a policy without rules gates nothing"),
        (
            {"rules": [VALID["rules"][0] | {"when": {"action": ["send_reminder"]}}]},
            "the last rule has a condition",
        ),
        ({"rules": [VALID["rules"][0] | {"gate": {"steps": []}}]}, "a gate without steps is open"),
        (
            {"rules": [VALID["rules"][0] | {"gate": {"steps": [STEP | {"signatures": 0}]}}]},
            "no signature at all",
        ),
        ({"rules": [VALID["rules"][0] | {"gate": {"steps": [STEP | {"approvers": []}]}}]}, "nobody to sign"),
        (
            {"rules": [VALID["rules"][0] | {"gate": {"steps": [STEP | {"approvers": [{"role": "boss"}]}]}}]},
            "a role that does not exist",
        ),
        (
            {
                "rules": [
                    VALID["rules"][0]
                    | {"gate": {"steps": [STEP | {"approvers": [{"role": "finance", "person": "p"}]}]}}
                ]
            },
            "two sources in one",
        ),
        ({"rules": [VALID["rules"][0] | {"When": {}}]}, "a misspelt key would drop its conditions"),
        ({"rules": [VALID["rules"][0], VALID["rules"][0]]}, "two rules of one name"),
        (
            {
                "rules": [
                    {
                        "name": "strict",
                        "because": "two",
                        "when": {"action": ["hold_invoice"]},
                        "gate": {"steps": [STEP, STEP]},
                    },
                    *VALID["rules"],
                ]
            },
            "the last rule is laxer than another",
        ),
        ({"currency": "euro"}, "not an ISO 4217 code"),
    ],
)
def test_a_policy_that_fails_open_is_refused(change: dict[str, Any], reason: str) -> None:
    assert parse_policy(yaml.safe_dump(VALID)).name == "test"
    with pytest.raises(BadInput):
        parse_policy(yaml.safe_dump(VALID | change))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("name: a\nname: b\n", 2, "the parser would take the last of two and say nothing"),
        ("rules:\n- when: {action: [send_reminder]}\n  when: {}\n", 3, "conditions lost without a word"),
        ("name: [\n", 2, "not YAML"),
        ("", 1, "nothing in it"),
        ("\0", 1, "not text"),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(text, "firm.yaml")
    assert (caught.value.problems[0].file, caught.value.problems[0].line) == ("firm.yaml", line), reason


def test_a_version_is_what_a_policy_says_not_how() -> None:
    text = yaml.safe_dump(VALID | {"exchange_rates": {"USD": "0.9", "GBP": "1.2"}})
    other = "# a comment\n" + yaml.safe_dump(
        {"exchange_rates": {"GBP": "1.2", "USD": "0.9"}, **VALID}, sort_keys=False
    )
    assert policy_sha(parse_policy(text)) == policy_sha(parse_policy(other))
    assert policy_sha(parse_policy(text)) != policy_sha(parse_policy(text.replace("0.9", "0.91")))


def test_a_version_survives_storing_it() -> None:
    first = policy(BIG, SMALL, THIN)
    stored = PolicySet.model_validate(first.model_dump(mode="json"))
    assert policy_sha(stored) == policy_sha(first)
    assert stored.rules[-1].when == Condition()
