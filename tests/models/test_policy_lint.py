"""Finding what is odd about a policy, from the policy alone."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.policy import Condition, Facts, PolicySet
from models.policy_cells import Grid, meet, minus
from models.policy_lint import Check, LintFinding, Severity, lint
from models.policy_match import checks, gate_for

STEP = {"name": "Lead", "approvers": [{"role": "practice_lead"}]}


def policy(*rules: Mapping[str, Any], last: int = 3) -> PolicySet:
    """These rules, (name, when, signatures), and a last one."""

    def rule(name: str, when: Mapping[str, Any], needed: int) -> Mapping[str, Any]:
        return {
            "name": name,
            "because": "so be it",
            "when": when,
            "gate": {"steps": [STEP | {"name": str(i)} for i in range(needed)]},
        }

    listed = [rule(r["name"], r.get("when", {}), r.get("needed", 1)) for r in rules]
    return PolicySet.model_validate(
        {
            "name": "t",
            "currency": "EUR",
            "regions": {"DACH": ["Berlin", "Wien"]},
            "rules": [*listed, rule("last", {}, last)],
        }
    )


def found(of: PolicySet) -> list[tuple[Check, Severity, tuple[str, ...]]]:
    return [(f.check, f.severity, f.rules) for f in lint(of) if f.check != "only-the-last-rule"]


ORDERS = {"action": ["create_change_order"]}


@pytest.mark.parametrize(
    ("rules", "expected", "reason"),
    [
        ([], [], "one rule alone is in nobody's way"),
        (
            [
                {"name": "small", "when": ORDERS | {"amount_below": "10"}},
                {"name": "big", "when": ORDERS, "needed": 2},
            ],
            [("overlap", "note", ("small", "big"))],
            "a special case before the general one",
        ),
        (
            [{"name": "all", "when": ORDERS}, {"name": "small", "when": ORDERS | {"amount_below": "10"}}],
            [("unreachable", "error", ("small",))],
            "the general one first shadows it",
        ),
        (
            [
                {"name": "low", "when": ORDERS | {"amount_below": "10"}},
                {"name": "high", "when": ORDERS | {"amount_at_least": "10"}},
                {"name": "mid", "when": ORDERS | {"amount_at_least": "5", "amount_below": "20"}},
            ],
            [("unreachable", "error", ("mid",))],
            "two rules together shadow it, neither does alone",
        ),
        (
            [
                {"name": "acme", "when": {"client": ["acme"]}, "needed": 2},
                {"name": "orders", "when": ORDERS},
            ],
            [("overlap", "warning", ("acme", "orders"))],
            "each has cases that the other has not",
        ),
        (
            [
                {"name": "small", "when": ORDERS | {"amount_below": "10"}, "needed": 2},
                {"name": "big", "when": ORDERS | {"amount_at_least": "10"}},
            ],
            [("weaker-for-more", "warning", ("small", "big"))],
            "more money, fewer signatures",
        ),
        (
            [{"name": "big", "when": ORDERS | {"amount_at_least": "10"}}],
            [("weaker-for-more", "warning", ("last", "big"))],
            "small ones fall to the strictest rule",
        ),
        (
            [
                {"name": "good", "when": ORDERS | {"margin_below": "0.1"}},
                {"name": "rest", "when": ORDERS, "needed": 2},
            ],
            [
                ("weaker-for-more", "warning", ("rest", "good")),
                ("overlap", "note", ("good", "rest")),
            ],
            "a thinner margin, fewer signatures",
        ),
        (
            [
                {"name": "berlin", "when": {"office": ["Berlin"]}},
                {"name": "dach", "when": {"region": ["DACH"]}},
            ],
            [("overlap", "note", ("berlin", "dach"))],
            "an office is in its region",
        ),
        (
            [{"name": "dach", "when": {"region": ["DACH"]}}, {"name": "wien", "when": {"office": ["Wien"]}}],
            [("unreachable", "error", ("wien",))],
            "a region is its offices",
        ),
        (
            [{"name": "a", "when": {"region": ["DACH"], "office": ["Paris"]}}],
            [("unreachable", "error", ("a",))],
            "an office outside of its region",
        ),
        (
            [
                {"name": "f", "when": {"proposer_role": ["finance"]}, "needed": 3},
                {"name": "d", "when": {"proposer_role": ["delivery_director"]}, "needed": 2},
            ],
            [("overlap", "warning", ("f", "d"))],
            "somebody can hold both roles",
        ),
        (
            [{"name": "policy", "when": {"action": ["change_policy"]}}],
            [("policy-change", "error", ("policy",))],
            "one signature changes every rule",
        ),
    ],
)
def test_what_is_found(
    rules: list[Mapping[str, Any]], expected: list[tuple[Check, Severity, tuple[str, ...]]], reason: str
) -> None:
    assert sorted(found(policy(*rules))) == sorted(expected), reason


def test_a_policy_that_could_never_be_changed_says_so() -> None:
    [error] = [f for f in lint(policy(last=1)) if f.check == "policy-change"]
    assert "nobody could ever change" in error.says


def test_an_example_is_a_case_of_both_rules() -> None:
    [overlap] = [
        f
        for f in lint(
            policy(
                {"name": "acme", "when": {"client": ["acme"], "amount_at_least": "1000"}, "needed": 2},
                {"name": "orders", "when": ORDERS},
            )
        )
        if f.check == "overlap"
    ]
    assert overlap.example == "create change order, an amount of EUR 1,000.00, client acme"


# --- the cells agree with the rules, whatever the policy

THRESHOLDS = st.sampled_from(["0", "10", "20", "30"])
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "action": st.lists(
            st.sampled_from(["create_change_order", "register_risk", "change_policy"]), max_size=2
        ),
        "amount_at_least": THRESHOLDS,
        "amount_below": THRESHOLDS,
        "margin_below": st.sampled_from(["0", "0.1", "0.2"]),
        "confidence_below": st.sampled_from(["0.5", "0.9"]),
        "client": st.lists(st.sampled_from(["acme", "zeta"]), max_size=2),
        "office": st.lists(st.sampled_from(["Berlin", "Paris"]), max_size=2),
        "region": st.lists(st.just("DACH"), max_size=1),
        "sensitivity": st.lists(st.sampled_from(["none", "personal", "client_confidential"]), max_size=2),
        "proposer_role": st.lists(st.sampled_from(["finance", "admin"]), max_size=2),
    },
)


@st.composite
def policies(draw: st.DrawFn) -> PolicySet:
    valid = []
    for i, when in enumerate(draw(st.lists(CONDITIONS, max_size=4))):
        try:
            Condition.model_validate(when)
        except ValueError:
            continue
        valid.append({"name": f"r{i}", "when": when, "needed": draw(st.integers(2, 3))})
    return policy(*valid)


@settings(max_examples=60)
@given(policies())
def test_a_case_of_a_rules_region_meets_that_rule(drawn: PolicySet) -> None:
    grid = Grid.of(drawn)
    for rule, region in zip(drawn.rules, grid.regions(), strict=True):
        for box in region[:20]:
            assert gate_for(drawn, grid.case(box)) == rule


CASES = st.builds(
    lambda amount, margin, confidence, **rest: Facts.model_validate(
        {
            "amount": {"amount": amount, "currency": "EUR"} if amount is not None else None,
            "margin": margin,
            "confidence": confidence,
            **rest,
        }
    ),
    action=st.sampled_from(["create_change_order", "register_risk", "send_reminder"]),
    amount=st.sampled_from([None, "0", "9.99", "10", "19", "25", "1000"]),
    margin=st.sampled_from([None, "-1", "0", "0.05", "0.15", "0.5"]),
    confidence=st.sampled_from(["0.2", "0.5", "0.95"]),
    client_id=st.sampled_from([None, "acme", "other"]),
    office=st.sampled_from([None, "Berlin", "Wien", "Rom"]),
    sensitivity=st.sampled_from([("none",), ("personal",), ("personal", "client_confidential")]),
    proposer_roles=st.sampled_from([(), ("finance",), ("admin", "finance"), ("consultant",)]),
)


@settings(max_examples=60)
@given(policies(), st.lists(CASES, min_size=5, max_size=20))
def test_no_case_ever_meets_a_rule_that_is_called_unreachable(drawn: PolicySet, cases: list[Facts]) -> None:
    unreachable = {name for f in lint(drawn) if f.check == "unreachable" for name in f.rules}
    assert not unreachable & {gate_for(drawn, case).name for case in cases}


@settings(max_examples=60)
@given(policies(), st.lists(CASES, min_size=5, max_size=20))
def test_two_rules_that_hold_for_one_case_are_said_to_overlap(drawn: PolicySet, cases: list[Facts]) -> None:
    told = {f.rules for f in lint(drawn) if f.check in ("overlap", "unreachable")}
    for case in cases:
        holding = [r.name for r in drawn.rules[:-1] if all(c.holds for c in checks(r.when, case, drawn))]
        if len(holding) > 1:
            assert (holding[0], holding[1]) in told or (holding[1],) in told


@settings(max_examples=60)
@given(
    st.tuples(*[st.integers(1, 7)] * 4),
    st.tuples(*[st.integers(1, 7)] * 4),
)
def test_a_difference_of_boxes_is_what_is_left(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    def size(box: tuple[int, ...]) -> int:
        product = 1
        for bits in box:
            product *= bits.bit_count()
        return product

    parts, shared = list(minus(a, b)), meet(a, b)
    assert sum(map(size, parts)) + (size(shared) if shared else 0) == size(a)
    assert all(meet(part, b) is None for part in parts)
    assert all(meet(p, q) is None for i, p in enumerate(parts) for q in parts[:i])


def test_the_shipped_policy_is_clean() -> None:
    from importlib.resources import files

    from models.policy_text import parse_policy

    text = files("workflow").joinpath("default_policy.yaml").read_text(encoding="utf-8")
    odd: list[LintFinding] = [f for f in lint(parse_policy(text)) if f.severity != "note"]
    assert odd == []
