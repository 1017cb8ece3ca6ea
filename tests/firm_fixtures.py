"""A small demo firm in a database, for the tests of what works on a firm's records: import the fixtures into
a conftest. It is generated and imported once a session; a test gets the shared one to read, or a copy of its
own to change."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.auth.people import principal_of
from api.database import SET_UP
from demo.firm import generate
from demo.scenario import Scenario
from models.access import Principal
from models.text.embed import default_embedder
from store.cluster import SUPERUSER
from store.db import DB_ROLES, Database
from store.importer import import_firm
from store.migrate import migrate
from store.server import Server
from store.shelf import Shelf
from tools.catalogue import TOOLS
from tools.registry import Registry, ToolResult
from workflow import policies
from workflow.service import Workflow

TODAY = date(2026, 3, 18)  # a Wednesday
NOW = datetime.combine(TODAY, time(9), UTC)
SCALE = 0.05
TEMPLATE = "template_demo_firm"


@dataclass(frozen=True)
class Firm:
    """The firm as people and the truth know it."""

    db: Database
    owner: str  # connection string of whom nothing is hidden from
    truth: Path
    registry: Registry

    @property
    def scenario(self) -> Scenario:
        return Scenario.load(self.truth)

    def lines(self, name: str) -> list[dict[str, Any]]:
        """A JSONL file of the truth."""
        text = (self.truth / f"{name}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def person(self, part_or_id: str) -> Principal:
        """Somebody signed in: a persona of the demo by their part, or anyone by id."""
        return principal_of(self.db, self.scenario.personas.get(part_or_id, part_or_id), "web")

    def call(self, part_or_id: str, tool: str, **arguments: Any) -> ToolResult:
        """A tool, called by somebody on the firm's day."""
        return self.registry.call(self.db, self.person(part_or_id), tool, arguments, now=NOW)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What stands in the database, whoever may see it."""
        with psycopg.connect(self.owner) as connection:
            return connection.execute(query.encode(), parameters).fetchall()


def _fill(dsn: str, folder: Path) -> None:
    migrate(dsn)
    generate(folder / "firm", folder / "truth", scale=SCALE, today=TODAY)
    db = Database({role: make_conninfo(dsn, user=f"chargehand_{role}") for role in DB_ROLES})
    import_firm(db, SET_UP, folder / "firm", embedder=default_embedder())
    Workflow(db).load_policy(SET_UP, policies.default())
    db.close()
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("vacuum analyze")  # copies are planned as the original would be


def _open(server: Server, name: str) -> Iterator[Firm]:
    db = Database({role: server.dsn(name, f"chargehand_{role}") for role in DB_ROLES}, max_size=16)
    registry = Registry(TOOLS, embedder=default_embedder(), shelf=Shelf())
    yield Firm(db, server.dsn(name, SUPERUSER), _folder(server) / "truth", registry)
    db.close()


def _folder(server: Server) -> Path:
    return server.data.parent / "demo-firm"


Template = Callable[[str, Callable[[str], object]], str]


def copied(server: Server, template: Template) -> Iterator[Firm]:
    """A copy of the firm for as long as the session lasts."""
    template(TEMPLATE, lambda dsn: _fill(dsn, _folder(server)))
    name = f"demo_firm_{uuid4().hex}"
    with psycopg.connect(server.dsn(SUPERUSER, SUPERUSER), autocommit=True) as admin:
        admin.execute(f"create database {name} template {TEMPLATE}".encode())
    yield from _open(server, name)


@pytest.fixture(scope="session")
def firm(server: Server, template: Template) -> Iterator[Firm]:
    """The firm to look at. Tools record their calls in it; nothing is proposed here."""
    yield from copied(server, template)


@pytest.fixture
def own_firm(server: Server, template: Template, clone: Callable[[str], str]) -> Iterator[Firm]:
    """A copy of the firm of the test's own, to propose and decide in."""
    yield from _open(server, clone(template(TEMPLATE, lambda dsn: _fill(dsn, _folder(server)))))
