"""Talking with the copilot in a browser: what is shown of a turn, and what becomes of it when it breaks."""

import re
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

from agents.events import Event
from api.copilot.client import RemoteCopilot
from models.access import Principal
from tests.web.conftest import Open, Served
from tests.web.test_everybody import violations
from tests.workflow import firm

TURN_MS = 120_000  # the first turn of a process fits the router
SHORTLIST = "Who could be a consultant on Aurora from next month?"
WAITS = "What waits for my decision?"


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def said(served: Served, thread: UUID, author: str, text: str, **payload: object) -> int:
    """Keep a message of paula's conversation, as the copilot does."""
    with served[0].db.tx(firm.principal("paula"), "agent") as tx:
        number: int = tx.value(
            "talk.add_message", thread_id=thread, author=author, text=text, payload=dict(payload)
        )
    return number


def test_a_conversation_of_one_turn(visit: Open) -> None:
    page = visit("paula", "/chat")
    page.get_by_role("button", name="What waits for my decision?").click()
    answer = page.locator("article.copilot[id]")
    expect(answer).to_contain_text("Nothing waits", timeout=TURN_MS)
    expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}$"))
    page.reload()
    expect(page.locator("article.person")).to_contain_text("What waits for my decision?")
    expect(page.locator("article.copilot")).to_contain_text("Nothing waits")


def test_a_shortlist_is_drawn_as_a_table(visit: Open) -> None:
    page = visit("paula", "/chat")
    page.get_by_label("Your message").fill("Who could be a consultant on Aurora from next month?")
    page.keyboard.press("Enter")
    expect(page.locator("article.copilot[id] .drawn table")).to_contain_text("Carl Cole", timeout=TURN_MS)
    page.locator("summary", has_text="source").click()
    expect(page.locator(".notes .evidence li").first).to_be_visible()


def test_a_turn_shows_its_steps_and_their_arguments(visit: Open) -> None:
    page = visit("paula", "/chat")
    ask(page, SHORTLIST)
    expect(page.locator("article.copilot[id]")).to_be_visible(timeout=TURN_MS)
    step = page.locator(".doing li.ok").first
    expect(step).to_contain_text("Looking for people")
    expect(step.locator(".given")).to_contain_text("Aurora")
    expect(step.locator(".took")).to_have_text(re.compile(r"\d+ ms|[\d.]+ s"))
    expect(page.locator(".working")).to_have_count(0)
    expect(page.get_by_role("log", name="Messages")).to_be_visible()


def test_the_keyboard_sends_breaks_lines_and_brings_back(visit: Open) -> None:
    page = visit("paula", "/chat")
    box = page.get_by_label("Your message")
    box.press_sequentially(WAITS)
    box.press("Shift+Enter")
    expect(box).to_have_value(WAITS + "\n")
    page.reload()
    expect(box).to_have_value(WAITS + "\n")
    box.press("Enter")
    expect(page.locator("article.copilot[id]")).to_contain_text("Nothing waits", timeout=TURN_MS)
    expect(box).to_be_focused()
    box.press("ArrowUp")
    expect(box).to_have_value(WAITS + "\n")


def test_what_could_not_be_sent_is_given_back(visit: Open) -> None:
    page = visit("paula", "/chat")
    page.route("**/v1/threads", lambda route: route.abort())
    ask(page, WAITS)
    expect(page.get_by_role("alert")).to_contain_text("It could not be sent")
    expect(page.get_by_label("Your message")).to_have_value(WAITS)
    page.unroute("**/v1/threads")
    page.get_by_label("Your message").press("Enter")
    expect(page.locator("article.copilot[id]")).to_contain_text("Nothing waits", timeout=TURN_MS)


def test_a_turn_that_failed_is_asked_again(visit: Open) -> None:
    page = visit("paula", "/chat")
    failed = 'event: failed\ndata: {"event": "failed", "problem": {"status": 503, "detail": "Later."}}\n\n'
    page.route("**/turns", lambda r: r.fulfill(body=failed, content_type="text/event-stream"), times=1)
    ask(page, WAITS)
    expect(page.get_by_role("alert")).to_contain_text("Later.")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("article.copilot[id]")).to_contain_text("Nothing waits", timeout=TURN_MS)


