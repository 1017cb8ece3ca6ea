"""From whom the identity provider vouches for to somebody who is signed in, against a real provider."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from api.auth.groups import BadGroupsFile, GroupRoles
from api.auth.oidc import Attempt
from api.cli.doctor_checks import Installation, examine
from api.database import Place
from api.settings import Settings
from api.wiring import Application
from models.errors import ChargehandError
from store.db import Database
from tests.api.identity_provider import Real, begun, door, real
from tests.api.small_firm import OPERATOR, ORIGIN, csrf_of

__all__ = ["real"]

GROUPS = """
groups:
  data-leads: [practice_lead@practice:Data, project_manager]
  ops: [admin@firm]
"""


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    file = tmp_path / "groups.yaml"
    file.write_text(GROUPS)
    return file


@pytest.fixture
def entrance(place: Place, real: Real, groups: Path) -> Iterator[tuple[Application, TestClient]]:
    with door(place, real.issuer, oidc_groups_file=groups, help_contact="it@example.com") as found:
        yield found


def rows(application: Application, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(application.place.admin, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def whoever(browser: TestClient) -> str | None:
    reply = browser.get("/v1/me")
    return str(reply.json()["person_id"]) if reply.status_code == 200 else None


def test_somebody_signs_in_and_comes_back_to_what_they_wanted(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, browser = entrance
    real.has("s-rita", email="RITA@example.com", email_verified=True)
    asked = browser.get("/inbox?box=all")
    assert asked.status_code == 401 and "Sign in with Acme ID" in asked.text
    back = real.signs_in(browser, "s-rita")
    assert (back.status_code, back.headers["location"]) == (303, "/inbox?box=all")
    assert whoever(browser) == "rita"
    assert rows(application, "select person_id, issuer from access.identity") == [("rita", real.issuer)]
    logged = rows(application, "select action from audit.event where action like 'access.%' order by seq")
    assert [action for (action,) in logged] == ["access.identity_linked", "access.signed_in"]
    assert "rita@" not in str(rows(application, "select * from audit.event")).lower()


@pytest.mark.parametrize(
    ("planted", "reached"),
    [
        ("/inbox", "/inbox"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/v1/me", "/"),
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(
    entrance: tuple[Application, TestClient], real: Real, planted: str, reached: str
) -> None:
    _, browser = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    browser.cookies.set("chargehand-asked", planted, path="/sign-in", domain="testserver.local")
    assert real.signs_in(browser, "s-rita").headers["location"] == reached


def test_an_answer_is_good_once_and_in_the_browser_that_asked(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, browser = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    answer = real.consents(begun(browser)["url"], "s-rita")
    other = TestClient(browser.app, base_url=str(browser.base_url), follow_redirects=False)
    for stranger, path in ((other, answer), (browser, answer.replace("state=", "state=x"))):
        refused = stranger.get(path)
        assert refused.status_code == 400 and "not begun in this browser" in refused.text
        assert whoever(stranger) is None
    assert browser.get(answer).status_code == 303
    browser.cookies.clear()
    assert browser.get(answer).status_code == 400, "used"
    assert rows(application, "select * from access.sign_in_attempt") == []


def test_a_code_that_was_used_is_not_good_in_another_sign_in(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    _, browser = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    used = real.consents(begun(browser)["url"], "s-rita")
    assert browser.get(used).status_code == 303
    code = parse_qs(urlsplit(used).query)["code"][0]
    browser.cookies.clear()
    again = browser.get("/sign-in/callback", params={"state": begun(browser)["state"], "code": code})
    assert again.status_code == 403 and whoever(browser) is None


def test_a_code_that_somebody_else_brought_is_not_good(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    """PKCE: the code is bound to the browser that asked for it, and so is what it is exchanged for."""
    _, browser = entrance
    real.has("s-mallory", email="leo@example.com", email_verified=True)
    stolen = parse_qs(urlsplit(real.consents(begun(browser)["url"], "s-mallory")).query)["code"][0]
    victim = TestClient(browser.app, base_url=str(browser.base_url), follow_redirects=False)
    planted = victim.get("/sign-in/callback", params={"state": begun(victim)["state"], "code": stolen})
    assert planted.status_code == 403 and whoever(victim) is None


def test_an_attempt_is_over_after_ten_minutes_and_two_tabs_do_not_break_each_other(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, browser = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    first, second = begun(browser)["url"], begun(browser)["url"]
    assert browser.get(real.consents(first, "s-rita")).status_code == 303
    assert browser.get(real.consents(second, "s-rita")).status_code == 303
    late = begun(browser)["url"]
    rows(application, "update access.sign_in_attempt set expires_at = now()")
    assert browser.get(real.consents(late, "s-rita")).status_code == 400


def test_of_two_who_bring_the_same_answer_at_once_one_is_signed_in(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, _ = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    assert application.sso is not None
    sso, (url, attempt) = application.sso, application.sso.begin()
    answer = {k: v[0] for k, v in parse_qs(urlsplit(real.consents(url, "s-rita")).query).items()}

    def finish(kept: Attempt) -> bool:
        try:
            return bool(sso.finish(kept, answer))
        except ChargehandError:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(finish, [attempt] * 4)) == 1


@pytest.mark.parametrize(
    ("subject", "claims", "said"),
    [
        pytest.param("s-1", {"email": "rita@example.com"}, "is verified", id="an address not verified"),
        pytest.param(
            "s-2", {"email": "rita@example.com", "email_verified": False}, "is verified", id="said not to be"
        ),
        pytest.param(
            "s-3",
            {"email": "rita@example.com", "email_verified": "true"},
            "is verified",
            id="a word, no truth",
        ),
        pytest.param("s-4", {"email_verified": True}, "is verified", id="no address"),
        pytest.param(
            "s-5", {"email": "eve@example.com", "email_verified": True}, "nobody who works here", id="unknown"
        ),
        pytest.param(
            "s-6",
            {"email": "left@example.com", "email_verified": True, "name": "Rita Roth"},
            "nobody who works here",
            id="a name is no proof",
        ),
    ],
)
def test_who_is_not_on_record_is_told_whom_to_ask_and_nobody_is_made(
    entrance: tuple[Application, TestClient], real: Real, subject: str, claims: dict[str, object], said: str
) -> None:
    application, browser = entrance
    before = rows(application, "select count(*) from firm.person")
    real.has(subject, **claims)
    refused = real.signs_in(browser, subject)
    assert refused.status_code == 403 and said in refused.text and "it@example.com" in refused.text
    assert whoever(browser) is None
    assert rows(application, "select count(*) from firm.person") == before
    assert rows(application, "select * from access.identity") == []
    again = browser.get("/sign-in/provider?again=true").headers["location"]
    assert "prompt=login" in again, "with another account, then"


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param("update firm.person set ends_on = current_date - 1 where person_id = 'rita'", id="left"),
        pytest.param("insert into access.deactivated (person_id) values ('rita')", id="deactivated"),
    ],
)
def test_who_works_here_no_more_is_not_let_in(
    entrance: tuple[Application, TestClient], real: Real, ends: str
) -> None:
    application, browser = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    assert real.signs_in(browser, "s-rita").status_code == 303
    rows(application, ends)
    assert whoever(browser) is None, "at once"
    assert real.signs_in(browser, "s-rita").status_code == 403
    real.has("s-new", email="rita@example.com", email_verified=True)
    assert real.signs_in(browser, "s-new").status_code == 403


def test_a_subject_stays_who_it_was_whatever_becomes_of_the_address(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, browser = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    assert real.signs_in(browser, "s-rita").status_code == 303
    real.has("s-rita", email="leo@example.com", email_verified=True)  # a new name, or an attempt
    assert real.signs_in(browser, "s-rita").status_code == 303 and whoever(browser) == "rita"
    browser.cookies.clear()
    real.has("s-heir", email="rita@example.com", email_verified=True)  # the address has a new owner
    refused = real.signs_in(browser, "s-heir")
    assert refused.status_code == 403 and "another account" in refused.text
    assert rows(application, "select subject, person_id from access.identity") == [("s-rita", "rita")]


def test_a_second_account_signs_in_as_its_person(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, browser = entrance
    rows(application, "insert into access.same_person values ('cleo', 'carl')")
    real.has("s-cleo", email="cleo@example.com", email_verified=True)
    assert real.signs_in(browser, "s-cleo").status_code == 303 and whoever(browser) == "carl"
    rows(application, "update firm.person set ends_on = current_date - 1 where person_id = 'cleo'")
    assert real.signs_in(browser, "s-cleo").status_code == 403, "that account is over, whoever it was of"


def held(application: Application, person_id: str) -> set[tuple[object, ...]]:
    grants = "select role, scope_kind, scope_id, source from access.role_grant"
    return set(rows(application, f"{grants} where person_id = '{person_id}'"))


def test_roles_by_group_follow_the_groups_and_others_stay(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, browser = entrance
    own = {("resource_manager", "practice", "Data", "records")}
    lead = {("practice_lead", "practice", "Data", "groups"), ("project_manager", "none", "", "groups")}

    def with_groups(*names: str) -> Response:
        real.has("s-rita", email="rita@example.com", email_verified=True, groups=list(names))
        return real.signs_in(browser, "s-rita")

    assert with_groups("data-leads", "ops", "unheard-of").status_code == 303
    assert held(application, "rita") == own | lead | {("admin", "firm", "", "groups")}
    assert "access.manage" in browser.get("/v1/me").json()["permissions"]
    assert with_groups("data-leads").status_code == 303
    assert held(application, "rita") == own | lead
    assert "access.manage" not in browser.get("/v1/me").json()["permissions"]
    assert with_groups().status_code == 303
    assert held(application, "rita") == own
    followed = rows(
        application, "select body from audit.event where action = 'access.groups_followed' order by seq"
    )
    changes = [(body["added"], body["removed"]) for (body,) in followed]  # type: ignore[index]
    leads = ["practice_lead@practice:Data", "project_manager"]
    assert changes == [(["admin@firm", *leads], []), ([], ["admin@firm"]), ([], leads)]


def test_what_the_records_say_outlasts_the_group_that_says_it_too(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    application, browser = entrance
    real.has("s-leo", email="leo@example.com", email_verified=True, groups=["data-leads"])
    assert real.signs_in(browser, "s-leo").status_code == 303
    assert ("practice_lead", "practice", "Data", "records") in held(application, "leo")
    real.has("s-leo", email="leo@example.com", email_verified=True, groups=[])
    assert real.signs_in(browser, "s-leo").status_code == 303
    assert held(application, "leo") == {("practice_lead", "practice", "Data", "records")}


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("insert into access.role_grant values ('rita', 'admin', 'firm', '')", "a role on record"),
        ("update access.role_grant set source = 'groups'", "taking over what is on record"),
        ("update access.identity set person_id = 'ada'", "linking anew"),
        ("delete from access.identity", "forgetting"),
        ("insert into access.deactivated (person_id) values ('rita')", "ending an account"),
    ],
)
def test_the_database_lets_signing_in_do_no_more(
    entrance: tuple[Application, TestClient], statement: str, why: str
) -> None:
    application, _ = entrance
    with psycopg.connect(application.place.roles["gate"]) as gate:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            gate.execute(statement.encode())
        gate.rollback()
        before = held(application, "rita")
        gate.execute("delete from access.role_grant")
        gate.commit()
    assert held(application, "rita") == before, why


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("groups: {a: [emperor@firm]}", "'emperor' is not a role"),
        ("groups: {a: [service]}", "'service' is not a role"),
        ("groups: {a: [admin@]}", "is not firm, practice:NAME or office:NAME"),
        ("groups: {a: [admin@everything]}", "is not firm"),
        ("groups: {a: admin}", "list"),
        ("roles: {a: [admin]}", "groups"),
        ("groups: [", "flow"),
    ],
)
def test_a_file_of_groups_that_says_something_else_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "groups.yaml"
    file.write_text(text)
    with pytest.raises(BadGroupsFile, match=fault):
        GroupRoles.load(file)


def test_signing_out_offers_to_sign_out_of_the_provider(
    entrance: tuple[Application, TestClient], real: Real
) -> None:
    _, browser = entrance
    real.has("s-rita", email="rita@example.com", email_verified=True)
    assert real.signs_in(browser, "s-rita").status_code == 303
    proof = csrf_of(browser.get("/inbox").text)
    out = browser.post("/sign-out", data={"csrf": proof})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-out")
    page = browser.get("/sign-out").text
    assert f"{real.issuer}/oauth2/end_session?client_id=chargehand&amp;post_logout_redirect_uri=" in page
    assert whoever(browser) is None


def test_links_work_beside_the_provider(entrance: tuple[Application, TestClient]) -> None:
    application, browser = entrance
    link = application.sessions.make_link(OPERATOR, "rita")
    assert browser.post("/sign-in", data={"token": link.token}).status_code == 303
    assert whoever(browser) == "rita"
    proof = csrf_of(browser.get("/inbox").text)
    assert browser.post("/sign-out", data={"csrf": proof}).headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("settings", "levels", "says"),
    [
        pytest.param({}, ["ok"], "people sign in through", id="all is well"),
        pytest.param({"oidc_issuer": "http://127.0.0.1:9"}, ["fail"], "does not answer as itself", id="down"),
        pytest.param({"environment": "production"}, ["ok", "fail"], "not encrypted", id="in the clear"),
        pytest.param({"oidc_groups_file": "/nowhere"}, ["ok", "fail"], "which groups give", id="no groups"),
        pytest.param({"oidc_issuer": None}, ["ok"], "by link", id="no provider"),
    ],
)
def test_the_doctor_tries_the_provider(
    real: Real, settings: dict[str, object], levels: list[str], says: str
) -> None:
    given = {"public_url": ORIGIN, "oidc_issuer": real.issuer, "oidc_client_id": "chargehand", **settings}
    found = list(examine(Installation(Settings.model_validate(given), None), ("sign-in",)))
    assert [f.level for f in found] == levels and says in found[-1].says
    assert all(f.mend for f in found if f.level != "ok")


def test_the_doctor_misses_an_administrator(db: Database) -> None:
    (_, missing) = examine(Installation(Settings(), db), ("sign-in",))
    assert missing.level == "warn" and "chargehand admin create" in missing.mend
