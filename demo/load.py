"""Hours a week by somebody or something, as bookings add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from demo.records import Assignment
from demo.workdays import monday_of


def weeks(first: date, last: date) -> list[date]:
    """The Mondays of the weeks that hold a day from first to last."""
    start = monday_of(first)
    return [start + timedelta(weeks=n) for n in range((last - start).days // 7 + 1)]


class WeeklyHours:
    """Hours by key and week."""

    def __init__(self) -> None:
        self._hours: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, key: str, first: date, last: date, hours: int) -> None:
        """Adds `hours` to each week that the period touches."""
        for week in weeks(first, last):
            self._hours[key][week] += hours

    def at(self, key: str, day: date) -> int:
        """The hours in the week of that day."""
        return self._hours[key][monday_of(day)]

    def most(self, key: str, first: date, last: date) -> int:
        """The hours of the fullest week between two days."""
        return max(self._hours[key][week] for week in weeks(first, last))


def booked_hours(assignments: Iterable[Assignment]) -> WeeklyHours:
    """Hours a week by person_id, holds included."""
    found = WeeklyHours()
    for a in assignments:
        found.add(a.person.person_id, a.starts_on, a.ends_on, a.hours_per_week)
    return found
