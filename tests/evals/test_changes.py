"""The suite of change requests: sound cases, figures it must not fall under, and the gate of an order."""

from decimal import Decimal

import pytest

from evals.quality.changes import on_cases
from evals.suite import Setting, suite
from evals.suites.changes.cases import SMALL, Judgement, agreement, judgements, messages
from evals.suites.changes.judge import judge, right_by_ground
from evals.suites.changes.subject import Found, Gate, proposed
from models.predict.base import silent
from models.scope_grounds import RIGHT


def case(id: str) -> Judgement:
    return next(c for c in judgements() if c.id == id)


def test_the_cases_are_sound() -> None:
    """Every word that is looked for stands in its message, and every clause in its contract."""
    assert len(judgements()) == len({c.id for c in judgements()})
    for message in (m for part in messages().values() for m in part):
        numbers = {term.number for term in agreement(message.contract).terms}
        for item in message.items:
            assert item.says in message.text, message.id
            assert message.language != "en" or set(item.clause) & numbers or not item.clause, message.id


def test_the_small_part_holds_every_kind_of_judgement() -> None:
    small = judgements(small=True)
    assert {c.message.id for c in small} == set(SMALL)
    assert {c.what for c in small} == {c.what for c in judgements()} == set(suite("changes").card.groups)


def test_findings_clauses_and_prices_stay_right() -> None:
    share = {r.metric: r.value for r in on_cases(silent)}
    assert share["finding right"] >= 0.96
    assert share["clause right"] >= 0.96
    assert share["price right"] >= 0.95
    assert share["order right"] >= 0.95


def test_how_sure_a_finding_is_said_to_be_is_what_was_counted() -> None:
    assert right_by_ground() == RIGHT


def test_a_change_order_meets_its_gate_through_the_real_tools(within: Setting) -> None:
    small, large = case("h-harbour-tiny/nothing-more"), case("harbour-rate/gate")
    found = proposed(within, large.message)
    assert judge(large, found).passed, judge(large, found).fault
    assert [step.kind for step in found.trace] == ["said", "called", "found", "proposed"]
    assert found.trace[-1].data["proposal_id"]
    assert proposed(within, small.message).gate is None  # there is nothing to order


GATE = Gate(
    rule="small-change-order",
    steps=("Account",),
    owner_signs_first=True,
    proposer_signs=False,
    value=Decimal("2736.00"),
)


@pytest.mark.parametrize(
    ("gate", "passed", "why"),
    [
        (GATE, True, "as the policy says"),
        (None, False, "nothing was proposed"),
        (GATE.model_copy(update={"proposer_signs": True}), False, "nobody signs what they proposed"),
        (GATE.model_copy(update={"rule": "change-order"}), False, "another rule"),
        (GATE.model_copy(update={"steps": ("Account", "Firm")}), False, "a step too many"),
        (GATE.model_copy(update={"owner_signs_first": False}), False, "somebody else is asked first"),
        (GATE.model_copy(update={"value": GATE.value * 2}), False, "twice the price"),
    ],
)
def test_the_judge_of_gates(gate: Gate | None, passed: bool, why: str) -> None:
    assert judge(case("harbour-small/gate"), Found(gate=gate)).passed is passed, why


def test_what_was_not_found_is_wrong_in_every_way() -> None:
    nothing = Found()
    for one in (c for c in judgements() if c.message.id == "harbour-rate"):
        assert judge(one, nothing).passed is (one.what == "nothing more"), one.id
