"""What only the owner of a server does: databases made once, and the audit log tried on a copy."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from models.access import service
from store.admin import alter_audit_row, audit_copy, drop_database, ensure_database
from store.cluster import SUPERUSER
from store.db import Database
from store.server import Server
from workflow.verify import verify

TESTER = service("test")


@pytest.fixture
def name(server: Server) -> Iterator[str]:
    found = f"test_{uuid4().hex}"
    yield found
    drop_database(server.dsn(SUPERUSER, SUPERUSER), found)


def databases(server: Server) -> set[str]:
    with psycopg.connect(server.dsn(SUPERUSER, SUPERUSER)) as owner:
        return {n for (n,) in owner.execute("select datname from pg_database")}


def test_a_database_is_made_once_however_many_ask(server: Server, name: str) -> None:
    dsn = server.dsn(SUPERUSER, SUPERUSER)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ensure_database(dsn, name), range(4)))
    assert name in databases(server)
    kept = psycopg.connect(server.dsn(name, SUPERUSER), autocommit=True)
    kept.execute("create table t ()")
    ensure_database(dsn, name)
    assert kept.execute("select to_regclass('t')").fetchone() == ("t",)
    drop_database(dsn, name)  # whoever is connected
    kept.close()
    assert name not in databases(server)
    drop_database(dsn, name)  # and none is no error


def test_an_altered_entry_is_found_in_the_copy_and_the_log_itself_is_untouched(
    server: Server, db: Database, admin_dsn: str
) -> None:
    for n in range(5):
        with db.tx(TESTER, "worker") as tx:
            tx.audit("thing.done", f"thing:{n}", n=n)
    with audit_copy(admin_dsn) as copy:
        assert faults(copy) == []
        assert alter_audit_row(copy) == 3
        assert faults(copy) == [(3, "the row was altered")]
        copied = str(conninfo_to_dict(copy)["dbname"])
        assert copied in databases(server)
    assert copied not in databases(server)
    assert faults(admin_dsn) == []


def faults(dsn: str) -> list[tuple[int | None, str]]:
    db = Database({"worker": make_conninfo(dsn, user="chargehand_worker")})
    try:
        with db.tx(TESTER, "worker") as tx:
            found = verify(tx)
            return [(found.seq, found.fault)] if found.fault else []
    finally:
        db.close()


def test_there_must_be_something_to_alter(admin_dsn: str) -> None:
    with pytest.raises(ValueError, match="fewer than three"):
        alter_audit_row(admin_dsn)
