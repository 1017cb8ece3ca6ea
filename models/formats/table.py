"""CSV files as typed data frames, read strictly: everything wrong with a file is said, and nothing of it is
taken.

The format is RFC 4180 with a header, in UTF-8. Columns may come in any order; each column of the
specification must be there, and no other, save extra ones that start with `x_`."""

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from models.errors import BadInput, Problem
from models.formats.utf8 import read_utf8

Kind = Literal["text", "integer", "number", "decimal", "date", "timestamp", "currency", "boolean"]

LONGEST_FIELD = 2**26  # characters; the csv module's own limit (131,072) is less than a long report


@dataclass(frozen=True)
class Column:
    """One column of a table. In the frame, by kind:

    text, currency: `str`; integer: `int64` (`Int64` where a value may be missing); number: `float64`;
    decimal: objects, `Decimal` or None; date: objects, `datetime.date` or None;
    timestamp: `datetime64[us, UTC]`, a time without a zone being UTC; boolean: `bool` or `boolean`."""

    name: str
    kind: Kind
    required: bool = True  # a value must be present in every row
    choices: tuple[str, ...] = ()  # the only texts allowed, where there are any
    low: int | None = None  # least and greatest value allowed, of a number
    high: int | None = None
    optional: bool = False  # the whole column may be left out of the file


@dataclass(frozen=True)
class TableSpec:
    """A table's columns, and those whose values together may not come twice."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()


def read_table(path: Path, spec: TableSpec, *, extra_prefix: str | None = "x_") -> pd.DataFrame:
    """The table in a CSV file, its columns in the order of the specification.

    The index, named `line`, is the physical line on which each row starts (the header is on line 1). Columns
    that start with `extra_prefix` follow the others, as numbers where every value present is one, as text
    otherwise.

    Raises:
        BadInput: with every problem found, each with its line and column.
    """
    text, problems = read_utf8(path)
    file = str(path)
    records = _records(text, file, problems)
    _, header = next(records, (1, []))
    columns = _columns_of(header, spec, extra_prefix, file, problems)
    lines, rows = [], []
    for line, fields in records:
        if len(fields) == len(header):
            lines.append(line)
            rows.append(fields)
        elif header:
            reason = f"{len(fields)} fields where the header has {len(header)}"
            problems.append(Problem(file, line, "", reason))

    index = pd.Index(lines, name="line", dtype="int64")
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    series: dict[str, pd.Series[Any]] = {}
    for column, values in [(c, cells[header.index(c.name)]) for c in columns]:
        parsed = _parse(column, values, lines, file, problems)
        if parsed is not None:
            series[column.name] = _SERIES[column.kind](parsed, column.required, index)
    if spec.key and all(name in header for name in spec.key):
        _check_key(spec.key, [cells[header.index(name)] for name in spec.key], lines, file, problems)
    if extra_prefix:
        for name in header:
            if name.startswith(extra_prefix):
                series[name] = _extra(cells[header.index(name)], index)
    if problems:
        raise BadInput(sorted(problems, key=lambda p: p.line))
    return pd.DataFrame(series, index=index)


def _records(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on. Blank lines are passed over; bad quoting ends the reading."""
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(file, start, "", f"cannot be read from here on: {error}"))


def _columns_of(
    header: Sequence[str], spec: TableSpec, extra_prefix: str | None, file: str, problems: list[Problem]
) -> list[Column]:
    """The columns of the specification that the file has, noting what is wrong with the header."""
    if not header:
        problems.append(Problem(file, 1, "", f"empty: {spec.name} need a header"))
        return []
    known = {c.name for c in spec.columns}
    for position, name in enumerate(header):
        if name in header[:position]:
            problems.append(Problem(file, 1, name, "comes twice in the header"))
        elif name not in known and not (extra_prefix and name.startswith(extra_prefix)):
            extra = f", and does not start with {extra_prefix}" if extra_prefix else ""
            problems.append(Problem(file, 1, name, f"not a column of {spec.name}{extra}"))
    present = []
    for column in spec.columns:
        if column.name in header:
            present.append(column)
        elif not column.optional:
            problems.append(Problem(file, 1, column.name, "column missing"))
    return present


