"""Who may sign, and why they."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.actions import ACTION_KINDS, Action
from store.db import Database
from tests.workflow.firm import (
    asked,
    assignment,
    change_order,
    development,
    draft,
    eur,
    people,
    principal,
    reminder,
    returned_time,
    risk,
)
from workflow import policies
from workflow.gates import fillable
from workflow.service import Workflow


@pytest.fixture
def db(shared_db: Database) -> Database:
    return shared_db


@pytest.mark.parametrize(
    ("proposer", "action", "rule", "expected", "reason"),
    [
        ("paula", assignment(), "assignment", [{"rita", "rolf"}], "who decides who works where"),
        ("rita", assignment(), "assignment", [{"rolf"}], "not the proposer"),
        (
            "paula",
            assignment(hours_per_week="40", ends_on="2027-04-02"),
            "large-assignment",
            [{"rita", "rolf"}, {"leo"}],
            "13 weeks of 40 h at 120 are 62,400",
        ),
        (
            "paula",
            assignment(bill_rate=eur("70")),
            "thin-margin-assignment",
            [{"rita", "rolf"}, {"leo"}],
            "(70 - 60) / 70 is below .15",
        ),
        (
            "leo",
            assignment(bill_rate=eur("70")),
            "thin-margin-assignment",
            [{"rita", "rolf"}, {"dora", "dan"}],
            "the practice lead proposes: their fallback signs",
        ),
        ("paula", change_order("50"), "small-change-order", [{"amir"}], "7,500 is the account owner's"),
        (
            "paula",
            change_order("100"),
            "change-order",
            [{"amir"}, {"dora", "dan", "fay"}],
            "15,000 needs two",
        ),
        ("amir", change_order("100"), "change-order", [{"leo"}, {"dora", "dan", "fay"}], "not the proposer"),
        ("leo", risk(), "risk", [{"paula"}], "the lead proposes, the manager confirms"),
        ("paula", risk(), "risk", [{"leo"}], "and the other way round"),
        ("paula", risk(owner_id="leo"), "risk", [{"dora", "dan"}], "nor whom it is about"),
        ("leo", returned_time("t-1"), "returned-time", [{"paula"}], "the project's manager"),
        ("paula", reminder(), "reminder", [{"fay"}], "finance of the entity"),
        ("fay", reminder(), "reminder", [{"amir"}], "finance proposes: the account owner signs"),
        ("rita", development(), "development", [{"leo"}], "the line manager"),
    ],
)
def test_who_is_asked(
    proposer: str, action: Action, rule: str, expected: list[set[str]], reason: str, workflow: Workflow
) -> None:
    card = workflow.propose(principal(proposer), draft(action))
    assert (card.rule, people(card)) == (rule, expected), reason


def test_everybody_is_told_why_they(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(change_order("100")))
    assert asked(card) == [
        {"amir": "account owner of Acme"},
        {
            "dora": "delivery director of the firm",
            "dan": "delivery director of the firm",
            "fay": "finance of Berlin",
        },
    ]
    assert "10,000 EUR" in card.because
    assert workflow.card(principal("amir"), card.proposal_id).why_you == "account owner of Acme"
    assert workflow.card(principal("fay"), card.proposal_id).why_you is None, "it is not finance's turn yet"


def test_nobody_signs_for_a_project_that_is_not_theirs(workflow: Workflow) -> None:
    """A batch over two projects: neither manager may send back the other's time."""
    mine, theirs = returned_time("t-1"), returned_time("t-9", person_id="cleo", project_id="borealis")
    both = mine.model_copy(update={"items": mine.items + theirs.items})
    card = workflow.propose(principal("rita"), draft(both))
    assert people(card) == [{"leo"}]


def test_the_shipped_policy_covers_every_kind_by_name() -> None:
    named = {kind for rule in policies.default().rules for kind in rule.when.action}
    assert named == set(ACTION_KINDS)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sets(st.sampled_from("abcde"), max_size=4)), min_size=1, max_size=3
    )
)
def test_fillable_agrees_with_trying_everything(gate: list[tuple[int, set[str]]]) -> None:
    slots = [may for needed, may in gate for _ in range(needed)]
    everything = any(
        all(person in may for person, may in zip(chosen, slots, strict=True))
        for chosen in permutations("abcde", len(slots))
    )
    assert fillable([n for n, _ in gate], [may for _, may in gate]) == everything
