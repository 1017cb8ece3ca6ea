"""How things are called and written, wherever people read them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import floor, log10
from typing import Any
from zoneinfo import ZoneInfo

from models.actions import ActionKind, System
from models.money import Money
from models.proposal import EffectState, ProposalState

KINDS: Mapping[ActionKind, str] = {
    "create_assignment": "Assignment",
    "create_change_order": "Change order",
    "register_risk": "Risk",
    "return_time_entries": "Returned time",
    "send_reminder": "Payment reminder",
    "hold_invoice": "Invoice hold",
    "plan_development": "Development plan",
    "undo_write": "Undo",
    "change_policy": "Policy change",
    "promote_version": "Promotion",
}
STATES: Mapping[ProposalState, str] = {
    "pending": "Waits for signatures",
    "approved": "Approved, being written",
    "executed": "Done",
    "parked": "Stopped, needs a person",
    "failed": "Failed",
    "rejected": "Rejected",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
}
EFFECTS: Mapping[EffectState, str] = {
    "ready": "Waiting its turn",
    "leased": "Being written",
    "done": "Written",
    "parked": "Stopped, needs a person",
    "failed": "Not written",
    "returned": "Not written, went back",
}
SYSTEMS: Mapping[System, str] = {
    "crm": "CRM",
    "psa": "Project system",
    "erp": "ERP",
    "hris": "HR system",
}
FIELDS = {
    "id": "Id",
    "starts_on": "First day",
    "ends_on": "Last day",
    "due_on": "Due",
    "review_on": "Review on",
    "started_at": "Started",
    "hours_per_week": "Hours a week",
    "bill_rate": "Bill rate, an hour",
    "cost_rate": "Cost rate, an hour",
    "rate": "Rate, an hour",
    "at_stake": "At stake",
    "p_late": "Chance late",
    "p_bench": "Chance of bench",
    "person_name": "Person",
    "project_name": "Project",
    "owner_id": "Owner",
    "says": "What was found",
    "rag": "Status reported",
}
_LEADING = frozenset({"name", "person", "project", "item", "title", "description", "invoice_id"})
_FIGURE = re.compile(r"-?\d+(?:\.\d+)?")
_WORDS = re.compile(r"[a-z]+(?:_[a-z]+)+")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


def field(name: str) -> str:
    """A field's name for people."""
    if name in FIELDS:
        return FIELDS[name]
    words = name.removesuffix("_on").replace("_", " ").strip()
    if words.endswith(" id"):
        return words[:-3].capitalize() + " ID"
    return words[:1].upper() + words[1:]


def money(value: Money | Mapping[str, Any]) -> str:
    """An amount with its currency, e.g. EUR 12,000.00."""
    found = as_money(value)
    return f"{found.currency} {found.amount:,.2f}"


def as_money(value: Money | Mapping[str, Any]) -> Money:
    """Money, also as JSON has it."""
    return value if isinstance(value, Money) else Money.model_validate(value)


def day(value: date | str) -> str:
    """A date, e.g. 4 Jan 2027."""
    found = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{found:%-d %b %Y}"


def shortday(value: str) -> str:
    """A date of this or next year, e.g. 4 Jan."""
    return f"{date.fromisoformat(value):%-d %b}"


def moment(value: datetime, zone: str) -> str:
    """A moment in a reader's time zone (IANA name), e.g. 4 Jan 2027, 10:00 CET."""
    local = value.astimezone(ZoneInfo(zone))
    return f"{local:%-d %b %Y, %H:%M} {local.tzname()}"


def span(length: timedelta) -> str:
    """A length of time in its largest unit, e.g. 3 d."""
    seconds = abs(int(length.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "seconds"


def hours(value: float) -> str:
    """A length of time that is counted in hours, e.g. 20 s, 40 min, 3.5 h, 2.1 d."""
    if value < 1:
        return seconds(value * 3600)
    return f"{value:.1f} h" if value < 48 else f"{value / 24:,.1f} d"


def amount(value: float) -> str:
    """A figure that is not exact: three digits, two of what is below a hundred."""
    if value == 0:
        return "0"
    shown = 2 if abs(value) < 100 else 3
    rounded = float(f"{value:.{shown - 1}e}")
    places = shown - 1 - floor(log10(abs(rounded)))
    return f"{rounded:,.{max(places, 0)}f}"


def seconds(length: float) -> str:
    """A short time as people say it, e.g. 40 s, 5 min."""
    return f"{max(1, round(length))} s" if length < 90 else f"{round(length / 60)} min"


def number(value: Decimal | float | int) -> str:
    """A number without zeros that say nothing."""
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float | Decimal) else f"{value:,}"


def percent(value: float | Decimal | str) -> str:
    return f"{float(value):.0%}"


def is_money(value: object) -> bool:
    """Whether it is money as JSON has it."""
    if not isinstance(value, Mapping) or set(value) != {"amount", "currency"}:
        return False
    try:
        return bool(Money.model_validate(value))
    except ValueError:
        return False


def is_day(value: object) -> bool:
    """Whether it is a date as JSON has it."""
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        return False
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def is_moment(value: object) -> bool:
    """Whether it is a moment as JSON has it."""
    if not isinstance(value, str) or not _ISO_MOMENT.match(value):
        return False
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return False
    return found.tzinfo is not None and 1 < found.year < 9999


def is_records(value: object) -> bool:
    """Whether it is a list of records: a table."""
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) and v for v in value)
    )


def is_figure(value: object) -> bool:
    """Whether it is to be lined up on the right: numbers, also as JSON has decimals, and money."""
    if isinstance(value, str):
        return _FIGURE.fullmatch(value) is not None
    return is_money(value) or (isinstance(value, int | float) and not isinstance(value, bool))


def columns(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns of a table, names first and long texts last: JSON from the database has no order of its
    own. An id is left out where its name has a column too."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    keys = [k for k in keys if not (k.endswith("_id") and k.removesuffix("_id") in keys)]

    def rank(key: str) -> tuple[bool, bool, bool, int]:
        held = [r.get(key) for r in records]
        width = sum(len(str(v)) for v in held) // len(records)
        names = key in _LEADING
        return (not names, width > 40, all(map(is_figure, held)), keys.index(key))

    return sorted(keys, key=rank)


def plain(text: str) -> str:
    """A machine's word as people write it: out_of_scope is 'out of scope'."""
    return text.replace("_", " ") if _WORDS.fullmatch(text) else text
