"""What a policy says in words, and that no difference between two policies goes unsaid."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policy import Condition, PolicySet, Step, policy_sha
from models.policy_words import condition_in_words, differences, step_in_words

STEP: dict[str, Any] = {"name": "Lead", "approvers": [{"role": "practice_lead"}]}
BODY: dict[str, Any] = {
    "name": "one",
    "currency": "EUR",
    "exchange_rates": {"USD": "0.9"},
    "groups": {"board": ["ann", "ben", "cy"]},
    "regions": {"DACH": ["Berlin"]},
    "rules": [
        {"name": "small", "because": "b", "when": {"amount_below": "100"}, "gate": {"steps": [STEP]}},
        {"name": "risk", "because": "b", "when": {"action": ["register_risk"]}, "gate": {"steps": [STEP]}},
        {"name": "rest", "because": "b", "gate": {"steps": [STEP, STEP]}},
    ],
}


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({}, "everything else"),
        ({"action": ["register_risk"]}, "register risk"),
        ({"amount_at_least": "10000.00"}, "an amount of 10,000 EUR or more"),
        ({"margin_below": "0.15"}, "a margin under 15 percent"),
        ({"margin_effect_below": "-2"}, "the project's margin changes by less than -2 points"),
        (
            {"region": ["DACH"], "proposer_role": ["finance", "practice_lead"]},
            "region: DACH; asked by: finance or practice lead",
        ),
        ({"confidence_below": "0.6"}, "a prediction that is less than 60 percent sure"),
    ],
)
def test_a_condition_in_words(when: dict[str, Any], words: str) -> None:
    assert condition_in_words(Condition.model_validate(when), "EUR") == words


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({}, "practice lead (role)"),
        ({"signatures": 2}, "2 of practice lead (role)"),
        ({"signatures": "all", "approvers": [{"group": "board"}]}, "all of board (group)"),
        ({"approvers": [{"role": "finance"}, {"relation": "manager"}]}, "one of finance (role) or manager"),
        (
            {"fallback": [{"person": "ann"}], "comment_required": True, "evidence_required": True},
            "practice lead (role); where nobody is left, ann (person); with a comment; with evidence",
        ),
        ({"approvers": [{"relation": "practice_lead"}]}, "practice lead"),
        (
            {"remind_after_hours": 4, "expires_after_hours": 8},
            "practice lead (role); reminded after 4 hours; expires after 8 hours",
        ),
    ],
)
def test_a_step_in_words(step: dict[str, Any], words: str) -> None:
    assert step_in_words(Step.model_validate(STEP | step)) == words


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where there is something to change in a JSON value."""
    if isinstance(value, dict):
        return [path, *(p for k, v in value.items() for p in places(v, (*path, k)))]
    if isinstance(value, list):
        return [path, *(p for k, v in enumerate(value) for p in places(v, (*path, k)))]
    return [path]


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)  # type: ignore[index]
    return copy


FULL = PolicySet.model_validate(BODY).model_dump(mode="json")
NEW: tuple[Any, ...] = (
    None,
    "1.00",
    "0.90",
    "all",
    True,
    2,
    48,
    [],
    ["ann"],
    ["Berlin", "Bonn"],
    "practice_lead",
    "x",
)


@given(st.sampled_from(places(FULL)), st.sampled_from(NEW))
def test_nothing_changes_unsaid(path: tuple[str | int, ...], new: Any) -> None:
    """Any change that makes another version is told: what is signed is what is read."""
    try:
        changed = PolicySet.model_validate(put(FULL, path, new))
    except ValueError:
        return
    before = PolicySet.model_validate(FULL)
    told = differences(before, changed)
    assert bool(told) == (policy_sha(before) != policy_sha(changed))
    assert all(d.now != d.after for d in told)


def test_rules_that_come_go_and_move_are_told() -> None:
    small, risk, rest = BODY["rules"]
    new = {"name": "new", "because": "b", "when": {"client": ["acme"]}, "gate": {"steps": [STEP]}}
    before = PolicySet.model_validate(BODY)
    told = {
        (d.rule, d.what): (d.now, d.after)
        for d in differences(before, PolicySet.model_validate(BODY | {"rules": [new, small, rest]}))
    }
    assert told == {
        ("new", "new rule"): ("", "read before small"),
        ("new", "holds for"): ("", "client: acme"),
        ("new", "why"): ("", "b"),
        ("new", "step 1: Lead"): ("", "Lead: practice lead (role)"),
        ("new", "reminded after, hours"): ("", "24"),
        ("new", "its stand-ins asked too after, hours"): ("", "72"),
        ("new", "expires after, hours"): ("", "120"),
        ("new", "no longer written after, hours"): ("", "336"),
        ("risk", "rule is gone"): ("register risk: Lead (practice lead (role))", ""),
    }
    [moved] = differences(before, PolicySet.model_validate(BODY | {"rules": [risk, small, rest]}))
    assert (moved.what, moved.now, moved.after) == (
        "order of the rules",
        "small, risk, rest",
        "risk, small, rest",
    )
