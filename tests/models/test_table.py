"""CSV files are read strictly: every problem is named with its line and column, and nothing of a bad file
is taken."""

import csv
import io
import string
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import BadInput
from models.formats.table import Column, TableSpec, read_table

SPEC = TableSpec(
    "bookings",
    (
        Column("id", "text"),
        Column("note", "text", required=False),
        Column("level", "integer", required=False, low=1, high=5),
        Column("rate", "number", required=False),
        Column("amount", "decimal"),
        Column("currency", "currency"),
        Column("on", "date"),
        Column("at", "timestamp", required=False),
        Column("firm", "boolean", required=False),
        Column("state", "text", choices=("hold", "booked")),
        Column("seen", "date", required=False, optional=True),
    ),
    key=("id",),
)
HEADER = "id,note,level,rate,amount,currency,on,at,firm,state"
GOOD = "b1,hello,3,1.5,10.50,EUR,2024-02-29,2024-03-01T09:00+02:00,true,hold"


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "bookings.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problems(tmp_path: Path, content: str | bytes, spec: TableSpec = SPEC) -> list[tuple[int, str, str]]:
    path = write(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        read_table(path, spec)
    assert {p.file for p in caught.value.problems} == {str(path)}
    return [(p.line, p.column, p.reason) for p in caught.value.problems]


def test_values_come_out_typed(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path, f"{HEADER}\n{GOOD}\nb2,,,,-3,USD,2024-03-01,,,booked\n"), SPEC)
    one, two = frame.iloc[0], frame.iloc[1]
    assert one["amount"] == Decimal("10.50")
    assert str(one["amount"]) == "10.50"
    assert one["on"] == date(2024, 2, 29)
    assert one["at"].to_pydatetime() == datetime(2024, 3, 1, 7, tzinfo=UTC)
    assert (one["level"], one["rate"], one["firm"]) == (3, 1.5, True)
    assert frame[["note", "level", "rate", "at", "firm"]].iloc[1].isna().all()
    assert two["amount"] == Decimal(-3)
    assert list(frame.index) == [2, 3]
    assert "seen" not in frame


def test_column_order_is_free_and_byte_order_mark_and_crlf_are_tolerated(tmp_path: Path) -> None:
    names, values = HEADER.split(","), GOOD.split(",")
    turned = b"\xef\xbb\xbf" + f"{','.join(names[::-1])}\r\n{','.join(values[::-1])}\r\n".encode()
    frame = read_table(write(tmp_path, turned), SPEC)
    assert list(frame.columns) == names
    assert frame.loc[2, "id"] == "b1"


def test_extra_columns_are_numbers_where_all_are(tmp_path: Path) -> None:
    rows = [f"{HEADER},x_score,x_code,x_none", f"{GOOD},1.5,7,", f"{GOOD.replace('b1', 'b2')},,A7,"]
    frame = read_table(write(tmp_path, "\n".join(rows)), SPEC)
    assert frame["x_score"].tolist()[0] == 1.5
    assert pd.isna(frame["x_score"].tolist()[1])
    assert frame["x_code"].tolist() == ["7", "A7"]
    assert frame["x_none"].isna().all()


