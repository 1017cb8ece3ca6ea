"""New versions: edits, partial acceptance, and gates computed again."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from models.access import Principal
from models.actions import Action
from store.db import Database
from tests.workflow.firm import (
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
from workflow.cards import ProposalCard
from workflow.errors import (
    AlreadyDecided,
    CannotEdit,
    ContentChanged,
    NotABatch,
    NothingChanged,
    NotItsItems,
    OwnProposal,
    ReasonNeeded,
)
from workflow.revise import EDITABLE, check_edit
from workflow.service import Workflow


@pytest.fixture
def db(shared_db: Database) -> Database:
    return shared_db


@pytest.fixture
def edit(workflow: Workflow) -> Callable[..., ProposalCard]:
    def edited(person_id: str, card: ProposalCard, action: Action, note: str = "As agreed.") -> ProposalCard:
        return workflow.edit(
            principal(person_id), card.proposal_id, content_hash=card.content_hash, action=action, note=note
        )

    return edited


Edit = Callable[..., ProposalCard]


def approve(workflow: Workflow, who: Principal, card: ProposalCard) -> ProposalCard:
    return workflow.decide(who, card.proposal_id, content_hash=card.content_hash, verdict="approve")


def test_an_edit_is_signed_by_somebody_else(workflow: Workflow, edit: Edit) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    edited = edit("rita", card, assignment(hours_per_week="24"))
    assert (edited.version, edited.state, edited.may) == (2, "pending", frozenset())
    assert edited.title.endswith("24 h a week"), "it is called what it is now"
    assert [v.author.person_id for v in edited.versions] == ["paula", "rita"]
    assert edited.content_hash != card.content_hash
    assert people(edited) == [{"rolf"}], "not the editor, who wrote it"
    for own in ("rita", "paula"):
        with pytest.raises(OwnProposal):
            approve(workflow, principal(own), edited)
    done = approve(workflow, principal("rolf"), edited)
    assert done.effects[0].body["hours_per_week"] == "24", (
        "the edited call is the one that runs (langchain #33787)"
    )


def test_who_reads_the_old_version_cannot_sign_the_new_one(workflow: Workflow, edit: Edit) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    edit("rita", card, assignment(hours_per_week="24"))
    with pytest.raises(ContentChanged) as caught:
        approve(workflow, principal("rolf"), card)
    assert caught.value.facts["version"] == 2


def test_signatures_do_not_carry_over(workflow: Workflow, edit: Edit) -> None:
    card = workflow.propose(principal("paula"), draft(change_order("100")))
    signed = approve(workflow, principal("amir"), card)
    edited = edit("fay", signed, change_order("90"))
    assert (edited.step, edited.steps[0].signatures) == (0, ())
    assert "fay" not in people(edited)[1]
    approve(workflow, principal("amir"), edited)
    assert approve(workflow, principal("dora"), edited).state == "approved"


def test_an_edit_meets_the_gate_of_what_it_says(workflow: Workflow, edit: Edit) -> None:
    """An edited call passes the first one's policy elsewhere (langchain #40166)."""
    card = workflow.propose(principal("paula"), draft(change_order("10")))
    assert card.rule == "small-change-order"
    edited = edit("amir", card, change_order("1000"))
    assert edited.rule == "change-order"
    assert people(edited) == [{"leo"}, {"dora", "dan", "fay"}], (
        "the account owner wrote it: the fallback signs"
    )
    assert edited.amount == eur("150000.00")


def test_where_the_editor_was_the_only_approver_the_fallback_signs(workflow: Workflow, edit: Edit) -> None:
    card = workflow.propose(principal("leo"), draft(reminder()))
    assert people(card) == [{"fay"}]
    edited = edit("fay", card, reminder(tone="firm"))
    assert people(edited) == [{"amir"}]
    assert edited.steps[0].approvers[0].fallback


def test_the_proposer_hears_of_an_edit(
    workflow: Workflow, edit: Edit, notices: Callable[[str], Sequence[tuple[str, str]]]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment(role="Architect of edits")))
    edit("rita", card, assignment(role="Architect of edits", hours_per_week="8"), "A day a week is enough.")
    assert any("A day a week is enough." in text for _, text in notices("paula"))


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (assignment(), development(), "kind"),
        (assignment(), assignment(person_id="cleo", person_name="Cleo Curz"), "person id"),
        (assignment(), assignment(project_id="borealis", project_name="Borealis"), "project id"),
        (assignment(), assignment(request_id="r-1"), "request id"),
        (change_order(), change_order(contract_id="c-2"), "contract id"),
        (change_order(), change_order(terms="Clause 1"), "terms"),
        (risk(), risk(owner_id="cleo"), "owner id"),
        (reminder(), reminder(invoice_id="i-2"), "invoice id"),
        (reminder(), reminder(amount="1.00"), "amount"),
        (development(), development(person_id="cleo"), "person id"),
        (returned_time("t-1"), returned_time("t-2"), "entries"),
        (returned_time("t-1", "t-2"), returned_time("t-1"), "entries"),
    ],
)
def test_an_edit_may_not_make_another_proposal_of_it(before: Action, after: Action, field: str) -> None:
    with pytest.raises(CannotEdit) as caught:
        check_edit(before, after)
    assert caught.value.facts["field"] == field


