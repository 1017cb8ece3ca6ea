"""Access tokens of the firm's identity provider: found by the metadata, signed by its keys, for us."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from api.app import create_app
from api.database import Place
from api.server import bound
from api.settings import Settings
from api.wiring import opened
from tests.api.small_firm import copilot, place, served
from tests.mcp.conftest import Served, running

__all__ = ["place"]

AUDIENCE = "https://chargehand.firm.example/mcp"
SCOPES = "openid staffing.read proposals.read"


class Provider:
    """An identity provider with one key, behind a socket."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def app(self) -> FastAPI:
        app = FastAPI()
        described = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
        }
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        keys = {"keys": [jwk | {"kid": "1", "alg": "RS256", "use": "sig"}]}
        app.add_api_route("/.well-known/openid-configuration", lambda: described)
        app.add_api_route("/jwks", lambda: keys)
        return app

    def token(self, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "sub": "paulas-account",
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 60,
            "scope": SCOPES,
        }
        return jwt.encode(usual | claims, key or self.key, algorithm, headers={"kid": "1"})


@pytest.fixture
def provider() -> Iterator[Provider]:
    listener = bound("127.0.0.1", 0)
    found = Provider(f"http://127.0.0.1:{listener.getsockname()[1]}")
    with served(found.app(), listener):
        yield found


@pytest.fixture
def desk(place: Place, provider: Provider) -> Iterator[Served]:
    with _desk(place, provider) as found:
        yield found


@contextmanager
def _desk(place: Place, provider: Provider) -> Iterator[Served]:
    """A desk that takes the provider's tokens. Paula has signed in with her account before."""
    with psycopg.connect(place.admin) as connection:
        connection.execute(
            "insert into access.identity (issuer, subject, person_id) values (%s, 'paulas-account', 'paula')",
            (provider.issuer,),
        )
    listener = bound("127.0.0.1", 0)
    settings = Settings.model_validate(
        {
            "port": listener.getsockname()[1],
            "oidc_issuer": provider.issuer,
            "oidc_client_id": "chargehand",
            "oidc_audience": AUDIENCE,
        }
    )
    with (
        copilot(place) as address,
        opened(settings, place, address) as application,
        served(create_app(application), listener),
    ):
        yield Served(application, application.public_url)


def test_a_client_finds_the_provider_and_acts_as_the_person(desk: Served, provider: Provider) -> None:
    told = httpx.get(f"{desk.url}/.well-known/oauth-protected-resource/mcp", trust_env=False).json()
    assert told["authorization_servers"] == [provider.issuer]

    async def work() -> None:
        async with desk.client(provider.token()) as client:
            assert {t.name for t in (await client.list_tools()).tools} == {"find_people", "my_proposals"}
            proposing = {"project": "Aurora", "role": "Lead", "person": "carl"}
            refused = await client.call_tool("propose_assignment", proposing)
            assert refused.is_error and refused.structured_content["status"] == 403

    running(work())


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "https://elsewhere.example"}, id="for another server"),
        pytest.param({"aud": "chargehand"}, id="an identity token"),
        pytest.param({"iss": "https://elsewhere.example"}, id="of another issuer"),
        pytest.param({"exp": 1}, id="over"),
        pytest.param({"sub": "nobody"}, id="of nobody we know"),
        pytest.param({"key": "k" * 32, "algorithm": "HS256"}, id="signed with a secret"),
        pytest.param(
            {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, id="with another key"
        ),
    ],
)
def test_another_token_is_none(desk: Served, provider: Provider, claims: dict[str, Any]) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {provider.token(**claims)}",
    }
    assert httpx.post(f"{desk.url}/mcp", json=body, headers=headers, trust_env=False).status_code == 401
