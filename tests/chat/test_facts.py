"""What a card says in words: everything that will be written, and nothing that passes for something else."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from api.chat.facts import CardFacts, WriteFacts, facts, line
from models.actions import ACTION_KINDS, Action, ChangePolicy
from models.proposal import STATES, Difference
from tests.chat.cards import (
    ACTIONS,
    PROPOSAL_ID,
    QUESTION_ID,
    QUOTE,
    SIGNED_AT,
    ZONE,
    effect,
    made,
    question,
    step,
    who,
)
from tests.workflow import firm
from workflow.cards import DeclinedItem, HandoverView, VersionView


def leaves(value: Any) -> list[Any]:
    """What a JSON value holds, without its structure."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def shown(write: WriteFacts) -> str:
    return "\n".join(f"{label}: {value}" for label, value in write.fields)


def test_every_kind_is_tried_here() -> None:
    assert {a.kind for a in ACTIONS} == set(ACTION_KINDS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.kind)
def test_each_thing_that_will_be_written_is_said(action: Action) -> None:
    told = facts(made(action), ZONE)
    written = action.writes()
    assert len(told.writes) == max(len(written), 1)
    for write, words in zip(written, told.writes, strict=False):
        text = shown(words)
        for leaf in leaves(write.body):
            if isinstance(leaf, str) and not leaf[:4].isdigit() and "_" not in leaf:
                assert leaf in text, leaf
        assert len({label for label, _ in words.fields}) == len(words.fields), "no two labels are the same"


def test_amounts_days_and_moments_are_written_for_people() -> None:
    (assigned,) = facts(made(firm.assignment()), ZONE).writes
    assert (assigned.system, assigned.operation) == ("Project system", "Assignment")
    fields = dict(assigned.fields)
    assert fields["First day"] == "4 Jan 2027"
    assert fields["Bill rate, an hour"] == "EUR 120.00"
    assert fields["Request ID"] == "none"
    (returned,) = facts(made(firm.returned_time("t-1")), ZONE).writes
    assert returned.item == "t-1"
    assert dict(returned.fields)["Started"] == "1 Sep 2026, 11:00 CEST"


def test_an_id_is_told_with_its_name_where_that_is_known() -> None:
    (write,) = facts(made(firm.change_order(), names={"acme": "Acme Ltd", "aurora": "Aurora"}), ZONE).writes
    fields = dict(write.fields)
    assert (fields["Client"], fields["Project"]) == ("Acme Ltd (acme)", "Aurora (aurora)")
    assert fields["Contract ID"] == "c-1"


def test_an_item_of_a_change_order_says_each_of_its_figures() -> None:
    (write,) = facts(made(firm.change_order()), ZONE).writes
    fields = dict(write.fields)
    assert fields["Item 1, Hours"] == "100"
    assert fields["Item 1, Rate, an hour"] == "EUR 150.00"
    assert fields["Item 1, Amount"] == fields["Value"] == "EUR 15,000.00"


def test_no_text_passes_for_another_field() -> None:
    """A field's text stays its own value, however it is written."""
    order = firm.change_order()
    sly = order.items[0].model_copy(update={"description": "Work; Hours: 1\nAmount: EUR 1.00"})
    (write,) = facts(made(order.model_copy(update={"items": (sly,)})), ZONE).writes
    labels = [label for label, _ in write.fields]
    assert labels.count("Item 1, Hours") == labels.count("Item 1, Amount") == 1
    assert dict(write.fields)["Item 1, Description"] == sly.description


def test_a_change_of_the_policy_says_what_would_be_otherwise() -> None:
    change = next(a for a in ACTIONS if isinstance(a, ChangePolicy))
    (write,) = facts(made(change), ZONE).writes
    assert write.system == "Approval policy"
    assert ("name", "Theirs → Ours") in write.fields


HIDDEN = "Pay\u202e 5\nEUR"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": HIDDEN}, lambda f: f.title),
        ({"because": HIDDEN}, lambda f: f.why_gate[0]),
        ({"why_you": HIDDEN}, lambda f: f.why_you),
        ({"differences": [Difference(field="a", was=HIDDEN, now="b")]}, lambda f: f.differences[0]),
        ({"planted_flaw": HIDDEN}, lambda f: f.planted),
        ({"effects": [effect(last_error=HIDDEN)]}, lambda f: f.outcome[0]),
        ({"steps": [step(HIDDEN, "rita", signed=["rita"])]}, lambda f: f.signatures[0]),
    ],
)
def test_text_from_outside_is_one_line_with_nothing_hidden(changes: dict[str, Any], where: Any) -> None:
    said = where(facts(made(**changes), ZONE))
    assert "⟦U+202E⟧ 5 ⏎ EUR" in said and "\n" not in said


def test_a_line_is_trimmed_and_tabs_are_spaces() -> None:
    assert line(" a\tb\r\nc ") == "a b ⏎ c"


def test_evidence_is_verbatim_and_has_a_page() -> None:
    quote, record = facts(made(), ZONE).evidence
    assert (quote.quote, quote.verbatim) == (QUOTE, True)
    assert quote.where == "Contract c-1, clause 7.2, word for word"
    assert quote.path.startswith("/documents/contract/c-1?from=10&to=")
    assert record.path.startswith("/records/project/aurora?") and f"{PROPOSAL_ID}" in record.path
    assert (record.quote, record.verbatim, record.where) == ("an active project", False, "Project aurora")


