"""Transactions under a principal.

`Database.tx(principal, role)` is the only way to Postgres: one request, one transaction, with the caller set
for row-level security and the database role that has just the rights the work needs. The core is synchronous;
asynchronous surfaces call it in a worker thread (docs/decisions/0001-synchronous-core.md)."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any, Literal, TypeVar, get_args
from uuid import UUID

import psycopg
from pgvector.psycopg import register_vector
from psycopg.rows import dict_row, kwargs_row, scalar_row
from psycopg.types.json import Jsonb, set_json_dumps
from psycopg_pool import ConnectionPool, PoolTimeout

from models.access import Principal
from models.errors import ChargehandError
from store.queries import catalogue

R = TypeVar("R")

DbRole = Literal[
    "agent",  # serves people and the copilot: reads under row-level security, submits proposals
    "workflow",  # decides proposals
    "worker",  # works the effect ledger, runs jobs
    "steward",  # imports records, registers models, loads policies
    "gate",  # signs people in
    "copilot",  # the agent's rights, for whom a pass names and nobody else
]
DB_ROLES: tuple[DbRole, ...] = get_args(DbRole)


class DatabaseUnavailable(ChargehandError):
    """The database does not answer. Nothing was changed; try again in a moment."""

    status = 503
    retry = "later"


class RoleNotHeld(ChargehandError):
    """This process does not work with the database role {role}: it has no password for it. Run this where
    CHARGEHAND_SECRET or CHARGEHAND_{variable}_PASSWORD is set."""

    status = 500
    retry = "with a fix"


def _plain(value: object) -> str:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"{type(value).__name__} is not JSON")


def dumps(value: object) -> str:
    """JSON as it is stored: decimals and dates as strings, and what JSON has no number for as null."""
    try:
        return json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), default=_plain, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not isfinite(value) else value


set_json_dumps(dumps)


@dataclass
class Tx:
    """One open transaction. Queries are called by name; audit entries are appended last, just before the
    commit, because the chain's head is one row that all writers share."""

    connection: psycopg.Connection[Any]
    principal: Principal
    _audit: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, name: str, as_: Callable[..., R], /, **parameters: Any) -> list[R]:
        """All rows, each made by `as_(**columns)`."""
        with self.connection.cursor(row_factory=kwargs_row(as_)) as cursor:
            return cursor.execute(catalogue()[name].sql, _adapted(parameters)).fetchall()

    def row(self, name: str, as_: Callable[..., R], /, **parameters: Any) -> R | None:
        """The first row, or None."""
        with self.connection.cursor(row_factory=kwargs_row(as_)) as cursor:
            return cursor.execute(catalogue()[name].sql, _adapted(parameters)).fetchone()

    def records(self, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """All rows as dictionaries: for frames and JSON."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(catalogue()[name].sql, _adapted(parameters)).fetchall()

    def value(self, name: str, /, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(catalogue()[name].sql, _adapted(parameters)).fetchone()

    def execute(self, name: str, /, **parameters: Any) -> int:
        """Run a statement; the number of rows it touched."""
        return self.connection.execute(catalogue()[name].sql, _adapted(parameters)).rowcount

    def audit(
        self, action: str, subject: str, /, *, personal: Mapping[str, str] | None = None, **body: Any
    ) -> None:
        """Append to the audit log when the transaction commits. `action` is past tense with a room, e.g.
        'proposal.decided'; `subject` is 'kind:id'; no personal data beyond ids in the body. `personal`: what
        people wrote, by field, e.g. a reason: the chain holds its salted hash, so it can be forgotten."""
        entry = {"action": action, "subject": subject, "body": body}
        self._audit.append(entry | {"personal": personal} if personal else entry)

    def append_audit(self) -> None:
        """Write the pending audit entries, in one call. Called by Database.tx as the last thing before the
        commit."""
        if self._audit:
            self.execute("audit.append", entries=Jsonb(self._audit))
            self._audit.clear()


def _adapted(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: Jsonb(v) if isinstance(v, dict) else v for k, v in parameters.items()}


class Database:
    """The pools, one for each database role, opened when first used."""

    def __init__(self, dsns: Mapping[DbRole, str], *, max_size: int = 8, timeout_s: float = 10.0) -> None:
        """`dsns`: a connection string for each role this process may use; a role it does not hold it cannot
        use. `max_size`: connections a role. `timeout_s`: how long to wait for a free one."""
        self._dsns = dict(dsns)
        self._max_size = max_size
        self._timeout_s = timeout_s
        self._pools: dict[DbRole, ConnectionPool[psycopg.Connection[Any]]] = {}
        self._opening = threading.Lock()

    @property
    def roles(self) -> tuple[DbRole, ...]:
        """Those that this process may use."""
        return tuple(self._dsns)

    def dsn(self, role: DbRole) -> str:
        """Raises RoleNotHeld."""
        try:
            return self._dsns[role]
        except KeyError:
            raise RoleNotHeld(role=role, variable=role.upper()) from None

    @contextmanager
    def tx(self, principal: Principal, role: DbRole) -> Iterator[Tx]:
        """A transaction as `principal` with the rights of `role`: committed when the block ends, rolled back
        when it raises. Raises DatabaseUnavailable when no connection can be had, RoleNotHeld."""
        pool = self._pool(role)
        try:
            connection = pool.getconn(self._timeout_s)
        except (PoolTimeout, psycopg.OperationalError) as e:
            raise DatabaseUnavailable(role=role) from e
        try:
            with connection.transaction():
                connection.execute(
                    "select set_config('chargehand.principal', %s, true),"
                    " set_config('chargehand.surface', %s, true), set_config('chargehand.pass', %s, true)",
                    (principal.person_id, principal.surface, principal.pass_token),
                )
                tx = Tx(connection, principal)
                yield tx
                tx.append_audit()
        finally:
            pool.putconn(connection)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _pool(self, role: DbRole) -> ConnectionPool[psycopg.Connection[Any]]:
        with self._opening:
            if role not in self._pools:
                self._pools[role] = ConnectionPool(
                    self.dsn(role),
                    min_size=0,
                    max_size=self._max_size,
                    kwargs={"autocommit": True},
                    configure=register_vector,
                    check=ConnectionPool.check_connection,
                    name=f"chargehand-{role}",
                    open=True,
                )
            return self._pools[role]
