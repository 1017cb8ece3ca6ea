"""What the simulated systems hold, in an SQLite file. This is the database of somebody else's product, which
Chargehand never opens: it has no part in `store`."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from connectors.ports import Resource
from models.actions import System

_COLUMNS = "system, resource, id, external_ref, version, created_at, updated_at, body"


class KeyReused(Exception):
    """An idempotency key came again with another request."""


@dataclass(frozen=True)
class Entry:
    """One record with its envelope."""

    system: System
    resource: Resource
    id: str
    external_ref: str | None  # None: there from the start
    version: int
    created_at: str  # ISO 8601, UTC
    updated_at: str
    body: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The record as a client sees it."""
        return {
            **self.body,
            "id": self.id,
            "external_ref": self.external_ref,
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


class Book:
    """The records of all systems. Threads may share it: one of them at a time is let in."""

    def __init__(self, path: Path | None) -> None:
        """Opens the file, made if need be; without a path, the book is in memory."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")  # so that others may read the file meanwhile
        self._db.execute("pragma foreign_keys = on")
        self._db.executescript(files("connectors.sim").joinpath("book.sql").read_text(encoding="utf-8"))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def replay(self, system: System, key: str, request_sha256: str) -> Entry | None:
        """The record that an earlier request with this key made. Raises KeyReused when that request was
        another one."""
        with self._transaction() as db:
            used = db.execute(
                "select request_sha256, seq from idempotency_key where system = ? and key = ?", (system, key)
            ).fetchone()
            if used is None:
                return None
            if used[0] != request_sha256:
                raise KeyReused(key)
            return self._entries("seq = ?", used[1])[0]

    def add(
        self,
        system: System,
        resource: Resource,
        body: Mapping[str, Any],
        external_ref: str,
        used: tuple[str, str] | None,
    ) -> Entry:
        """A new record; `used` are the idempotency key it uses up and the sha256 of the request."""
        with self._transaction() as db:
            id = f"{system}-{secrets.token_hex(5)}"
            seq = self._insert(db, system, resource, id, external_ref, body)
            if used:
                db.execute("insert into idempotency_key values (?, ?, ?, ?)", (system, *used, seq))
            return self._entries("seq = ?", seq)[0]

    def put(self, records: Iterable[tuple[System, Resource, str, Mapping[str, Any]]]) -> None:
        """Make or change records (system, resource, id, what is different), all of them or none, as happens
        without a client's doing. A version grows only when something is different indeed."""
        with self._transaction() as db:
            for system, resource, id, changes in records:
                held = self._one(system, resource, id)
                if held is None:
                    self._insert(db, system, resource, id, None, changes)
                elif (body := {**held.body, **changes}) != held.body:
                    db.execute(
                        "update record set body = ?, version = version + 1, updated_at = ?"
                        " where system = ? and resource = ? and id = ?",
                        (json.dumps(body), _now(), system, resource, id),
                    )

    def get(self, system: System, resource: Resource, id: str) -> Entry | None:
        with self._transaction():
            return self._one(system, resource, id)

    def list(
        self, system: System, resource: Resource, external_ref: str | None, limit: int
    ) -> tuple[Entry, ...]:
        """The records of a resource, oldest first; those with this external reference, where one is given."""
        where = "system = ? and resource = ? and (external_ref = ? or ? is null)"
        with self._transaction():
            return self._entries(where, system, resource, external_ref, external_ref, limit=limit)

    def written(self) -> tuple[Entry, ...]:
        """Every record that a client wrote, oldest first."""
        with self._transaction():
            return self._entries("external_ref is not null")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def _one(self, system: System, resource: Resource, id: str) -> Entry | None:
        found = self._entries("system = ? and resource = ? and id = ?", system, resource, id)
        return found[0] if found else None

    def _entries(self, where: str, *values: str | int | None, limit: int = -1) -> tuple[Entry, ...]:
        rows = self._db.execute(
            f"select {_COLUMNS} from record where {where} order by seq limit ?",  # noqa: S608 - constants
            (*values, limit),
        )
        return tuple(Entry(**dict(row) | {"body": json.loads(row["body"])}) for row in rows)

    @staticmethod
    def _insert(
        db: sqlite3.Connection,
        system: System,
        resource: Resource,
        id: str,
        external_ref: str | None,
        body: Mapping[str, Any],
    ) -> int:
        now = _now()
        row = (system, resource, id, external_ref, 1, now, now, json.dumps(body))
        inserted = db.execute(f"insert into record ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constant
        assert inserted.lastrowid is not None
        return inserted.lastrowid


def _now() -> str:
    return datetime.now(UTC).isoformat()
