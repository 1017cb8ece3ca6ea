"""Delegating in a browser."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import expect

from models.policy import PolicySet
from tests.web.conftest import PHONE, Open, Served
from tests.workflow import firm
from workflow import policies

TODAY = datetime.now(UTC).date()
BEGUN, LATER = TODAY - timedelta(1), TODAY + timedelta(9)


def test_delegating_signing_for_another_and_revoking(served: Served, visit: Open) -> None:
    card = served[0].workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    page = visit("rita")
    page.get_by_role("link", name="Delegations").click()
    expect(page.get_by_text("Nobody signs for you now")).to_be_visible()
    page.get_by_label("Who signs").select_option(label="Leo Lang")
    page.get_by_label("First day").fill(str(BEGUN))
    page.get_by_label("Last day").fill(str(LATER))
    page.get_by_label("Why", exact=True).fill("On a trip to Oslo")
    page.locator("summary", has_text="Only some kinds").click()
    page.get_by_label("Assignment").check()
    page.get_by_label("Only up to an amount").fill("20000")
    page.get_by_role("button", name="Delegate").click()
    expect(page.get_by_role("status")).to_contain_text("It is delegated.")
    line = page.get_by_role("listitem").filter(has_text="Leo Lang signs for you")
    for words in ("On a trip to Oslo", "only assignment", "up to"):
        expect(line).to_contain_text(words)

    stand_in = visit("leo")
    expect(stand_in.get_by_text("stands in for Rita Roth")).to_be_visible()
    stand_in.get_by_role("link", name=card.title).click()
    stand_in.get_by_role("button", name="Approve").click()
    expect(stand_in.get_by_text("Approved by Leo Lang for Rita Roth")).to_be_visible()
    stand_in.goto("/delegations")
    expect(stand_in.get_by_text("You sign for Rita Roth")).to_be_visible()

    page.get_by_role("button", name="Revoke that Leo Lang signs for Rita Roth").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is revoked.")
    expect(page.get_by_text("revoked by you")).to_be_visible()


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(served: Served, visit: Open) -> None:
    page = visit("rita", "/delegations", viewport=PHONE)
    page.get_by_label("Who signs").select_option(label="Leo Lang")
    page.get_by_label("First day").fill(str(LATER))
    page.get_by_label("Last day").fill(str(BEGUN))
    page.get_by_label("Why", exact=True).fill("A trip")
    page.get_by_label("Only up to an amount").fill("much")
    page.get_by_role("button", name="Delegate").click()
    expect(page.get_by_role("alert")).to_contain_text("amount limit")
    expect(page.get_by_label("Why", exact=True)).to_have_value("A trip")
    page.get_by_label("Only up to an amount").fill("")
    page.get_by_role("button", name="Delegate").click()
    expect(page.get_by_role("alert")).to_contain_text("its last day is before its first")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


def test_for_leave_where_the_policy_says_so(served: Served, visit: Open) -> None:
    body = policies.default().model_dump() | {"leave_delegates": "named"}
    with psycopg.connect(served[0].place.admin) as owner:
        firm.put_in_force(owner, PolicySet.model_validate(body))
    page = visit("rita", "/delegations")
    page.get_by_label("Who signs").select_option(label="Leo Lang")
    page.get_by_label("By itself, whenever").check()
    page.get_by_label("Why", exact=True).fill("on leave")
    page.get_by_role("button", name="Delegate").click()
    expect(page.get_by_text("Whenever you are on leave")).to_be_visible()


@pytest.mark.parametrize(("who", "own"), [("ada", False), ("rita", True)])
def test_only_who_keeps_access_delegates_for_others(served: Served, visit: Open, who: str, own: bool) -> None:
    page = visit(who, "/delegations")
    expect(page.get_by_label("For whom")).to_have_count(0 if own else 1)
