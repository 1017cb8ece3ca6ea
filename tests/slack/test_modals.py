"""The forms over a card: what they hold, and what comes back from them."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from api import forms
from api.slack import modals
from api.slack.shown import Shown
from models.actions import CreateAssignment
from models.evidence import Attachment
from tests.chat.cards import QUESTION_ID, ZONE, made, question, step
from tests.slack.block_kit import check_view
from tests.slack.sent import sent
from tests.workflow import firm

CARD = made()


@pytest.mark.parametrize(
    ("view", "press"),
    [
        (modals.reject(CARD), "reject"),
        (modals.ask(CARD), "ask"),
        (modals.approve(CARD), "sign"),
        (modals.answer(made(questions=[question()]), QUESTION_ID), "answer"),
    ],
)
def test_a_form_brings_back_what_was_typed_and_what_it_was_about(view: dict[str, object], press: str) -> None:
    check_view(view)
    found = modals.submitted(sent(view, {modals.TEXT: "Too dear.\nReally."}))
    assert (found.press, found.text, found.evidence) == (press, "Too dear.\nReally.", ())
    assert found.shown == Shown.of(CARD, QUESTION_ID if press == "answer" else None)


def test_the_form_to_answer_repeats_the_question() -> None:
    assert "Does the client know?" in str(modals.answer(made(questions=[question()]), QUESTION_ID))


@pytest.mark.parametrize(("needed", "optional"), [(True, False), (False, True)])
def test_a_comment_is_needed_where_the_step_asks_for_one(needed: bool, optional: bool) -> None:
    card = made(steps=[step("Directors", "rita", comment_required=needed, evidence_required=True)])
    (comment,) = [b for b in modals.approve(card)["blocks"] if b.get("block_id") == modals.TEXT]
    assert comment["optional"] is optional


def test_what_a_signature_rests_on_comes_along() -> None:
    card = made(steps=[step("Directors", "rita", evidence_required=True)])
    view = modals.approve(card)
    check_view(view)
    typed = {modals.EVIDENCE_KIND: "ticket", modals.EVIDENCE_REFERENCE: " OPS-17 "}
    assert modals.submitted(sent(view, typed)).evidence == (Attachment(kind="ticket", reference="OPS-17"),)


def test_an_edit_is_the_action_with_what_was_changed() -> None:
    view = modals.edit(CARD)
    check_view(view)
    typed = {"hours_per_week": "24", "ends_on": "2027-02-26", "bill_rate": "99.5", "state": "hold"}
    found = modals.submitted(sent(view, typed | {modals.TEXT: "Less is enough."}))
    assert found.text == "Less is enough."
    assert found.fields is not None
    edited = forms.edited(CARD.action, found.fields)
    assert isinstance(edited, CreateAssignment)
    assert (edited.hours_per_week, edited.ends_on) == (Decimal(24), date(2027, 2, 26))
    assert (edited.bill_rate, edited.state) == (firm.eur("99.5"), "hold")
    assert (edited.person_id, edited.role) == ("carl", "Data engineer")


def test_each_type_has_its_input() -> None:
    view = modals.edit(CARD)
    found = {b["block_id"]: b["element"]["type"] for b in view["blocks"] if b["type"] == "input"}
    assert found == {
        "role": "plain_text_input",
        "starts_on": "datepicker",
        "ends_on": "datepicker",
        "hours_per_week": "number_input",
        "state": "static_select",
        "bill_rate": "number_input",
        modals.TEXT: "plain_text_input",
    }


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ({"hours_per_week": "99"}, "hours_per_week"),
        ({"ends_on": "2020-01-01"}, modals.TEXT),  # it is about two fields, and stands at the last one
    ],
)
def test_a_fault_stands_at_its_field(typed: dict[str, str], at: str) -> None:
    view = sent(modals.edit(CARD), typed)
    found = modals.submitted(view)
    assert found.fields is not None
    with pytest.raises(ValidationError) as refused:
        forms.edited(CARD.action, found.fields)
    shown = modals.errors(view, forms.faults(refused.value))
    assert list(shown) == [at] and shown[at]


def test_what_is_wrong_with_all_of_it_stands_at_the_reason() -> None:
    view = sent(modals.reject(CARD), {modals.TEXT: "No"})
    assert modals.errors(view, {"": "It is decided.", "x": "By Leo."}) == {
        modals.TEXT: "It is decided. By Leo."
    }


def test_a_part_of_a_batch_is_what_stays_ticked() -> None:
    ids = [f"t-{n}" for n in range(25)]
    view = modals.accept_part(made(firm.returned_time(*ids)), ZONE)
    check_view(view)
    assert modals.submitted(sent(view)).keep == set(ids), "all are ticked at first"
    found = modals.submitted(sent(view, {modals.TEXT: "They are fine."}, ticked=ids[1:]))
    assert (found.keep, found.text) == (set(ids[1:]), "They are fine.")
    first = next(b for b in view["blocks"] if b.get("block_id") == "_keep.0")["element"]["options"][0]
    assert first["text"]["text"] == "Carl Cole, 1 Sep 2026, 11:00 CEST, 10 h, EUR 1,200.00"


@pytest.mark.parametrize("callback_id", ["card.execute", "reject", ""])
def test_a_form_that_is_not_ours_is_refused(callback_id: str) -> None:
    with pytest.raises(ValueError, match="no form"):
        modals.submitted({**sent(modals.reject(CARD)), "callback_id": callback_id})


@pytest.mark.parametrize("metadata", ["", "{}", '{"proposal_id": "x"}', "null"])
def test_metadata_that_is_not_ours_is_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match="Shown"):
        modals.submitted({**sent(modals.reject(CARD)), "private_metadata": metadata})