def _parse(
    column: Column, values: Sequence[str], lines: Sequence[int], file: str, problems: list[Problem]
) -> list[Any] | None:
    """The column's values, None for one that is missing; or None, with the problems, where any is wrong."""
    parse = _PARSERS[column.kind]
    parsed: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for value in set(values):  # most columns say the same few things over and over
        try:
            parsed[value] = _parse_one(column, parse, value)
        except ValueError as error:
            wrong[value] = str(error)
    if not wrong:
        return [parsed[value] for value in values]
    problems += [
        Problem(file, line, column.name, wrong[value])
        for line, value in zip(lines, values, strict=True)
        if value in wrong
    ]
    return None


def _parse_one(column: Column, parse: Callable[[str], Any], value: str) -> Any:
    if not value.strip():
        if column.required:
            raise ValueError("value missing")
        return None
    if column.choices and value not in column.choices:
        raise ValueError(f"{_shown(value)} is none of {', '.join(column.choices)}")
    parsed = parse(value)
    if column.low is not None and parsed < column.low:
        raise ValueError(f"{_shown(value)} is less than {column.low}")
    if column.high is not None and parsed > column.high:
        raise ValueError(f"{_shown(value)} is more than {column.high}")
    return parsed


def _check_key(
    key: Sequence[str],
    cells: Sequence[Sequence[str]],
    lines: Sequence[int],
    file: str,
    problems: list[Problem],
) -> None:
    first: dict[tuple[str, ...], int] = {}
    for line, values in zip(lines, zip(*cells, strict=True), strict=True):
        if (before := first.setdefault(values, line)) != line:
            shown = ", ".join(_shown(v) for v in values)
            problems.append(Problem(file, line, ",".join(key), f"{shown} is on line {before} already"))


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:39] + "…")


_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"{_shown(value)} is not {what}")
    return value


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError(f"{_shown(value)} holds a NUL character")
    return value


def _integer(value: str) -> int:
    number = int(_matching(_INTEGER, value, "a whole number"))
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{_shown(value)} does not fit in 64 bits")
    return number


def _number(value: str) -> float:
    number = float(_matching(_NUMBER, value, "a number"))
    if math.isinf(number):
        raise ValueError(f"{_shown(value)} is too large a number")
    return number


def _decimal(value: str) -> Decimal:
    return Decimal(_matching(_DECIMAL, value, "a decimal number"))


def _date(value: str) -> date:
    try:
        return date.fromisoformat(_matching(_DATE, value, "a date (YYYY-MM-DD)"))
    except ValueError as error:
        raise ValueError(f"{_shown(value)} is not a date (YYYY-MM-DD)") from error


def _timestamp(value: str) -> int:
    """Microseconds since 1970 in UTC."""
    try:
        parsed = datetime.fromisoformat(_matching(_TIMESTAMP, value, "a time"))
        return (parsed.replace(tzinfo=parsed.tzinfo or UTC) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{_shown(value)} is not a time (YYYY-MM-DDThh:mm, perhaps with a zone)") from error


def _currency(value: str) -> str:
    return _matching(_CURRENCY, value, "a currency code (three capital letters)")


def _boolean(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return value == "true"


_PARSERS: dict[Kind, Callable[[str], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "currency": _currency,
    "boolean": _boolean,
}


def _of_type(type_if_required: str, type_if_not: str) -> Callable[[list[Any], bool, "pd.Index[int]"], Any]:
    def series(values: list[Any], required: bool, index: "pd.Index[int]") -> Any:
        return pd.Series(values, index=index, dtype=type_if_required if required else type_if_not)

    return series


def _timestamps(values: list[Any], _required: bool, index: "pd.Index[int]") -> Any:
    missing = np.iinfo(np.int64).min  # how numpy writes NaT
    microseconds = np.array([missing if v is None else v for v in values], dtype=np.int64)
    return pd.Series(microseconds.view("datetime64[us]"), index=index).dt.tz_localize("UTC")


_SERIES: dict[Kind, Callable[[list[Any], bool, "pd.Index[int]"], Any]] = {
    "text": _of_type("str", "str"),
    "integer": _of_type("int64", "Int64"),
    "number": _of_type("float64", "float64"),
    "decimal": _of_type("object", "object"),
    "date": _of_type("object", "object"),
    "timestamp": _timestamps,
    "currency": _of_type("str", "str"),
    "boolean": _of_type("bool", "boolean"),
}


def _extra(values: Sequence[str], index: "pd.Index[int]") -> Any:
    present = {v for v in values if v.strip()}
    if present and all(_NUMBER.fullmatch(v) and math.isfinite(float(v)) for v in present):
        return pd.Series([float(v) if v.strip() else math.nan for v in values], index=index, dtype="float64")
    return pd.Series([v if v.strip() else None for v in values], index=index, dtype="str")
