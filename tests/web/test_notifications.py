"""The page where people choose what they hear elsewhere."""

import re

from playwright.sync_api import expect

from models.access import service
from tests.web.conftest import Open, Served
from tests.workflow import firm
from workflow import subscriptions
from workflow.subscriptions import Subscription


def connect(served: Served, *surfaces: str) -> None:
    with served[0].db.tx(service("messages"), "worker") as tx:
        for surface in surfaces:
            tx.execute("deliveries.enable", surface=surface, enabled=True)


def chosen(served: Served, who: str) -> dict[str, Subscription]:
    with served[0].db.tx(firm.principal(who), "agent") as tx:
        return {s.surface: s for s in subscriptions.mine(tx)}


def test_it_is_chosen_without_a_mouse(served: Served, visit: Open) -> None:
    connect(served, "mail", "slack")
    page = visit("rita", "/me/notifications")
    mail = page.get_by_role("form", name="Mail")
    expect(mail.get_by_text("you have not chosen yet")).to_be_visible()
    card = mail.get_by_label("Something waits for your signature")
    card.focus()
    page.keyboard.press("ArrowDown")
    expect(card).to_have_value("daily")
    page.keyboard.press("Tab")
    expect(mail.get_by_label("It still waits for you")).to_be_focused()
    mail.get_by_label("On Saturdays and Sundays too").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(mail.get_by_role("button", name="Keep for Mail")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is kept.")
    found = chosen(served, "rita")
    assert found["mail"].digest == {"card"} and found["mail"].weekends
    assert {"reminder", "escalation", "outcome"} <= found["mail"].kinds
    assert not found["slack"].chosen, "each surface for itself"
    expect(mail.get_by_label("Something waits for your signature")).to_have_value("daily")


def test_what_is_urgent_and_what_is_chat_has_no_digest(served: Served, visit: Open) -> None:
    connect(served, "mail", "slack")
    page = visit("rita", "/me/notifications")
    for form, label in (("Mail", "It still waits for you"), ("Slack", "Something waits for your signature")):
        options = page.get_by_role("form", name=form).get_by_label(label).locator("option")
        assert options.all_inner_texts() == ["At once", "Not at all"]
    expect(page.get_by_label("The installation needs a look")).to_have_count(0)


def test_without_a_surface_it_says_what_to_do(visit: Open) -> None:
    page = visit("rita", "/news")
    page.get_by_role("link", name="Choose what you hear elsewhere").click()
    expect(page).to_have_url(re.compile("/me/notifications$"))
    expect(page.get_by_role("heading", name="Nothing is sent yet")).to_be_visible()
