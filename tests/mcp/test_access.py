"""Who gets in: by HTTP as it is, and as an OAuth client finds its way."""

from typing import Any

import httpx
import pytest

from api.middleware import MAX_BODY
from tests.mcp.conftest import Served, running
from tests.workflow import firm

CALL = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    **CALL,
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def posted(served: Served, body: Any, **headers: str) -> httpx.Response:
    return httpx.post(f"{served.url}/mcp", json=body, headers=ACCEPT | headers, trust_env=False, timeout=30)


def bearer(token: str) -> str:
    return f"Bearer {token}"


def test_without_a_good_token_a_client_is_told_where_to_get_one(served: Served) -> None:
    revoked = served.token("paula")
    mine = served.application.tokens.all(firm.principal("ada"))
    served.application.tokens.revoke(firm.principal("ada"), mine[0].token_id)
    for headers in ({}, {"Authorization": "Bearer cht_x"}, {"Authorization": bearer(revoked)}):
        reply = posted(served, CALL, **headers)
        assert reply.status_code == 401
        challenge = reply.headers["www-authenticate"]
        assert challenge.startswith("Bearer ")
        where = challenge.split('resource_metadata="')[1].split('"')[0]
        assert where == f"{served.url}/.well-known/oauth-protected-resource/mcp"
        told = httpx.get(where, trust_env=False).json()
        assert told["resource"] == f"{served.url}/mcp" and "staffing.read" in told["scopes_supported"]
        assert told["bearer_methods_supported"] == ["header"]


def test_a_token_in_the_address_or_a_cookie_is_none(served: Served) -> None:
    token = served.token("paula")
    for query, cookie in ((f"?access_token={token}", ""), ("", f"chargehand={token}")):
        reply = httpx.post(
            f"{served.url}/mcp{query}", json=CALL, headers=ACCEPT | {"Cookie": cookie}, trust_env=False
        )
        assert reply.status_code == 401


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        pytest.param("Host", "evil.example", 421, id="a name that was made to lead here"),
        pytest.param("Origin", "https://evil.example", 403, id="another site's page"),
        pytest.param("Origin", "null", 403, id="a sandboxed page"),
        pytest.param("X-None", "", 200, id="as it should be"),
    ],
)
def test_another_name_or_site_is_refused_even_with_a_token(
    served: Served, header: str, value: str, status: int
) -> None:
    headers = {"Authorization": bearer(served.token("paula")), header: value}
    assert posted(served, INITIALIZE, **headers).status_code == status


def test_what_is_too_large_is_refused_before_it_is_read(served: Served) -> None:
    body = INITIALIZE | {"padding": "x" * MAX_BODY}
    assert posted(served, body, Authorization=bearer(served.token("paula"))).status_code == 413


def test_a_session_is_its_persons(served: Served) -> None:
    """With the id of another's session one gets what is there for a session that is not."""
    opened = posted(served, INITIALIZE, Authorization=bearer(served.token("rita")))
    session = {"Mcp-Session-Id": opened.headers["mcp-session-id"]}
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    theirs = posted(served, listing, Authorization=bearer(served.token("paula")), **session)
    missing = posted(
        served, listing, Authorization=bearer(served.token("paula")), **{"Mcp-Session-Id": "0" * 32}
    )
    assert theirs.status_code == missing.status_code == 404 and theirs.json() == missing.json()


def test_a_token_that_is_revoked_ends_at_the_next_request(served: Served) -> None:
    token = served.token("paula")

    async def work() -> None:
        async with served.client(token) as client:
            assert (await client.list_tools()).tools
            (mine,) = served.application.tokens.all(firm.principal("paula"))
            served.application.tokens.revoke(firm.principal("paula"), mine.token_id)
            with pytest.raises(Exception, match="error response"):
                await client.list_tools()

    running(work())


def test_the_server_says_what_it_is_for(served: Served) -> None:
    async def work() -> None:
        async with served.client(served.token("paula")) as client:
            assert client.instructions and "You cannot sign" in client.instructions
            assert client.server_info and client.server_info.name == "chargehand"
            assert client.server_capabilities.resources and client.server_capabilities.resources.subscribe

    running(work())


def test_it_is_counted_and_logged_by_its_route(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    posted(served, INITIALIZE, Authorization=bearer(served.token("paula")))
    assert 'route="/mcp"' in httpx.get(f"{served.url}/metrics", trust_env=False).text
