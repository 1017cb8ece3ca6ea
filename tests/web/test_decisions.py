"""Asking back, handing over, deciding many alike, and the pace: in a browser."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Open, Served, told
from tests.workflow import firm
from workflow.cards import ProposalCard


@pytest.fixture
def assignment(served: Served) -> ProposalCard:
    return served[0].workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def test_a_question_is_answered_in_the_conversation_that_asked(served: Served, visit: Open) -> None:
    app = served[0]
    thread: UUID = app.copilot.open_thread(firm.principal("paula"), "Who for Aurora?")
    card = app.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment(), thread))
    rita = visit("rita", f"/proposals/{card.proposal_id}")
    rita.wait_for_load_state("load")
    rita.keyboard.press("q")
    expect(rita.get_by_label("What do you need to know?")).to_be_focused()
    rita.get_by_label("What do you need to know?").fill("Does the client know <b>Carl</b>?")
    rita.get_by_role("button", name="Ask Paula Pohl").click()
    told(rita, "Your question is asked.")
    expect(rita.get_by_text("Not answered yet.")).to_be_visible()
    paula = visit("paula", f"/chat/{thread}")
    expect(paula.get_by_text("Rita Roth asks about")).to_contain_text("<b>Carl</b>")
    paula.get_by_label("Your answer").fill("They met on Monday.")
    paula.get_by_role("button", name="Answer").click()
    expect(paula).to_have_url(re.compile(f"/chat/{thread}$"))
    expect(paula.locator(".answer")).to_have_text("You: They met on Monday.")
    expect(rita.locator("#questions")).to_contain_text("Paula Pohl: They met on Monday.")
    rita.get_by_role("button", name="Approve").click()
    told(rita, "You signed it.")


def test_a_question_is_answered_on_the_card(served: Served, visit: Open, assignment: ProposalCard) -> None:
    served[0].workflow.ask(
        firm.principal("rita"),
        assignment.proposal_id,
        content_hash=assignment.content_hash,
        question="Since when?",
    )
    paula = visit("paula", "/news")
    paula.get_by_role("link", name="Proposal").first.click()
    paula.get_by_label("Your answer").fill("Since Monday.")
    paula.get_by_role("button", name="Answer").click()
    told(paula, "who asked was told")


def test_handing_a_signature_over(served: Served, visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita", f"/proposals/{assignment.proposal_id}")
    page.get_by_role("link", name="Let somebody else sign").click()
    expect(page.get_by_role("radio")).to_have_count(3)
    page.get_by_label("Leo Lang").check()
    page.get_by_label("Why they?").fill("Knows the client")
    page.get_by_role("button", name="Hand over").click()
    told(page, "You handed your signature over.")
    expect(page.get_by_text("Rita Roth handed over to Leo Lang")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    leo = visit("leo")
    expect(leo.get_by_text("handed over by Rita Roth: Knows the client")).to_be_visible()


def test_many_alike_are_read_before_they_are_signed(served: Served, visit: Open) -> None:
    app = served[0]
    cards = [
        app.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment(role=f"Engineer {n}")))
        for n in range(4)
    ]
    page = visit("rita")
    expect(page.get_by_text("3 more like it")).to_be_visible()
    page.get_by_role("link", name="Read all 4 together").click()
    expect(page.get_by_role("heading", name="4 proposals alike")).to_be_visible()
    for n in range(4):
        expect(page.locator(".alike-list")).to_contain_text(f"Engineer {n}")
    expect(page.locator("#same-1 + dl")).to_contain_text("Carl Cole")
    expect(page.locator(".alike-list mark").first).to_have_text("0")
    page.get_by_role("checkbox").nth(3).uncheck()
    taken = cards[1]
    app.workflow.decide(
        firm.principal("rolf"), taken.proposal_id, content_hash=taken.content_hash, verdict="approve"
    )
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="2 of 3 signed")).to_be_visible()
    expect(page.get_by_text("Already approved by Rolf Rau.")).to_be_visible()
    states = [app.workflow.card(firm.principal("rita"), c.proposal_id).state for c in cards]
    assert sorted(states) == ["approved", "approved", "approved", "pending"]


def test_without_scripts_many_are_rejected_together(served: Served, visit: Open) -> None:
    for n in range(2):
        served[0].workflow.propose(firm.principal("paula"), firm.draft(firm.assignment(role=f"{n}")))
    page = visit("rita", java_script_enabled=False)
    page.get_by_role("link", name="Read all 2 together").click()
    page.locator("summary", has_text="Reject").click()
    page.get_by_label("Why not?").fill("The project is on hold")
    page.get_by_role("button", name="Reject what is ticked").click()
    expect(page.get_by_role("heading", name="2 of 2 rejected")).to_be_visible()


def test_the_pace_is_said_and_stops_nothing(served: Served, visit: Open) -> None:
    app = served[0]
    for n in range(6):
        app.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment(role=f"{n}")))
    page = visit("rita")
    for signed in range(6):
        page.goto("/inbox")
        page.locator(".title").first.click()
        page.get_by_role("button", name="Approve").click()
        told(page, "You signed it.")
        expect(page.locator(".pace")).to_have_count(1 if signed >= 4 else 0)
    expect(page.locator(".pace")).to_contain_text(
        re.compile(r"You signed 6 in \d+ s; reading them takes about")
    )
    page.locator(".pace summary").click()
    expect(page.locator(".pace")).to_be_hidden()


def test_the_inbox_is_narrowed_and_ordered(served: Served, visit: Open, assignment: ProposalCard) -> None:
    served[0].workflow.propose(firm.principal("petra"), firm.draft(firm.development()))
    page = visit("leo", "/inbox?box=all")
    page.goto("/inbox?box=mine")
    expect(page.locator(".title")).to_have_count(1)
    page.get_by_label("In the title").fill("no such thing")
    page.get_by_label("In the title").press("Enter")
    expect(page.get_by_text("Nothing fits these filters")).to_be_visible()
    page.goto("/inbox?order=money&min_amount=nonsense&practice=Data")
    expect(page.locator(".title")).to_have_count(1)


def test_signing_in_comes_back_to_the_page_that_was_asked_for(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    page = visit("rita")
    page.context.clear_cookies()
    page.goto(f"/proposals/{assignment.proposal_id}?done=ask")
    expect(page.get_by_text("You sign in with a link")).to_be_visible()
    link = served[0].sessions.make_link(firm.principal("rita"), "rita")
    page.goto(f"/sign-in/{link.token}")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(f"/proposals/{assignment.proposal_id}"))
    expect(page.get_by_role("heading", name=assignment.title)).to_be_visible()
