"""The firm's own files (docs/formats.md) as the records its simulated systems start with."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.ports import Resource
from connectors.sim.twin import Seed
from models.actions import System

Row = Mapping[str, str]


@dataclass(frozen=True)
class _Source:
    """Which file holds a resource, and how a row of it becomes a record."""

    file: str
    system: System
    resource: Resource
    record: Callable[[Row], dict[str, Any]]


def read_firm(directory: Path) -> Seed:
    """The records in whichever of the files are there. They count as checked: `chargehand import` takes the
    same files and says all that is wrong with them."""
    records: dict[System, dict[Resource, list[dict[str, Any]]]] = {}
    for source in _SOURCES:
        if (path := directory / source.file).exists():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [source.record(row) for row in csv.DictReader(file)]
            records.setdefault(source.system, {})[source.resource] = rows
    return Seed(records=records)


def _renamed(id_column: str, *columns: str) -> Callable[[Row], dict[str, Any]]:
    return lambda row: {"id": row[id_column]} | {name: row[name] or None for name in columns}


def _with_money(record: Callable[[Row], dict[str, Any]], column: str) -> Callable[[Row], dict[str, Any]]:
    return lambda row: record(row) | {column: {"amount": row[column], "currency": row["currency"]}}


def _time_entry(row: Row) -> dict[str, Any]:
    entry = _renamed("entry_id", "person_id", "project_id", "minutes", "state")(row)
    started = datetime.fromisoformat(row["started_at"])
    if started.tzinfo is None:  # as docs/formats.md has it
        started = started.replace(tzinfo=UTC)
    return entry | {"started_at": started.isoformat()}


_SOURCES = (
    _Source(
        "contracts.csv",
        "crm",
        "contracts",
        _with_money(_renamed("contract_id", "client_id", "title", "kind", "starts_on", "ends_on"), "value"),
    ),
    _Source(
        "assignments.csv",
        "psa",
        "assignments",
        _renamed(
            "assignment_id",
            "person_id",
            "project_id",
            "role",
            "starts_on",
            "ends_on",
            "hours_per_week",
            "state",
        ),
    ),
    _Source("time_entries.csv", "psa", "time-entries", _time_entry),
    _Source(
        "invoices.csv",
        "erp",
        "invoices",
        _with_money(
            _renamed("invoice_id", "customer_id", "project_id", "issued_on", "due_on", "paid_on"), "amount"
        ),
    ),
    _Source("people.csv", "hris", "employees", _renamed("person_id", "name", "starts_on", "ends_on")),
)
