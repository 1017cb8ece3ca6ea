"""Asking the person at the other end for an argument: a question becomes an MCP form, its reply arguments.

A form fills arguments and nothing else. What comes back goes through the registry like any argument: it is
validated there, and the permission is the caller's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_types import ElicitRequestFormParams, ElicitResult

from api.copilot.wire import ToolView
from tools.registry import Question

_PRIMITIVES = ("string", "integer", "number", "boolean")
_KEPT = ("type", "enum", "format", "description", "minimum", "maximum", "minLength", "maxLength")
_FORMATS = ("email", "uri", "date", "date-time")  # that a form may name


@dataclass(frozen=True)
class Form:
    """What is asked, an argument a field."""

    message: str
    fields: Mapping[str, Mapping[str, Any]]  # JSON Schema of each, as a form may hold it

    def request(self) -> ElicitRequestFormParams:
        schema = {"type": "object", "properties": dict(self.fields), "required": list(self.fields)}
        return ElicitRequestFormParams(message=self.message, requested_schema=schema)

    def answers(self, reply: ElicitResult) -> dict[str, Any] | None:
        """The arguments of a reply, or None where the person would not say."""
        if reply.action != "accept":
            return None
        return {name: value for name, value in (reply.content or {}).items() if name in self.fields}


def form_of_question(tool: ToolView, question: Question) -> Form | None:
    """A tool's own question. None where a form cannot hold the argument."""
    argument = tool.arguments["properties"].get(question.argument, {})
    if question.options and _alternatives(argument)[0].get("type") == "array":
        numbered = [{"const": str(n), "title": o} for n, o in enumerate(question.options, 1)]
        field: dict[str, Any] | None = {"type": "array", "items": {"anyOf": numbered}, "minItems": 1}
    elif question.options:
        field = {"type": "string", "enum": list(question.options)}
    else:
        field = _field(argument)
    return Form(question.text, {question.argument: _titled(question.argument, field)}) if field else None


def form_of_faults(tool: ToolView, faults: Sequence[Mapping[str, str]]) -> Form | None:
    """The arguments that are missing or do not fit. None where one of them cannot be asked for, as when there
    is no such argument."""
    fields = {}
    for fault in faults:
        name = fault["argument"]
        field = _field(tool.arguments["properties"].get(name, {}))
        if field is None:
            return None
        fields[name] = _titled(name, field)
    said = ", ".join(f"{f['argument'].replace('_', ' ')} ({f['reason'].lower()})" for f in faults)
    return Form(f"{tool.name} needs: {said}.", fields) if fields else None


def _field(argument: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first alternative that a form can hold: text, a number, yes or no."""
    for schema in _alternatives(argument):
        if schema.get("type") in _PRIMITIVES:
            field = {k: v for k, v in {**argument, **schema}.items() if k in _KEPT}
            if field.get("format") not in _FORMATS:
                field.pop("format", None)
            return field
    return None


def _alternatives(argument: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return argument.get("anyOf") or [argument]


def _titled(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": name.replace("_", " ").capitalize(), **field}
