"""From a citation to the words it cites."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.web import reading
from tests.web.conftest import Open, Served
from workflow.cards import ProposalCard


@pytest.fixture
def card(served: Served) -> ProposalCard:
    return reading.cited(served)


def test_evidence_opens_the_contract_with_the_words_marked(visit: Open, card: ProposalCard) -> None:
    page = visit("amir", f"/proposals/{card.proposal_id}")
    page.locator("#evidence-title + .evidence a").first.click()
    mark = page.locator("mark")
    expect(mark).to_have_text(reading.CHANGES)
    expect(mark).to_be_in_viewport()
    expect(mark).to_be_focused()
    expect(page.get_by_text("The cited words stand here, character for character.")).to_be_visible()
    expect(page.locator(".clause", has=mark).locator(".no")).to_have_text("2.1")
    shown = " ".join(page.locator(".document .clause").all_inner_texts())
    assert shown.split() == reading.TEXT.replace("\u202e", "⟦U+202E⟧").split(), "the whole of it"

    page.get_by_role("link", name="Next citation").click()
    expect(page.locator("mark")).to_have_text(reading.BILLED)
    page.get_by_role("link", name="Next citation").click()
    expect(page.locator("mark")).to_have_text("late by two weeks")
    expect(page.get_by_role("heading", name="Aurora")).to_be_visible()
    page.get_by_role("link", name="Next citation").click()
    expect(page.get_by_role("heading", name="Invoice i-1")).to_be_visible()
    expect(page.get_by_text("as the ERP has it")).to_be_visible()
    today = datetime.now(ZoneInfo("Europe/Berlin"))
    expect(page.get_by_text("imported")).to_contain_text(f"{today:%-d %b}")
    expect(page.get_by_text("1,200 EUR, open")).to_be_visible()
    page.get_by_role("link", name="Previous citation").click()
    expect(page.locator("mark")).to_be_focused()
    page.get_by_role("link", name=card.title).click()
    page.wait_for_url(f"**/proposals/{card.proposal_id}")


@pytest.mark.parametrize(
    ("text", "says", "marked", "why"),
    [
        (
            "0. Preface\n\n" + reading.TEXT,
            "The words now stand at another place",
            reading.CHANGES,
            "what was put before them moved them",
        ),
        (
            reading.TEXT.replace("both parties sign", "Acme alone signs."),
            "The cited words do not stand here any more.",
            "A change needs a change order that Acme alone signs.",
            "they were changed: beside the quote stands what is there now",
        ),
    ],
    ids=["moved", "changed"],
)
def test_a_text_that_changed_since_says_so(
    served: Served, visit: Open, card: ProposalCard, text: str, says: str, marked: str, why: str
) -> None:
    reading.set_text(served, text)
    first = card.evidence[0]
    page = visit("amir", f"/documents/contract/c-1?proposal={card.proposal_id}&number=1#cited")
    expect(page.get_by_text("The text has changed since it was cited.")).to_be_visible()
    expect(page.get_by_text(says)).to_be_visible()
    assert page.locator("mark").inner_text().startswith(marked[:40]), why
    if "any more" in says:
        assert first.kind == "quote"
        expect(page.get_by_role("region", name="What was cited")).to_contain_text(first.quote)
        expect(page.get_by_role("region", name="What stands there now")).to_contain_text("Acme alone")


def test_nobody_reads_by_a_citation_what_they_may_not_see(visit: Open, card: ProposalCard) -> None:
    """petra runs another project of the same client, carl no project at all."""
    carl = visit("carl", f"/documents/contract/c-1?from=1&to=9&proposal={card.proposal_id}&number=1")
    expect(carl.get_by_text("404")).to_be_visible()
    for path in ("/documents/status_report/r-1", "/records/invoice/i-1", "/documents/contract/c-2"):
        carl.goto(path)
        expect(carl.get_by_text("404")).to_be_visible()
    leo = visit("leo", f"/records/skill/carl?proposal={card.proposal_id}&number=5")
    expect(leo.get_by_role("heading", name="Skills Carl Cole")).to_be_visible()
    audrey = visit("audrey", "/documents/contract/c-1?from=999999&to=1000009")
    expect(audrey.get_by_text("No words stand at this place of the text.")).to_be_visible()
