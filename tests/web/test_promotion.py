"""A promotion, as those who must sign it read it."""

from playwright.sync_api import expect

from tests.web.conftest import Open, Served, told
from tests.workflow import firm
from tests.workflow.promoting import SECOND, SHIPPED, baseline, prompt, sha

RHYMES = SECOND.replace("Be brief and kind", "Be brief \u202eand kind")


def test_who_signs_reads_the_difference_and_what_speaks_for_it(served: Served, visit: Open) -> None:
    workflow = served[0].workflow
    card = workflow.propose_version(firm.principal("ada"), prompt(RHYMES))
    page = visit("dora", f"/proposals/{card.proposal_id}")
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    text = page.get_by_role("region", name="What differs in the text")
    expect(text.locator("ins", has_text="and kind")).to_be_visible()
    expect(text).to_contain_text("⟦U+202E⟧")
    expect(text).to_contain_text("2: Kinder.")
    speaks = page.get_by_role("region", name="What speaks for it")
    for said in (
        f"v1 ({SHIPPED.sha256[:12]}), as it ships",
        f"v2 ({sha(RHYMES)[:12]})",
        "routing: passed 0.910 (0.870 to 0.950) on 149 cases, more is better",
        "+0.020 (-0.010 to 0.050), not told apart from what is in force; 4 cases gained, 1 lost of 149",
        "Lost: typos-3",
        "free pepole?: nothing was called",
        "Worse for language de",
    ):
        expect(speaks).to_contain_text(said)
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    page.get_by_label("Your comment").fill("Nothing is lost that matters.")
    page.get_by_role("button", name="Approve").click()
    told(page, "You signed it.")
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()


def test_a_baseline_says_which_run_it_is(served: Served, visit: Open) -> None:
    card = served[0].workflow.propose_version(firm.principal("ada"), baseline())
    page = visit("dora", f"/proposals/{card.proposal_id}")
    speaks = page.get_by_role("region", name="What speaks for it")
    expect(speaks).to_contain_text("nothing yet: this is the suite's first baseline")
    expect(speaks).to_contain_text("run run-1")
    inbox = visit("dora", "/inbox")
    expect(inbox.get_by_role("link", name="Baseline of routing")).to_be_visible()
