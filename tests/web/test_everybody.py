"""Pages for everybody: what axe-core finds, and the way from the inbox to a decision without a mouse."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from api.chat.accounts import Account
from models.access import service
from tests.web import reading
from tests.web.conftest import AXE, DESKTOP, PHONE, Open, Served, park, told
from tests.workflow import firm
from tests.workflow.promoting import prompt
from workflow.cards import ProposalCard
from workflow.delegations import Wanted

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERY_RULE = {"type": "tag", "values": TAGS}
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
TODAY = datetime.now(UTC).date()


@pytest.fixture
def assignment(served: Served) -> ProposalCard:
    return served[0].workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def violations(page: Page, of: dict[str, Any] = EVERY_RULE) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, and its own good practice."""
    # Not add_script_tag: the page's policy forbids inline scripts.
    found: dict[str, Any] = page.evaluate(
        AXE.read_text(encoding="utf-8")
        + "; of => axe.run(document, {runOnly: of, resultTypes: ['violations']})",
        of,
    )
    return [
        f"{v['id']}: {v['help']} at {', '.join(str(n['target']) for n in v['nodes'][:3])}"
        for v in found["violations"]
    ]


def everything(served: Served, assignment: ProposalCard) -> Iterator[tuple[str, str, str]]:
    """Each page with something on it: what it is, who reads it, where it is."""
    app = served[0]
    batch = app.workflow.propose(firm.principal("dora"), firm.draft(firm.returned_time("t-1", "t-2", "t-3")))
    order = app.workflow.propose(firm.principal("paula"), firm.draft(firm.change_order()))
    alike = [
        app.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment(role=f"Engineer {n}")))
        for n in range(3)
    ]
    asked = alike[0]
    app.workflow.ask(
        firm.principal("rita"), asked.proposal_id, content_hash=asked.content_hash, question="Since when?"
    )
    for first, last in ((TODAY - timedelta(1), TODAY), (TODAY + timedelta(9), TODAY + timedelta(10))):
        app.workflow.delegate(
            firm.principal("rita"), Wanted(delegate_id="leo", reason="On a trip", days=(first, last))
        )
    with app.db.tx(service("messages"), "worker") as tx:
        for surface in ("mail", "slack"):
            tx.execute("deliveries.enable", surface=surface, enabled=True)
    promotion = app.workflow.propose_version(firm.principal("ada"), prompt())
    thread = app.copilot.open_thread(firm.principal("paula"), "Who for Aurora?")
    app.workflow.pause(firm.principal("dora"), "erp", "Year end")
    park(served, assignment)
    quoting = reading.cited(served)
    place = f"proposal={quoting.proposal_id}&number"
    reading.set_text(served, reading.TEXT.replace("both parties", "the client"))
    nowhere = "00000000-0000-0000-0000-000000000000"
    yield from (
        ("inbox", "rita", "/inbox"),
        ("all proposals", "dora", "/inbox?box=all&min_amount=1"),
        ("nothing fits", "dora", "/inbox?text=nothing"),
        ("assignment", "dora", f"/proposals/{assignment.proposal_id}"),
        ("promotion", "dora", f"/proposals/{promotion.proposal_id}"),
        ("question", "paula", f"/proposals/{asked.proposal_id}"),
        ("change order", "dora", f"/proposals/{order.proposal_id}"),
        ("batch", "paula", f"/proposals/{batch.proposal_id}"),
        ("alike", "rita", f"/proposals/{asked.proposal_id}/alike"),
        ("hand over", "rita", f"/proposals/{asked.proposal_id}/hand-over"),
        ("edit", "amir", f"/proposals/{order.proposal_id}/edit"),
        ("chat", "dora", "/chat"),
        ("conversation", "paula", f"/chat/{thread}"),
        ("news", "paula", "/news"),
        ("what one hears", "rita", "/me/notifications?done=mail"),
        ("delegations", "rita", "/delegations"),
        ("reports", "dora", "/reports"),
        ("operations", "dora", "/operations"),
        ("flow", "dora", "/operations/flow"),
        ("hours and billing", "dora", "/operations/delivery"),
        ("approvers", "dora", "/operations/approvers"),
        ("own decisions", "rita", "/operations/approvers"),
        ("return", "dora", "/operations/return"),
        ("audit", "audrey", "/audit"),
        ("nothing was logged", "audrey", "/audit?who=nobody&since=2020-01-01"),
        ("an entry", "audrey", "/audit/entries/1"),
        ("a trail", "audrey", f"/audit/proposals/{assignment.proposal_id}"),
        ("policy", "audrey", "/audit/policies"),
        ("evidence", "amir", f"/proposals/{quoting.proposal_id}"),
        ("a clause", "amir", f"/documents/contract/c-1?{place}=2#cited"),
        ("a changed clause", "amir", f"/documents/contract/c-1?{place}=1#cited"),
        ("a report's words", "amir", f"/documents/status_report/r-1?{place}=3#cited"),
        ("a record", "amir", f"/records/invoice/i-1?{place}=4"),
        ("records", "amir", f"/records/skill/carl?{place}=5"),
        ("account", "rita", "/account"),
        ("link a chat account", "rita", f"/link/{app.accounts.invite(Account('slack', 'T1', 'U1'))}"),
        ("a problem", "dora", f"/proposals/{nowhere}"),
    )