def test_a_connection_that_breaks_loses_no_answer(visit: Open) -> None:
    """The turn goes on, and the page finds what it came to."""
    page = visit("paula", "/chat")

    def cut(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, body=reply.text().split("event: answered")[0][:40])

    page.route("**/turns", cut)
    ask(page, WAITS)
    expect(page.locator("article.copilot[id]")).to_contain_text("Nothing waits", timeout=TURN_MS)
    expect(page.locator("article")).to_have_count(2)
    expect(page.get_by_text("The connection broke off")).to_have_count(0)


def test_who_stops_listening_gets_the_answer_all_the_same(
    visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = RemoteCopilot.turn

    def slowly(self: RemoteCopilot, principal: Principal, thread: UUID, text: str) -> Iterator[Event]:
        happening = whole(self, principal, thread, text)

        def late() -> Iterator[Event]:
            for event in happening:
                time.sleep(1)
                yield event

        return late()

    monkeypatch.setattr(RemoteCopilot, "turn", slowly)
    page = visit("paula", "/chat")
    ask(page, SHORTLIST)
    expect(page.locator(".working")).to_be_visible()
    page.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}$"))
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Stop listening").click()
    expect(page.get_by_label("Your message")).to_be_focused()
    expect(page.locator("article.copilot[id]")).to_contain_text("Carl Cole", timeout=TURN_MS)


def test_a_page_opened_in_the_middle_of_a_turn_hears_its_end(served: Served, visit: Open) -> None:
    thread = served[0].copilot.open_thread(firm.principal("paula"), "Who for Aurora?")
    said(served, thread, "person", "Who for Aurora?")
    page = visit("paula", f"/chat/{thread}")
    expect(page.get_by_text("This was not answered yet.")).to_be_visible()
    said(served, thread, "copilot", "Carl Cole is free.")
    expect(page.locator("article.copilot[id]")).to_contain_text("Carl Cole is free.")
    expect(page.get_by_text("This was not answered yet.")).to_have_count(0)


def test_a_proposal_in_a_conversation_follows_what_becomes_of_it(served: Served, visit: Open) -> None:
    paula = firm.principal("paula")
    thread = served[0].copilot.open_thread(paula, "Carl for Aurora")
    card = served[0].workflow.propose(paula, firm.draft(firm.assignment(), thread))
    said(served, thread, "person", "Propose Carl for Aurora")
    said(served, thread, "copilot", "Proposed.", proposals=[str(card.proposal_id)])
    page = visit("paula", f"/chat/{thread}")
    brief = page.locator(".brief")
    expect(brief).to_contain_text("Waits for signatures")
    expect(brief).to_contain_text("waits for Rita Roth, Rolf Rau")
    page.wait_for_timeout(500)  # until it listens
    served[0].workflow.decide(
        firm.principal("rita"),
        card.proposal_id,
        content_hash=card.content_hash,
        verdict="reject",
        reason="No.",
    )
    expect(brief).to_contain_text("Rejected")
    expect(page.locator("article.copilot").nth(1)).to_contain_text("No.")


def test_conversations_are_found_by_what_was_said(served: Served, visit: Open) -> None:
    for title, words in (("Aurora", "Who knows Snowflake?"), ("Borealis", "Is it late?")):
        said(served, served[0].copilot.open_thread(firm.principal("paula"), title), "person", words)
    page = visit("paula", "/chat")
    found = page.locator("#threads li")
    expect(found).to_have_count(2)
    page.get_by_role("searchbox", name="Search conversations").press_sequentially("snowf")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("Aurora")
    page.get_by_role("searchbox", name="Search conversations").fill("nowhere")
    expect(page.get_by_text("No conversation holds these words.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_conversation_is_for_everybody_while_it_goes_on(served: Served, visit: Open, scheme: str) -> None:
    paula = firm.principal("paula")
    thread = served[0].copilot.open_thread(paula, "Carl for Aurora")
    card = served[0].workflow.propose(paula, firm.draft(firm.assignment(), thread))
    said(served, thread, "copilot", "Proposed.", proposals=[str(card.proposal_id)])
    said(served, thread, "person", "And now?")
    page = visit("paula", f"/chat/{thread}", color_scheme=scheme)
    expect(page.get_by_text("This was not answered yet.")).to_be_visible()
    page.route("**/turns", lambda route: None)
    ask(page, "And then?")
    expect(page.get_by_text("Reading what you wrote")).to_be_visible()
    assert violations(page) == []
