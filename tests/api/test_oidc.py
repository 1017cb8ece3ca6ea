"""What is believed of an identity provider's answers, and what is not."""

import time
from collections.abc import Iterator

import jwt
import pytest
from fastapi.testclient import TestClient

from api.auth import oidc
from api.auth.oidc import RETRY_S
from api.database import Place
from tests.api.identity_provider import (
    CLIENT,
    SECRET,
    Claims,
    Crooked,
    Forge,
    begun,
    crooked,
    door,
    half_hash,
    public_pem,
    signed,
)

__all__ = ["crooked"]

OTHER = "somebody-else"


@pytest.fixture
def browser(place: Place, crooked: Crooked) -> Iterator[TestClient]:
    with door(place, crooked.issuer) as (_, found):
        yield found


def without(name: str) -> Forge:
    return lambda _, claims: signed({k: v for k, v in claims.items() if k != name})


def saying(**changes: object) -> Forge:
    return lambda _, claims: signed(claims | changes)


def tampered(_: Crooked, claims: Claims) -> str:
    head, _body, signature = signed(claims).split(".")
    _head, body, _signature = signed(claims | {"sub": "s-leo", "email": "leo@example.com"}).split(".")
    return f"{head}.{body}.{signature}"


def hs256(_: Crooked, claims: Claims) -> str:
    return jwt.encode(claims, SECRET * 3, algorithm="HS256", headers={"kid": "k1"})


def hs256_with_the_public_key(_: Crooked, claims: Claims) -> str:
    """The oldest trick: the key that everybody knows, taken for a shared secret."""
    head = jwt.encode({}, "x" * 32, algorithm="HS256", headers={"kid": "k1"}).split(".")[0]
    body = signed(claims).split(".")[1]
    digest = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    mac = digest.sign(f"{head}.{body}".encode(), public_pem())
    return f"{head}.{body}.{jwt.utils.base64url_encode(mac).decode()}"


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(saying(aud=[CLIENT]), id="a list of one audience"),
        pytest.param(saying(aud=[CLIENT, OTHER], azp=CLIENT), id="two audiences, made for us"),
        pytest.param(saying(at_hash=half_hash("at")), id="bound to the access token"),
        pytest.param(lambda _, c: signed(c, kid=None), id="one key, and the token names none"),
        pytest.param(lambda c, claims: signed(claims | {"iat": time.time() + 30}), id="a clock ahead"),
    ],
)
def test_an_identity_token_that_is_good_signs_in(browser: TestClient, crooked: Crooked, forge: Forge) -> None:
    crooked.forge = forge
    assert crooked.signs_in(browser).status_code == 303
    assert browser.get("/v1/me").json()["person_id"] == "rita"


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(tampered, id="tampered with"),
        pytest.param(lambda _, c: signed(c, by="mallory"), id="signed with another key"),
        pytest.param(lambda _, c: signed(c, kid="k2"), id="a key that the provider does not have"),
        pytest.param(lambda _, c: jwt.encode(c, None, algorithm="none"), id="not signed"),
        pytest.param(hs256, id="signed with the client's secret"),
        pytest.param(hs256_with_the_public_key, id="signed with the public key as a secret"),
        pytest.param(saying(iss="https://login.evil.example"), id="by another issuer"),
        pytest.param(without("iss"), id="by no issuer"),
        pytest.param(saying(aud=OTHER), id="for another client"),
        pytest.param(saying(aud=OTHER, azp=CLIENT), id="for another client, made for us"),
        pytest.param(saying(aud=[CLIENT, OTHER], azp=OTHER), id="for us too, made for another"),
        pytest.param(without("aud"), id="for nobody"),
        pytest.param(saying(exp=int(time.time()) - 120), id="over"),
        pytest.param(without("exp"), id="never over"),
        pytest.param(without("iat"), id="from no time"),
        pytest.param(saying(nbf=int(time.time()) + 3_600), id="not yet good"),
        pytest.param(saying(nonce="of another sign-in"), id="of another sign-in"),
        pytest.param(without("nonce"), id="of any sign-in"),
        pytest.param(without("sub"), id="about nobody"),
        pytest.param(saying(at_hash=half_hash("another")), id="of another access token"),
        pytest.param(lambda _, c: "not.a.token", id="nonsense"),
    ],
)
def test_an_identity_token_that_is_not_good_signs_nobody_in(
    browser: TestClient, crooked: Crooked, forge: Forge
) -> None:
    crooked.forge = forge
    # Its metadata may say what it likes about algorithms.
    crooked.metadata = {"id_token_signing_alg_values_supported": ["none", "HS256", "RS256"]}
    refused = crooked.signs_in(browser)
    assert refused.status_code == 403 and "cannot be verified" in refused.text
    assert browser.get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("promised", "iss", "status"),
    [
        (False, None, 303),
        (False, "ours", 303),
        (False, "https://login.evil.example", 403),
        (True, "ours", 303),
        (True, None, 403),
    ],
)
def test_an_answer_comes_from_the_issuer_that_was_asked(
    browser: TestClient, crooked: Crooked, promised: bool, iss: str | None, status: int
) -> None:
    """RFC 9207: else a second provider could slip its answer in for that of the first."""
    crooked.metadata = {"authorization_response_iss_parameter_supported": promised}
    named = {} if iss is None else {"iss": crooked.issuer if iss == "ours" else iss}
    assert crooked.signs_in(browser, **named).status_code == status


