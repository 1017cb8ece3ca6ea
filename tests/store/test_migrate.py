"""Migrations: applied once by however many processes, never edited, never half."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from store import migrate as module
from store.migrate import LOCK_KEY, Migration, MigrationChanged, migrate, migrations, pending

ALL = [f"{m.number:04d}_{m.name}" for m in migrations()]


def applied(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as owner:
        return [n for (n,) in owner.execute("select number from public.chargehand_migration order by number")]


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [m.number for m in migrations()] == list(range(1, len(ALL) + 1))


def test_four_processes_at_once_migrate_a_new_database_once(fresh_database: Callable[[], str]) -> None:
    dsn = fresh_database()
    script = "import sys; from store.migrate import migrate; print(*migrate(sys.argv[1]))"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, dsn],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(4)
    ]
    said = [p.communicate(timeout=120) for p in processes]
    assert [p.returncode for p in processes] == [0] * 4, said
    assert sorted(out.split() for out, _ in said) == [[], [], [], ALL]
    assert pending(dsn) == []


def test_migrating_again_changes_nothing(fresh_database: Callable[[], str]) -> None:
    dsn = fresh_database()
    assert pending(dsn) == ALL
    assert migrate(dsn) == ALL
    before = shape(dsn)
    assert migrate(dsn) == []
    assert shape(dsn) == before
    assert len(before) > 300


def shape(dsn: str) -> list[tuple[object, ...]]:
    """Columns, grants and policies: what a migration can change."""
    with psycopg.connect(dsn) as owner:
        return [
            row
            for query in (
                "select table_schema, table_name, column_name, data_type from information_schema.columns",
                "select table_schema, table_name, grantee, privilege_type"
                " from information_schema.role_table_grants",
                "select schemaname, tablename, policyname, coalesce(qual, '') from pg_policies",
            )
            for row in owner.execute(f"{query} order by 1, 2, 3, 4".encode()).fetchall()
            if row[0] not in ("pg_catalog", "information_schema")
        ]


def test_an_edited_migration_stops_everything(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = fresh_database()
    migrate(dsn)
    found = list(migrations())
    edited = [replace(m, text=m.text + "\n-- a harmless comment") if m.number == 3 else m for m in found]
    monkeypatch.setattr(
        module, "migrations", lambda: iter([*edited, Migration(99, "new", "create table t ()")])
    )
    with pytest.raises(MigrationChanged) as caught:
        migrate(dsn)
    assert caught.value.facts["name"] == ALL[2]
    assert 99 not in applied(dsn)


def test_a_migration_that_fails_leaves_the_last_whole_one(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = fresh_database()
    broken = Migration(3, "broken", "create table public.half (); select 1 / 0;")
    monkeypatch.setattr(module, "migrations", lambda: iter([*list(migrations())[:2], broken]))
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(dsn)
    with psycopg.connect(dsn) as owner:
        assert owner.execute("select to_regclass('public.half')").fetchone() == (None,)
    assert applied(dsn) == [1, 2]
    monkeypatch.undo()
    assert pending(dsn) == ALL[2:]
    assert migrate(dsn) == ALL[2:]


def test_a_process_that_died_while_migrating_blocks_nobody(fresh_database: Callable[[], str]) -> None:
    """The lock is the session's: it goes with the connection."""
    dsn = fresh_database()
    with psycopg.connect(dsn, autocommit=True) as dies:
        dies.execute("select pg_advisory_lock(%s)", (LOCK_KEY,))
    assert migrate(dsn) == ALL


def test_the_libraries_tables_are_there_too(fresh_database: Callable[[], str]) -> None:
    dsn = fresh_database()
    migrate(dsn)
    with psycopg.connect(dsn) as owner:
        found = owner.execute(
            "select to_regclass('langgraph.checkpoints'), to_regclass('jobs.procrastinate_jobs')"
        )
        assert None not in (found.fetchone() or (None,))


def test_a_database_that_is_up_to_date_is_brought_there_without_langgraph(
    fresh_database: Callable[[], str],
) -> None:
    """The desk brings its embedded database up to date at each start."""
    dsn = fresh_database()
    migrate(dsn)
    script = (
        "import sys; from store.migrate import migrate; migrate(sys.argv[1]);"
        " sys.exit('langgraph' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, dsn], check=True, cwd=Path(__file__).parents[2])