@pytest.mark.parametrize("state", STATES)
def test_each_state_says_what_becomes_of_the_writes(state: str) -> None:
    told = facts(made(state=state), ZONE)
    assert told.writes_title.startswith(("What will", "What was", "What would"))
    assert bool(told.waiting) == (state in ("pending", "approved", "parked"))
    assert bool(told.deadline) == bool(told.ahead) == (state == "pending")


WAITING = [
    ({}, "Waits for Rita Roth or Rolf Rau since 4 Jan 2027, 10:00 CET (Resources, step 1 of 2)"),
    (
        {"step": 1, "steps": [step("Resources", "rita", signed=["rita"]), step("Directors", "dora", "dan")]},
        "Waits for Dora Dahl or Dan Dorn since 4 Jan 2027, 11:30 CET (Directors, step 2 of 2)",
    ),
    (
        {"steps": [step("Directors", "dora", "dan", all_of=True, signatures_needed=2)]},
        "Waits for Dora Dahl and Dan Dorn since 4 Jan 2027, 10:00 CET (Directors)",
    ),
    (
        {"steps": [step("Two", "dora", "dan", "rita", signed=["dora"], signatures_needed=3)]},
        "Waits for 2 of Dan Dorn or Rita Roth since 4 Jan 2027, 10:00 CET (Two)",
    ),
    (
        {"state": "approved", "state_since": SIGNED_AT, "effects": [effect()]},
        "Waits to be written since 4 Jan 2027, 11:30 CET",
    ),
    (
        {
            "state": "approved",
            "state_since": SIGNED_AT,
            "effects": [effect(waits_since=SIGNED_AT), effect(waits_since=SIGNED_AT)],
        },
        "Waits: the Project system does not take writes since 4 Jan 2027, 11:30 CET; it is sent when it does",
    ),
    (
        {"state": "parked", "state_since": SIGNED_AT, "effects": [effect(state="parked")]},
        "Waits for a person to look since 4 Jan 2027, 11:30 CET",
    ),
]


@pytest.mark.parametrize(("changes", "said"), WAITING)
def test_it_says_for_what_it_waits_and_since_when(changes: dict[str, Any], said: str) -> None:
    assert facts(made(**changes), ZONE).waiting == said


def test_the_reader_comes_first_as_you() -> None:
    said = facts(made(), ZONE, "rolf").waiting
    assert said.startswith("Waits for you or Rita Roth since")


def test_who_signed_and_whose_seat_changed_hands() -> None:
    handed = HandoverView(
        step=0, giver=who("rita"), taker=who("leo"), handed_by=who("ada"), reason="", handed_at=SIGNED_AT
    )
    signed = step("Resources", "rolf", signed=["rolf"])
    signature = signed.signatures[0].model_copy(
        update={"stands_in_for": who("rita"), "reason": "Fine.\nGo", "evidence": (firm.TICKET,)}
    )
    told = facts(
        made(steps=[signed.model_copy(update={"signatures": (signature,)})], handovers=[handed]), ZONE
    )
    assert told.signatures == (
        "Resources: approved by Rolf Rau for Rita Roth, 4 Jan 2027, 11:30 CET, slack: “Fine. ⏎ Go”;"
        " ticket: OPS-17",
        "Resources: Rita Roth handed over to Leo Lang, by Ada Adam",
    )


def test_the_next_version_says_whose_it_is_and_why() -> None:
    first = made().versions[0]
    second = VersionView.model_validate(
        first.model_dump() | {"version": 2, "author": who("leo"), "note": "Fewer hours"}
    )
    told = facts(made(version=2, versions=[first, second]), ZONE)
    assert told.version == "Version 2, by Leo Lang: Fewer hours"
    assert facts(made(), ZONE).version == ""


def test_what_was_left_out_and_what_was_asked() -> None:
    declined = DeclinedItem(
        version=1, item_id="t-2", declined_by=who("rita"), reason="It is fine.", declined_at=SIGNED_AT
    )
    answered = question(answer="Since Monday.", answered_by=who("paula"), answered_at=SIGNED_AT)
    told = facts(made(declined_items=[declined], questions=[answered, question()]), ZONE)
    assert told.left_out == ("t-2, by Rita Roth: It is fine.",)
    first, second = told.questions
    assert (first.about, facts(made(version=2, questions=[question()]), ZONE).questions[0].about) == (
        "",
        "about version 1",
    )
    assert (first.asker, first.answered_by, first.answer) == ("Rita Roth", "Paula Pohl", "Since Monday.")
    assert (second.answered_by, second.mine) == ("", False)
    mine = facts(made(questions=[question()], mine_to_answer={QUESTION_ID}), ZONE)
    assert mine.questions[0].mine


def test_what_became_of_each_write() -> None:
    done = effect(state="done", external_ref="a-7", undone_by=PROPOSAL_ID, undo_state="pending")
    behind = effect(item="t-1", waits_behind="parked")
    told = facts(made(state="parked", effects=[done, behind]), ZONE)
    assert told.outcome == (
        "Project system, Assignment: Written as a-7; undoing it is proposed",
        "Project system, t-1: Waiting its turn; behind an older write on the same record, which waits for a"
        " person",
    )


def test_without_an_amount_nothing_is_said_of_one() -> None:
    told: CardFacts = facts(made(firm.risk(review_on=date(2027, 2, 1)), amount=None), ZONE)
    assert told.amount == ""
    assert facts(made(confidence=Decimal("0.8")), ZONE).found == (
        "Found by staffing, version 3. It rests on what is 80% sure."
    )
