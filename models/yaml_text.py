"""YAML that people write, read strictly: every fault with its line and field, so that its author finds it."""

from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from models.errors import BadInput, Problem

M = TypeVar("M", bound=BaseModel)


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key is written once. The parser takes the last of two: what the first one
    said would be gone without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is written twice", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def parse_yaml(text: str, file: str, model: type[M]) -> M:
    """Raises BadInput naming line, field and reason of each fault."""
    try:
        return model.model_validate(yaml.load(text, _UniqueKeys))
    except yaml.YAMLError as e:
        mark, problem = getattr(e, "problem_mark", None), getattr(e, "problem", None)
        raise BadInput([Problem(file, mark.line + 1 if mark else 1, "", problem or "not YAML")]) from e
    except ValidationError as e:
        root = yaml.compose(text, yaml.SafeLoader)
        raise BadInput(
            [
                Problem(file, _line(root, f["loc"]), ".".join(map(str, f["loc"])), _reason(f["msg"]))
                for f in e.errors()
            ]
        ) from e


def _line(root: yaml.Node | None, place: Sequence[str | int]) -> int:
    """The line that a place of the document stands on; of what holds it, where there is no such place (a key
    that is missing). A key is found on its own line, not on its value's."""
    line, node = 1, root
    for part in place:
        found = _child(node, part)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark.line + 1, item
    return None


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")
