"""The small firm under the default policy, in a database of its own for each test."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from connectors.ports import Connectors
from connectors.sim.twin import Twin
from connectors.testing import in_process
from models.access import service
from store.db import DB_ROLES, Database
from store.migrate import migrate
from store.server import Server
from tests.workflow.firm import PACE, found, records
from tests.workflow.mailbox import mail, mail_server, mailbox
from workflow import policies
from workflow.effects import work_once
from workflow.service import Workflow

__all__ = ["mail", "mail_server", "mailbox"]


def _fill(dsn: str) -> None:
    migrate(dsn)
    found(dsn)
    db = Database({"steward": make_conninfo(dsn, user="chargehand_steward")})
    Workflow(db).load_policy(service("setup"), policies.default())
    db.close()


def _open(server: Server, name: str) -> Database:
    return Database({role: server.dsn(name, f"chargehand_{role}") for role in DB_ROLES}, max_size=32)


@pytest.fixture
def db(
    server: Server,
    template: Callable[[str, Callable[[str], object]], str],
    clone: Callable[[str], str],
) -> Iterator[Database]:
    """The firm's database, for this test alone."""
    opened = _open(server, clone(template("template_small_firm", _fill)))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_db(server: Server, template: Callable[[str, Callable[[str], object]], str]) -> Iterator[Database]:
    """One database for the tests that look only at what they proposed: their module overrides `db`."""
    opened = _open(server, template(f"small_firm_{uuid4().hex}", _fill))
    yield opened
    opened.close()


@pytest.fixture
def workflow(db: Database) -> Workflow:
    """Ready to propose and decide."""
    return Workflow(db)


@pytest.fixture
def owner(admin_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner, whom no grant and no row-level policy holds back."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def twin(tmp_path: Path, owner: psycopg.Connection[Any]) -> Twin:
    """The firm's systems of record, simulated; they honour idempotency keys."""
    twin = Twin(tmp_path / "systems.db", seed=1)
    twin.plant(records(owner))
    return twin


@pytest.fixture
def connectors(twin: Twin) -> Iterator[Connectors]:
    connected = in_process(twin)
    yield connected
    connected.close()
    twin.book.close()


@pytest.fixture
def drain(db: Database, connectors: Connectors) -> Callable[[], int]:
    """Work the ledger until nothing is due; how many effects were tried."""

    def drained() -> int:
        tried = 0
        while work_once(db, "worker-1", connectors, PACE):
            tried += 1
        return tried

    return drained


@pytest.fixture
def notices(owner: psycopg.Connection[Any]) -> Callable[[str], Sequence[tuple[str, str]]]:
    """What a person heard, oldest first: kind and text."""

    def heard(person_id: str) -> Sequence[tuple[str, str]]:
        return owner.execute(
            "select kind, text from workflow.notice where person_id = %s order by notice_id", (person_id,)
        ).fetchall()

    return heard


@pytest.fixture
def audited(owner: psycopg.Connection[Any]) -> Callable[[], Sequence[tuple[str, str, dict[str, Any]]]]:
    """The audit log, oldest first: who, what, and its body."""

    def entries() -> Sequence[tuple[str, str, dict[str, Any]]]:
        return owner.execute("select actor, action, body from audit.event order by seq").fetchall()

    return entries