def test_the_money_of_a_returned_entry_is_not_edited() -> None:
    before = returned_time("t-1")
    cheaper = before.items[0].model_copy(update={"at_stake": eur("1")})
    with pytest.raises(CannotEdit):
        check_edit(before, before.model_copy(update={"items": (cheaper,)}))
    other = before.items[0].model_copy(update={"reason": "Please explain the break."})
    check_edit(before, before.model_copy(update={"items": (other,)}))


@pytest.mark.parametrize("action", [assignment(), change_order(), risk(), reminder(), development()])
def test_what_may_be_edited_exists(action: Action) -> None:
    assert EDITABLE[action.kind] <= set(type(action).model_fields)
    with pytest.raises(NothingChanged):
        check_edit(action, action)


def test_an_edit_says_why(workflow: Workflow, edit: Edit) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(ReasonNeeded):
        edit("rita", card, assignment(hours_per_week="8"), " ")
    with pytest.raises(OwnProposal):
        edit("paula", card, assignment(hours_per_week="8"))


# --- accepting a part


def accept_part(
    workflow: Workflow, person_id: str, card: ProposalCard, *keep: str, reason: str = "The others are fine."
) -> ProposalCard:
    return workflow.accept_part(
        principal(person_id),
        card.proposal_id,
        content_hash=card.content_hash,
        keep=frozenset(keep),
        reason=reason,
    )


def test_a_part_is_signed_the_rest_is_declined(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    card = workflow.propose(principal("leo"), draft(returned_time("t-1", "t-2", "t-3")))
    assert "accept_part" in workflow.card(principal("paula"), card.proposal_id).may
    done = accept_part(workflow, "paula", card, "t-1", "t-3")
    assert (done.version, done.state) == (2, "approved")
    assert [e.item for e in done.effects] == ["t-1", "t-3"]
    assert [(d.item_id, d.declined_by.name, d.reason) for d in done.declined_items] == [
        ("t-2", "Paula Pohl", "The others are fine.")
    ]
    assert [v.author.person_id for v in done.versions] == ["leo", "leo"], (
        "the original author stays the author"
    )
    assert done.amount == eur("2400.00")


@pytest.mark.parametrize(
    ("keep", "reason", "error"),
    [
        ((), "None of them.", NotItsItems),
        (("t-1", "t-2"), "All of them.", NotItsItems),
        (("t-1", "t-4"), "One that is not in it.", NotItsItems),
        (("t-1",), "  ", ReasonNeeded),
    ],
)
def test_a_part_is_a_part(
    keep: tuple[str, ...], reason: str, error: type[Exception], workflow: Workflow
) -> None:
    card = workflow.propose(principal("leo"), draft(returned_time("t-1", "t-2")))
    with pytest.raises(error):
        accept_part(workflow, "paula", card, *keep, reason=reason)


def test_a_single_write_has_no_parts(workflow: Workflow) -> None:
    card = workflow.propose(principal("leo"), draft(risk()))
    with pytest.raises(NotABatch):
        accept_part(workflow, "paula", card, "t-1")


def test_a_part_is_decided_once(workflow: Workflow) -> None:
    card = workflow.propose(principal("rita"), draft(returned_time("t-1", "t-2")))
    accept_part(workflow, "paula", card, "t-1")
    with pytest.raises(AlreadyDecided, match="Paula Pohl"):
        accept_part(workflow, "leo", card, "t-2")


def test_dates_of_an_edit_are_checked_like_any_action(workflow: Workflow, edit: Edit) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    edited = edit("rita", card, assignment(ends_on=date(2027, 2, 26), hours_per_week=Decimal(8)))
    assert edited.amount == eur("7680.00"), "8 weeks of 8 h at 120"


def test_a_title_counts_what_is_left(workflow: Workflow) -> None:
    card = workflow.propose(principal("dora"), draft(returned_time("t-1", "t-2", "t-3")))
    assert card.title == "Return 3 time entries of Aurora to their owner"
    assert accept_part(workflow, "paula", card, "t-1").title == "Return 1 time entry of Aurora to its owner"
