"""Access tokens of the identity provider: what they may do here, and which are refused."""

import time
from collections.abc import Iterator

import jwt
import psycopg
import pytest
from fastapi.testclient import TestClient

from api.auth.bearer import principal_of_token
from api.database import Place
from api.settings import Settings
from api.wiring import Application
from tests.api.identity_provider import CLIENT, Claims, Crooked, crooked, door, settings, signed

__all__ = ["crooked"]

AUDIENCE = "https://chargehand.example/api"


@pytest.fixture
def served(place: Place, crooked: Crooked) -> Iterator[tuple[Application, TestClient]]:
    """Rita has signed in through the provider once."""
    with door(place, crooked.issuer, oidc_audience=AUDIENCE) as (application, browser):
        assert crooked.signs_in(browser).status_code == 303
        browser.cookies.clear()
        yield application, browser


def access(crooked: Crooked, **changes: object) -> Claims:
    now = int(time.time())
    good = {"iss": crooked.issuer, "aud": AUDIENCE, "sub": "s-rita", "iat": now, "exp": now + 300}
    return {k: v for k, v in {**good, "scope": "openid proposals.read", **changes}.items() if v is not None}


@pytest.mark.parametrize(
    ("changes", "permissions"),
    [
        ({}, ["proposals.read"]),
        ({"scope": "chargehand:chat.use api://chargehand/proposals.read"}, ["chat.use", "proposals.read"]),
        ({"scope": None, "scp": ["staffing.read"]}, ["staffing.read"]),
        ({"scope": "audit.read access.manage"}, []),  # more than Rita may
        ({"scope": None}, []),
        ({"aud": [AUDIENCE, "another"]}, ["proposals.read"]),
    ],
)
def test_a_token_acts_for_who_signed_in_as_far_as_its_scopes(
    served: tuple[Application, TestClient], crooked: Crooked, changes: Claims, permissions: list[str]
) -> None:
    _, client = served
    token = signed(access(crooked, **changes))
    me = client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert (me.status_code, me.json()["person_id"]) == (200, "rita")
    assert me.json()["permissions"] == permissions


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": CLIENT}, id="an identity token's audience"),
        pytest.param({"aud": None}, id="for nobody"),
        pytest.param({"iss": "https://login.evil.example"}, id="by another issuer"),
        pytest.param({"exp": 1_700_000_000}, id="over"),
        pytest.param({"exp": None}, id="never over"),
        pytest.param({"sub": "s-leo"}, id="somebody who never signed in"),
        pytest.param({"sub": None}, id="nobody"),
    ],
)
def test_a_token_that_is_not_good_is_refused(
    served: tuple[Application, TestClient], crooked: Crooked, changes: Claims
) -> None:
    _, client = served
    token = signed(access(crooked, email="leo@example.com", email_verified=True, **changes))
    assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_token_that_is_not_signed_by_the_provider_is_refused(
    served: tuple[Application, TestClient], crooked: Crooked
) -> None:
    application, _ = served
    claims = access(crooked)
    for token in (
        signed(claims, by="mallory"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "k1"}),
        "a.b.c",
        "",
    ):
        assert principal_of_token(application, token) is None


def test_it_ends_with_the_person(served: tuple[Application, TestClient], crooked: Crooked) -> None:
    application, _ = served
    token = signed(access(crooked))
    assert principal_of_token(application, token) is not None
    with psycopg.connect(application.place.admin, autocommit=True) as connection:
        connection.execute("insert into access.deactivated (person_id) values ('rita')")
    assert principal_of_token(application, token) is None


def test_none_is_accepted_where_no_audience_is_set(place: Place, crooked: Crooked) -> None:
    with door(place, crooked.issuer) as (application, browser):
        assert crooked.signs_in(browser).status_code == 303
        assert principal_of_token(application, signed(access(crooked))) is None


def test_a_provider_that_is_down_is_no_bad_token(place: Place, crooked: Crooked) -> None:
    crooked.broken = True
    with door(place, crooked.issuer, oidc_audience=AUDIENCE) as (_, client):
        headers = {"Authorization": f"Bearer {signed(access(crooked))}", "Accept": "application/json"}
        reply = client.get("/v1/me", headers=headers)
        assert (reply.status_code, reply.json()["retry"]) == (503, "later")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"oidc_audience": CLIENT}, id="an identity token would pass for an access token"),
        pytest.param({"oidc_issuer": "http://login.example"}, id="not encrypted"),
        pytest.param({"oidc_client_id": None}, id="no client"),
    ],
)
def test_settings_that_would_be_unsafe_are_refused(wrong: Claims) -> None:
    assert settings("https://login.example", oidc_audience=AUDIENCE).oidc_audience == AUDIENCE
    good = {"oidc_issuer": "https://login.example", "oidc_client_id": CLIENT}
    with pytest.raises(ValueError, match="CHARGEHAND_OIDC"):
        Settings.model_validate(good | wrong)
