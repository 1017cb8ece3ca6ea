"""A small firm behind the web application, and people who call it."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.app import create_app
from api.database import Place
from api.settings import Settings
from api.wiring import Application, opened
from models.access import PERMISSIONS, service
from store.cluster import SUPERUSER
from store.db import DB_ROLES, Database
from store.migrate import migrate
from store.server import Server
from tests.workflow import firm
from workflow import policies
from workflow.service import Workflow

OPERATOR = service("test")
ORIGIN = "http://testserver"

Clients = Callable[[str], TestClient]


def fill(admin_dsn: str) -> None:
    """The small firm under the default policy."""
    migrate(admin_dsn)
    place = {k: v for k, v in conninfo_to_dict(admin_dsn).items() if v is not None and k != "user"}
    dsns = {role: make_conninfo("", **place, user=f"chargehand_{role}") for role in DB_ROLES}  # type: ignore[arg-type]
    firm.found(dsns["steward"])
    db = Database(dsns)
    Workflow(db).load_policy(OPERATOR, policies.default())
    db.close()


@pytest.fixture
def application(
    server: Server,
    template: Callable[[str, Callable[[str], object]], str],
    clone: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Application]:
    """The application on a copy of the small firm."""
    for variable in ("DATABASE_URL", "OPENAI_BASE_URL", "CHARGEHAND_MODEL", "CHARGEHAND_PUBLIC_URL"):
        monkeypatch.delenv(variable, raising=False)
    name = clone(template("template_api_small", fill))
    place = Place(
        server.dsn(name, SUPERUSER),
        {role: server.dsn(name, f"chargehand_{role}") for role in DB_ROLES},
        embedded=True,
    )
    with opened(Settings(public_url=ORIGIN), place) as found:  # type: ignore[arg-type]
        yield found


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    """Nobody yet."""
    with TestClient(create_app(application), base_url=ORIGIN, follow_redirects=False) as anybody:
        yield anybody


@pytest.fixture
def browser(application: Application, client: TestClient) -> Clients:
    """`browser(person)`: the same application in the person's browser, signed in by a link."""

    def open_as(person_id: str) -> TestClient:
        link = application.sessions.make_link(OPERATOR, person_id)
        fresh = TestClient(client.app, base_url=ORIGIN, follow_redirects=False)
        reply = fresh.post("/sign-in", data={"token": link.token}, headers={"Origin": ORIGIN})
        assert reply.status_code == 303
        fresh.headers["Origin"] = ORIGIN
        page = fresh.get("/inbox").text
        fresh.headers["X-CSRF-Token"] = page.split('name="csrf" content="')[1].split('"')[0]
        return fresh

    return open_as


@pytest.fixture
def program(application: Application, client: TestClient) -> Callable[..., TestClient]:
    """`program(person, *scopes)`: a program with a token of the person; all scopes when none is named."""

    def open_as(person_id: str, *scopes: str) -> TestClient:
        made = application.tokens.create(
            _ADMINISTRATOR,
            name="test",
            scopes=scopes or PERMISSIONS,
            days=1,
            person_id=person_id,  # type: ignore[arg-type]
        )
        fresh = TestClient(client.app, base_url=ORIGIN, follow_redirects=False)
        fresh.headers["Authorization"] = f"Bearer {made.token}"
        return fresh

    return open_as


_ADMINISTRATOR = firm.principal("ada")


def reassign(dsn: str, statement: str) -> None:
    """Change the firm behind everybody's back."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement)
