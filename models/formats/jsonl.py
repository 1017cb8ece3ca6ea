"""JSONL files as pydantic records, read strictly: everything wrong with a file is said, and nothing of it
is taken."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from models.errors import BadInput, Problem
from models.formats.utf8 import read_utf8

Record = TypeVar("Record", bound=BaseModel)


def read_jsonl(path: Path, record: type[Record], *, key: tuple[str, ...] = ()) -> list[Record]:
    """The records of a file that holds one JSON object a line; blank lines are passed over.

    What a record may hold is said by the pydantic model `record` (an unknown field is an error if it forbids
    extra ones). No two records may have the same values in all fields of `key`.

    Raises:
        BadInput: with every problem found, each with its line and field (nested ones as `clauses.3.start`).
    """
    text, problems = read_utf8(path)
    file = str(path)
    records: list[Record] = []
    first: dict[tuple[Any, ...], int] = {}
    lines = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        problems.append(Problem(file, 1, "", "empty: one JSON object a line is needed"))
    for number, line in lines:
        try:
            json.loads(line, object_pairs_hook=_object, parse_constant=_no_constant)
            records.append(record.model_validate_json(line))
        except ValidationError as error:
            problems += [Problem(file, number, field, reason) for field, reason in _reasons(error)]
        except ValueError as error:
            problems.append(Problem(file, number, "", f"not JSON: {error}"))
        except RecursionError:
            problems.append(Problem(file, number, "", "not JSON: nested too deeply"))
        else:
            values = tuple(getattr(records[-1], name) for name in key)
            if key and (before := first.setdefault(values, number)) != number:
                shown = ", ".join(repr(v) for v in values)
                problems.append(Problem(file, number, ",".join(key), f"{shown} is on line {before} already"))
    if problems:
        raise BadInput(sorted(problems, key=lambda p: p.line))
    return records


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ValueError(f"the field {name!r} comes twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _reasons(error: ValidationError) -> Iterator[tuple[str, str]]:
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        yield ".".join(str(part) for part in detail["loc"]), detail["msg"]
