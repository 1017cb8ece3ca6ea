"""The bot as the settings make it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.teams.registration import TokenCheckRequired
from api.wiring import Application
from tests.api.small_firm import ORIGIN
from tests.teams.peer import CLIENT, TENANT, Peer, activity

HERE = {"teams_client_id": CLIENT, "teams_tenant_id": TENANT, "teams_skip_token_check": True}


def with_settings(application: Application, **changes: object) -> Application:
    return replace(application, settings=application.settings.model_copy(update=HERE | changes))


@pytest.fixture
def unchecked(application: Application) -> Iterator[TestClient]:
    """In development on this machine, where no token is asked for."""
    app = create_app(with_settings(application))
    with TestClient(app, base_url=ORIGIN, client=("127.0.0.1", 50_000)) as client:
        yield client


def test_without_settings_there_is_no_bot(application: Application) -> None:
    with TestClient(create_app(application), base_url=ORIGIN) as client:
        assert client.post("/api/messages", json={}).status_code == 404


def test_the_desk_does_not_start_where_tokens_would_be_skipped_for_others(application: Application) -> None:
    with pytest.raises(TokenCheckRequired):
        create_app(with_settings(application, host="0.0.0.0"))
    with pytest.raises(TokenCheckRequired):
        create_app(with_settings(application, environment="production"))


def test_without_tokens_only_this_machine_is_heard_and_answered(unchecked: TestClient, peer: Peer) -> None:
    said = activity(peer, "stranger", "help")
    assert unchecked.post("/api/messages", json=said).status_code == 200
    proxied = unchecked.post("/api/messages", json=said, headers={"X-Forwarded-For": "203.0.113.9"})
    assert proxied.status_code == 401, "a proxy on this machine speaks for others"
    elsewhere = said | {"serviceUrl": "https://smba.trafficmanager.net/teams"}
    assert unchecked.post("/api/messages", json=elsewhere).status_code == 401
    far = TestClient(unchecked.app, base_url=ORIGIN, client=("203.0.113.9", 50_000))
    assert far.post("/api/messages", json=said).status_code == 401


def test_the_route_is_in_no_document(unchecked: TestClient) -> None:
    assert "/api/messages" not in unchecked.get("/v1/openapi.json").json()["paths"]
