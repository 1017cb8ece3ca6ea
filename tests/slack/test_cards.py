"""A proposal as a message in Slack: what it shows, which buttons it has, and what these carry."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from api.slack import cards
from api.slack.shown import PREFIX, Shown, press_of
from models.proposal import FINAL
from tests.chat.cards import PROPOSAL_ID, QUESTION_ID, QUOTE, SIGNED_AT, ZONE, effect, made, question, step
from tests.slack.block_kit import check_message
from tests.workflow import firm
from workflow.cards import ProposalCard

URL = "https://chargehand.example.com"
PAGE = f"{URL}/proposals/{PROPOSAL_ID}"


def drawn(card: ProposalCard) -> list[dict[str, Any]]:
    blocks = cards.card_blocks(card, "rita", ZONE, f"{URL}/")
    check_message(blocks)
    return blocks


def texts(part: Any) -> Iterator[str]:
    """Every text that is shown, in order."""
    if isinstance(part, Mapping):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for name, value in part.items():
            if name != "confirm":
                yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


def text_of(card: ProposalCard) -> str:
    return "".join(texts(drawn(card)))


def buttons(card: ProposalCard) -> dict[str, dict[str, Any]]:
    """By what they do."""
    rows = [block for block in drawn(card) if block["type"] == "actions"]
    return {e["action_id"].removeprefix(PREFIX): e for row in rows for e in row["elements"]}


def links(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        return [part["url"]] if "url" in part else links(list(part.values()))
    return [url for value in part for url in links(value)] if isinstance(part, list) else []


@pytest.mark.parametrize(
    "shown",
    [
        "Carl Cole on Aurora as Data engineer, 32 h a week",
        "Assignment · EUR 15,360.00 · Waits for signatures · Expires 8 Jan 2027, 17:00 CET",
        "Paula Pohl asked, 4 Jan 2027, 10:00 CET",
        "Why you\nYou manage the people of Data.",
        "What will be written\nProject system, Assignment\n",
        "First day 4 Jan 2027\nLast day 29 Jan 2027\nHours a week 32\nState booked",
        "Bill rate, an hour EUR 120.00",
        QUOTE,
        "Contract c-1, clause 7.2, word for word",
        "Project aurora: an active project",
        "Person Carl Cole (carl)\nProject Aurora (aurora)\n",
        "A large assignment is signed by two.\namount 15,360 EUR is at least 10,000 EUR",
        "Waits for you or Rolf Rau since 4 Jan 2027, 10:00 CET",
        "After that Directors: Dora Dahl or Dan Dorn",
        "Found by staffing, version 3.",
    ],
)
def test_all_that_there_is_to_know_before_signing_is_on_the_card(shown: str) -> None:
    assert shown in text_of(made())


def test_it_says_which_system_it_waits_for_and_since_when() -> None:
    waiting = made(state="approved", may=(), effects=[effect(waits_since=SIGNED_AT)])
    since = "the Project system does not take writes since 4 Jan 2027, 11:30 CET; it is sent when it does"
    assert f"Waits: {since}" in text_of(waiting)


@pytest.mark.parametrize(
    ("may", "shown"),
    [
        ({"approve", "reject", "edit", "ask", "reassign"}, {"approve", "reject", "edit", "ask"}),
        ({"reject", "ask"}, {"reject", "ask"}),
        ({"withdraw"}, {"withdraw"}),
        (set(), set()),
    ],
)
def test_there_are_buttons_for_what_the_reader_may_and_no_others(may: set[str], shown: set[str]) -> None:
    assert set(buttons(made(may=may))) == shown


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_card_that_is_done_has_no_buttons(state: str) -> None:
    assert buttons(made(state=state, may={"undo"}, effects=[effect(state="done")])) == {}
    assert f"{PAGE}#effects-title" in links(drawn(made(state=state, may={"undo"})))


def test_a_button_carries_what_was_read() -> None:
    card = made()
    for name, found in buttons(card).items():
        assert press_of(found["action_id"]) == name
        assert Shown.model_validate_json(found["value"]) == Shown.of(card)
    assert press_of("card.execute") is None
    assert press_of("approve") is None


def test_approving_names_what_and_how_much_once_more() -> None:
    confirm = buttons(made())["approve"]["confirm"]
    assert confirm["title"]["text"] == "Approve?"
    assert confirm["text"]["text"].startswith(
        "Carl Cole on Aurora as Data engineer, 32 h a week, EUR 15,360.00."
    )


@pytest.mark.parametrize("asked", ["comment_required", "evidence_required"])
def test_a_step_that_asks_for_more_opens_a_form(asked: str) -> None:
    found = buttons(made(steps=[step("Directors", "rita", **{asked: True})]))
    assert "approve" not in found and "confirm" not in found["sign"]


def test_what_is_not_shown_in_full_cannot_be_approved_here() -> None:
    batch = firm.returned_time(*(f"t-{n}" for n in range(200)))
    card = made(batch, may={"approve", "accept_part", "reject", "ask"})
    found = buttons(card)
    assert set(found) == {"open", "reject", "ask"}
    assert (found["open"]["text"]["text"], found["open"]["url"]) == ("Read all of it to approve", PAGE)
    text = text_of(card)
    shown = text.count("Kinds: long day")
    assert shown > 10
    assert f"and {200 - shown} more: open the page" in text


def test_a_batch_that_is_shown_in_full_can_be_approved_as_a_whole_or_in_part() -> None:
    found = buttons(made(firm.returned_time("t-1", "t-2"), may={"approve", "accept_part"}))
    assert found["approve"]["text"]["text"] == "Approve all 2"
    assert "accept_part" in found


def test_a_form_that_slack_cannot_hold_is_on_the_page() -> None:
    card = made(firm.reminder(body="Please pay. " * 300), may={"edit"})
    assert buttons(card) == {}
    assert f"{PAGE}/edit" in links(drawn(card))


def test_each_question_that_waits_for_the_reader_has_a_button() -> None:
    card = made(may={"answer"}, questions=[question()], mine_to_answer={QUESTION_ID})
    found = buttons(card)["answer"]
    assert found["text"]["text"] == "Answer Rita Roth"
    assert Shown.model_validate_json(found["value"]).question_id == QUESTION_ID
    assert "Rita Roth asked" in text_of(card)


def test_what_looks_like_markup_is_text() -> None:
    """No text of the card is read as markup: there is none in it. The fallback is, so it is escaped."""
    sly = "<!channel> *Signed* ~not~ <https://evil.example|our page> &lt;"
    card = made(firm.risk(statement=sly), title=sly)
    assert sly in text_of(card)
    assert "mrkdwn" not in str(drawn(card))
    assert all(url.startswith(URL) for url in links(drawn(card)))
    assert cards.summary(card) == (
        "Waits for signatures: &lt;!channel&gt; *Signed* ~not~ &lt;https://evil.example|our page&gt; &amp;lt;"
    )


def test_hidden_characters_are_spelled_out() -> None:
    text = text_of(made(firm.risk(mitigation="Pay\u202e 5"), title="A\u200bB"))
    assert "Pay⟦U+202E⟧ 5" in text and "A⟦U+200B⟧B" in text


def test_a_text_of_several_lines_is_quoted() -> None:
    """So that it cannot pass for the lines of the card."""
    blocks = drawn(made(firm.reminder(body="Dear all,\n\nAmount EUR 5.00")))
    quotes = [
        e for b in blocks if b["type"] == "rich_text" for e in b["elements"] if e["type"] == "rich_text_quote"
    ]
    assert "Dear all,\n\nAmount EUR 5.00" in [q["elements"][0]["text"] for q in quotes]
