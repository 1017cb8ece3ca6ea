"""Every named statement is described, used, and holds against the migrated schema."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from store.db import DB_ROLES
from store.migrate import migrate
from store.queries import catalogue, parse
from store.server import Server

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "agents", "tools", "workflow", "store", "evals", "demo")
_PARAMETER = re.compile(rb"%\((\w+)\)s")

Connections = dict[str, psycopg.Connection[tuple[object, ...]]]


@pytest.fixture(scope="module")
def connections(
    server: Server, template: Callable[[str, Callable[[str], object]], str]
) -> Iterator[Connections]:
    """One of each role on a migrated database; the steward's with the importer's temporary tables."""
    name = template(f"queries_{uuid4().hex}", migrate)
    found = {role: psycopg.connect(server.dsn(name, f"chargehand_{role}")) for role in DB_ROLES}
    found["steward"].execute(catalogue()["importer.create_staging"].sql)
    yield found
    for connection in found.values():
        connection.close()


def numbered(statement: bytes) -> bytes:
    """As the server gets it from psycopg: numbered parameters, no doubled percent signs."""
    names: list[bytes] = []

    def number(match: re.Match[bytes]) -> bytes:
        if match[1] not in names:
            names.append(match[1])
        return b"$%d" % (names.index(match[1]) + 1)

    return _PARAMETER.sub(number, statement).replace(b"%%", b"%")


WHOLE = sorted(n for n, q in catalogue().items() if not q.description.startswith("Template:"))


@pytest.mark.parametrize("name", [n for n in WHOLE if n != "importer.create_staging"])
def test_a_statement_holds_against_the_schema_and_some_role_may_run_it(
    connections: Connections, name: str
) -> None:
    """Planned and checked for rights, with parameters of no known type, as Python's None is sent."""
    statement = catalogue()[name].sql
    plans = statement.startswith((b"select", b"with", b"insert", b"update", b"delete"))
    refusals = {}
    for role, connection in connections.items():
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(b"explain (generic_plan) " + numbered(statement) if plans else statement)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable) as e:
            refusals[role] = str(e)  # only the steward's connection has the temporary tables
        else:
            return
    pytest.fail(f"no role may run it: {refusals}")


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_a_statement_says_what_it_is_for(name: str) -> None:
    assert re.fullmatch(r"[A-Z].+ .+\.", catalogue()[name].description)


def test_no_statement_lies_idle() -> None:
    sources = [p.read_text(encoding="utf-8") for room in ROOMS for p in (ROOT / room).rglob("*.py")]
    called = {name for source in sources for name in re.findall(r'"([a-z_]+\.[a-z0-9_]+)"', source)}
    families = {start for source in sources for start in re.findall(r'f"([a-z_]+\.[a-z_]*)\{', source)}
    idle = {
        name for name in catalogue() if name not in called and not any(name.startswith(f) for f in families)
    }
    assert not idle


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-- name: a\nselect 1;", "no description"),
        ("-- name: a\n-- Something.\n", "no SQL"),
        (
            "-- name: a\n-- Something.\nselect 1\n-- and a comment\n;",
            "a comment inside, where psycopg sees its %",
        ),
        ("-- name: a\n-- One.\nselect 1;\n-- name: a\n-- Two.\nselect 2;", "one name twice"),
    ],
)
def test_a_file_that_breaks_the_form_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"t\.a"):
        parse("t", text)


def test_a_file_becomes_its_statements() -> None:
    found = parse(
        "t", "-- name: one\n-- The\n-- first.\nselect 1;\n\n-- name: two\n-- The second.\nselect\n  2;\n"
    )
    assert [(q.name, q.description, q.sql) for q in found.values()] == [
        ("t.one", "The first.", b"select 1"),
        ("t.two", "The second.", b"select\n  2"),
    ]
