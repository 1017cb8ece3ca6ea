"""JSONL files are read strictly, like tables."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from models.errors import BadInput
from models.formats.jsonl import read_jsonl


class Span(BaseModel):
    model_config = ConfigDict(extra="forbid")

    start: int
    end: int


class Contract(BaseModel):
    model_config = ConfigDict(extra="forbid")

    contract_id: str
    text: str
    clauses: list[Span] = []


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "contracts.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_records_come_out_typed(tmp_path: Path) -> None:
    lines = '{"contract_id": "c1", "text": "a\u2028b", "clauses": [{"start": 0, "end": 1}]}\r\n\n'
    assert read_jsonl(write(tmp_path, lines), Contract) == [
        Contract(contract_id="c1", text="a\u2028b", clauses=[Span(start=0, end=1)])
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("\n", [(1, "")], id="empty"),
        pytest.param('{"contract_id": "c1"}', [(1, "text")], id="field missing"),
        pytest.param('\n{"contract_id": "c1", "text": "", "x": 1}', [(2, "x")], id="field unknown"),
        pytest.param(
            '{"contract_id": "c1", "text": "", "clauses": [{"start": "a", "end": 1}, {"start": 1}]}',
            [(1, "clauses.0.start"), (1, "clauses.1.end")],
            id="nested fields are named by their path",
        ),
        pytest.param('{"contract_id": "c1", "text": "", "text": "b"}', [(1, "")], id="a field twice"),
        pytest.param('{"contract_id": "c1", "text": NaN}', [(1, "")], id="NaN is no JSON"),
        pytest.param("[1]\n{", [(1, ""), (2, "")], id="neither an object nor JSON at all"),
        pytest.param(b'{"contract_id": "c1", "text": "\xff"}', [(1, "")], id="not UTF-8"),
        pytest.param('{"contract_id": "c1", "text": ""}\n' * 2, [(2, "contract_id")], id="the key twice"),
        pytest.param("[" * 100_000, [(1, "")], id="nested beyond what can be parsed"),
    ],
)
def test_problems_are_all_named(
    tmp_path: Path, content: str | bytes, expected: list[tuple[int, str]]
) -> None:
    with pytest.raises(BadInput) as caught:
        read_jsonl(write(tmp_path, content), Contract, key=("contract_id",))
    assert [(p.line, p.column) for p in caught.value.problems] == expected
    assert all(p.reason for p in caught.value.problems)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.builds(Contract, contract_id=st.text(), text=st.text()), min_size=1))
def test_what_is_written_is_read(tmp_path: Path, records: list[Contract]) -> None:
    lines = "\n".join(r.model_dump_json() for r in records)
    assert read_jsonl(write(tmp_path, lines), Contract) == records


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200) | st.text('{}[]":,\\ a1\n').map(str.encode))
def test_any_bytes_are_records_or_bad_input(tmp_path: Path, content: bytes) -> None:
    try:
        assert read_jsonl(write(tmp_path, content), Contract)
    except BadInput as error:
        assert error.problems
