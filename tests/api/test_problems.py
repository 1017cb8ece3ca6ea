"""Every error is a problem document with an id that is in the log; nothing of our insides is in it."""

import re
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from api.wiring import Application
from models.access import PERMISSIONS
from tests.api.small_firm import Browser, Program


@pytest.mark.parametrize(
    ("method", "path", "send", "status"),
    [
        pytest.param("GET", "/v1/nothing", {}, 404, id="no such address"),
        pytest.param("DELETE", "/v1/me", {}, 405, id="no such method"),
        pytest.param("GET", "/v1/proposals/not-an-id", {}, 422, id="no id"),
        pytest.param("POST", "/v1/threads", {"content": b"{"}, 422, id="not JSON"),
        pytest.param("POST", "/v1/threads", {"content": b"[1]"}, 422, id="not an object"),
        pytest.param("POST", "/v1/threads", {"content": b"\xff"}, 400, id="not UTF-8"),
        pytest.param("POST", "/v1/threads", {"json": {"title": "a\x00b"}}, 422, id="a NUL character"),
        pytest.param("GET", "/v1/audit?subject=a%00b", {}, 422, id="a NUL character in the address"),
        pytest.param("POST", "/v1/threads", {"content": b" " * 1_000_001}, 413, id="too large"),
    ],
)
def test_what_is_wrong_with_a_request_is_a_problem(
    program: Program, method: str, path: str, send: dict[str, Any], status: int
) -> None:
    reply = program("ada").request(method, path, headers={"Content-Type": "application/json"}, **send)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == status and problem["detail"] and problem["type"].startswith("https://")
    assert problem["request_id"] == reply.headers["x-request-id"]


def test_a_fault_names_the_field(program: Program) -> None:
    problem = program("ada").post("/v1/threads", json={"titel": "x"}).json()
    assert problem["errors"] == [{"field": "body.titel", "reason": "Extra inputs are not permitted"}]


def test_a_crash_gives_nothing_away(
    application: Application, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("password of the database is hunter2")

    monkeypatch.setattr(type(application.copilot), "threads", crash)
    paula = program("paula")
    with capture_logs() as logs:
        reply = paula.get("/v1/threads")
    assert (reply.status_code, reply.json()["title"]) == (500, "Unexpected")
    (failed,) = (entry for entry in logs if entry["event"] == "request.failed")
    assert isinstance(failed["exc_info"], RuntimeError), "the log has it"
    assert "hunter2" not in reply.text
    assert reply.headers["content-security-policy"], "also the page of a crash is safe"


def test_a_browser_gets_a_page_and_a_program_a_document(browser: Browser) -> None:
    rita = browser("rita")
    page = rita.get("/proposals/00000000-0000-0000-0000-000000000000", headers={"Accept": "text/html"})
    assert page.status_code == 404 and page.headers["content-type"].startswith("text/html")
    assert rita.get("/proposals/00000000-0000-0000-0000-000000000000").json()["status"] == 404


def test_request_ids_are_taken_over_when_they_are_harmless(client: TestClient) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-ID": "trace-0001"}).headers["x-request-id"] == "trace-0001"
    )
    for odd in ("short", "x" * 65, 'quote"; drop', "new\tline-00"):
        assert client.get("/healthz", headers={"X-Request-ID": odd}).headers["x-request-id"] != odd


def test_pages_allow_nothing_from_elsewhere(client: TestClient) -> None:
    headers = client.get("/sign-in").headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    page = client.get("/sign-in").text
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", page), "no inline script or style"


def test_addresses_are_counted_and_logged_by_route(
    application: Application, client: TestClient, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by path: it holds ids, and of a sign-in link the secret."""
    client.get("/sign-in/a-secret-token")
    client.get("/anything/a-secret-token")
    counted = program("rita", "operations.read").get("/metrics").text
    assert 'route="/sign-in/{token}"' in counted and "a-secret-token" not in counted


def test_readiness_needs_the_database(application: Application, client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.get("/healthz").json() == {"status": "ok"}


class TestOpenApi:
    def test_is_valid_and_whole(self, client: TestClient) -> None:
        document = client.get("/v1/openapi.json").json()
        assert document["openapi"].startswith("3.1")
        names = set(document["components"]["schemas"])
        used = set(re.findall(r"#/components/schemas/([\w.-]+)", client.get("/v1/openapi.json").text))
        assert used <= names, "every reference leads somewhere"
        for schema in document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_says_what_each_operation_does_and_answers(self, client: TestClient) -> None:
        document = client.get("/v1/openapi.json").json()
        ids = []
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                ids.append(operation["operationId"])
                assert operation["summary"] and operation["tags"], (method, path)
                assert {"401", "403"} <= set(operation["responses"]), (method, path)
                for code, response in operation["responses"].items():
                    if int(code) >= 400:
                        assert list(response["content"]) == ["application/problem+json"], (method, path, code)
        assert len(ids) == len(set(ids)) > 25

    def test_names_the_idempotency_key_where_it_is_honoured(self, client: TestClient) -> None:
        document = client.get("/v1/openapi.json").json()
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                named = any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", ()))
                assert named == (method == "post" and operation["tags"] != ["access"]), (method, path)

    def test_holds_the_closed_vocabularies(self, client: TestClient) -> None:
        text = client.get("/v1/openapi.json").text
        assert all(permission in text for permission in PERMISSIONS)
