"""Signing in through the firm's provider, and one's own sessions, tokens and chat accounts, in a browser."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from api.chat.accounts import Account
from api.database import Place
from tests.api.identity_provider import CLIENT, SECRET, Real, real
from tests.api.small_firm import OPERATOR, serving
from tests.web.conftest import DESKTOP, Open, Served
from tests.workflow import firm

__all__ = ["real"]


@pytest.fixture
def entrance(place: Place, real: Real, chromium: Browser) -> Iterator[tuple[Served, BrowserContext]]:
    """The pages of a firm whose people sign in through the provider, and a browser that nobody uses yet."""
    client = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_name": "Acme ID"}
    with serving(place, oidc_issuer=real.issuer, **client) as running:
        context = chromium.new_context(base_url=running[1], viewport=DESKTOP)
        context.set_default_timeout(15_000)
        yield running, context
        context.close()


def test_through_the_provider_and_out_again(entrance: tuple[Served, BrowserContext], real: Real) -> None:
    """The whole way with a real browser's rules for cookies, redirects and the pages' own policy."""
    (_, url), context = entrance
    real.has("browser-rita", email="rita@example.com", email_verified=True)
    page = context.new_page()
    page.goto("/delegations")
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.get_by_placeholder("sub").fill("browser-rita")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{url}/delegations")
    expect(page.get_by_role("heading", name="Delegations")).to_be_visible()
    page.get_by_role("link", name="Rita Roth").click()
    expect(page.get_by_text("with Acme ID")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You are signed out here.")).to_be_visible()
    page.get_by_role("link", name="Sign out there too").click()
    page.wait_for_url(f"{real.issuer}/oauth2/end_session**")
    page.goto("/inbox")
    expect(page.get_by_role("link", name="Sign in with Acme ID")).to_be_visible()


def test_who_is_not_on_record_is_told_whom_to_ask(
    entrance: tuple[Served, BrowserContext], real: Real
) -> None:
    _, context = entrance
    real.has("browser-eve", email="eve@example.com", email_verified=True)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.get_by_placeholder("sub").fill("browser-eve")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("alert")).to_contain_text("signing in adds nobody. Ask your administrator.")


def test_a_token_is_made_shown_once_used_and_revoked(visit: Open, served: Served) -> None:
    page = visit("rita", "/account")
    page.get_by_label("What it is for").fill("Export")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("alert")).to_contain_text("at least one thing")
    page.get_by_label("What it is for").fill("Export")
    page.get_by_label("proposals.read").check()
    page.get_by_role("button", name="Make the token").click()
    token = page.get_by_label("The token").input_value()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{served[1]}/v1/me", headers=headers).json()["permissions"] == ["proposals.read"]
    page.goto("/account")
    assert token not in page.content()
    expect(page.get_by_text("never used")).to_have_count(0)
    page.get_by_role("button", name="Revoke Export").click()
    expect(page.get_by_text("revoked")).to_be_visible()
    assert httpx.get(f"{served[1]}/v1/me", headers=headers).status_code == 401


def test_one_ends_a_session_elsewhere_and_then_all(visit: Open, served: Served) -> None:
    application, _ = served
    elsewhere = application.sessions.sign_in(
        application.sessions.make_link(OPERATOR, "rita").token, browser="Firefox on Windows"
    )
    somebody = application.sessions.sign_in(application.sessions.make_link(OPERATOR, "leo").token)
    page = visit("rita", "/account")
    expect(page.get_by_text("this one")).to_have_count(1)
    page.get_by_role("button", name="End the session of Firefox on Windows").click()
    expect(page.get_by_text("Firefox on Windows")).to_have_count(0)
    assert application.sessions.of(elsewhere) is None
    page.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/sign-in")
    page.goto("/inbox")
    expect(page.get_by_text("You sign in with a link")).to_be_visible()
    assert application.sessions.of(somebody) is not None, "everywhere is where Rita is"


def test_a_chat_account_is_linked_by_a_button_and_unlinked(visit: Open, served: Served) -> None:
    application, _ = served
    account = Account("slack", "T024", "U0G9QF9C6")
    token = application.accounts.invite(account)
    page = visit("rita", f"/link/{token}")
    expect(page.get_by_text("U0G9QF9C6")).to_be_visible()
    assert application.accounts.of(account) is None, "opening it links nothing"
    page.get_by_role("button", name="It is mine: link it").click()
    page.wait_for_url("**/account")
    linked = application.accounts.of(account)
    assert linked is not None and linked.person_id == "rita"
    page.goto(f"/link/{token}")
    expect(page.get_by_text("This link was used already")).to_be_visible()
    page.goto("/account")
    page.get_by_role("button", name="Unlink U0G9QF9C6").click()
    expect(page.get_by_text("None is linked.")).to_be_visible()
    assert application.accounts.mine(firm.principal("rita")) == []
