"""Accounts as identity systems export them: a CSV whose columns are attributes of SCIM 2.0 (RFC 7643) users
and of its enterprise extension. `chargehand people import` takes it; docs/formats.md describes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.access import Grant
from models.errors import Problem
from models.formats.table import Column, TableSpec, read_table


def _may(name: str) -> Column:
    return Column(name, "text", required=False, optional=True)


ACCOUNTS = TableSpec(
    "accounts",
    (
        Column("userName", "text"),
        *map(
            _may, ("externalId", "displayName", "name.givenName", "name.familyName", "emails.value", "title")
        ),
        *map(_may, ("department", "addresses.locality", "manager", "roles", "groups")),
        Column("active", "boolean", required=False, optional=True),
    ),
    key=("userName",),
)


@dataclass(frozen=True)
class Entry:
    """One account. What is None was left empty, and stays as it is."""

    line: int
    person_id: str  # externalId, or else userName
    user_name: str
    name: str | None
    email: str | None
    title: str | None
    practice: str | None
    office: str | None
    manager: str | None  # the manager's externalId or userName
    active: bool
    roles: frozenset[Grant] | None  # None where the file has no such column
    groups: frozenset[str] | None

    def column_of(self, field: str) -> str:
        """What a field of a person is called in the file."""
        return {"name": "displayName", "email": "emails.value", "practice": "department"}.get(
            field, {"office": "addresses.locality"}.get(field, field)
        )


def read_accounts(path: Path) -> tuple[list[Entry], list[Problem]]:
    """The accounts of a file, and what is wrong with single values. Raises BadInput where the file as such
    cannot be used."""
    frame = read_table(path, ACCOUNTS)
    frame = frame.astype(object).where(frame.notna(), None)
    problems: list[Problem] = []
    entries = []
    for line, row in zip(frame.index.tolist(), frame.to_dict("records"), strict=True):
        cells = {str(name): value for name, value in row.items()}
        entries.append(_entry(str(path), int(line), cells, problems))
    return entries, [*problems, *_twice(str(path), entries)]


def _entry(file: str, line: int, cells: Mapping[str, Any], problems: list[Problem]) -> Entry:
    parts = [p for p in (cells.get("name.givenName"), cells.get("name.familyName")) if p]
    active = cells.get("active")
    return Entry(
        line=line,
        person_id=cells.get("externalId") or cells["userName"],
        user_name=cells["userName"],
        name=cells.get("displayName") or " ".join(parts) or None,
        email=cells.get("emails.value"),
        title=cells.get("title"),
        practice=cells.get("department"),
        office=cells.get("addresses.locality"),
        manager=cells.get("manager"),
        active=True if active is None else bool(active),
        roles=_roles(file, line, cells, problems) if "roles" in cells else None,
        groups=frozenset(_listed(cells["groups"])) if "groups" in cells else None,
    )


def _roles(file: str, line: int, cells: Mapping[str, Any], problems: list[Problem]) -> frozenset[Grant]:
    grants = set()
    for said in _listed(cells["roles"]):
        try:
            grants.add(Grant.parse(said))
        except ValueError as error:
            problems.append(Problem(file, line, "roles", str(error)))
    return frozenset(grants)


def _listed(cell: str | None) -> list[str]:
    """Several values of one cell, with semicolons between them."""
    return [value.strip() for value in (cell or "").split(";") if value.strip()]


def _twice(file: str, entries: list[Entry]) -> Iterator[Problem]:
    """Two lines about one person, or with one address."""
    ids: list[str | None] = [e.person_id for e in entries]
    for column, values in (("externalId", ids), ("emails.value", [e.email for e in entries])):
        first: dict[str, int] = {}
        for entry, value in zip(entries, values, strict=True):
            if value and (before := first.setdefault(value.lower(), entry.line)) != entry.line:
                yield Problem(file, entry.line, column, f"{value} is on line {before} already")
