"""What people do in a browser."""

from dataclasses import replace
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Open, Served, park, told
from tests.workflow import firm
from workflow.cards import ProposalCard


@pytest.fixture
def assignment(served: Served) -> ProposalCard:
    return served[0].workflow.propose(
        firm.principal("paula"), replace(firm.draft(firm.assignment()), confidence=Decimal("0.94"))
    )


@pytest.fixture
def batch(served: Served) -> ProposalCard:
    return served[0].workflow.propose(
        firm.principal("dora"), firm.draft(firm.returned_time("t-1", "t-2", "t-3"))
    )


def state(served: Served, card: ProposalCard, who: str) -> ProposalCard:
    return served[0].workflow.card(firm.principal(who), card.proposal_id)


def test_approving_from_the_inbox(served: Served, visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita")
    page.get_by_role("link", name=assignment.title).click()
    expect(page.get_by_role("heading", name="What will be written")).to_be_visible()
    expect(page.get_by_text("What it rests on is 94% sure.")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    told(page, "You signed it.")
    assert state(served, assignment, "rita").state == "approved"
    page.goto("/inbox")
    expect(page.get_by_text("Nothing waits for your signature")).to_be_visible()


def test_deciding_with_the_keyboard_alone(served: Served, visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=assignment.title)).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    assert state(served, assignment, "rita").state == "pending", "a key alone signs nothing"
    page.keyboard.press("Enter")
    told(page, "You signed it.")
    page.wait_for_load_state("load")  # the words are there before the script that hears keys
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_rejecting_needs_a_reason(served: Served, visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita", f"/proposals/{assignment.proposal_id}")
    page.keyboard.press("r")
    reason = page.get_by_label("Why not?")
    expect(reason).to_be_focused()
    reason.press("Tab")
    page.keyboard.press("Enter")
    assert reason.evaluate("e => e.validity.valueMissing")
    reason.fill("Carl is needed on Borealis")
    page.get_by_role("button", name="Reject").click()
    told(page, "You rejected it.")
    expect(page.get_by_label("Decision").get_by_text("Carl is needed on Borealis")).to_be_visible()
    assert state(served, assignment, "rita").state == "rejected"


def test_editing_makes_a_version_that_somebody_else_signs(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    page = visit("rita", f"/proposals/{assignment.proposal_id}/edit")
    page.get_by_label("Hours a week").fill("99")
    page.get_by_label("Why do you change it?").fill("Three days")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("less than or equal to 80")).to_be_visible()
    expect(page.get_by_label("Why do you change it?")).to_have_value("Three days")
    page.get_by_label("Hours a week").fill("24")
    page.get_by_role("button", name="Save as version 2").click()
    told(page, "Your edit is a new version.")
    expect(page.locator(".diff")).to_contain_text("32")
    expect(page.locator(".diff")).to_contain_text("24")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert state(served, assignment, "rita").version == 2


def test_accepting_a_part_of_a_batch(served: Served, visit: Open, batch: ProposalCard) -> None:
    page = visit("paula", f"/proposals/{batch.proposal_id}")
    page.get_by_label("Keep t-2").uncheck()
    expect(page.get_by_role("button", name="Approve all 3")).to_be_disabled()
    page.get_by_label("Why are the others left out?").fill("It was agreed")
    page.get_by_role("button", name="Approve what is ticked").click()
    told(page, "You approved a part of it")
    assert [d.item_id for d in state(served, batch, "paula").declined_items] == ["t-2"]


def test_who_comes_second_reads_who_was_first(served: Served, visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita", f"/proposals/{assignment.proposal_id}")
    page.evaluate("document.getElementById('approve').dataset.kept = 'x'")
    page.route("**/v1/live", lambda route: route.abort())
    served[0].workflow.decide(
        firm.principal("rolf"),
        assignment.proposal_id,
        content_hash=assignment.content_hash,
        verdict="approve",
    )
    form = {"content_hash": assignment.content_hash, "verdict": "approve"}
    form["csrf"] = page.locator("meta[name=csrf]").get_attribute("content") or ""
    answer = page.request.post(
        f"/proposals/{assignment.proposal_id}/decide", form=form, headers={"Origin": served[1]}
    )
    assert answer.status == 409 and "Rolf Rau" in answer.text()


def test_the_inbox_and_the_card_follow_what_others_do(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    rita, card = visit("rita"), visit("rita", f"/proposals/{assignment.proposal_id}")
    expect(rita.get_by_role("link", name=assignment.title)).to_be_visible()
    second = served[0].workflow.propose(firm.principal("petra"), firm.draft(firm.development()))
    leo = visit("leo")
    expect(leo.get_by_role("link", name=second.title)).to_be_visible()
    served[0].workflow.decide(
        firm.principal("rolf"),
        assignment.proposal_id,
        content_hash=assignment.content_hash,
        verdict="approve",
    )
    expect(rita.get_by_text("Nothing waits for your signature")).to_be_visible()
    expect(card.get_by_text("Approved by Rolf Rau")).to_be_visible()
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)


def test_what_turns_text_around_is_spelled_out(served: Served, visit: Open) -> None:
    evil = firm.risk(statement="Pay \u202eEUR 001\u202c now\u200b <script>alert(1)</script>")
    card = served[0].workflow.propose(firm.principal("dora"), firm.draft(evil))
    page = visit("paula", f"/proposals/{card.proposal_id}")
    shown = page.locator(".record-table", has_text="Statement")
    expect(shown).to_contain_text("Pay ⟦U+202E⟧EUR 001⟦U+202C⟧ now⟦U+200B⟧ <script>alert(1)</script>")


def test_without_scripts_everything_can_still_be_decided(
    served: Served, visit: Open, batch: ProposalCard
) -> None:
    page = visit("paula", f"/proposals/{batch.proposal_id}", java_script_enabled=False)
    page.get_by_label("Keep t-2").uncheck()
    page.get_by_text("Approve only what is ticked").click()
    page.get_by_label("Why are the others left out?").fill("It was agreed")
    page.get_by_role("button", name="Approve what is ticked").click()
    assert state(served, batch, "paula").state == "approved"


def test_a_parked_write_is_given_up_with_a_reason(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    park(served, assignment)
    page = visit("dora", "/operations")
    parked = page.locator("article.parked")
    expect(parked).to_contain_text("It was refused.")
    parked.get_by_text("What was to be written").click()
    expect(parked).to_contain_text("Carl Cole")
    parked.locator("summary", has_text="Give up").click()
    parked.get_by_label("Why?").last.fill("Carl left")
    parked.get_by_role("button", name="Give up").click()
    expect(page.get_by_text("None. What cannot be written safely stops here.")).to_be_visible()
    assert state(served, assignment, "rita").state == "failed"
