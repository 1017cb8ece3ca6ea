"""The days that a message names, read forward from the day it was written: '26 November', 'next Monday',
'by the end of January', 'straight away'."""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

DayRole = Literal["start", "deadline", "other"]

_MONTH_OF = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_WEEKDAY_OF = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_MONTH = "|".join(sorted(_MONTH_OF, key=len, reverse=True))
_WEEKDAY = "|".join(_WEEKDAY_OF)
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}


@dataclass(frozen=True)
class NamedDay:
    """A day, where it stands, and whether work is to begin or to be done by then."""

    day: date
    role: DayRole
    start: int
    end: int


def named_days(text: str, today: date) -> list[NamedDay]:
    """Every day the text names, in order. A day without a year is the next one from today on; one that
    does not exist, such as 31 June, is left out."""
    found: list[NamedDay] = []
    for pattern, read in _FORMS:
        for match in pattern.finditer(text):
            if any(match.start() < f.end and f.start < match.end() for f in found):
                continue
            day = read(match, today)
            if day is not None:
                found.append(NamedDay(day, _role(text, match.start()), match.start(), match.end()))
    return sorted(found, key=lambda f: f.start)


_STARTING = re.compile(
    r"\b(?:start\w*|begin\w*|beginning|from|kick\w*[- ]?off|as of|commenc\w+|effective|get going|on board)"
    r"(?:\W+\w+){0,4}?\W*$",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"\b(?:by|until|till|before|no later than|deadline\w*|due|latest|ready|in time for|live)"
    r"(?:\W+(?:the|is|on|at|for|latest|end|of|in|be))*\W*$",
    re.IGNORECASE,
)


def _role(text: str, at: int) -> DayRole:
    before = re.split(r"[.!?;]\s", text[:at])[-1][-60:]
    if _ENDING.search(before):
        return "deadline"
    return "start" if _STARTING.search(before) else "other"


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _coming(today: date, month: int, day: int, year: str | None) -> date | None:
    if year:
        return _day(int(year) + (2000 if len(year) == 2 else 0), month, day)
    this_year = _day(today.year, month, day)
    return this_year if this_year is None or this_year >= today else _day(today.year + 1, month, day)


def _iso(match: re.Match[str], today: date) -> date | None:
    return _day(int(match[1]), int(match[2]), int(match[3]))


def _day_month(match: re.Match[str], today: date) -> date | None:
    return _coming(today, _MONTH_OF[match["month"].lower()], int(match["day"]), match["year"])


def _numeric(match: re.Match[str], today: date) -> date | None:
    """Day before month; where that cannot be, as in 11/26, the month comes first."""
    first, second = int(match[1]), int(match[2])
    day, month = (first, second) if second <= 12 else (second, first)
    return _coming(today, month, day, match[3])


def _part_of_month(match: re.Match[str], today: date) -> date | None:
    month = _MONTH_OF[match["month"].lower()]
    year = int(match["year"]) if match["year"] else today.year + (month < today.month)
    part = match["part"].lower()
    if part.startswith("end") or part.startswith("late"):
        return date(year, month, calendar.monthrange(year, month)[1])
    return date(year, month, 15 if part.startswith("mid") else 1)


def _weekday(match: re.Match[str], today: date) -> date | None:
    """The next such day; with 'next', that of next week."""
    ahead = (_WEEKDAY_OF[match["weekday"].lower()] - today.weekday() - 1) % 7 + 1
    if (match["which"] or "").strip().lower() == "next" and today.weekday() + ahead < 7:
        ahead += 7
    return today + timedelta(days=ahead)


def _relative(match: re.Match[str], today: date) -> date | None:
    words = match[0].lower()
    if words.startswith("tomorrow"):
        return today + timedelta(days=1)
    if "next" in words:
        return today + timedelta(days=7 - today.weekday())
    return today


def _in_time(match: re.Match[str], today: date) -> date | None:
    count = int(match["count"]) if match["count"].isdigit() else _COUNTS[match["count"].lower()]
    return today + timedelta(days=count * (7 if match["unit"].lower().startswith("week") else 1))


_Read = Callable[[re.Match[str], date], date | None]


def _forms() -> Iterator[tuple[re.Pattern[str], _Read]]:
    """From the most to the least specific."""
    year = r"(?:,?\s+(?P<year>20\d\d))?"
    named = rf"(?:(?:{_WEEKDAY}),?\s+)?"
    for pattern, read in (
        (r"\b(20\d\d)-(\d\d)-(\d\d)\b", _iso),
        (
            rf"\b{named}(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:\s+of)?\s+"
            rf"(?P<month>{_MONTH})\b{year}",
            _day_month,
        ),
        (
            rf"\b{named}(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*%){year}",
            _day_month,
        ),
        (r"(?<![\d./])(\d{1,2})[./](\d{1,2})[./](20\d\d|\d\d)\b", _numeric),
        (r"(?<=\bon )(\d{1,2})/(\d{1,2})()\b", _numeric),
        (
            rf"\b(?P<part>end|late|mid(?:dle)?|early|start|"
            rf"beginning)(?:[- ]of)?[- ](?:the\s+)?(?P<month>{_MONTH})\b{year}",
            _part_of_month,
        ),
        (rf"\b(?P<which>next |this |coming )?(?P<weekday>{_WEEKDAY})\b(?!\s+\d)", _weekday),
        (r"\bin (?P<count>\d+|" + "|".join(_COUNTS) + r") (?P<unit>weeks?|days?)(?:' time)?\b", _in_time),
        (
            r"\b(?:today|tomorrow|immediately|right away|straight ?away|at once|asap|as soon as possible|"
            r"next week)\b",
            _relative,
        ),
        (rf"(?<=\b(?:in|by) )(?P<part>)(?P<month>{_MONTH})\b{year}", _part_of_month),
        (rf"(?<=\bfrom )(?P<part>)(?P<month>{_MONTH})\b{year}", _part_of_month),
    ):  # fmt: skip
        yield re.compile(pattern, re.IGNORECASE), read


_FORMS = tuple(_forms())
