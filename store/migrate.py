"""Schema changes: forward-only SQL files under an advisory lock, one transaction each, then LangGraph's and
Procrastinate's own tables. Safe when several processes call it at once, and safe beside the old code."""

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from models.errors import ChargehandError
from store import checkpoints
from store.db import DB_ROLES, DbRole

LOCK_KEY = 0x43_48_41_52  # "CHAR": one number for every process that migrates this database
TURN_SECONDS = 0.1  # between two tries to get it

_FILE = re.compile(r"^(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql$")


class MigrationChanged(ChargehandError):
    """Migration {name} was applied with other content than it has now. Migrations are never edited: restore
    the file and write a new one."""

    retry = "with a fix"


@dataclass(frozen=True)
class Migration:
    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> Iterator[Migration]:
    """All migrations of the package, in order."""
    folder = files("store").joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if match := _FILE.match(file.name):
            yield Migration(int(match["number"]), match["name"], file.read_text(encoding="utf-8"))


def migrate(admin_dsn: str, *, passwords: dict[DbRole, str] | None = None) -> list[str]:
    """Bring the database up to date; the names of what was applied. `admin_dsn` must be able to create roles
    and extensions. `passwords`: set for the login roles where connections are not trusted.

    Raises MigrationChanged; anything else leaves the last whole migration in place."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        _take_turn(connection)
        applied = _apply_ours(connection)
        checkpoints.apply(admin_dsn)
        _apply_procrastinate(admin_dsn)
        for role, password in (passwords or {}).items():
            _set_password(connection, f"chargehand_{role}", password)
        return applied


def pending(dsn: str) -> list[str]:
    """The migrations that are not applied yet, by name. Any role of ours may ask."""
    with psycopg.connect(dsn) as connection:
        if connection.execute("select to_regclass('public.chargehand_migration')").fetchone() == (None,):
            known: set[int] = set()
        else:
            known = {n for (n,) in connection.execute("select number from public.chargehand_migration")}
    return [f"{m.number:04d}_{m.name}" for m in migrations() if m.number not in known]


def _take_turn(connection: psycopg.Connection) -> None:
    """Hold the lock until the connection closes. Asked for again and again rather than waited for: a session
    that waits inside a statement holds a snapshot, `create index concurrently` (LangGraph's) waits for all
    those to end, and the two would wait for each other for ever."""
    while connection.execute("select pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone() != (True,):
        time.sleep(TURN_SECONDS)


def _apply_ours(connection: psycopg.Connection) -> list[str]:
    connection.execute(
        "create table if not exists public.chargehand_migration "
        "(number integer primary key, name text not null, sha256 text not null,"
        " applied_at timestamptz not null default now())"
    )
    known: dict[int, str] = dict(
        connection.execute("select number, sha256 from public.chargehand_migration").fetchall()
    )
    applied = []
    for migration in migrations():
        if migration.number in known:
            if known[migration.number] != migration.sha256:
                raise MigrationChanged(name=f"{migration.number:04d}_{migration.name}")
            continue
        with connection.transaction():
            connection.execute("set local lock_timeout = '10s'")
            connection.execute(migration.text.encode())
            connection.execute(
                "insert into public.chargehand_migration (number, name, sha256) values (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
        applied.append(f"{migration.number:04d}_{migration.name}")
    for role in DB_ROLES:  # so that a process without the owner's password can tell that it is up to date
        connection.execute(
            sql.SQL("grant select on public.chargehand_migration to {}").format(
                sql.Identifier(f"chargehand_{role}")
            )
        )
    return applied


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Set a login role's password. It is sent as a SCRAM verifier, so that no log of statements holds it."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))
    )


def _apply_procrastinate(admin_dsn: str) -> None:
    """The job queue, in a schema of its own: everyone may say 'look again', only the worker works."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("create schema if not exists jobs")
        connection.execute("set search_path = jobs")
        if connection.execute("select to_regclass('jobs.procrastinate_jobs')").fetchone() == (None,):
            with connection.transaction():
                connection.execute(SchemaManager.get_schema())
        connection.execute(
            "grant usage on schema jobs to chargehand_agent, chargehand_workflow, chargehand_worker"
        )
        connection.execute("grant all on all tables in schema jobs to chargehand_worker")
        connection.execute("grant all on all sequences in schema jobs to chargehand_worker")
        connection.execute("grant execute on all functions in schema jobs to chargehand_worker")
