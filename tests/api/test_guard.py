"""Nobody gets past the door, from another site, or around the gate by reading."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.auth.callers import SAFE_METHODS
from api.wiring import Application
from tests.api.small_firm import ORIGIN, Browser, Program, csrf_of
from tests.workflow import firm
from workflow.cards import ProposalCard

NOT_THERE = UUID(int=7)
OPEN = {
    "/sign-in",
    "/sign-in/provider",
    "/sign-in/callback",
    "/sign-in/{token}",
    "/sign-out",
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/openapi.json",
}
OPEN |= {"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"}


@pytest.fixture
def card(application: Application) -> ProposalCard:
    """Waits for rita, or rolf, of the practice Data."""
    return application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path, as the OpenAPI document and the pages have them."""
    pending: list[Any] = list(app.routes)
    while pending:
        route = pending.pop()
        pending += getattr(getattr(route, "original_router", None), "routes", ())
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


def filled(path: str, card: ProposalCard) -> str:
    values = {
        "proposal_id": card.proposal_id,
        "thread_id": NOT_THERE,
        "delegation_id": NOT_THERE,
        "question_id": NOT_THERE,
        "report_id": NOT_THERE,
        "token_id": NOT_THERE,
        "session_id": NOT_THERE,
        "webhook_id": NOT_THERE,
        "event_id": NOT_THERE,
        "message_id": 1,
        "effect_id": 1,
        "surface": "mail",
        "system": "erp",
        "name": "find_people",
        "token": "x",
        "document": "contract",
        "document_id": "c-1",
        "record": "person",
        "record_id": "carl",
        "seq": 1,
    }
    return path.replace(":path", "").format(**values)


def test_every_route_is_known_to_this_test(client: TestClient) -> None:
    found = {path for _, path in routes(_app(client))}
    assert {
        "/v1/proposals/{proposal_id}/decisions",
        "/proposals/{proposal_id}/decide",
        "/operations",
    } <= found
    assert len(found) > 40


def test_without_signing_in_there_is_nothing(client: TestClient, card: ProposalCard) -> None:
    for method, path in routes(_app(client)):
        if path not in OPEN or (method == "POST" and path == "/sign-out"):
            reply = client.request(method, filled(path, card))
            assert reply.status_code in (401, 422, 405), f"{method} {path} answered {reply.status_code}"
            assert str(card.proposal_id) not in reply.text


def test_nothing_is_decided_by_a_get(
    application: Application, client: TestClient, browser: Browser, card: ProposalCard
) -> None:
    """Opening any address, by a scanner or a prefetching browser, changes no proposal."""
    rita = browser("rita")
    before = _workflow(application)
    for method, path in routes(_app(client)):
        if method in SAFE_METHODS and path != "/v1/live":
            rita.request(method, filled(path, card), params={"verdict": "approve", "do": "approve"})
    assert _workflow(application) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="our page"),
        pytest.param({"X-CSRF-Token": ""}, 403, id="no proof"),
        pytest.param({"X-CSRF-Token": "x" * 43}, 403, id="a made-up proof"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed page"),
        pytest.param({"Origin": f"{ORIGIN}.evil.example"}, 403, id="a site that begins like ours"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="the browser says another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="the browser says a sister site"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 200, id="the browser says our page"),
    ],
)
def test_a_browser_decides_from_our_own_page_only(
    browser: Browser, card: ProposalCard, headers: dict[str, str], status: int
) -> None:
    rita = browser("rita")
    decision = {"content_hash": card.content_hash, "verdict": "approve"}
    reply = rita.post(f"/v1/proposals/{card.proposal_id}/decisions", json=decision, headers=headers)
    assert reply.status_code == status


def test_a_form_carries_the_proof_as_a_field(browser: Browser, card: ProposalCard) -> None:
    rita = browser("rita")
    del rita.headers["X-CSRF-Token"]
    form = {"content_hash": card.content_hash, "verdict": "approve"}
    path = f"/proposals/{card.proposal_id}"
    assert rita.post(f"{path}/decide", data=form).status_code == 403
    proof = csrf_of(rita.get(path).text)
    assert rita.post(f"{path}/decide", data={**form, "csrf": proof}).status_code == 303


