"""Who may come in: Teams itself, with a token for this bot, of this tenant, and about this service."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient

from api.settings import SettingMissing, Settings
from api.teams.registration import TokenCheckRequired, registration
from api.wiring import Application
from tests.teams.conftest import post
from tests.teams.peer import CLIENT, ISSUER, KEY_ID, TENANT, Peer, activity

STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims(peer: Peer) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 600, "serviceurl": peer.url}


BAD: dict[str, Callable[[Peer], str | None]] = {
    "none at all": lambda peer: None,
    "no token": lambda peer: "nonsense",
    "for another bot": lambda peer: peer.token(aud="99999999-2222-3333-4444-555555555555"),
    "of another issuer": lambda peer: peer.token(iss="https://evil.example"),
    "over, and not by clocks that differ": lambda peer: peer.token(exp=int(time.time()) - 301),
    "issued in the future": lambda peer: peer.token(iat=int(time.time()) + 900),
    "about another service": lambda peer: peer.token(serviceurl="https://elsewhere.example"),
    "about no service": lambda peer: peer.token(serviceurl=None),
    "not signed": lambda peer: jwt.encode(claims(peer), "", algorithm="none", headers={"kid": KEY_ID}),
    "signed with a secret": lambda peer: jwt.encode(
        claims(peer), CLIENT * 2, algorithm="HS256", headers={"kid": KEY_ID}
    ),
    "signed with another key": lambda peer: peer.signed(claims(peer), STRANGER),
    "with an unknown key id": lambda peer: jwt.encode(
        claims(peer), STRANGER, algorithm="RS256", headers={"kid": "another"}
    ),
    "of an agent identity, which names no service": lambda peer: peer.entra(
        "x", "x", aud=CLIENT, azp="5a807f24-c9de-44ee-a3a7-329e88a00ffc"
    ),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_refused(
    teams: TestClient, application: Application, peer: Peer, token: Callable[[Peer], str | None]
) -> None:
    reply = post(teams, activity(peer, "paula", "help"), token(peer))
    assert reply.status_code == 401
    assert _taken(application) == 0


def test_a_good_token_comes_in_and_what_it_brings_is_kept_once(
    teams: TestClient, application: Application, peer: Peer
) -> None:
    peer.member("paula")
    said = activity(peer, "paula", "help")
    assert [post(teams, said, peer.token()).status_code for _ in range(3)] == [200, 200, 200]
    assert _taken(application) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"serviceUrl": "https://elsewhere.example"},
        {"serviceUrl": "http://169.254.169.254/"},
        {"serviceUrl": None},
        {"serviceUrl": 7},
    ],
    ids=lambda c: str(c["serviceUrl"]),
)
def test_we_answer_only_the_service_that_the_token_names(
    teams: TestClient, application: Application, peer: Peer, changes: dict[str, Any]
) -> None:
    reply = post(teams, activity(peer, "paula", "help", **changes), peer.token())
    assert reply.status_code == 401
    assert _taken(application) == 0


def test_another_tenant_is_refused(teams: TestClient, application: Application, peer: Peer) -> None:
    theirs = {"id": "a:x", "conversationType": "personal", "tenantId": "another"}
    reply = post(teams, activity(peer, "paula", "help", conversation=theirs), peer.token())
    assert reply.status_code == 403
    assert _taken(application) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"conversation": 7}', b"\xff"])
def test_what_is_no_activity_is_refused(teams: TestClient, peer: Peer, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {peer.token()}", "Content-Type": "application/json"}
    assert teams.post("/api/messages", content=body, headers=headers).status_code == 400


def test_sign_ins_by_connections_of_the_bot_framework_are_not_ours(teams: TestClient, peer: Peer) -> None:
    """The SDK would answer them by calling a token service; we ask for tokens of the directory."""
    for name in ("signin/tokenExchange", "signin/verifyState", "fileConsent/invoke"):
        asked = activity(peer, "paula", type="invoke", name=name, value={})
        assert post(teams, asked, peer.token()).status_code == 501
    assert peer.said() == []


# --- where no token is asked for

SAFE = {"environment": "development", "host": "127.0.0.1"}


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ({"environment": "production"}, "anybody could act as anybody"),
        ({"environment": "demo"}, "a demo may be shown to others"),
        ({"host": "0.0.0.0"}, "others reach every interface"),
        ({"host": "::"}, "others reach every interface"),
        ({"host": "10.0.0.5"}, "others reach that address"),
        ({"host": "chargehand.example"}, "nobody knows what a name leads to"),
    ],
)
def test_tokens_are_not_skipped_but_in_development_on_this_machine(place: dict[str, str], why: str) -> None:
    with pytest.raises(TokenCheckRequired):
        registration(_settings(**(SAFE | place)))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_tokens_are_skipped_in_development_on_this_machine(host: str) -> None:
    found = registration(_settings(**(SAFE | {"host": host})))
    assert found and found.skip_token_check
    assert found.trusts("http://127.0.0.1:56150/_connector")
    assert not found.trusts("https://smba.trafficmanager.net/teams"), "nothing leaves this machine unchecked"


def test_a_bot_needs_its_tenant_and_its_secret() -> None:
    assert registration(Settings()) is None
    with pytest.raises(SettingMissing, match="TENANT"):
        registration(Settings.model_validate({"teams_client_id": CLIENT}))
    with pytest.raises(SettingMissing, match="SECRET"):
        registration(Settings.model_validate({"teams_client_id": CLIENT, "teams_tenant_id": TENANT}))


def test_a_secret_is_not_shown() -> None:
    found = registration(_settings(teams_skip_token_check=False, teams_client_secret="hush"))
    assert found and "hush" not in repr(found)


def _settings(**changes: Any) -> Settings:
    given = {"teams_client_id": CLIENT, "teams_tenant_id": TENANT, "teams_skip_token_check": True}
    return Settings.model_validate(given | changes)


def _taken(application: Application) -> int:
    import psycopg

    with psycopg.connect(application.place.admin) as connection:
        row = connection.execute("select count(*) from talk.inbound").fetchone()
    assert row
    return int(row[0])
