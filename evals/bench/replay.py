"""The statements of a piece of work, noted once and then run bare: what the same work costs the database when
nothing is composed or shown. The baseline that says how much of the time is Chargehand's own code."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from models.access import Principal
from store.db import Database, DbRole, Tx
from store.queries import catalogue


@dataclass(frozen=True)
class Statement:
    name: str
    parameters: Mapping[str, Any]
    result: Any


@dataclass(frozen=True)
class Noted:
    """A transaction: who, in which role, and its statements in order."""

    principal: Principal
    role: DbRole
    statements: list[Statement] = field(default_factory=list)


class _NotingTx(Tx):
    noted: Noted

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name not in ("rows", "row", "records", "value", "execute"):
            return method

        def noting(statement: str, /, *made_by: Any, **parameters: Any) -> Any:
            result = method(statement, *made_by, **parameters)
            self.noted.statements.append(Statement(statement, parameters, result))
            return result

        return noting


class NotingDatabase(Database):
    """Notes what is asked of it."""

    def __init__(self, dsns: Mapping[DbRole, str]) -> None:
        super().__init__(dsns)
        self.noted: list[Noted] = []

    @contextmanager
    def tx(self, principal: Principal, role: DbRole) -> Iterator[Tx]:
        with super().tx(principal, role) as plain:
            noting = _NotingTx(plain.connection, principal)
            noting.noted = Noted(principal, role)
            self.noted.append(noting.noted)
            yield noting
            noting.append_audit()


class Bare:
    """Connections without a pool, one for each thread and role; they end with the thread."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._own = threading.local()

    @contextmanager
    def transaction(self, noted: Noted) -> Iterator[psycopg.Connection[Any]]:
        """As the noted one began."""
        connection = self._connection(noted.role)
        with connection.transaction():
            connection.execute(
                "select set_config('chargehand.principal', %s, true),"
                " set_config('chargehand.surface', %s, true)",
                (noted.principal.person_id, noted.principal.surface),
            )
            yield connection

    def _connection(self, role: DbRole) -> psycopg.Connection[Any]:
        held: dict[str, psycopg.Connection[Any]] = self._own.__dict__
        if role not in held:
            held[role] = psycopg.connect(self._db.dsn(role), autocommit=True)
        return held[role]


def run(
    connection: psycopg.Connection[Any], statement: str, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One statement by name; the rows it returns."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            catalogue()[statement].sql,
            {k: Jsonb(v) if isinstance(v, dict) else v for k, v in parameters.items()},
        )
        return cursor.fetchall() if cursor.description else []


def swapped(value: Any, pairs: Mapping[str, str]) -> Any:
    """A parameter with each of the strings put in place of another, wherever it stands."""
    match value:
        case str():
            for one, other in pairs.items():
                value = value.replace(one, other)
            return value
        case UUID():
            return UUID(swapped(str(value), pairs))
        case Jsonb():
            return Jsonb(swapped(value.obj, pairs))
        case dict():
            return {k: swapped(v, pairs) for k, v in value.items()}
        case list() | tuple():
            return [swapped(v, pairs) for v in value]
    return value
