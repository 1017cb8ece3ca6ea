"""The application on a small firm (tests/workflow/firm.py), and people who call it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.app import create_app
from api.copilot.app import create_app as create_copilot
from api.copilot.app import opened as copilot_parts
from api.copilot.client import Address
from api.database import Place
from api.server import bound, bound_here
from api.server import server as http_server
from api.settings import Settings
from api.wiring import Application, opened
from models.access import PERMISSIONS, Permission, service
from store.cluster import SUPERUSER
from store.db import DB_ROLES, Database
from store.migrate import migrate
from store.server import Server
from tests.workflow import firm
from workflow import policies
from workflow.service import Workflow

OPERATOR = service("test")
ORIGIN = "http://testserver"

Browser = Callable[[str], TestClient]
Program = Callable[..., TestClient]


def _fill(admin_dsn: str) -> None:
    migrate(admin_dsn)
    where = {k: str(v) for k, v in conninfo_to_dict(admin_dsn).items() if v is not None and k != "user"}
    dsns = {role: make_conninfo("", **where, user=f"chargehand_{role}") for role in DB_ROLES}
    firm.found(dsns["steward"])
    db = Database(dsns)
    Workflow(db).load_policy(OPERATOR, policies.default())
    db.close()


@pytest.fixture
def place(
    server: Server,
    template: Callable[[str, Callable[[str], object]], str],
    clone: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """A copy of the small firm under the default policy."""
    for variable in ("DATABASE_URL", "OPENAI_BASE_URL", "CHARGEHAND_MODEL", "CHARGEHAND_PUBLIC_URL"):
        monkeypatch.delenv(variable, raising=False)
    name = clone(template("template_api_small", _fill))
    roles = {role: server.dsn(name, f"chargehand_{role}") for role in DB_ROLES}
    return Place(server.dsn(name, SUPERUSER), roles, embedded=True)


@contextmanager
def served(app: FastAPI, listener: socket) -> Iterator[None]:
    """An application behind a real socket, for as long as the block lasts."""
    running = http_server(app)
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        yield
    finally:
        running.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive(), "the server must stop although pages are still listening"


@contextmanager
def copilot(place: Place) -> Iterator[Address]:
    """A copilot on a socket of its own, which may sign in to the database as nothing else."""
    db = Database({"agent": place.roles["copilot"]})
    with TemporaryDirectory(prefix="ch-") as folder, closing(db), copilot_parts(Settings(), db) as parts:
        path = Path(folder) / "copilot"
        with served(create_copilot(parts), bound_here(path)):
            yield Address(socket=str(path))


@pytest.fixture
def application(place: Place) -> Iterator[Application]:
    settings = Settings.model_validate({"public_url": ORIGIN})
    with copilot(place) as address, opened(settings, place, address) as found:
        yield found


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    """Nobody yet."""
    with TestClient(create_app(application), base_url=ORIGIN, follow_redirects=False) as anybody:
        yield anybody


@pytest.fixture
def browser(application: Application, client: TestClient) -> Browser:
    """`browser(person)`: the person's browser, signed in by a link, with a page of ours open."""

    def open_as(person_id: str) -> TestClient:
        fresh = TestClient(client.app, base_url=ORIGIN, follow_redirects=False, headers={"Origin": ORIGIN})
        link = application.sessions.make_link(OPERATOR, person_id)
        assert fresh.post("/sign-in", data={"token": link.token}).status_code == 303
        fresh.headers["X-CSRF-Token"] = csrf_of(fresh.get("/inbox", headers={"Accept": "text/html"}).text)
        return fresh

    return open_as


@pytest.fixture
def program(application: Application, client: TestClient) -> Program:
    """`program(person, *scopes)`: a program with a token of the person; every scope when none is named."""

    def open_as(person_id: str, *scopes: Permission) -> TestClient:
        made = application.tokens.create(
            firm.principal("ada"), name="test", scopes=scopes or PERMISSIONS, days=1, person_id=person_id
        )
        headers = {"Authorization": f"Bearer {made.token}"}
        return TestClient(client.app, base_url=ORIGIN, follow_redirects=False, headers=headers)

    return open_as


def csrf_of(page: str) -> str:
    return page.split('name="csrf" content="')[1].split('"', maxsplit=1)[0]


@contextmanager
def serving(place: Place, **more: object) -> Iterator[tuple[Application, str]]:
    """The application behind a real socket, and its address: for streams and browsers. `more`: settings."""
    listener = bound("127.0.0.1", 0)
    settings = Settings.model_validate({"port": listener.getsockname()[1], **more})
    with (
        copilot(place) as address,
        opened(settings, place, address) as application,
        served(create_app(application), listener),
    ):
        yield application, application.public_url