def test_what_is_asked_for(browser: TestClient, crooked: Crooked) -> None:
    asked, again = begun(browser), begun(browser)
    assert asked["url"].startswith(f"{crooked.issuer}/authorize?")
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://testserver/sign-in/callback"
    assert {"openid", "email"} <= set(asked["scope"].split())
    for once in ("state", "nonce", "code_challenge"):
        assert len(asked[once]) >= 43 and asked[once] != again[once]


@pytest.mark.parametrize(
    ("userinfo", "status"),
    [
        pytest.param({"sub": "s-rita", "email": "rita@example.com", "email_verified": True}, 303, id="whole"),
        pytest.param({"sub": "s-leo", "email": "leo@example.com", "email_verified": True}, 403, id="another"),
        pytest.param({"email": "rita@example.com", "email_verified": True}, 403, id="about nobody"),
    ],
)
def test_what_the_token_leaves_out_is_asked_for_about_the_same_person(
    browser: TestClient, crooked: Crooked, userinfo: Claims, status: int
) -> None:
    crooked.forge = lambda _, claims: signed({k: v for k, v in claims.items() if not k.startswith("email")})
    crooked.userinfo = userinfo
    assert crooked.signs_in(browser).status_code == status


@pytest.mark.parametrize("error", ["access_denied", "invalid_scope", "<script>"])
def test_what_the_provider_says_went_wrong_is_said_in_our_words(
    browser: TestClient, crooked: Crooked, error: str
) -> None:
    asked = begun(browser)
    answer = {"state": asked["state"], "error": error, "error_description": "Call 555 and pay"}
    refused = browser.get("/sign-in/callback", params=answer)
    assert refused.status_code == 403 and "did not vouch" in refused.text
    assert "555" not in refused.text and "<script>" not in refused.text


def test_a_provider_that_is_down_is_said_to_be_and_tried_again(
    place: Place, crooked: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    crooked.broken = True
    with door(place, crooked.issuer) as (_, browser):
        down = browser.get("/sign-in/provider")
        assert down.status_code == 503 and "Acme ID does not answer" in down.text
        assert browser.get("/sign-in").status_code == 200, "the page itself needs no provider"
        crooked.broken = False
        assert browser.get("/sign-in/provider").status_code == 503, "nobody waits for it anew at once"
        later = time.monotonic() + RETRY_S
        monkeypatch.setattr(oidc.time, "monotonic", lambda: later)
        assert crooked.signs_in(browser).status_code == 303
        crooked.broken = True
        assert browser.get("/v1/me").status_code == 200, "who is signed in stays so"


def test_a_provider_that_fails_in_the_middle_is_down(browser: TestClient, crooked: Crooked) -> None:
    asked = begun(browser)
    crooked.broken = True
    answer = {"state": asked["state"], "code": asked["nonce"]}
    assert browser.get("/sign-in/callback", params=answer).status_code == 503
    crooked.broken = False
    assert browser.get("/sign-in/callback", params=answer).status_code == 400, "begin again"


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"issuer": "https://login.evil.example"}, id="calls itself something else"),
        pytest.param({"authorization_endpoint": None, "jwks_uri": None}, id="says nothing"),
    ],
)
def test_a_description_that_is_not_the_providers_is_not_used(
    place: Place, crooked: Crooked, metadata: Claims
) -> None:
    crooked.metadata = metadata
    with door(place, crooked.issuer) as (_, browser):
        assert browser.get("/sign-in/provider").status_code == 503


def test_a_key_that_was_replaced_is_fetched(
    browser: TestClient, crooked: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert crooked.signs_in(browser).status_code == 303
    crooked.kid = "k2"
    crooked.forge = lambda _, claims: signed(claims, kid="k2")
    assert crooked.signs_in(browser).status_code == 403, "not at once: a token could have us ask all day"
    later = time.monotonic() + 31
    monkeypatch.setattr(jwt.jwks_client.time, "monotonic", lambda: later)
    assert crooked.signs_in(browser).status_code == 303
