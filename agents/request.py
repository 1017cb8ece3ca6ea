"""A call made whole: what was said, what the conversation already holds, and one question for what is
missing."""

import re
from collections.abc import Mapping
from typing import Any

from agents.decision import AskPerson, Call, Calls, Decision
from agents.memory import ITEM_KEYS, Memory, items, positions
from agents.replies import missing
from agents.said import Said
from agents.slots import ends_after
from agents.transcript import Pending, Step

OPTIONS = 5  # at most so many names are offered to choose from

_BACK = re.compile(
    r"\b(?:it|its|there|that|this|them|their|they|the project|the client|same|her|him|his|she|he)\b", re.I
)
_EXTREMES = (
    (
        re.compile(r"\b(?:oldest|longest overdue|earliest|most overdue)\b", re.I),
        ("due_on", "issued_on"),
        False,
    ),
    (re.compile(r"\b(?:newest|latest|most recent)\b", re.I), ("due_on", "issued_on"), True),
    (re.compile(r"\b(?:largest|biggest|highest|most expensive)\b", re.I), ("amount",), True),
    (re.compile(r"\b(?:smallest|lowest)\b", re.I), ("amount",), False),
    (re.compile(r"\b(?:cheapest)\b", re.I), ("cost_rate", "bill_rate"), False),
    (re.compile(r"\b(?:best|top)\b(?! \w+ (?:people|candidates))", re.I), ("score", "fit"), True),
    (re.compile(r"\b(?:riskiest|latest to be paid|slowest)\b", re.I), ("expected_days", "days_to_pay"), True),
)
_PRONOUN = re.compile(
    r"\b(?:him|her|them|it|that one|this one|that person|this person|the (?:candidate|invoice))\b", re.I
)
_ALL = re.compile(r"\b(?:all|every|everything|each)\b", re.I)


def points_back(text: str) -> bool:
    """Whether the words lean on what was spoken of before: 'there', 'it', 'the project'."""
    return bool(_BACK.search(text))


def complete(
    tool: str,
    said_arguments: dict[str, Any],
    said: Said,
    memory: Memory,
    schemas: Mapping[str, Mapping[str, Any]],
) -> Decision:
    """The call, or the question for the first argument that is missing."""
    schema = schemas[tool]
    properties = schema.get("properties", {})
    source = memory.source(tool) if tool.startswith("propose_") else None
    arguments = _inherited(source, said_arguments, properties) | said_arguments
    arguments |= _picked(tool, source, arguments, said, properties)
    if "message" in properties and "message" not in arguments and (message := _message(said)):
        arguments["message"] = message
    if (
        "starts_on" in arguments
        and "ends_on" in properties
        and "ends_on" not in said_arguments
        and (end := ends_after(said, arguments["starts_on"]))
    ):
        arguments["ends_on"] = end
    for name in ("project", "client", "person"):
        if name in properties and name not in arguments and (value := memory.argument(name)):
            only = not ({"project", "client"} & arguments.keys())
            if name in schema.get("required", ()) or (not source and points_back(said.own) and only):
                arguments[name] = value
    for name in schema.get("required", ()):
        if name not in arguments:
            return AskPerson(_question(tool, name, arguments, said, source))
    return Calls((Call(tool, arguments),))


