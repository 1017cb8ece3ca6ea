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
from models.policy import Condition, Facts, Gate, PolicySet, body_sha, policy_sha, signatures
from models.policy_match import gate_for
from models.policy_text import parse_policy

STEP: dict[str, Any] = {"name": "Lead", "approvers": [{"role": "practice_lead"}]}
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


VALID: dict[str, Any] = {
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


GROUP: dict[str, Any] = {"name": "Both", "approvers": [{"group": "partners"}], "signatures": "all"}


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        ("amount_at_least: '9', amount_below: '9'", 9, "nothing is at least 9 and below 9"),
        ("contract_value_at_least: '9', contract_value_below: '5'", 9, "nor at least 9 and below 5"),
        ("amount_below: '-1'", 9, "no amount is below nothing"),
        ("margin_below: '1.2'", 9, "no margin is over 1"),
        ("margin_effect_below: '-200'", 9, "points of a margin are at most 100"),
        ("confidence_below: '2'", 9, "a confidence is at most 1"),
        ("sensitivity: [secret]", 9, "no such kind of data"),
        ("amount_atleast: '9'", 9, "a misspelt condition would never be asked"),
    ],
)
def test_a_condition_that_cannot_hold_is_refused_at_its_line(change: str, line: int, reason: str) -> None:
    text = f"""\
name: test
currency: EUR
exchange_rates:
  USD: '0.9'
rules:
  - name: first
    because: |
      of this
    when: {{{change}}}
    gate: {{steps: [{{name: Lead, approvers: [{{role: practice_lead}}]}}]}}
  - name: last
    because: of nothing else
    gate: {{steps: [{{name: Lead, approvers: [{{role: practice_lead}}]}}]}}
"""
    with pytest.raises(BadInput) as caught:
        parse_policy(text, "firm.yaml")
    assert [p.line for p in caught.value.problems] == [line], reason


@pytest.mark.parametrize(
    ("change", "says", "reason"),
    [
        ({"exchange_rates": {"EUR": "1.1"}}, "own currency", "a euro is a euro"),
        ({"exchange_rates": {"XXY": "1.1"}}, "ISO 4217", "no such currency"),
        ({"exchange_rates": {"USD": "0"}}, "greater than 0", "everything would be nothing"),
        ({"rules": [VALID["rules"][0] | {"gate": {"steps": [GROUP]}}]}, "no group", "nobody would be asked"),
        (
            {
                "rules": [
                    {
                        "name": "here",
                        "because": "b",
                        "when": {"region": ["Moon"]},
                        "gate": GATE,
                    },
                    *VALID["rules"],
                ]
            },
            "no region",
            "it would never hold",
        ),
        (
            {
                "groups": {"partners": ["a", "b"]},
                "rules": [VALID["rules"][0] | {"gate": {"steps": [GROUP | {"signatures": 3}]}}],
            },
            "at most 2 people",
            "three of two never sign",
        ),
        (
            {
                "groups": {"partners": ["a", "b", "c"]},
                "rules": [
                    {
                        "name": "all",
                        "because": "b",
                        "when": {"action": ["send_reminder"]},
                        "gate": {"steps": [GROUP]},
                    },
                    VALID["rules"][0] | {"name": "last"},
                ],
            },
            "'all' can be more",
            "all three of them are more than the last rule's one",
        ),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_loaded(
    change: dict[str, Any], says: str, reason: str
) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(yaml.safe_dump(VALID | change))
    assert says in str(caught.value), reason


def test_all_of_a_group_is_a_policy() -> None:
    text = yaml.safe_dump(
        VALID
        | {"groups": {"partners": ["a", "b"]}, "rules": [VALID["rules"][0] | {"gate": {"steps": [GROUP]}}]}
    )
    gate = parse_policy(text).rules[0].gate
    assert (gate.steps[0].signatures, signatures(gate)) == ("all", 1)


@pytest.mark.parametrize(
    ("step", "remind", "escalate", "expire", "reason"),
    [
        ({}, 24, 72, 120, "the gate's"),
        ({"remind_after_hours": 2, "escalate_after_hours": 4, "expires_after_hours": 8}, 2, 4, 8, "its own"),
        ({"expires_after_hours": 500}, 24, 72, 120, "never longer than the gate's"),
    ],
)
def test_a_step_has_its_own_time(
    step: dict[str, int], remind: int, escalate: int, expire: int, reason: str
) -> None:
    gate = Gate.model_validate({"steps": [STEP, STEP | step]})
    assert (gate.remind_hours(1), gate.escalate_hours(1), gate.expire_hours(1)) == (
        remind,
        escalate,
        expire,
    ), reason
    assert gate.remind_hours(0) == 24


def test_a_version_stays_what_it_was_when_fields_are_added() -> None:
    """A policy that an older release stored lacks keys that came later; its version is that of its text."""
    stored = policy(BIG).model_dump(mode="json")
    for rule in stored["rules"]:
        del rule["when"]["confidence_below"]
    assert PolicySet.model_validate(stored) == policy(BIG)
    assert body_sha(stored) != policy_sha(policy(BIG))
