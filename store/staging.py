"""Temporary tables that hold what is about to be written: filled by COPY, compared and merged by SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from psycopg import sql
from psycopg.rows import args_row

from store.db import Tx
from store.queries import catalogue


@dataclass(frozen=True)
class Counts:
    """Records of one kind that were written."""

    added: int = 0
    updated: int = 0
    removed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.added + other.added, self.updated + other.updated, self.removed + other.removed)

    @property
    def changed(self) -> int:
        return self.added + self.updated + self.removed


@dataclass(frozen=True)
class Target:
    """A table of the firm that staged rows are merged into."""

    table: str
    staged: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def _template(name: str, /, **parts: sql.Composable) -> sql.Composed:
    """A named statement with `{placeholders}`, filled with identifiers."""
    return sql.SQL(catalogue()[name].sql.decode()).format(**parts)


def _identifiers(names: Iterable[str], *, of: str | None = None) -> sql.Composed:
    """Column names with commas between them, each of the table `of` where one is given."""
    prefix = [of] if of else []
    return sql.SQL(", ").join(sql.Identifier(*prefix, name) for name in names)


def copy_frame(tx: Tx, staged: str, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Copy columns of a frame into a temporary table, with its index, the lines of the file, as `line`."""
    cells = [frame.index.tolist(), *(_cells(frame[name]) for name in columns)]
    copy_rows(tx, staged, ["line", *columns], zip(*cells, strict=True))


def copy_rows(tx: Tx, staged: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Copy rows into a temporary table."""
    statement = _template("importer.copy", staged=sql.Identifier(staged), columns=_identifiers(columns))
    with tx.connection.cursor().copy(statement) as copying:
        for row in rows:
            copying.write_row(row)


def merge(tx: Tx, target: Target) -> Counts:
    """Write the staged rows that differ from what is in the table, by its key."""
    statement = _template(
        "importer.upsert",
        target=sql.Identifier("firm", target.table),
        staged=sql.Identifier(target.staged),
        columns=_identifiers(target.columns),
        key=_identifiers(target.key),
        excluded=_identifiers(target.columns, of="excluded"),
    )
    with tx.connection.cursor(row_factory=args_row(Counts)) as cursor:
        return cursor.execute(statement).fetchone() or Counts()


def _cells(series: "pd.Series[Any]") -> list[object]:
    """The values as Python objects, None for one that is missing. Times are ISO 8601 texts: a datetime object
    for each would take most of an import's time."""
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        utc = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        texts = np.datetime_as_string(utc, unit="us", timezone="UTC")
        return list(np.where(series.notna().to_numpy(), texts, np.array(None)))
    return series.astype(object).where(series.notna(), None).tolist()
