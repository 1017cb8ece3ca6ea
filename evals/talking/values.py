"""Whether a value is as it should be: plain values by what they mean, others by what is asked of them."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from evals.talking.expectations import Wanted

_MISSING = object()


def fault(of: Mapping[str, Any], path: str, wanted: Any) -> str:
    """Why what stands at `path` (names and positions with dots between) is not as wanted; '' when it is."""
    got = _at(of, path)
    if got is _MISSING:
        return "" if wanted is None else f"there is no {path}"
    said = f"{path} is {_brief(got)}"
    if (asked := _asked(wanted)) is None:
        return "" if same(got, wanted) else f"{said}, not {_brief(wanted)}"
    text, count = str(got).casefold(), len(got) if isinstance(got, list | tuple) else -1
    checks = (
        (asked.any is None or any(same(got, w) for w in asked.any), f"none of {_brief(asked.any)}"),
        (asked.at_least is None or _order(got, asked.at_least) >= 0, f"less than {asked.at_least}"),
        (asked.at_most is None or _order(got, asked.at_most) <= 0, f"more than {asked.at_most}"),
        (asked.has is None or asked.has.casefold() in text, f"without '{asked.has}'"),
        (asked.lacks is None or asked.lacks.casefold() not in text, f"with '{asked.lacks}'"),
        (asked.count is None or count == asked.count, f"{count} long, not {asked.count}"),
    )
    return next((f"{said}, {why}" for holds, why in checks if not holds), "")


def same(got: Any, wanted: Any) -> bool:
    """Text whatever the case, numbers by value, lists in any order, mappings by what is wanted of them."""
    if isinstance(wanted, Mapping):
        return isinstance(got, Mapping) and not any(fault(got, str(k), w) for k, w in wanted.items())
    if isinstance(wanted, list | tuple):
        left = list(got) if isinstance(got, list | tuple) else [got]
        for one in wanted:
            hit = next((g for g in left if same(g, one)), _MISSING)
            if hit is _MISSING:
                return False
            left.remove(hit)
        return not left
    if wanted is None or isinstance(wanted, bool):
        return got is wanted
    try:
        return Decimal(str(got)) == Decimal(str(wanted))
    except InvalidOperation:
        return str(got).casefold().strip() == str(wanted).casefold().strip()


def _asked(wanted: Any) -> Wanted | None:
    """What is asked of a value, where it is not to be a certain one."""
    if isinstance(wanted, Mapping) and wanted and set(wanted) <= set(Wanted.model_fields):
        try:
            return Wanted.model_validate(wanted)
        except ValidationError:
            return None
    return None


def _at(of: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(of, Mapping) and part in of:
            of = of[part]
        elif isinstance(of, list | tuple) and part.isdigit() and int(part) < len(of):
            of = of[int(part)]
        else:
            return _MISSING
    return of


def _order(got: Any, bound: Any) -> int:
    """Below, at or above a bound: by number where both are numbers, else as text, as ISO days sort."""
    try:
        left, right = Decimal(str(got)), Decimal(str(bound))
        return (left > right) - (left < right)
    except InvalidOperation:
        return (str(got) > str(bound)) - (str(got) < str(bound))


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
