"""Identity providers to sign in through: a real one in a process of its own, and one that says whatever a
test wants it to."""

import base64
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from jwt.algorithms import RSAAlgorithm

from api.app import create_app
from api.copilot.client import Address
from api.database import Place
from api.server import bound
from api.settings import Settings
from api.wiring import Application, opened
from tests.api.small_firm import ORIGIN

CLIENT, SECRET = "chargehand", "a secret of the two"
Claims = dict[str, Any]
Forge = Callable[["Crooked", Claims], str]


def settings(issuer: str, **more: Any) -> Settings:
    provider = {"oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    return Settings.model_validate({"public_url": ORIGIN, "oidc_name": "Acme ID", **provider, **more})


@contextmanager
def door(place: Place, issuer: str, **more: Any) -> Iterator[tuple[Application, TestClient]]:
    """The application where people sign in through the provider, and a browser that nobody uses yet."""
    with (
        opened(settings(issuer, **more), place, Address()) as application,
        TestClient(create_app(application), base_url=ORIGIN, follow_redirects=False) as browser,
    ):
        browser.headers["Accept"] = "text/html"
        yield application, browser


def begun(browser: TestClient) -> dict[str, str]:
    """Press 'Sign in with ...': what the provider is asked."""
    sent = browser.get("/sign-in/provider")
    assert sent.status_code == 303, sent.text
    location = sent.headers["location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    return asked | {"url": location}


# --- a real one
@dataclass(frozen=True)
class Real:
    """oidc-provider-mock: a real protocol, and users that a test makes."""

    issuer: str

    def has(self, subject: str, **claims: Any) -> None:
        reply = httpx.put(f"{self.issuer}/users/{quote(subject)}", json=claims)
        assert reply.status_code == 204, reply.text

    def consents(self, url: str, subject: str) -> str:
        """The user signs in there; the path that the browser is sent back to."""
        reply = httpx.post(url, data={"sub": subject})
        assert reply.status_code == 302, reply.text
        back = urlsplit(reply.headers["location"])
        return f"{back.path}?{back.query}"

    def signs_in(self, browser: TestClient, subject: str) -> httpx.Response:
        return browser.get(self.consents(begun(browser)["url"], subject))


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    listener = bound("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    log = (tmp_path_factory.mktemp("provider") / "log").open("w")
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])
    found = Real(f"http://127.0.0.1:{port}")
    try:
        _wait(f"{found.issuer}/.well-known/openid-configuration", process)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None, "the provider did not start"
        try:
            if httpx.get(url).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the provider does not answer")


# --- a crooked one
@cache
def key(name: str) -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def signed(claims: Mapping[str, Any], *, by: str = "provider", kid: str | None = "k1", **options: Any) -> str:
    headers = {"kid": kid} if kid else {}
    return jwt.encode(dict(claims), key(by), algorithm="RS256", headers=headers, **options)


def public_pem() -> bytes:
    return key("provider").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def half_hash(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


@dataclass
class Crooked:
    """Answers with whatever it was told to. The code that a browser brings is the nonce to put in, so that
    one provider serves any sign-in."""

    issuer: str = ""
    forge: Forge = lambda _, claims: signed(claims)
    metadata: Claims = field(default_factory=dict)
    userinfo: Claims = field(default_factory=dict)
    person: Claims = field(default_factory=dict)
    kid: str = "k1"
    broken: bool = False

    def claims(self, nonce: str) -> Claims:
        now = int(time.time())
        times = {"iat": now, "exp": now + 300}
        who = {"sub": "s-rita", "email": "rita@example.com", "email_verified": True}
        return {"iss": self.issuer, "aud": CLIENT, "nonce": nonce, **times, **who, **self.person}

    def answer(self, path: str, form: Mapping[str, str]) -> Claims | None:
        match path:
            case "/.well-known/openid-configuration":
                ends = {e: f"{self.issuer}/{e}" for e in ("authorize", "token", "jwks", "userinfo")}
                return {
                    "issuer": self.issuer,
                    "authorization_endpoint": ends["authorize"],
                    "token_endpoint": ends["token"],
                    "userinfo_endpoint": ends["userinfo"],
                    "jwks_uri": ends["jwks"],
                    **self.metadata,
                }
            case "/jwks":
                jwk = json.loads(RSAAlgorithm.to_jwk(key("provider").public_key()))
                return {"keys": [{**jwk, "kid": self.kid, "use": "sig"}]}
            case "/token":
                token = self.forge(self, self.claims(form["code"]))
                return {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": token}
            case "/userinfo":
                return self.userinfo
        return None

    def signs_in(self, browser: TestClient, **query: str) -> httpx.Response:
        asked = begun(browser)
        answer = {"state": asked["state"], "code": asked["nonce"], **query}
        return browser.get("/sign-in/callback", params=answer)


@pytest.fixture
def crooked() -> Iterator[Crooked]:
    found = Crooked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            said = None if found.broken else found.answer(urlsplit(self.path).path, form)
            body = json.dumps(said or {}).encode()
            self.send_response(503 if found.broken else 404 if said is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
