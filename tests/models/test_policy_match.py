"""Every condition of a policy, held against facts that have it, have not, or do not tell."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.actions import ACTION_KINDS
from models.money import Money
from models.policy import Facts, PolicySet, signatures
from models.policy_match import gate_for, match

STEP = {"name": "Lead", "approvers": [{"role": "practice_lead"}]}


def policy(when: dict[str, Any]) -> PolicySet:
    """One rule with these conditions, then one that holds for everything, then the last."""

    def gate(signatures: int) -> dict[str, Any]:
        return {"steps": [STEP] * signatures}

    return PolicySet.model_validate(
        {
            "name": "test",
            "currency": "EUR",
            "exchange_rates": {"USD": "0.90"},
            "regions": {"DACH": ["Berlin", "Zurich"], "Nordics": ["Oslo"]},
            "rules": [
                {"name": "it", "because": "it holds", "when": when, "gate": gate(2)},
                {
                    "name": "else",
                    "because": "it does not",
                    "when": {"action": list(ACTION_KINDS)},
                    "gate": gate(1),
                },
                {"name": "last", "because": "nobody can tell", "gate": gate(3)},
            ],
        }
    )


def facts(**known: Any) -> Facts:
    return Facts.model_validate({"action": "create_assignment", **known})


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("when", "known", "rule", "reason"),
    [
        ({"action": ["create_assignment"]}, {}, "it", "the kind of action"),
        ({"action": ["send_reminder"]}, {}, "else", "another kind"),
        ({"amount_at_least": "10", "amount_below": "20"}, {"amount": money("10")}, "it", "from 10"),
        ({"amount_at_least": "10", "amount_below": "20"}, {"amount": money("20")}, "else", "up to 20"),
        ({"amount_below": "20"}, {"amount": money("1", "JPY")}, "last", "no rate: not known to be small"),
        ({"amount_below": "20"}, {"unknown": ["amount"]}, "last", "not known to be small"),
        ({"margin_below": "0.2"}, {"margin": "0.19"}, "it", "thin"),
        ({"margin_below": "0.2"}, {"unknown": ["margin"]}, "last", "not known to be fat"),
        ({"margin_effect_below": "-2"}, {"margin_effect": "-2.5"}, "it", "it costs the project 2.5 points"),
        ({"margin_effect_below": "-2"}, {"margin_effect": "-2"}, "else", "not below"),
        ({"margin_effect_below": "-2"}, {}, "else", "no booked work has no margin to lose"),
        ({"margin_effect_below": "-2"}, {"unknown": ["margin_effect"]}, "last", "not known to be harmless"),
        ({"contract_value_at_least": "5"}, {"contract_value": money("5")}, "it", "a contract over 5"),
        ({"contract_value_at_least": "5"}, {"contract_value": money("5", "USD")}, "else", "that is 4.50 EUR"),
        ({"contract_value_below": "5"}, {}, "else", "no contract has no value"),
        ({"contract_value_below": "5"}, {"unknown": ["contract_value"]}, "last", "over several contracts"),
        ({"contract_kind": ["framework"]}, {"contract_kind": "framework"}, "it", "the kind of contract"),
        ({"contract_kind": ["framework"]}, {"contract_kind": "retainer"}, "else", "another kind"),
        ({"contract_kind": ["framework"]}, {"unknown": ["contract_kind"]}, "last", "several kinds"),
        ({"client": ["acme"]}, {"client_id": "acme"}, "it", "the client"),
        ({"client": ["acme"]}, {"unknown": ["client"]}, "last", "several clients, and one may be acme"),
        ({"practice": ["Data"]}, {"practice": "Data"}, "it", "the practice"),
        ({"practice": ["Data"]}, {"practice": "Cloud"}, "else", "another practice"),
        ({"practice": ["Data"]}, {"unknown": ["practice"]}, "last", "several practices"),
        ({"region": ["DACH"]}, {"office": "Zurich"}, "it", "an office of the region"),
        ({"region": ["DACH"]}, {"office": "Oslo"}, "else", "an office of another"),
        ({"region": ["DACH", "Nordics"]}, {"office": "Oslo"}, "it", "either region"),
        ({"region": ["DACH"]}, {"unknown": ["office"]}, "last", "several offices"),
        ({"office": ["Berlin"]}, {"office": "Berlin"}, "it", "the legal entity"),
        ({"sensitivity": ["personal"]}, {"sensitivity": ["personal"]}, "it", "people's own data"),
        (
            {"sensitivity": ["personal"]},
            {"sensitivity": ["client_confidential", "personal"]},
            "it",
            "both kinds of data",
        ),
        ({"sensitivity": ["personal"]}, {}, "else", "neither"),
        ({"sensitivity": ["personal"]}, {"unknown": ["sensitivity"]}, "last", "nobody classified the action"),
        ({"confidence_below": "0.6"}, {"confidence": "0.59"}, "it", "unsure"),
        ({"confidence_below": "0.6"}, {"confidence": "0.6"}, "else", "sure enough"),
        ({"confidence_below": "0.6"}, {}, "last", "a confidence that is not said is none"),
        ({"proposer_role": ["service"]}, {"proposer_roles": ["service"]}, "it", "a job proposes"),
        ({"proposer_role": ["service"]}, {"proposer_roles": ["finance"]}, "else", "a person proposes"),
        (
            {"action": ["send_reminder"], "confidence_below": "0.6"},
            {},
            "else",
            "what cannot be told does not matter where something else fails",
        ),
    ],
)
def test_each_condition(when: dict[str, Any], known: dict[str, Any], rule: str, reason: str) -> None:
    assert gate_for(policy(when), facts(**known)).name == rule, reason


@pytest.mark.parametrize(
    ("when", "known", "why"),
    [
        (
            {"amount_at_least": "50000", "contract_kind": ["framework"]},
            {"amount": money("62400.00"), "contract_kind": "framework"},
            ("amount 62,400 EUR is at least 50,000 EUR", "contract framework"),
        ),
        (
            {"amount_at_least": "10", "amount_below": "100"},
            {"amount": money("50", "USD")},
            ("amount 50 USD (45 EUR) is at least 10 EUR and below 100 EUR",),
        ),
        (
            {"amount_at_least": "50000"},
            {"amount": money("85964.80")},
            ("amount 85,964.80 EUR is at least 50,000 EUR",),
        ),
        ({"margin_below": "0.15"}, {"margin": "0.1429"}, ("margin 14.29% is below 15%",)),
        (
            {"margin_effect_below": "-2"},
            {"margin_effect": "-3.50"},
            ("margin effect -3.5 points is below -2 points",),
        ),
        (
            {"region": ["DACH"], "sensitivity": ["client_confidential"]},
            {"office": "Berlin", "sensitivity": ["client_confidential"]},
            ("region DACH: office Berlin", "data client confidential"),
        ),
        (
            {"confidence_below": "0.6", "amount_below": "5"},
            {"amount": money("1")},
            ("confidence is not known, and 'it' asks for it",),
        ),
        (
            {"amount_below": "5"},
            {"amount": money("1", "JPY")},
            ("amount 1 JPY is in a currency without an exchange rate, and 'it' asks for it",),
        ),
    ],
)
def test_why_this_gate_names_the_facts(
    when: dict[str, Any], known: dict[str, Any], why: tuple[str, ...]
) -> None:
    assert match(policy(when), facts(**known)).why == why


_SIGNED = [("0", "100", 1), ("100", "1000", 2), ("1000", None, 3)]


def _by_amount() -> PolicySet:
    """The more money, the more signatures."""
    rules = [
        {
            "name": f"from {low}",
            "because": "of the money",
            "when": {"amount_at_least": low} | ({"amount_below": high} if high else {}),
            "gate": {"steps": [STEP] * count},
        }
        for low, high, count in _SIGNED
    ]
    last = {"name": "last", "because": "no money", "gate": {"steps": [STEP] * 3}}
    return PolicySet.model_validate(
        {
            "name": "by amount",
            "currency": "EUR",
            "exchange_rates": {"USD": "0.9", "GBP": "1.2"},
            "rules": [*rules, last],
        }
    )


@given(
    st.decimals(0, 10_000, places=2),
    st.decimals(0, 10_000, places=2),
    st.sampled_from(["EUR", "USD", "GBP", "JPY"]),
)
def test_more_money_never_meets_a_weaker_gate(amount: Decimal, more: Decimal, currency: str) -> None:
    policy, before = _by_amount(), Money(amount=amount, currency=currency)
    after = Money(amount=amount + more, currency=currency)
    assert signatures(gate_for(policy, facts(amount=before)).gate) <= signatures(
        gate_for(policy, facts(amount=after)).gate
    )


_FACTS = st.builds(
    Facts,
    action=st.sampled_from(ACTION_KINDS),
    amount=st.none()
    | st.builds(
        Money, amount=st.decimals(0, 10**6, places=2), currency=st.sampled_from(["EUR", "USD", "XAU"])
    ),
    margin=st.none() | st.decimals(-5, 1, places=4),
    margin_effect=st.none() | st.decimals(-100, 100, places=2),
    contract_kind=st.none() | st.sampled_from(["framework", "retainer"]),
    office=st.none() | st.sampled_from(["Berlin", "Oslo"]),
    confidence=st.none() | st.decimals(0, 1, places=3),
    sensitivity=st.sets(st.sampled_from(["client_confidential", "personal"])).map(
        lambda s: tuple(s) or ("none",)
    ),
    unknown=st.sets(
        st.sampled_from(["amount", "margin", "margin_effect", "contract_kind", "office", "sensitivity"])
    ).map(tuple),
)
_CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "amount_at_least": st.just("100"),
        "margin_below": st.just("0.15"),
        "margin_effect_below": st.just("-2"),
        "contract_kind": st.just(["framework"]),
        "region": st.just(["DACH"]),
        "confidence_below": st.just("0.6"),
        "sensitivity": st.just(["personal"]),
    },
)


@given(_CONDITIONS, _FACTS)
def test_every_action_meets_a_gate_and_is_told_why(when: dict[str, Any], known: Facts) -> None:
    found = match(policy(when), known)
    assert signatures(found.rule.gate) >= 1
    if found.rule.name == "it":
        assert len(found.why) == len(when), "one reason a condition"
    if found.rule.name == "last":
        assert found.why, "what could not be told is named"


@given(_CONDITIONS, _FACTS)
def test_forgetting_a_fact_never_meets_a_weaker_gate_than_the_rule_that_asks(
    when: dict[str, Any], known: Facts
) -> None:
    """Where a rule holds, making one of its facts unknown leads to the strictest."""
    before = match(policy(when), known)
    if before.rule.name == "it" and "amount_at_least" in when:
        blind = known.model_copy(update={"unknown": (*known.unknown, "amount")})
        assert gate_for(policy(when), blind).name == "last"