def test_header_alone_gives_an_empty_frame_of_the_same_types(tmp_path: Path) -> None:
    empty = read_table(write(tmp_path, HEADER + "\n"), SPEC)
    full = read_table(write(tmp_path, f"{HEADER}\n{GOOD}\n"), SPEC)
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("", [(1, "", "empty: bookings need a header")], id="an empty file has no header"),
        pytest.param(
            f"{HEADER.replace(',state', '')},colour\n",
            [
                (1, "colour", "not a column of bookings, and does not start with x_"),
                (1, "state", "column missing"),
            ],
            id="missing and unknown columns are both named",
        ),
        pytest.param(
            f"{HEADER},id\n", [(1, "id", "comes twice in the header")], id="which of the two is meant?"
        ),
        pytest.param(
            f"{HEADER}\n{GOOD},more\nb2,short\n",
            [(2, "", "11 fields where the header has 10"), (3, "", "2 fields where the header has 10")],
            id="ragged rows",
        ),
        pytest.param(
            f'{HEADER}\n"b\n1"{GOOD[2:]}\n{GOOD.replace("10.50", "ten")}\n',
            [(4, "amount", "'ten' is not a decimal number")],
            id="a quoted line break counts as a physical line",
        ),
        pytest.param(
            f"{HEADER}\n{GOOD}\n{GOOD}\n", [(3, "id", "'b1' is on line 2 already")], id="the key comes twice"
        ),
        pytest.param(
            f'{HEADER}\n"b1{GOOD[2:]}\n',
            [(2, "", "cannot be read from here on: unexpected end of data")],
            id="a quote that never closes",
        ),
        pytest.param(
            f"{HEADER}\n{GOOD}\n".encode() + b"b2,caf\xe9" + GOOD[8:].encode(),
            [(3, "", "not UTF-8 from byte 7 on")],
            id="Latin-1 is not guessed at",
        ),
        pytest.param(
            f"{HEADER}\n,,9,nan,1e3,eur,2024-02-30,2024-03-01,yes,gone\n",
            [
                (2, "id", "value missing"),
                (2, "level", "'9' is more than 5"),
                (2, "rate", "'nan' is not a number"),
                (2, "amount", "'1e3' is not a decimal number"),
                (2, "currency", "'eur' is not a currency code (three capital letters)"),
                (2, "on", "'2024-02-30' is not a date (YYYY-MM-DD)"),
                (2, "at", "'2024-03-01' is not a time (YYYY-MM-DDThh:mm, perhaps with a zone)"),
                (2, "firm", "'yes' is neither true nor false"),
                (2, "state", "'gone' is none of hold, booked"),
            ],
            id="every column of a row is checked",
        ),
        pytest.param(
            f"{HEADER}\n{GOOD.replace('hello', 'a' + chr(0))}\n",
            [(2, "note", "'a\\x00' holds a NUL character")],
            id="no database would take a NUL",
        ),
    ],
)
def test_problems_are_all_named(
    tmp_path: Path, content: str | bytes, expected: list[tuple[int, str, str]]
) -> None:
    assert sorted(problems(tmp_path, content)) == sorted(expected)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("on", "20240301", "the basic form is easily a number"),
        ("on", "2024-W09-5", "week dates are not what anyone means"),
        ("at", "2024-03-01T09:61", "there is no minute 61"),
        ("at", "0001-01-01T00:00+14:00 ", "trailing blank"),
        ("level", "3.0", "a whole number has no point"),
        ("level", "99999999999999999999", "more than 64 bits"),
        ("rate", "1e999", "more than a double holds"),
        ("rate", "1_000", "Python's own way to write numbers"),
        ("rate", "１", "a digit, but not of ASCII"),
    ],
)
def test_look_alikes_are_refused(tmp_path: Path, column: str, value: str, why: str) -> None:
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: value}
    found = problems(tmp_path, f"{HEADER}\n{','.join(values.values())}\n")
    assert [(line, name) for line, name, _ in found] == [(2, column)], why


cell = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)
name = st.text(string.ascii_letters, min_size=1, max_size=6)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
rows_of_values = st.lists(
    st.tuples(
        cell.filter(str.strip),
        st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9),
        st.dates(),
        st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones),  # noqa: DTZ001
        st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=rows_of_values)
def test_what_is_written_is_read(
    tmp_path: Path, rows: list[tuple[str, Decimal, date, datetime, int]]
) -> None:
    spec = TableSpec(
        "things",
        (
            Column("t", "text"),
            Column("d", "decimal"),
            Column("on", "date"),
            Column("at", "timestamp"),
            Column("n", "integer"),
        ),
    )
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["t", "d", "on", "at", "n"])
    writer.writerows((t, f"{d:f}", on.isoformat(), at.isoformat(), n) for t, d, on, at, n in rows)
    frame = read_table(write(tmp_path, out.getvalue()), spec)
    read = [
        (t, d, on, at.to_pydatetime(), n)
        for t, d, on, at, n in zip(*(frame[c].tolist() for c in frame), strict=True)
    ]
    assert read == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200) | st.text(',"\nab1\r').map(str.encode))
def test_any_bytes_are_a_frame_or_bad_input(tmp_path: Path, content: bytes) -> None:
    spec = TableSpec("things", (Column("a", "text"), Column("b", "integer", required=False)), key=("a",))
    try:
        frame = read_table(write(tmp_path, content), spec)
    except BadInput as error:
        assert error.problems
    else:
        assert list(frame.columns)[:2] == ["a", "b"]
