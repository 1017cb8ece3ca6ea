"""Facts come from the firm's records. What an action says is held against them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.access import NotFound
from models.actions import Action
from models.policy import Facts
from store.db import Database
from tests.workflow.firm import (
    assignment,
    change_order,
    development,
    draft,
    eur,
    principal,
    reminder,
    returned_time,
    risk,
)
from workflow import policies
from workflow.errors import ContradictsRecords
from workflow.facts import derive, weeks
from workflow.service import Workflow


@pytest.fixture
def db(shared_db: Database) -> Database:
    return shared_db


@pytest.fixture
def facts_of(db: Database) -> Callable[..., Facts]:
    def derived(action: Action, proposer: str = "paula") -> Facts:
        with db.tx(principal(proposer), "agent") as tx:
            return derive(tx, action, proposer, policies.default()).facts

    return derived


def test_an_assignment(facts_of: Callable[..., Facts]) -> None:
    facts = facts_of(assignment())
    assert facts.amount == eur("15360.00"), "4 weeks x 32 h x 120 EUR"
    assert facts.margin == Decimal("0.5"), "an hour costs 60 and brings 120"
    assert (facts.practice, facts.office, facts.client_id) == ("Data", "Berlin", "acme")
    assert facts.beneficiaries == ("carl",)
    assert facts.proposer_roles == ("project_manager",)
    assert not facts.unknown


@pytest.mark.parametrize(
    ("action", "amount", "reason"),
    [
        (change_order("100"), "15000.00", "the value"),
        (change_order("-100"), "15000.00", "taking work out weighs as much as adding it"),
        (returned_time("t-1", "t-2"), "2400.00", "the sum at stake"),
        (reminder(), "1200.00", "the invoice"),
        (risk(), None, "a risk has no amount"),
        (development(), None, "nor has a plan"),
    ],
)
def test_amounts(action: Action, amount: str | None, reason: str, facts_of: Callable[..., Facts]) -> None:
    assert facts_of(action, "leo").amount == (eur(amount) if amount else None), reason


def test_a_batch_over_projects_belongs_to_none_of_them(facts_of: Callable[..., Facts]) -> None:
    mine, theirs = returned_time("t-1"), returned_time("t-9", person_id="cleo", project_id="borealis")
    facts = facts_of(mine.model_copy(update={"items": mine.items + theirs.items}), "leo")
    assert facts.project_id is None
    assert facts.practice == "Data"
    assert facts.subjects == ("carl", "cleo")


def test_an_amount_at_stake_in_unknown_money_is_unknown(facts_of: Callable[..., Facts]) -> None:
    action = returned_time("t-1", "t-2")
    gold = action.items[0].model_copy(update={"at_stake": eur("1").model_copy(update={"currency": "XAU"})})
    facts = facts_of(action.model_copy(update={"items": (gold, action.items[1])}))
    assert (facts.amount, facts.unknown) == (None, ("amount",))


@pytest.mark.parametrize(
    ("action", "field", "reason"),
    [
        (
            assignment(person_name="Somebody Else"),
            "name",
            "the card would name another person than is written",
        ),
        (assignment(project_name="Borealis"), "name", "the card would name another project"),
        (change_order(client_id="other"), "client", "another client's contract"),
        (reminder(amount="12.00"), "amount", "a small amount would meet a small gate"),
        (reminder("i-1", project_id="borealis"), "project", "another project's approvers"),
        (returned_time("t-9"), "person", "another person's time"),
        (returned_time("t-1", project_id="borealis"), "project", "another project's manager would sign"),
    ],
)
def test_an_action_that_contradicts_the_records_is_refused(
    action: Action, field: str, reason: str, workflow: Workflow
) -> None:
    with pytest.raises(ContradictsRecords) as caught:
        workflow.propose(principal("leo"), draft(action))
    assert caught.value.facts["field"] == field, reason


@pytest.mark.parametrize(
    ("proposer", "action", "reason"),
    [
        ("petra", assignment(), "she does not run Aurora, nor work on it"),
        ("carl", reminder(), "he is not on the project"),
        ("petra", returned_time("t-1"), "another project's time"),
        ("paula", assignment(project_id="nowhere", project_name="Nowhere"), "there is no such project"),
        ("paula", reminder("i-99"), "there is no such invoice"),
        ("paula", risk(owner_id="nobody"), "there is no such person"),
    ],
)
def test_what_one_may_not_see_does_not_exist(
    proposer: str, action: Action, reason: str, workflow: Workflow
) -> None:
    with pytest.raises(NotFound):
        workflow.propose(principal(proposer), draft(action))


@given(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.integers(0, 800), st.integers(0, 800))
def test_weeks_cannot_be_cut_to_look_smaller(first: date, days: int, more: int) -> None:
    def last(n: int) -> date:
        return date.fromordinal(first.toordinal() + n)

    assert Decimal(days + 1) / 7 <= weeks(first, last(days)) <= weeks(first, last(days + more))


@pytest.mark.parametrize(
    ("first", "last", "expected", "reason"),
    [
        (date(2027, 1, 4), date(2027, 1, 29), Decimal(4), "Monday to Friday, four times"),
        (date(2027, 1, 4), date(2027, 1, 31), Decimal(4), "with the last weekend"),
        (date(2027, 1, 4), date(2027, 1, 4), Decimal("0.2"), "one working day"),
        (date(2027, 1, 9), date(2027, 1, 10), Decimal(2) / 7, "a weekend is not nothing"),
    ],
)
def test_weeks(first: date, last: date, expected: Decimal, reason: str) -> None:
    assert weeks(first, last) == expected, reason
