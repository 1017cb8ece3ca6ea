"""Scenarios from YAML, with errors that say in which line of which file what is wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from evals.talking.script import Script
from models.errors import ChargehandError, Retry

S = TypeVar("S", bound=Script)


class ScriptWrong(ChargehandError):
    """{path}, line {line}: {reason}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


def scripts(path: Path, of: type[S]) -> tuple[S, ...]:
    """The scenarios of a YAML file, which is a list of them. `of`: what each is read as. Raises ScriptWrong,
    of the first thing wrong."""
    text = path.read_text(encoding="utf-8")
    adapter: TypeAdapter[tuple[S, ...]] = TypeAdapter(tuple[of, ...])  # type: ignore[valid-type]
    try:
        root, read = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        raise ScriptWrong(path=str(path), line=line, reason=e.problem or "not YAML") from e
    if not isinstance(read, list):
        raise ScriptWrong(path=str(path), line=1, reason="it is no list of scenarios")
    try:
        found = adapter.validate_python(tuple(read))
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        reason = f"{where}: {first['msg']}"
        raise ScriptWrong(path=str(path), line=_line(root, first["loc"]), reason=reason) from e
    for n, script in enumerate(found):
        if any(script.id == other.id for other in found[:n]):
            raise ScriptWrong(path=str(path), line=_line(root, (n,)), reason=f"a second '{script.id}'")
    return found


def _line(node: Node | None, location: Sequence[int | str]) -> int:
    """Where in the file a place in the data is, as near as the file has it. Names of a union's members stand
    in the location but not in the file, and are passed over."""
    line = 1
    for part in location:
        if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        elif isinstance(node, MappingNode):
            entry = next(((k, v) for k, v in node.value if k.value == part), None)
            if entry is None:
                continue
            line, node = entry[0].start_mark.line + 1, entry[1]
            continue
        else:
            continue
        line = node.start_mark.line + 1
    return line
