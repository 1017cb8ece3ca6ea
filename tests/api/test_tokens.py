"""Bearer tokens: what they may do, who may make them, and when they end."""

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.wiring import Application
from models.access import PERMISSIONS, Permission
from tests.api.small_firm import Browser, Program
from tests.workflow import firm


def test_a_token_is_shown_once_and_stored_as_a_hash(application: Application, browser: Browser) -> None:
    rita = browser("rita")
    made = rita.post("/v1/tokens", json={"name": "export", "scopes": ["staffing.read"], "days": 7})
    assert made.status_code == 201
    secret = made.json()["token"]
    assert secret not in rita.get("/v1/tokens").text
    with psycopg.connect(application.place.admin) as connection:
        assert secret not in str(connection.execute("select * from access.api_token").fetchall())


def test_scopes_narrow_and_never_widen(program: Program) -> None:
    narrow = program("rita", "staffing.read", "audit.read")
    assert narrow.get("/v1/me").json()["permissions"] == ["staffing.read"], "rita may not read the audit log"
    assert narrow.get("/v1/proposals").status_code == 403
    assert [t["name"] for t in narrow.get("/v1/tools").json()] == ["find_people"]


def test_a_token_without_the_scope_to_decide_cannot_decide(
    application: Application, program: Program
) -> None:
    card = application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    decision = {"content_hash": card.content_hash, "verdict": "approve"}
    reader = program("rita", "proposals.read")
    assert reader.post(f"/v1/proposals/{card.proposal_id}/decisions", json=decision).status_code == 403
    decider = program("rita", "proposals.read", "proposals.decide")
    assert decider.post(f"/v1/proposals/{card.proposal_id}/decisions", json=decision).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "update access.api_token set expires_at = now()",
        "update access.api_token set revoked_at = now()",
        "update firm.person set ends_on = current_date - 1",
    ],
)
def test_a_token_ends(application: Application, program: Program, change: str) -> None:
    rita = program("rita")
    assert rita.get("/v1/me").status_code == 200
    with psycopg.connect(application.place.admin, autocommit=True) as connection:
        connection.execute(change)
    refused = rita.get("/v1/me")
    assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer nonsense", "Bearer ", "Basic cml0YTpyaXRh", "bearer x y"]
)
def test_a_header_that_is_no_good_token_is_refused(client: TestClient, header: str) -> None:
    assert client.get("/v1/me", headers={"Authorization": header}).status_code == 401


def test_a_bad_token_is_not_made_good_by_a_cookie(browser: Browser) -> None:
    rita = browser("rita")
    assert rita.get("/v1/me", headers={"Authorization": "Bearer nonsense"}).status_code == 401


@pytest.mark.parametrize(
    ("who", "wanted", "status"),
    [
        pytest.param("rita", {"scopes": ["staffing.read"]}, 201, id="for oneself, what one holds"),
        pytest.param("rita", {"scopes": ["audit.read"]}, 403, id="for oneself, what one does not hold"),
        pytest.param("rita", {"scopes": ["staffing.read"], "person_id": "leo"}, 403, id="for somebody else"),
        pytest.param("ada", {"scopes": ["staffing.read"], "person_id": "leo"}, 201, id="by an administrator"),
        pytest.param("ada", {"scopes": ["staffing.read"], "person_id": "nobody"}, 404, id="for nobody"),
        pytest.param("rita", {"scopes": []}, 422, id="that may do nothing"),
        pytest.param("rita", {"scopes": ["everything"]}, 422, id="with a scope that is none"),
        pytest.param("rita", {"scopes": ["staffing.read"], "days": 4000}, 422, id="for ever"),
    ],
)
def test_who_may_make_which_token(browser: Browser, who: str, wanted: dict[str, object], status: int) -> None:
    assert browser(who).post("/v1/tokens", json={"name": "t", **wanted}).status_code == status


def test_a_token_makes_no_token(program: Program) -> None:
    """One that leaked would outlive itself."""
    every: tuple[Permission, ...] = PERMISSIONS
    rita = program("rita", *every)
    assert rita.post("/v1/tokens", json={"name": "t", "scopes": ["staffing.read"]}).status_code == 403


def test_one_sees_and_revokes_ones_own_tokens_only(browser: Browser) -> None:
    rita, leo, ada = browser("rita"), browser("leo"), browser("ada")
    token_id = rita.post("/v1/tokens", json={"name": "t", "scopes": ["staffing.read"]}).json()["token_id"]
    assert leo.get("/v1/tokens").json() == []
    assert leo.delete(f"/v1/tokens/{token_id}").status_code == 404
    assert [t["token_id"] for t in ada.get("/v1/tokens").json()] == [token_id]
    assert rita.delete(f"/v1/tokens/{token_id}").json()["revoked_at"]


def test_its_last_use_is_noted_within_a_minute(application: Application, browser: Browser) -> None:
    rita = browser("rita")
    made = rita.post("/v1/tokens", json={"name": "t", "scopes": ["staffing.read"]}).json()
    assert made["last_used_at"] is None

    def used_at() -> object:
        with psycopg.connect(application.place.admin) as connection:
            return connection.execute("select last_used_at from access.api_token").fetchone()

    assert application.tokens.of(made["token"]) is not None
    first = used_at()
    assert first != (None,)
    assert application.tokens.of(made["token"]) is not None
    assert used_at() == first, "a busy program writes no row with every call"
    with psycopg.connect(application.place.admin, autocommit=True) as connection:
        connection.execute("update access.api_token set last_used_at = now() - interval '2 minutes'")
    assert application.tokens.of(made["token"]) is not None
    assert used_at() != first
