"""What only the owner of a database server may do: make and drop databases, and copy the audit log aside to
try an alteration on the copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from store.migrate import migrate

CREATE_LOCK = 0x43_48_44_42  # "CHDB": `create database` cannot ask 'if not exists'


def ensure_database(admin_dsn: str, name: str) -> None:
    """Create a database unless it is there."""
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute("select pg_advisory_lock(%s)", (CREATE_LOCK,))
        if not owner.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            owner.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def drop_database(admin_dsn: str, name: str) -> None:
    """Drop a database, whoever is connected to it; none is no error."""
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def copy_database(admin_dsn: str, source: str, name: str) -> None:
    """Make a database a copy of another, to which nobody may be connected. `name` is replaced."""
    drop_database(admin_dsn, name)
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute(
            sql.SQL(
                "create database {} template {} strategy file_copy"
            ).format(  # no page goes through the log
                sql.Identifier(name), sql.Identifier(source)
            )
        )


@contextmanager
def audit_copy(admin_dsn: str) -> Iterator[str]:
    """The audit log in a database of its own, as the owner's connection string on it; dropped on leaving."""
    name = f"chargehand_copy_{token_hex(4)}"
    ensure_database(admin_dsn, name)
    try:
        copy_dsn = make_conninfo(admin_dsn, dbname=name)
        migrate(copy_dsn)
        with psycopg.connect(admin_dsn) as old, psycopg.connect(copy_dsn) as new:
            for table in ("log", "head", "event", "personal"):
                of = sql.Identifier("audit", table)
                if table in ("log", "head"):  # the copy's own
                    new.execute(sql.SQL("delete from {}").format(of))
                with (
                    old.cursor().copy(sql.SQL("copy {} to stdout").format(of)) as out,
                    new.cursor().copy(sql.SQL("copy {} from stdin").format(of)) as into,
                ):
                    for data in out:
                        into.write(data)
        yield copy_dsn
    finally:
        drop_database(admin_dsn, name)


@contextmanager
def audit_unguarded(owner: psycopg.Connection[Any]) -> Iterator[None]:
    """Switch off, in so many words, the triggers that keep even the owner from changing the audit log. For
    trying what `verify` says."""
    for table in ("event", "personal"):
        owner.execute(sql.SQL("alter table {} disable trigger user").format(sql.Identifier("audit", table)))
    try:
        yield
    finally:
        for trigger in ("event append_only", "personal forget_only", "personal blank_only"):
            table, name = trigger.split()
            owner.execute(
                sql.SQL("alter table {} enable always trigger {}").format(
                    sql.Identifier("audit", table), sql.Identifier(name)
                )
            )


def alter_audit_row(admin_dsn: str) -> int:
    """Alter the third entry of an audit log, as only its owner can who first switches its guard off; its
    number. For trying what `verify` says, on a copy."""
    with psycopg.connect(admin_dsn) as owner, audit_unguarded(owner):
        row = owner.execute(
            "update audit.event set body = body || '{\"altered\": true}' "
            "where seq = (select seq from audit.event order by seq offset 2 limit 1) returning seq"
        ).fetchone()
    if row is None:
        raise ValueError("the audit log has fewer than three entries")
    return int(row[0])
