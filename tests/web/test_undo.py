"""The card of what was written, and of what went back, in a real browser."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from connectors.sim.twin import Twin
from connectors.testing import in_process
from store.db import Database
from tests.web.conftest import DESKTOP, PHONE, Open, Served
from tests.web.test_everybody import violations
from tests.workflow import firm
from workflow.cards import ProposalCard
from workflow.effects import work_once


def carried_out(served: Served, folder: Path) -> ProposalCard:
    """An assignment that was signed, and that a worker has had a go at."""
    workflow, place = served[0].workflow, served[0].place
    card = workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    workflow.decide(
        firm.principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    work(place, folder)
    return workflow.card(firm.principal("paula"), card.proposal_id)


def work(place: Any, folder: Path) -> None:
    twin = Twin(folder / "systems.db")
    connectors = in_process(twin)
    database = Database({"worker": place.roles["worker"], "workflow": place.roles["workflow"]})
    assert work_once(database, "w", connectors)
    database.close()
    connectors.close()
    twin.book.close()


def test_undoing_from_the_card(served: Served, visit: Open, tmp_path: Path) -> None:
    card = carried_out(served, tmp_path)
    page = visit("paula", f"/proposals/{card.proposal_id}")
    effects = page.get_by_role("region", name="Writes")
    effects.locator("summary", has_text="Undo").click()
    effects.get_by_label("Why?").fill("The client has postponed it.")
    effects.get_by_role("button", name="Ask to undo it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Undo: ")
    expect(page.get_by_role("status").first).to_contain_text("Others sign that before anything happens.")
    expect(page.locator("main")).to_contain_text("The assignment is cancelled.")
    page.goto(f"/proposals/{card.proposal_id}")
    expect(effects.get_by_role("link", name="Undoing it is proposed")).to_be_visible()
    asked = visit("leo", "/inbox")
    expect(asked.locator("main")).to_contain_text("Undo: ")


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light", "dark phone"]
)
def test_what_went_back_shows_why(
    served: Served, visit: Open, tmp_path: Path, scheme: str, viewport: Any
) -> None:
    done = carried_out(served, tmp_path)
    workflow, place = served[0].workflow, served[0].place
    card = workflow.propose(firm.principal("leo"), firm.draft(firm.risk()))
    workflow.decide(
        firm.principal("paula"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    with psycopg.connect(place.admin) as connection:
        connection.execute("update firm.project set manager_id = 'petra' where project_id = 'aurora'")
    work(place, tmp_path)
    page = visit("petra", f"/proposals/{card.proposal_id}", viewport=viewport, color_scheme=scheme)
    expect(page.get_by_role("heading", name="Why it went back")).to_be_visible()
    expect(page.get_by_role("region", name="What changed")).to_contain_text("project aurora: manager id")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    assert violations(page) == []
    page.screenshot(path=tmp_path / f"returned-{scheme}.png", full_page=True)
    paula = visit("paula", f"/proposals/{done.proposal_id}", viewport=viewport, color_scheme=scheme)
    paula.locator("summary", has_text="Undo").click()
    assert violations(paula) == []
    assert paula.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    paula.screenshot(path=tmp_path / f"undo-{scheme}.png", full_page=True)