def test_somebody_elses_proof_is_none(browser: Browser, card: ProposalCard) -> None:
    rita, leo = browser("rita"), browser("leo")
    rita.headers["X-CSRF-Token"] = leo.headers["X-CSRF-Token"]
    decision = {"content_hash": card.content_hash, "verdict": "approve"}
    assert rita.post(f"/v1/proposals/{card.proposal_id}/decisions", json=decision).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/proposals/{id}", None),
        ("POST", "/v1/proposals/{id}/decisions", {"content_hash": "{hash}", "verdict": "approve"}),
        ("POST", "/v1/proposals/{id}/withdrawals", {}),
        ("POST", "/v1/proposals/{id}/acceptances", {"content_hash": "{hash}", "keep": ["x"], "reason": "y"}),
    ],
)
def test_what_one_may_not_see_answers_as_what_is_not_there(
    program: Program, card: ProposalCard, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Petra runs another project; Carl only works on this one. Neither may see its proposals."""
    for who in ("petra", "cleo"):
        stranger = program(who)
        replies = []
        for proposal_id in (card.proposal_id, NOT_THERE):
            content = {k: card.content_hash if v == "{hash}" else v for k, v in (body or {}).items()}
            reply = stranger.request(
                method, path.format(id=proposal_id), json=content if body is not None else None
            )
            problem = reply.json()
            replies.append(
                (reply.status_code, problem["type"], problem["detail"].replace(str(proposal_id), "ID"))
            )
        assert replies[0] == replies[1]
        assert replies[0][0] == 404


def test_a_list_holds_only_what_one_may_see(program: Program, card: ProposalCard) -> None:
    seen = {
        who: program(who).get("/v1/proposals?box=all").json()["items"]
        for who in ("paula", "rita", "petra", "cleo")
    }
    assert [len(items) for items in seen.values()] == [1, 1, 0, 0]


def test_a_conversation_is_its_owners(browser: Browser) -> None:
    paula, rita = browser("paula"), browser("rita")
    thread_id = paula.post("/v1/threads", json={}).json()["thread_id"]
    assert rita.get(f"/v1/threads/{thread_id}/messages").status_code == 404
    assert rita.post(f"/v1/threads/{thread_id}/turns", json={"text": "hello"}).status_code == 404
    call = {"arguments": {}, "thread_id": thread_id}
    assert rita.post("/v1/tools/my_proposals/calls", json=call).status_code == 404
    assert rita.get(f"/chat/{thread_id}").status_code == 404


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("carl", "/v1/queues", 403),
        ("carl", "/v1/audit", 403),
        ("carl", "/v1/reports", 403),
        ("rita", "/v1/queues", 200),
        ("rita", "/v1/audit", 403),
        ("audrey", "/v1/audit", 200),
        ("audrey", "/v1/threads", 403),
        ("ada", "/v1/effects/parked", 200),
    ],
)
def test_routes_ask_for_the_permission(program: Program, who: str, path: str, status: int) -> None:
    assert program(who).get(path).status_code == status


def test_an_auditor_pauses_nothing(program: Program) -> None:
    reply = program("audrey").post("/v1/circuits/erp/pauses", json={"reason": "because"})
    assert reply.status_code == 403


def test_metrics_are_for_this_machine_or_who_watches_operations(client: TestClient, program: Program) -> None:
    assert client.get("/metrics").status_code == 401, "the test client is no loopback address"
    assert program("carl").get("/metrics").status_code == 403
    assert "chargehand_http_requests_total" in program("rita", "operations.read").get("/metrics").text
    with TestClient(_app(client), client=("127.0.0.1", 5)) as local:
        assert local.get("/metrics").status_code == 200
        assert local.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def _app(client: TestClient) -> FastAPI:
    assert isinstance(client.app, FastAPI)
    return client.app


def _workflow(application: Application) -> Any:
    """Everything that a decision or an operation would change."""
    with psycopg.connect(application.place.admin) as connection:
        return [
            connection.execute(f"select to_jsonb(t) from {table} t order by 1::text").fetchall()
            for table in (
                "workflow.proposal",
                "workflow.proposal_version",
                "workflow.decision",
                "workflow.effect",
                "workflow.circuit",
                "access.api_token",
            )
        ]