HALVES = [0, 1]  # of the pages: two workers share them


@pytest.mark.parametrize("half", HALVES)
def test_pages_can_be_used_by_everybody(
    served: Served, visit: Open, assignment: ProposalCard, half: int
) -> None:
    """By every rule in light, by those of colours in the dark; and nothing is wider than the window of a desk
    or a phone: what is wide by nature scrolls by itself."""
    browsers: dict[str, Page] = {}
    wrong: dict[str, list[str]] = {}
    for name, who, path in list(everything(served, assignment))[half::2]:
        if who not in browsers:
            browsers[who] = visit(who, path)
        page = browsers[who]
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size(DESKTOP)
        page.goto(path)
        page.locator("main details").evaluate_all("all => all.forEach(d => d.open = true)")
        found = violations(page)
        for viewport in (DESKTOP, PHONE):
            page.set_viewport_size(viewport)
            if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
                found.append(f"{over} pixels wider than {viewport['width']}")
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # no colour is on its way
        if found := [*found, *violations(page, OF_COLOURS)]:
            wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_can_be_used_by_everybody(visit: Open, scheme: Literal["light", "dark"]) -> None:
    page = visit("rita", color_scheme=scheme)
    page.context.clear_cookies()
    page.goto("/sign-in")
    assert violations(page) == []


def test_the_first_stop_skips_to_the_content(visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Waits for me")).to_be_focused()


def test_filters_are_set_without_a_mouse(visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita")
    page.locator("#filter-more").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Deadline")).to_be_focused()
    least = page.get_by_label("At least this much money")
    least.fill("999999")
    least.press("Enter")
    expect(page.get_by_role("heading", name="Nothing fits these filters")).to_be_visible()


def test_asking_back_and_rejecting_without_a_mouse(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    page = visit("rita")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=assignment.title)).to_be_focused()
    page.keyboard.press("q")
    page.keyboard.type("Does the client know Carl?")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Ask Paula Pohl")).to_be_focused()
    page.keyboard.press("Enter")
    told(page, "Your question is asked.")
    page.keyboard.press("r")
    page.keyboard.type("He is needed on Borealis")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told(page, "You rejected it.")


def test_every_stop_of_the_card_shows_where_the_focus_is(visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita", f"/proposals/{assignment.proposal_id}")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.tagName, e.textContent.trim(), s.outlineStyle, e.getClientRects().length] })()"
        )
        if stop[0] == "BODY":
            break
        seen.append(stop)
    assert [s for s in seen if s[2] == "none" or s[3] == 0] == []
    words = [s[1] for s in seen]
    order = [next(n for n, w in enumerate(words) if w.startswith(v)) for v in ("Inbox", "Approve", "Reject")]
    assert order == sorted(order)


def test_who_wants_less_motion_gets_none(visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita", f"/proposals/{assignment.proposal_id}", reduced_motion="reduce")
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s'"
        " || getComputedStyle(e).animationName !== 'none').length"
    )
    assert moving == 0