def _inherited(source: Step | None, said: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the findings that are proposed from, as far as the proposal takes them."""
    if source is None:
        return {}
    kept = {k: v for k, v in source.arguments.items() if k in properties and k not in said}
    if {"percent", "hours_per_week"} & said.keys():
        kept = {k: v for k, v in kept.items() if k not in ("percent", "hours_per_week")}
    if "project" in said and said["project"] != source.arguments.get("project"):
        kept = {k: v for k, v in kept.items() if k not in ("client", "message")}
    return kept


def _picked(
    tool: str, source: Step | None, arguments: Mapping[str, Any], said: Said, properties: Mapping[str, Any]
) -> dict[str, Any]:
    """Which of the findings are meant: a person, an invoice, some time entries, some numbers."""
    if "numbers" in properties:
        numbers = positions(said.own)
        return {"numbers": numbers} if numbers else {}
    if source is None:
        return {}
    for argument, key in ITEM_KEYS.items():
        if argument not in properties or argument in arguments:
            continue
        found = items(source, key)
        if argument == "entry_ids":
            chosen = _several(found, said)
            return {argument: [str(i[key]) for i in chosen]} if chosen else {}
        one = _single(found, said)
        return {argument: str(one[key])} if one else {}
    return {}


def _several(found: list[dict[str, Any]], said: Said) -> list[dict[str, Any]]:
    """Some of the findings; none when all are meant."""
    if people := said.of("person"):
        meant = {n.id for m in people for n in m.names}
        return [i for i in found if i.get("person_id") in meant]
    chosen = positions(said.own, len(found))
    return [found[n - 1] for n in chosen if n <= len(found)]


def _single(found: list[dict[str, Any]], said: Said) -> dict[str, Any] | None:
    """The one of the findings that is meant."""
    for pattern, keys, most in _EXTREMES:
        if pattern.search(said.own):
            for key in keys:
                ranked = [i for i in found if i.get(key) is not None]
                if ranked:
                    return sorted(ranked, key=lambda i, k=key: _order(i[k]), reverse=most)[0]  # type: ignore[misc]
            if most and keys == ("score", "fit") and found:
                return found[0]  # lists are shown best first
    chosen = [n for n in positions(said.own, len(found)) if n <= len(found)]
    if len(chosen) == 1:
        return found[chosen[0] - 1]
    return found[0] if len(found) == 1 and (_PRONOUN.search(said.own) or not _ALL.search(said.own)) else None


def _order(value: Any) -> Any:
    """Amounts may be written as {'amount': '12.50', 'currency': 'EUR'} or as text."""
    from decimal import Decimal, InvalidOperation

    if isinstance(value, dict):
        value = value.get("amount", "")
    try:
        return (0, Decimal(str(value)), "")
    except InvalidOperation:
        return (1, Decimal(0), str(value))


def _message(said: Said) -> str:
    """The client's words: what was pasted, or the request as it was told."""
    if said.quote:
        return said.quote
    points_elsewhere = re.search(
        r"\b(?:this|the|that|following|pasted|their) (?:e-?mail|mail|message|request|text|change request|"
        r"wish)\b|\bbelow\b",
        said.own,
        re.I,
    )
    tells = re.search(
        r"\b(?:want|wants|asks?|asked|asking|would like|insists?|need|needs|include|request(?:s|ed))\b.*\w+ "
        r"\w+",
        said.own,
        re.I,
    )
    return said.own if tells and not points_elsewhere and said.words > 5 else ""


def _question(tool: str, name: str, arguments: dict[str, Any], said: Said, source: Step | None) -> Pending:
    options: tuple[str, ...] = ()
    text = missing(name)
    if source and (key := ITEM_KEYS.get(name)):
        options = tuple(_label(i, key) for i in items(source, key)[:OPTIONS])
    elif name in ("project", "client"):
        options = _nameable(said, name)
    return Pending(tool=tool, arguments=arguments, argument=name, text=text, options=options)


def _label(item: Mapping[str, Any], key: str) -> str:
    """As the tools' own questions write options: the name, then what tells it apart, the id last."""
    rest = [str(item[k]) for k in ("title", "practice", "due_on") if item.get(k)]
    name = item.get("name") or item.get("client") or item.get("client_name")
    return f"{name} ({', '.join([*rest, str(item[key])])})" if name else str(item[key])


def _nameable(said: Said, kind: str) -> tuple[str, ...]:
    """The projects or clients to choose from, where they are few; those in a pasted message first."""
    quoted = (
        [m.value for m in said.linker.mentions(said.quote[:2000]) if m.kind == kind] if said.quote else []
    )
    if quoted:
        return tuple(dict.fromkeys(quoted))[:OPTIONS]
    names = [n.name for n in said.linker.names if n.kind == kind]
    return tuple(names) if len(names) <= OPTIONS else ()
