"""Working days by country, and the clock offset of each office's local time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from dateutil.easter import easter

# Fixed public holidays as (month, day). What moves with Easter or by weekday is added in `holidays`.
_FIXED: dict[str, tuple[tuple[int, int], ...]] = {
    "GB": ((1, 1), (12, 25), (12, 26)),
    "DE": ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "ES": ((1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)),
    "US": ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)),
}


@cache
def holidays(country: str, year: int) -> frozenset[date]:
    """The main public holidays of a year, without substitutes for those that fall on a weekend."""
    days = {date(year, month, day) for month, day in _FIXED[country]}
    sunday = easter(year)
    if country != "US":
        days.add(sunday - timedelta(days=2))
    if country in ("GB", "DE"):
        days.add(sunday + timedelta(days=1))
    if country == "DE":
        days |= {sunday + timedelta(days=39), sunday + timedelta(days=50)}
    if country == "GB":
        days |= {_nth_weekday(year, 5, 0, 1), _last_monday(year, 5), _last_monday(year, 8)}
    if country == "US":
        days |= {_last_monday(year, 5), _nth_weekday(year, 9, 0, 1), _nth_weekday(year, 11, 3, 4)}
    return frozenset(days)


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year, month, 31)  # May and August only
    return last - timedelta(days=last.weekday())


def is_workday(day: date, country: str) -> bool:
    """Whether people of that country's office work on that day."""
    return day.weekday() < 5 and day not in holidays(country, day.year)


def days(first: date, last: date) -> Iterator[date]:
    """Each day from first to last, both included."""
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


def monday_of(day: date) -> date:
    """The Monday of that day's week."""
    return day - timedelta(days=day.weekday())


@cache
def utc_offset(zone: str, day: date) -> str:
    """The offset of local noon from UTC, such as +01:00."""
    moment = datetime.combine(day, time(12), ZoneInfo(zone))
    raw = moment.strftime("%z")
    return f"{raw[:3]}:{raw[3:]}"
