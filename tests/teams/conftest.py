"""The desk with a bot in Teams, and Microsoft's side as a process of its own."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.chat.inbound import Inbound
from api.teams.desk import TeamsDesk
from api.wiring import Application
from tests.api.small_firm import ORIGIN, application, place
from tests.teams.peer import Peer, activity, running

__all__ = ["application", "place"]

Say = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def microsoft() -> Iterator[Peer]:
    with running() as found:
        yield found


@pytest.fixture
def peer(microsoft: Peer) -> Peer:
    """With nothing said, nobody known, and nothing about to fail."""
    httpx.post(f"{microsoft.url}/control/reset", json=[]).raise_for_status()
    return microsoft


@pytest.fixture
def teams(application: Application, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The desk; nobody is signed in."""

    def desks(app: Application, inbound: Inbound) -> list[TeamsDesk]:
        return [TeamsDesk(app, inbound, peer.registration)]

    monkeypatch.setattr("api.app.desks", desks)
    with TestClient(create_app(application), base_url=ORIGIN) as client:
        yield client


@pytest.fixture
def say(teams: TestClient, peer: Peer) -> Say:
    """`say(person, text, **changes)`: Teams hands an activity in, with a good token."""

    def handed(person: str, text: str = "", **changes: Any) -> httpx.Response:
        return post(teams, activity(peer, person, text, **changes), peer.token())

    return handed


def post(teams: TestClient, body: Any, token: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return teams.post("/api/messages", json=body, headers=headers)


def eventually(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What is true at last: work goes on after the acknowledgement."""
    ends = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.05)
    return found
