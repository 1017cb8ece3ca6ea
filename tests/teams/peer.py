"""Microsoft's side of Teams, as far as we call it: key sets, the Bot Connector, and tokens that it signs. A
process of its own behind HTTP; it refuses what does not carry our token."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, HTTPException, Request, Response
from jwt.algorithms import RSAAlgorithm
from microsoft_teams.api.auth.cloud_environment import PUBLIC

from api.teams.registration import Registration

CLIENT = "11111111-2222-3333-4444-555555555555"
TENANT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
ISSUER = "https://api.botframework.com"
BOT = f"28:{CLIENT}"
KEY_ID = "peer-1"


def peer_app(keys: dict[str, Any], secret: str) -> FastAPI:
    """The peer's side of the wire."""
    app = FastAPI()
    said: list[dict[str, Any]] = []
    members: dict[str, dict[str, Any]] = {}
    failures: list[dict[str, Any]] = []

    def admit(request: Request) -> None:
        if failures:
            told = failures.pop(0)
            raise HTTPException(told["status"], headers=told.get("headers"))
        if not secret:  # as the Agents Playground: whoever asks is answered
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            jwt.decode(token, secret, algorithms=["HS256"])
        except jwt.PyJWTError:
            raise HTTPException(401) from None

    @app.get("/v1/.well-known/keys")
    @app.get("/{tenant}/discovery/v2.0/keys")
    def key_set(tenant: str = "") -> dict[str, Any]:
        return keys

    @app.post("/v3/conversations", status_code=201)
    async def create(request: Request) -> dict[str, Any]:
        admit(request)
        body = await request.json()
        return {"id": f"a:with-{body['members'][0]['id']}"}

    @app.post("/v3/conversations/{chat}/activities", status_code=201)
    async def send(chat: str, request: Request) -> dict[str, Any]:
        admit(request)
        said.append({"chat": chat, "id": str(len(said) + 1), "how": "send", "activity": await request.json()})
        return {"id": said[-1]["id"]}

    @app.put("/v3/conversations/{chat}/activities/{message}")
    async def update(chat: str, message: str, request: Request) -> dict[str, Any]:
        admit(request)
        said.append({"chat": chat, "id": message, "how": "update", "activity": await request.json()})
        return {"id": message}

    @app.get("/v3/conversations/{chat}/members/{member}")
    def member(chat: str, member: str, request: Request) -> dict[str, Any]:
        admit(request)
        if member not in members:
            raise HTTPException(404)
        return members[member]

    @app.get("/control")
    def heard() -> list[dict[str, Any]]:
        return said

    @app.post("/control/{what}")
    async def control(what: str, request: Request) -> Response:
        body = await request.json()
        if what == "member":
            members[body["id"]] = body
        elif what == "fail":
            failures.extend(body)
        else:
            for kept in (said, members, failures):
                kept.clear()
        return Response()

    return app


@dataclass
class Peer:
    """The process, and what it can sign."""

    url: str
    key: rsa.RSAPrivateKey = field(repr=False)
    secret: str = field(repr=False)

    @property
    def registration(self) -> Registration:
        def token(scope: Any, tenant: str | None) -> str:
            return jwt.encode({"exp": int(time.time()) + 600, "scope": str(scope)}, self.secret)

        cloud = replace(
            PUBLIC,
            login_endpoint=self.url,
            openid_metadata_url=f"{self.url}/v1/.well-known/openidconfiguration",
            token_issuer=ISSUER,
        )
        return Registration(
            CLIENT, None, TENANT, cloud=cloud, token=token, plain_services=frozenset({self.url})
        )

    def token(self, **claims: Any) -> str:
        """What Teams sends with an activity; `claims` change it, and None takes one away."""
        now = int(time.time())
        good = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 600, "serviceurl": self.url}
        return self.signed({k: v for k, v in {**good, **claims}.items() if v is not None})

    def entra(self, object_id: str, address: str, **claims: Any) -> str:
        """What single sign-on of the firm's directory gives."""
        now = int(time.time())
        good = {
            "iss": f"{self.url}/{TENANT}/v2.0",
            "aud": f"api://testserver/botid-{CLIENT}",
            "tid": TENANT,
            "oid": object_id,
            "preferred_username": address,
            "iat": now,
            "exp": now + 600,
        }
        return self.signed({k: v for k, v in {**good, **claims}.items() if v is not None})

    def signed(self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> str:
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def member(self, person: str, **changes: Any) -> None:
        """Somebody of the tenant."""
        known = {
            "id": f"29:{person}",
            "aadObjectId": object_id(person),
            "name": person.title(),
            "userPrincipalName": f"{person}@example.com",
            "email": f"{person}@example.com",
            "tenantId": TENANT,
            "userRole": "user",
        }
        httpx.post(f"{self.url}/control/member", json=known | changes).raise_for_status()

    def fail(self, *failures: dict[str, Any]) -> None:
        """Answer the next calls with these: status, headers."""
        httpx.post(f"{self.url}/control/fail", json=list(failures)).raise_for_status()

    def said(self) -> list[dict[str, Any]]:
        """What arrived: chat, id, how, activity."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/control").json()
        return found

    def messages(self, chat: str) -> list[dict[str, Any]]:
        """What stands in a conversation now: no typing, no halves of streams."""
        shown: dict[str, dict[str, Any]] = {}
        for one in self.said():
            if one["chat"] == chat and one["activity"]["type"] == "message":
                shown[one["id"]] = one["activity"]
        return list(shown.values())


def object_id(person: str) -> str:
    """The person's id in the tenant's directory."""
    return f"00000000-0000-0000-0000-{person.encode().hex():0>12.12}"


def activity(peer: Peer, person: str, text: str = "", **changes: Any) -> dict[str, Any]:
    """A message in the private chat of somebody with the bot."""
    return {
        "type": "message",
        "id": str(uuid4().int)[:13],
        "channelId": "msteams",
        "serviceUrl": peer.url,
        "from": {"id": f"29:{person}", "aadObjectId": object_id(person), "name": "The Boss"},
        "conversation": {"id": f"a:{person}", "conversationType": "personal", "tenantId": TENANT},
        "recipient": {"id": BOT, "name": "Chargehand"},
        "channelData": {"tenant": {"id": TENANT}},
        "text": text,
    } | changes


@contextmanager
def running(*, admits_anybody: bool = False) -> Iterator[Peer]:
    """The peer as a process, with a key of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": KEY_ID, "use": "sig"}
    secret = "" if admits_anybody else uuid4().hex
    given = json.dumps({"keys": {"keys": [public]}, "secret": secret})
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.teams.peer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdin and process.stdout
        process.stdin.write(given + "\n")
        process.stdin.flush()
        yield Peer(f"http://127.0.0.1:{int(process.stdout.readline())}", key, secret)
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    import socket

    import uvicorn

    given = json.loads(sys.stdin.readline())
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(peer_app(given["keys"], given["secret"]), log_level="error")
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
