"""Signing in by a link, staying signed in, and signing out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.auth.sessions import LinkSpent
from api.copilot.client import Address
from api.settings import Settings
from api.wiring import Application, opened
from tests.api.small_firm import OPERATOR, ORIGIN, Browser


def alter(application: Application, statement: str) -> None:
    """Move the clock of what is stored."""
    with psycopg.connect(application.place.admin, autocommit=True) as connection:
        connection.execute(statement)


def test_a_link_is_used_up_by_the_button_only(application: Application, client: TestClient) -> None:
    """Scanners of mail and chat open every link they see, often more than once."""
    link = application.sessions.make_link(OPERATOR, "rita")
    for method in ("GET", "HEAD", "GET"):
        client.request(method, f"/sign-in/{link.token}")
    page = client.get(f"/sign-in/{link.token}")
    assert page.status_code == 200 and "set-cookie" not in page.headers
    signed_in = client.post("/sign-in", data={"token": link.token})
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
    assert client.get("/v1/me").json()["person_id"] == "rita"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param("update access.sign_in_link set used_at = now()", id="used"),
        pytest.param("update access.sign_in_link set expires_at = now() - interval '1 s'", id="too old"),
        pytest.param("update firm.person set ends_on = current_date - 1", id="the person left"),
        pytest.param("delete from access.sign_in_link", id="never made"),
    ],
)
def test_a_link_that_is_no_longer_good_says_so_and_signs_nobody_in(
    application: Application, client: TestClient, spoil: str
) -> None:
    link = application.sessions.make_link(OPERATOR, "rita")
    alter(application, spoil)
    assert client.get(f"/sign-in/{link.token}").status_code == 410
    refused = client.post("/sign-in", data={"token": link.token})
    assert refused.status_code == 410 and "set-cookie" not in refused.headers


def test_of_many_who_use_a_link_at_once_one_is_signed_in(application: Application) -> None:
    link = application.sessions.make_link(OPERATOR, "rita")

    def attempt(_: int) -> bool:
        try:
            return bool(application.sessions.sign_in(link.token))
        except LinkSpent:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_only_hashes_are_stored(application: Application) -> None:
    link = application.sessions.make_link(OPERATOR, "rita")
    spent = application.sessions.make_link(OPERATOR, "rita")
    cookie = application.sessions.sign_in(spent.token)
    with psycopg.connect(application.place.admin) as connection:
        stored = str(connection.execute("select * from access.sign_in_link, access.session").fetchall())
        logged = str(connection.execute("select * from audit.event").fetchall())
    for secret in (link.token, cookie):
        assert secret not in stored and secret not in logged


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(
    application: Application, client: TestClient
) -> None:
    def set_cookie(anybody: TestClient) -> str:
        link = application.sessions.make_link(OPERATOR, "rita")
        return anybody.post("/sign-in", data={"token": link.token}).headers["set-cookie"]

    plain = set_cookie(client)
    assert "HttpOnly" in plain and "SameSite=lax" in plain and "Secure" not in plain
    behind_tls = Settings.model_validate({"public_url": "https://ops.firm.example"})
    with (
        opened(behind_tls, application.place, Address()) as secure,
        TestClient(create_app(secure), base_url="https://ops.firm.example", follow_redirects=False) as https,
    ):
        cookie = set_cookie(https)
        assert cookie.startswith("__Host-") and "Secure" in cookie and "Path=/" in cookie
        assert https.get("/v1/me").json()["person_id"] == "rita"
        assert "max-age" in https.get("/healthz").headers["strict-transport-security"]


def test_a_session_that_was_planted_is_worth_nothing_after_signing_in(
    application: Application, browser: Browser
) -> None:
    rita = browser("rita")
    planted = rita.cookies["chargehand"]
    link = application.sessions.make_link(OPERATOR, "leo")
    rita.post("/sign-in", data={"token": link.token})
    assert rita.cookies["chargehand"] != planted
    assert application.sessions.of(planted) is None
    assert rita.get("/v1/me").json()["person_id"] == "leo"


@pytest.mark.parametrize(
    ("change", "good"),
    [
        pytest.param("update access.session set seen_at = now() - interval '7 hours'", True, id="a pause"),
        pytest.param(
            "update access.session set seen_at = now() - interval '9 hours'", False, id="too long idle"
        ),
        pytest.param("update access.session set expires_at = now()", False, id="at the end of its life"),
        pytest.param("update firm.person set ends_on = current_date - 1", False, id="the person left"),
    ],
)
def test_a_session_ends_when_it_is_idle_or_old(
    application: Application, browser: Browser, change: str, good: bool
) -> None:
    rita = browser("rita")
    alter(application, change)
    assert rita.get("/v1/me").status_code == (200 if good else 401)
    assert rita.get("/v1/me").status_code == (200 if good else 401), (
        "being used keeps it alive, and only that"
    )


def test_limits_are_settings(application: Application) -> None:
    short = {"session_idle_minutes": 30, "session_hours": 2, "session_renew_minutes": 5}
    settings = Settings.model_validate({"public_url": ORIGIN, **short})
    with (
        opened(settings, application.place, Address()) as strict,
        TestClient(create_app(strict), base_url=ORIGIN, follow_redirects=False) as rita,
    ):
        link = strict.sessions.make_link(OPERATOR, "rita")
        cookie = rita.post("/sign-in", data={"token": link.token}).headers["set-cookie"]
        assert "Max-Age=7200" in cookie
        alter(strict, "update access.session set seen_at = now() - interval '29 minutes'")
        assert rita.get("/v1/me").status_code == 200
        alter(strict, "update access.session set renewed_at = now() - interval '6 minutes'")
        assert "set-cookie" in rita.get("/v1/me").headers
        alter(strict, "update access.session set seen_at = now() - interval '31 minutes'")
        assert rita.get("/v1/me").status_code == 401


AGED = "update access.session set renewed_at = now() - interval '2 hours'"


@pytest.mark.parametrize(
    ("change", "renewed"),
    [
        pytest.param("select 1", False, id="nothing"),
        pytest.param(AGED, True, id="an hour has passed"),
        pytest.param("delete from access.role_grant where person_id = 'rita'", True, id="a role less"),
        pytest.param("insert into access.role_grant values ('rita', 'admin', 'firm')", True, id="one more"),
        pytest.param("delete from access.role_grant where person_id = 'leo'", False, id="somebody else's"),
    ],
)
def test_a_sessions_secret_changes_with_time_and_with_rights(
    application: Application, browser: Browser, change: str, renewed: bool
) -> None:
    rita = browser("rita")
    before = rita.cookies["chargehand"]
    alter(application, change)
    reply = rita.get("/v1/me")
    assert reply.status_code == 200 and (rita.cookies["chargehand"] != before) is renewed
    if renewed:
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(reply.headers["set-cookie"].split("; "))
        assert "set-cookie" not in rita.get("/v1/me").headers, "once"
        assert rita.post("/sign-out").status_code == 303, "pages that are open still prove themselves"


def test_the_secret_before_is_good_for_what_was_under_way_and_not_for_long(
    application: Application, browser: Browser
) -> None:
    rita = browser("rita")
    before = rita.cookies["chargehand"]
    alter(application, AGED)
    assert rita.get("/v1/me").status_code == 200
    straggler = application.sessions.of(before)
    assert straggler is not None and straggler.renewed is None
    alter(application, "update access.session set previous_until = now()")
    assert application.sessions.of(before) is None, "whoever copied it is out"
    assert rita.get("/v1/me").status_code == 200


def test_an_answer_that_crashed_brings_the_new_secret_too(
    application: Application, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = browser("rita")
    before = rita.cookies["chargehand"]
    alter(application, AGED)
    monkeypatch.setattr(application.tokens, "all", lambda by: 1 / 0)
    assert rita.get("/v1/tokens").status_code == 500
    assert rita.cookies["chargehand"] != before


def test_many_requests_at_once_renew_once(application: Application, browser: Browser) -> None:
    rita = browser("rita")
    before = rita.cookies["chargehand"]
    alter(application, AGED)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(application.sessions.of, [before] * 8))
    assert all(found), "none is turned away"
    assert len([s for s in found if s and s.renewed]) == 1


def test_what_one_may_do_changes_with_the_grants_not_with_the_session(
    application: Application, browser: Browser
) -> None:
    audrey = browser("audrey")
    assert audrey.get("/v1/audit").status_code == 200
    alter(application, "delete from access.role_grant where person_id = 'audrey'")
    assert audrey.get("/v1/audit").status_code == 403


def test_signing_out_ends_the_session(application: Application, browser: Browser) -> None:
    rita = browser("rita")
    cookie = rita.cookies["chargehand"]
    assert rita.post("/sign-out").headers["location"] == "/sign-in"
    assert application.sessions.of(cookie) is None


def test_a_page_asks_who_is_not_signed_in_to_sign_in(client: TestClient) -> None:
    page = client.get("/inbox", headers={"Accept": "text/html"})
    assert page.status_code == 401 and "made for you" in page.text


def test_another_site_cannot_sign_a_browser_in(application: Application, client: TestClient) -> None:
    """Else somebody could make you work under their name."""
    link = application.sessions.make_link(OPERATOR, "rita")
    refused = client.post("/sign-in", data={"token": link.token}, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert application.sessions.is_open(link.token)


def test_links_for_others_are_for_administrators(application: Application, browser: Browser) -> None:
    assert browser("rita").post("/v1/sign-in-links", json={"person_id": "leo"}).status_code == 403
    made = browser("ada").post("/v1/sign-in-links", json={"person_id": "leo"})
    assert made.status_code == 201 and made.json()["url"].startswith(f"{ORIGIN}/sign-in/")
    token = made.json()["url"].rsplit("/", 1)[1]
    found = application.sessions.of(application.sessions.sign_in(token))
    assert found is not None and found.principal.person_id == "leo"
    assert browser("ada").post("/v1/sign-in-links", json={"person_id": "nobody"}).status_code == 404


def test_a_link_lives_as_long_as_it_was_made_for(application: Application) -> None:
    link = application.sessions.make_link(OPERATOR, "rita", timedelta(minutes=5))
    with psycopg.connect(application.place.admin) as connection:
        left = connection.execute("select expires_at - now() from access.sign_in_link").fetchone()
    assert left is not None and timedelta(minutes=4) < left[0] <= timedelta(minutes=5)
    assert link.person_id == "rita"


def in_demo(home: Path, **settings: object) -> Settings:
    truth = home / "demo" / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    (truth / "personas.json").write_text('{"resource_manager": {"person_id": "rita", "name": "Rita Roth"}}')
    found: dict[str, object] = {"public_url": ORIGIN, "home": home, "environment": "demo", **settings}
    return Settings.model_validate(found)


@pytest.mark.parametrize(
    ("settings", "who", "status"),
    [
        pytest.param({}, "rita", 303, id="the demo"),
        pytest.param({}, "ada", 404, id="nobody of the demo's"),
        pytest.param({"host": "0.0.0.0"}, "rita", 404, id="a demo that others can reach"),
        pytest.param({"environment": "development"}, "rita", 404, id="development"),
        pytest.param({"environment": "production", "secret": "s" * 32}, "rita", 404, id="production"),
    ],
)
def test_personas_exist_in_the_demo_only(
    application: Application, tmp_path: Path, settings: dict[str, object], who: str, status: int
) -> None:
    """Elsewhere nobody is let in by saying who they are."""
    found = in_demo(tmp_path, **settings)
    with (
        opened(found, application.place, Address()) as served,
        TestClient(create_app(served), base_url=ORIGIN, follow_redirects=False) as browser,
    ):
        assert ("Rita Roth" in browser.get("/sign-in").text) is (status == 303 or who == "ada")
        assert browser.post("/sign-in/persona", data={"person_id": who}).status_code == status
        assert browser.get("/v1/me").status_code == (200 if status == 303 else 401)
        elsewhere = browser.post(
            "/sign-in/persona", data={"person_id": "rita"}, headers={"Origin": "https://evil.example"}
        )
        assert elsewhere.status_code == 403
