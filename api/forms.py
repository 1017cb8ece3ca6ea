"""Forms to edit an action, made from its pydantic model: the fields an approver may change, each with the
input that fits its type, and back from what the browser sent to an action."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from api.wording import field as label_of
from models.actions import Action, ActionAdapter, CreateChangeOrder
from models.money import Money
from workflow.revise import EDITABLE, EDITABLE_IN_ENTRY

Input = Literal["text", "area", "date", "number", "choice", "money", "lines"]
LONG = frozenset({"body", "statement", "mitigation", "why", "description", "reason"})
DERIVED = frozenset({"value", "amount"})  # of a change order: the sums of what is edited


@dataclass(frozen=True)
class Field:
    """One input. `name` is the path in the action, e.g. `items.0.hours`."""

    name: str
    label: str
    input: Input
    value: str
    suffix: str = ""  # shown behind the input, e.g. a currency
    choices: Sequence[str] = ()
    required: bool = True
    error: str = ""


@dataclass(frozen=True)
class Group:
    """Fields that belong together: the action's own, or one item's."""

    title: str
    fields: Sequence[Field] = field(default_factory=list)


def groups(
    action: Action, sent: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> list[Group]:
    """The form of an action: filled with what is there or with what was sent, and what is wrong with it."""
    sent, errors = sent or {}, errors or {}
    allowed = EDITABLE[action.kind]
    own = [
        _field(name, info.annotation, getattr(action, name), sent, errors)
        for name, info in type(action).model_fields.items()
        if name in allowed and name != "items" and name not in DERIVED
    ]
    found = [Group("", own)] if own else []
    for number, item in enumerate(getattr(action, "items", ()) if "items" in allowed else ()):
        names = set(type(item).model_fields) - DERIVED
        if not isinstance(action, CreateChangeOrder):
            names &= EDITABLE_IN_ENTRY
        fields = [
            _field(f"items.{number}.{name}", info.annotation, getattr(item, name), sent, errors)
            for name, info in type(item).model_fields.items()
            if name in names
        ]
        found.append(Group(_title(item, number), fields))
    return found


def edited(action: Action, sent: Mapping[str, str]) -> Action:
    """The action with what the form sent. Raises pydantic's ValidationError."""
    body = action.model_dump(mode="json")
    for group in groups(action):
        for f in group.fields:
            _put(body, f, sent.get(f.name, f.value))
    if isinstance(action, CreateChangeOrder):
        _add_up(body)
    return ActionAdapter.validate_python(body)


def faults(error: ValidationError) -> dict[str, str]:
    """What is wrong, by the field's path."""
    found = {}
    for fault in error.errors():
        path = [str(p) for p in fault["loc"][1:]]  # the first is the action's kind
        if path and path[-1] in ("amount", "currency") and len(path) > 1:
            path = path[:-1]
        found[".".join(path)] = fault["msg"].removeprefix("Value error, ")
    return found


def _field(
    name: str, annotation: Any, value: Any, sent: Mapping[str, str], errors: Mapping[str, str]
) -> Field:
    kind, choices, optional = _input(annotation, name.rsplit(".", 1)[-1])
    text = _text(value)
    suffix = value.currency if isinstance(value, Money) else ""
    return Field(
        name=name,
        label=label_of(name.rsplit(".", 1)[-1]),
        input=kind,
        value=sent.get(name, text),
        suffix=suffix,
        choices=choices,
        required=not optional,
        error=errors.get(name, ""),
    )


def _input(annotation: Any, leaf: str) -> tuple[Input, Sequence[str], bool]:
    """The input, its choices, and whether it may be empty."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    optional = False
    if get_origin(annotation) in (Union, types.UnionType):
        optional = type(None) in get_args(annotation)
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation), optional
    if get_origin(annotation) is tuple:
        return "lines", (), optional
    if annotation is date:
        return "date", (), optional
    if annotation is Money:
        return "money", (), optional
    if annotation in (int, Decimal):
        return "number", (), optional
    return ("area" if leaf in LONG else "text"), (), optional


def _text(value: Any) -> str:
    if isinstance(value, Money):
        return str(value.amount)
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def _put(body: Any, target: Field, text: str) -> None:
    *path, leaf = target.name.split(".")
    for part in path:
        body = body[int(part)] if isinstance(body, list) else body[part]
    text = text.replace("\r\n", "\n")
    if target.input == "money":
        body[leaf] = {"amount": text.strip().replace(",", ""), "currency": target.suffix}
    elif target.input == "lines":
        body[leaf] = [line.strip() for line in text.splitlines() if line.strip()]
    elif target.input in ("text", "area"):
        body[leaf] = text
    else:
        body[leaf] = text.strip() or None


def _add_up(body: dict[str, Any]) -> None:
    """Amounts and the value of a change order follow from hours and rates. What is no number is left for the
    model to refuse."""
    try:
        for item in body["items"]:
            rate = Money.model_validate(item["rate"])
            item["amount"] = (rate * Decimal(item["hours"])).rounded().model_dump(mode="json")
        value = sum((Decimal(i["amount"]["amount"]) for i in body["items"]), Decimal(0))
        body["value"] = {"amount": str(value), "currency": body["value"]["currency"]}
    except (ArithmeticError, TypeError, ValueError):
        return


def _title(item: BaseModel, number: int) -> str:
    return str(getattr(item, "entry_id", None) or f"Item {number + 1}")
