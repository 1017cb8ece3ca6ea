"""Free hours: capacity less bookings and leave, by week. Where someone is booked stays out of it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from models.fit import SkillHeld, Week
from tools.registry import ToolContext


def weeks_of(
    ctx: ToolContext, capacity: Mapping[str, Decimal], first: date, last: date
) -> dict[str, list[Week]]:
    """The weeks between two days for each person of `capacity` (hours a week), oldest first."""
    weeks: dict[str, list[Week]] = {person: [] for person in capacity}
    for r in ctx.tx.records("staffing.booked_hours", people=list(capacity), starts_on=first, ends_on=last):
        at_work = capacity[r["person_id"]] * max(0, 5 - r["leave_days"]) / 5
        free = max(Decimal(0), at_work - r["booked_hours"])
        weeks[r["person_id"]].append(Week(r["week"], free, min(free, r["held_hours"]), r["leave_days"]))
    return weeks


def skill_held(skill: Mapping[str, Any]) -> SkillHeld:
    """A skill from its JSON in a query's row."""
    used = skill["last_used_on"]
    return SkillHeld(skill["skill"], skill["level"], date.fromisoformat(used) if used else None)


def plain(hours: Decimal) -> str:
    """Hours without needless zeros: 40, 37.5."""
    return f"{hours.normalize():f}"
