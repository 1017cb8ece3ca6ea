"""The statements of a piece of work, noted once and then run bare: what the same work costs the database when
nothing is composed or shown. The baseline that says how much of the time is Chargehand's own code."""

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models.access import Principal
from store.db import Database, DbRole, Tx

METHODS = ("rows", "row", "records", "value", "execute")


@dataclass(frozen=True)
class Statement:
    name: str
    parameters: Mapping[str, Any]
    returns_rows: bool
    result: Any

    def run(self, tx: Tx, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The same statement with other parameters; its rows."""
        if self.returns_rows:
            return tx.records(self.name, **parameters)
        tx.execute(self.name, **parameters)
        return []


@dataclass(frozen=True)
class Noted:
    """A transaction: who, in which role, and its statements in order."""

    principal: Principal
    role: DbRole
    statements: list[Statement] = field(default_factory=list)

    def only(self, names: Container[str]) -> "Noted":
        """The transaction with only these of its statements."""
        return Noted(self.principal, self.role, [s for s in self.statements if s.name in names])


class _NotingTx(Tx):
    noted: Noted

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name not in METHODS:
            return method

        def noting(statement: str, /, *made_by: Any, **parameters: Any) -> Any:
            as_sent = deepcopy(parameters)  # what is audited is a list that is emptied afterwards
            result = method(statement, *made_by, **parameters)
            self.noted.statements.append(Statement(statement, as_sent, name != "execute", result))
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


def swapped(value: Any, pairs: Mapping[str, str]) -> Any:
    """A parameter with each of the strings put in place of another, wherever it stands."""
    match value:
        case str():
            for one, other in pairs.items():
                value = value.replace(one, other)
            return value
        case UUID():
            return UUID(swapped(str(value), pairs))
        case dict():
            return {k: swapped(v, pairs) for k, v in value.items()}
        case list() | tuple():
            return [swapped(v, pairs) for v in value]
    if hasattr(value, "obj"):  # wrapped, to be sent as JSON
        return type(value)(swapped(value.obj, pairs))
    return value
