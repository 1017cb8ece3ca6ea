"""Every kind of action has a form for what may be edited, and comes back from it unharmed."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from api.forms import edited, faults, groups
from api.web.changes import between
from models.actions import (
    ACTION_KINDS,
    Action,
    ChangePolicy,
    CreateChangeOrder,
    HoldInvoice,
    PromoteVersion,
    UndoWrite,
)
from tests.models.test_actions import EXAMPLES
from tests.workflow import firm
from workflow.errors import NothingChanged
from workflow.revise import EDITABLE, check_edit

HOLD = HoldInvoice(
    invoice_id="i-1",
    client_id="acme",
    project_id="aurora",
    amount=firm.eur("1200.00"),
    reasons=("Not approved", "No order"),
)
ACTIONS: tuple[Action, ...] = (
    firm.assignment(),
    firm.change_order(),
    firm.risk(),
    firm.returned_time("t-1", "t-2"),
    firm.reminder(body="Dear all,\n\n\u202eplease\u202c pay.  \n"),
    HOLD,
    firm.development(),
    UndoWrite.model_validate({"kind": "undo_write", **EXAMPLES["undo_write"]}),
    ChangePolicy.model_validate({"kind": "change_policy", **EXAMPLES["change_policy"]}),
    PromoteVersion.model_validate(EXAMPLES["promote_version"]),
)


def by_kind(action: Action) -> str:
    return action.kind


def fields(action: Action) -> dict[str, str]:
    return {f.name: f.value for group in groups(action) for f in group.fields}


def test_every_kind_is_tried_here() -> None:
    assert {a.kind for a in ACTIONS} == set(ACTION_KINDS)


@pytest.mark.parametrize("action", ACTIONS, ids=by_kind)
def test_a_form_sent_back_as_it_is_changes_nothing(action: Action) -> None:
    sent = {name: value.replace("\n", "\r\n") for name, value in fields(action).items()}
    assert edited(action, sent) == action
    with pytest.raises(NothingChanged):
        check_edit(action, edited(action, sent))


@pytest.mark.parametrize("action", ACTIONS, ids=by_kind)
def test_every_form_holds_what_may_be_edited_and_nothing_else(action: Action) -> None:
    roots = {name.split(".")[0] for name in fields(action)}
    assert roots == EDITABLE[action.kind] - {"value"}, "a change order's value follows from its items"


def test_what_is_not_in_the_form_cannot_be_sent() -> None:
    action = firm.assignment()
    assert edited(action, {**fields(action), "person_id": "cleo", "project_id": "borealis"}) == action


def test_amounts_follow_from_hours_and_rates() -> None:
    action = firm.change_order()
    changed = edited(action, {**fields(action), "items.0.hours": "80", "items.0.rate": "1,000.50"})
    assert isinstance(changed, CreateChangeOrder)
    assert changed.items[0].amount.amount == Decimal("80040.00") == changed.value.amount


@pytest.mark.parametrize(
    ("action", "sent", "field"),
    [
        (firm.assignment(), {"hours_per_week": "99"}, "hours_per_week"),
        (firm.assignment(), {"hours_per_week": "many"}, "hours_per_week"),
        (firm.assignment(), {"starts_on": ""}, "starts_on"),
        (firm.assignment(), {"bill_rate": "NaN"}, "bill_rate"),
        (firm.assignment(), {"ends_on": "2020-01-01"}, ""),
        (firm.change_order(), {"items.0.hours": "x"}, "items.0.hours"),
        (firm.reminder(), {"tone": "rude"}, "tone"),
        (HOLD, {"reasons": " \n "}, "reasons"),
    ],
)
def test_a_fault_is_shown_at_its_field(action: Action, sent: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        edited(action, {**fields(action), **sent})
    found = faults(error.value)
    assert found.get(field)
    shown = {f.name: f for group in groups(action, sent, found) for f in group.fields}
    for name, value in sent.items():
        assert shown[name].value == value, "what was typed is kept"
        assert not field or shown[field].error


def test_versions_are_compared_field_by_field() -> None:
    before = firm.returned_time("t-1", "t-2")
    after = edited(before, {**fields(before), "items.1.reason": "Eleven hours"})
    (change,) = between(before, after)
    assert (change.what, change.now, change.after) == (
        "items.t-2.reason",
        "Ten hours without a break.",
        "Eleven hours",
    )
