"""The inbox without a mouse: opening beside the list, deciding, choosing, filters kept by name; and what it
says when others decide, when a request fails, and when the connection is lost."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import PHONE, Open, Served, told
from tests.workflow import firm
from workflow.cards import ProposalCard


@pytest.fixture
def three(served: Served) -> list[ProposalCard]:
    """Not alike, so each is a line of its own: of two projects, and by two people."""
    propose = served[0].workflow.propose
    borealis = firm.assignment(
        project_id="borealis", project_name="Borealis", person_id="cleo", person_name="Cleo Curz"
    )
    return [
        propose(firm.principal("paula"), firm.draft(firm.assignment())),
        propose(firm.principal("petra"), firm.draft(borealis)),
        propose(firm.principal("dora"), firm.draft(firm.assignment(role="Tester"))),
    ]


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def ready(page: Page, count: int) -> list[str]:
    """The titles in the order of the list, once scripts hear keys."""
    expect(page.locator("#queue .title")).to_have_count(count)
    expect(page.locator("#keys-button")).to_be_visible()
    return page.locator("#queue .title").all_text_contents()


def fail(page: Page, url: str) -> list[str]:
    """Let requests fail for as long as the list holds something. The route stays: a request that is sent as
    one is taken away may hang."""
    down = ["503"]
    page.route(url, lambda route: route.fulfill(status=503, body="down") if down else route.continue_())
    return down


def opened(page: Page, title: str) -> None:
    expect(page.locator("#pane h1", has_text=title)).to_be_focused()


def states(served: Served, cards: Sequence[ProposalCard]) -> list[str]:
    return [served[0].workflow.card(firm.principal("dora"), c.proposal_id).state for c in cards]


def test_an_inbox_is_cleared_from_the_keyboard_alone(
    served: Served, visit: Open, three: list[ProposalCard]
) -> None:
    page = visit("rita")
    first, second, third = ready(page, 3)
    keys(page, "a", "Enter")
    expect(page.locator("#said")).to_contain_text("Open a proposal first")
    assert set(states(served, three)) == {"pending"}, "nothing is open, so nothing is decided"
    keys(page, "j", "Enter")
    opened(page, first)
    keys(page, "a")
    expect(page.locator("#bar-approve")).to_be_focused()
    assert set(states(served, three)) == {"pending"}, "one key alone signs nothing"
    keys(page, "Enter")
    told(page, "You signed it.")
    expect(page.locator("#queue .title")).to_have_count(2)
    expect(page.locator("#queue .title", has_text=second)).to_be_focused()
    expect(page.locator("#said")).to_contain_text(f"You signed it. Next: {second}")
    keys(page, "o")
    opened(page, second)
    keys(page, "r")
    expect(page.get_by_label("Why not?")).to_be_focused()
    page.keyboard.type("a reason with j, x and ?")
    keys(page, "Control+Enter")
    expect(page.locator("#queue .title", has_text=third)).to_be_focused()
    keys(page, "ArrowDown", "Enter")
    opened(page, third)
    keys(page, "a")
    expect(page.locator("#bar-approve")).to_be_focused()
    keys(page, "Enter")
    expect(page.get_by_text("Nothing waits for your signature")).to_be_visible()
    assert sorted(states(served, three)) == ["approved", "approved", "rejected"]


def test_keys_lead_everywhere_and_can_be_turned_off(visit: Open, three: list[ProposalCard]) -> None:
    page = visit("rita")
    titles = ready(page, 3)
    keys(page, "j", "Enter")
    opened(page, titles[0])
    keys(page, "h")
    expect(page.get_by_role("heading", name="Let somebody else sign")).to_be_visible()
    expect(page.locator("#keys-button")).to_be_visible()
    keys(page, "u")
    page.wait_for_url("**/inbox*")
    ready(page, 3)
    keys(page, "/")
    expect(page.get_by_label("In the title")).to_be_focused()
    page.keyboard.type("jax?")
    expect(page.get_by_label("In the title")).to_have_value("jax?")
    keys(page, "Escape", "?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.get_by_label("Keys of one letter work").uncheck()
    page.get_by_role("button", name="Close").click()
    keys(page, "g", "c")
    page.goto("/inbox")
    ready(page, 3)
    keys(page, "j", "x", "?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    expect(page.locator("#picked")).to_be_hidden()


def test_several_are_chosen_and_decided_together(
    served: Served, visit: Open, three: list[ProposalCard]
) -> None:
    page = visit("rita")
    ready(page, 3)
    keys(page, "j", "x", "j", "j", "Shift+X")
    expect(page.locator("#picked-count")).to_have_text("3")
    keys(page, "k", "x")
    expect(page.locator("#picked-count")).to_have_text("2")
    keys(page, "b")
    expect(page.get_by_role("heading", name="2 proposals to read")).to_be_visible()
    expect(page.locator(".kind-of")).to_have_count(2)
    expect(page.locator("#keys-button")).to_be_visible()
    keys(page, "a", "Enter")
    expect(page.get_by_role("heading", name="2 of 2 signed")).to_be_visible()
    assert sorted(states(served, three)) == ["approved", "approved", "pending"]


def test_a_filter_is_kept_shared_and_opened_with(visit: Open, three: list[ProposalCard]) -> None:
    page = visit("rita")
    ready(page, 3)
    page.locator("#filter-more").click()
    page.get_by_label("Proposed by").select_option("Petra Paul")
    expect(page.locator("#queue .title")).to_have_count(1)
    page.get_by_text("Save this filter").click()
    page.get_by_label("Name").fill("Petra's")
    page.get_by_label("Open the inbox with it").check()
    page.get_by_role("button", name="Save", exact=True).click()
    chip = page.get_by_role("link", name="Petra's")
    expect(chip).to_have_attribute("aria-current", "true")
    assert parse_qs(urlsplit(page.url).query) == {"box": ["mine"], "proposer_id": ["petra"]}
    shared = page.url
    page.goto("/inbox")
    expect(page).to_have_url(shared)
    expect(page.locator("#queue .title")).to_have_count(1)
    page.get_by_role("link", name="Show all").click()
    ready(page, 3)
    other = visit("rolf", shared)
    expect(other.locator("#queue .title")).to_have_count(1)
    expect(other.locator(".chip")).to_have_count(0)
    page.goto(shared)
    page.get_by_role("button", name="Forget it").click()
    ready(page, 3)


def test_why_a_line_stands_where_it_stands(visit: Open, three: list[ProposalCard]) -> None:
    page = visit("rita")
    ready(page, 3)
    expect(page.locator(".rank").first).to_have_text(
        re.compile(r"Why here: \d+ d left, less 1\.2 d for its money and 0\.\d d")
    )


def test_what_others_decide_is_shown_and_takes_no_focus(
    served: Served, visit: Open, three: list[ProposalCard]
) -> None:
    page = visit("rita")
    titles = ready(page, 3)
    opening, typing = (next(c for c in three if c.title == t) for t in titles[:2])
    keys(page, "j", "Enter")
    opened(page, opening.title)
    _approve_as_rolf(served, opening)
    expect(page.locator("#pane .card-head .state")).to_have_text("Approved, being written")
    expect(page.locator("#pane h1")).to_be_focused()
    expect(page.locator("#bar-approve")).to_have_count(0)
    page.locator("#queue .title", has_text=typing.title).click()
    opened(page, typing.title)
    keys(page, "r")
    page.keyboard.type("half a rea")
    _approve_as_rolf(served, typing)
    expect(page.locator("#stale")).to_be_visible()
    page.keyboard.type("son")
    expect(page.get_by_label("Why not?")).to_have_value("half a reason")
    keys(page, "Control+Enter")
    expect(page.locator("#pane .notice.bad")).to_contain_text("Already approved by Rolf Rau.")


def test_a_request_that_fails_loses_nothing_and_is_tried_again(
    visit: Open, three: list[ProposalCard], faults: list[str]
) -> None:
    faults += [
        "503",
        "503 error",
        "htmx:",
        "ERR_INTERNET_DISCONNECTED",
        "undefined",
        "Response Status",
        "[object",
    ]
    page = visit("rita")
    titles = ready(page, 3)
    page.context.set_offline(True)
    keys(page, "j", "Enter")
    expect(page.locator("#trouble")).to_contain_text("could not be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#pane h1", has_text=titles[0])).to_be_visible()
    page.locator("#pane #reject-details summary").click()
    page.get_by_label("Why not?").fill("He is needed elsewhere")
    down = fail(page, "**/decide")
    page.get_by_label("Why not?").press("Control+Enter")
    expect(page.locator("#trouble")).to_contain_text("That did not work (status 503)")
    expect(page.get_by_label("Why not?")).to_have_value("He is needed elsewhere")
    down.clear()
    page.get_by_role("button", name="Try again").click()
    told(page, "You rejected it.")
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_lost_connection_is_said_with_the_time(
    visit: Open, three: list[ProposalCard], faults: list[str]
) -> None:
    faults += ["503"]
    page = visit("rita", "/news")
    down = fail(page, "**/v1/live")
    page.goto("/inbox")
    expect(page.locator("#connection")).to_contain_text(re.compile(r"shown as of \d\d:\d\d"), timeout=15_000)
    down.clear()
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#connection")).to_be_hidden()


def test_on_a_phone_a_line_opens_a_page_with_a_bar_to_decide(
    served: Served, visit: Open, three: list[ProposalCard]
) -> None:
    page = visit("rita", viewport=PHONE)
    ready_count = page.locator("#queue .title")
    expect(ready_count).to_have_count(3)
    small = page.locator(
        "main a:visible, main button:visible, main summary:visible, main label.pick"
    ).evaluate_all(
        "all => all.filter(e => !e.matches('.line .title') && e.getBoundingClientRect().height < 43.5)"
        ".map(e => `${e.textContent.trim()} ${e.getBoundingClientRect().height}`)"
    )
    assert small == []
    page.locator("#queue .title").first.click()
    page.wait_for_url("**/proposals/**")
    expect(page.locator("#bar-approve")).to_be_in_viewport()
    page.get_by_role("link", name="Reject …").click()
    expect(page.get_by_label("Why not?")).to_be_focused()
    page.locator("#bar-approve").click()
    told(page, "You signed it.")


def _approve_as_rolf(served: Served, card: ProposalCard) -> None:
    served[0].workflow.decide(
        firm.principal("rolf"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
