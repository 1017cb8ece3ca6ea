"""A proposal as an Adaptive Card: all of it, for its reader, and nothing that its words could do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from microsoft_teams.cards.core import AdaptiveCard

from api.teams.card_forms import FormName, Typed, form_card
from api.teams.cards import MOST_BYTES, View, gone_card, proposal_card, reference, shared_card, size
from models.actions import Action
from models.proposal import STATES, ProposalState
from tests.chat.cards import ACTIONS, QUESTION_ID, QUOTE, made, question, step
from tests.workflow import firm

VIEW = View("Europe/Madrid", "https://chargehand.example")
EVIL = "[Approve](https://evil.example) <at>Paula</at> **so** {{DATE(2020-01-01T00:00:00Z,SHORT)}} \u202eevil"


def parts(card: AdaptiveCard) -> Iterator[dict[str, Any]]:
    """Every element in the order in which it is read, however deep."""

    def inside(one: Any) -> Iterator[dict[str, Any]]:
        if isinstance(one, dict):
            if "type" in one:
                yield one
            for value in one.values():
                yield from inside(value)
        elif isinstance(one, list):
            for value in one:
                yield from inside(value)

    return inside(card.model_dump(exclude_none=True))


def said(card: AdaptiveCard) -> str:
    """Its lines."""
    lines = [p for p in parts(card) if p["type"] == "RichTextBlock"]
    return "\n".join("".join(run["text"] for run in line["inlines"]) for line in lines)


def titles(card: AdaptiveCard) -> list[str]:
    return [a["title"] for a in card.model_dump(exclude_none=True)["actions"]]


def test_the_card_says_exactly_what_will_be_written_and_why_you() -> None:
    told = said(proposal_card(made(), VIEW))
    for line in (
        "Carl Cole on Aurora as Data engineer, 32 h a week",
        "What will be written",
        "You manage the people of Data.",
        QUOTE,
        "A large assignment is signed by two.",
        "EUR 15,360.00",
        "Expires",
        "Waits for Rita Roth or Rolf Rau",
    ):
        assert line in told, line


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.kind)
@pytest.mark.parametrize("state", STATES)
def test_every_kind_of_action_in_every_state_is_drawn(action: Action, state: ProposalState) -> None:
    drawn = proposal_card(made(action, state=state, may=frozenset()), VIEW)
    assert size(drawn) <= MOST_BYTES and titles(drawn) == ["Open the page"]


def test_it_is_of_schema_1_5_and_each_button_has_a_fallback() -> None:
    drawn = proposal_card(made(), VIEW).model_dump(exclude_none=True)
    assert (drawn["type"], drawn["version"]) == ("AdaptiveCard", "1.5")
    assert drawn["refresh"]["action"]["verb"] == "refresh"
    for action in drawn["actions"][:-1]:
        assert action["type"] == "Action.Execute" and action["fallback"]["type"] == "Action.Submit"
        assert action["fallback"]["data"] == action["data"]
        assert action["data"]["verb"] == action["verb"]
    assert drawn["actions"][-1]["type"] == "Action.OpenUrl"


def test_buttons_are_for_who_may_press_them() -> None:
    assert titles(proposal_card(made(), VIEW)) == ["Approve", "Reject", "Edit", "Ask back", "Open the page"]
    assert titles(proposal_card(made(may=frozenset()), VIEW)) == ["Open the page"]


def test_a_button_is_bound_to_what_was_read() -> None:
    approve = proposal_card(made(), VIEW).model_dump(exclude_none=True)["actions"][0]
    assert approve["data"] == reference(made()) | {"verb": "approve"}
    assert approve["data"]["content_hash"] == "a" * 64


@pytest.mark.parametrize("needed", ["comment_required", "evidence_required"])
def test_an_approval_that_needs_more_than_a_press_has_a_form(needed: str) -> None:
    card = made(steps=(step("Resources", "rita", **{needed: True}),))
    assert proposal_card(card, VIEW).model_dump(exclude_none=True)["actions"][0]["verb"] == "approve_form"
    asked = {p["id"] for p in parts(form_card("approve", card, VIEW)) if p.get("isRequired")}
    assert asked == {"reason" if needed == "comment_required" else "evidence_reference"}


def test_at_most_sixty_people_are_asked_for_a_view_of_their_own() -> None:
    many = View(VIEW.zone, VIEW.public_url, user_ids=[f"29:{n}" for n in range(90)])
    assert len(proposal_card(made(), many).model_dump(exclude_none=True)["refresh"]["userIds"]) == 60


def test_foreign_words_are_runs_and_nothing_else() -> None:
    """Runs know no Markdown; hidden characters are spelled out; no run holds a whole date function."""
    card = made(firm.reminder(body=EVIL, subject=EVIL), title=EVIL, because=EVIL, why_you=EVIL)
    drawn = proposal_card(card, VIEW)
    holding = [p for p in parts(drawn) if any("evil" in str(p.get(k, "")) for k in ("text", "url", "title"))]
    assert holding and {p["type"] for p in holding} == {"TextRun"}
    assert "⟦U+202E⟧" in said(drawn) and "[Approve](https://evil.example)" in said(drawn)
    assert not any("{{" in p.get("text", "") for p in parts(drawn))
    links = [p["url"] for p in parts(drawn) if p["type"] == "Action.OpenUrl"]
    assert all(url.startswith(VIEW.public_url) for url in links)
    assert "msteams" not in json.dumps(drawn.model_dump(exclude_none=True)), "it mentions nobody"


def test_a_line_of_a_long_value_passes_for_no_field() -> None:
    """What has several lines stands in a box."""
    drawn = proposal_card(made(firm.reminder(body="Dear client\nAmount: EUR 1.00")), VIEW)
    boxes = [p for p in parts(drawn) if p["type"] == "Container"]
    assert any("Amount: EUR 1.00" in json.dumps(box) for box in boxes)
    assert not any(
        "Amount: EUR 1.00" in json.dumps(p)
        for p in drawn.model_dump(exclude_none=True)["body"]
        if p["type"] != "Container"
    )


@pytest.mark.parametrize("letters", [2_000, 30_000, 60_000])
def test_what_does_not_fit_is_on_the_page_and_cannot_be_approved_unread(letters: int) -> None:
    drawn = proposal_card(made(firm.reminder(body="word " * (letters // 5))), VIEW)
    whole = letters == 2_000
    assert size(drawn) <= MOST_BYTES
    assert ("Approve" in titles(drawn)) == whole
    assert ("open the page" in said(drawn)) != whole
    assert {"Reject", "Open the page"} <= set(titles(drawn))


def test_a_large_batch_says_how_much_more_there_is() -> None:
    batch = firm.returned_time(*(f"t-{n}" for n in range(200)))
    drawn = proposal_card(made(batch, may=frozenset({"approve", "reject", "accept_part"})), VIEW)
    assert size(drawn) <= MOST_BYTES
    assert "more writes: open the page" in said(drawn)
    assert titles(drawn) == ["Reject", "Open the page"]


def test_what_is_brought_to_others_says_nothing() -> None:
    drawn = shared_card(made().proposal_id, VIEW)
    assert made().title not in json.dumps(drawn.model_dump(exclude_none=True))
    assert titles(drawn) == ["Open"]
    assert "may not see" in said(gone_card(VIEW))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("reject", {"reason"}),
        ("ask", {"question"}),
        ("edit", {"edit:role", "edit:starts_on", "edit:hours_per_week", "note"}),
    ],
)
def test_a_form_has_its_fields_with_labels(name: FormName, fields: set[str]) -> None:
    drawn = form_card(name, made(), VIEW)
    inputs = [p for p in parts(drawn) if p["type"].startswith("Input.")]
    assert fields <= {p["id"] for p in inputs}
    assert all(p["label"] for p in inputs)
    assert [a["verb"] for a in drawn.model_dump(exclude_none=True)["actions"]] == [name, "refresh"]


def test_a_form_shows_what_was_typed_and_what_is_wrong_beside_it() -> None:
    typed = Typed({"edit:hours_per_week": "many"}, {"hours_per_week": "Input should be a valid decimal"})
    drawn = form_card("edit", made(), VIEW, typed)
    hours = next(p for p in parts(drawn) if p.get("id") == "edit:hours_per_week")
    assert hours["value"] == "many" and "valid decimal" in said(drawn)


def test_a_part_of_a_batch_is_chosen_by_ticking() -> None:
    drawn = form_card("accept_part", made(firm.returned_time("t-1", "t-2")), VIEW)
    ticks = next(p for p in parts(drawn) if p.get("id") == "keep")
    assert {c["value"] for c in ticks["choices"]} == {"t-1", "t-2"} and ticks["isMultiSelect"]


def test_a_question_is_answered_by_its_id() -> None:
    card = made(questions=(question(),), mine_to_answer=frozenset({QUESTION_ID}), may=frozenset({"answer"}))
    assert titles(proposal_card(card, VIEW)) == ["Answer", "Open the page"]
    send = form_card("answer", card, VIEW).model_dump(exclude_none=True)["actions"][0]
    assert send["data"]["question_id"] == str(QUESTION_ID)


def test_a_form_that_is_too_long_leads_to_the_page() -> None:
    batch = firm.returned_time(*(f"t-{n}" for n in range(200)))
    assert titles(form_card("edit", made(batch), VIEW)) == ["Open the page"]
