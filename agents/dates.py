"""Days and periods as people say them: 'from Monday', 'next month', 'for three months', 'until end of March',
'Q2', 'from 3 March to mid-April', 'last week'.

Weeks run from Monday to Friday. An expression without a year leans to the side the question is about: the
future for bookings, the past for reports and time."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import dateparser

Lean = Literal["future", "past"]

_MONTHS = {
    m: i for i, name in enumerate(calendar.month_name) if name for m in (name.lower(), name.lower()[:3])
} | {"sept": 9}
_DAYS = {name.lower(): i for i, name in enumerate(calendar.day_name)} | {
    **{
        "mon": 0,
        "tue": 1,
        "tues": 1,
        "thu": 3,
        "thur": 3,
        "thurs": 3,
        "fri": 4,
    }  # "wed", "sat", "sun" are words
}
_COUNTS = {
    w: i
    for i, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
} | {"a": 1, "an": 1, "a couple of": 2, "couple of": 2, "a few": 3, "half a": 0.5}

_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = rf"(?:{'|'.join(sorted(_DAYS, key=len, reverse=True))})\b"
_COUNT = rf"(?:\d{{1,3}}|{'|'.join(sorted(map(re.escape, _COUNTS), key=len, reverse=True))})"
_YEAR = r"(?:,? (?:19|20)\d{2}\b)?"
_UNIT = r"(?:days?|weeks?|wks?|months?|quarters?|years?)"

# One expression of time, from the most to the least specific.
_POINT = "|".join(
    (
        r"\d{4}-\d{2}-\d{2}",
        r"\d{1,2}[./]\d{1,2}(?:[./]\d{2,4}|\.)?",
        rf"\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}{_YEAR}",
        rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?! ?(?:%|percent|h\b|hours|days|weeks)){_YEAR}",
        rf"(?:the )?(?:beginning|start|begin|early|mid(?:dle)?|late|end)[ -](?:of )?(?:the "
        rf")?(?:{_MONTH}{_YEAR}|"
        rf"q[1-4]{_YEAR}|(?:this|next|last) (?:week|month|quarter|year)|(?:the )?(?:week|month|quarter|"
        rf"year)\b)",
        rf"q[1-4]\b{_YEAR}",
        rf"(?:this |next |last )?{_MONTH}{_YEAR}",
        r"(?:this|next|last|coming|past) (?:week|month|quarter|year)(?:'s)?\b",
        rf"(?:in|within) {_COUNT} {_UNIT}(?:' time)?",
        rf"{_COUNT} {_UNIT} ago",
        rf"(?:this |next |last |coming )?{_DAY}",
        r"the \d{1,2}(?:st|nd|rd|th)\b",
        r"today|tomorrow|yesterday|(?<!for )now|immediately|asap|as soon as possible",
        r"right away|straight away",
    )
)
_FROM = r"(?:from|starting|start(?:s)?|as of|beginning|since|after|between|effective)(?: on| from| in)?"
_TO = r"(?:until|till|til|through|thru|to|up to|ending|by|and|-|–)(?: the)?(?: end of)?"
_UNTIL = r"(?:until|till|til|through|thru|up to|ending|to the end of|by)"
_FOR = (
    rf"(?:for|over|during|within|in)?(?: the)? ?(?P<which>next|coming|last|past)? ?"
    rf"(?P<count>{_COUNT}) (?P<unit>{_UNIT})\b"
)

_RANGE = re.compile(
    rf"\b{_FROM} (?P<a>{_POINT}),? ?{_TO} ?(?P<b>{_POINT})|\b(?P<c>{_POINT}) ?(?:to|until|till|through|-|–) "
    rf"?(?P<d>{_POINT})",
    re.I,
)
_START = re.compile(rf"\b{_FROM} (?P<a>{_POINT})", re.I)
_END = re.compile(rf"\b{_UNTIL} (?P<b>(?:the )?(?:{_POINT}))", re.I)
_LENGTH = re.compile(rf"\b{_FOR}(?! (?:a|per|each|ago|week)\b)(?!' time)", re.I)
_WEEK_OF = re.compile(rf"\bweek (?:of|commencing|starting|beginning)(?: on)? (?P<a>{_POINT})", re.I)
_SHARED_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)? ?(and|to|until|till|-|–) ?(\d{{1,2}}(?:st|nd|rd|th)? {_MONTH})", re.I
)
_FIRST_OF = re.compile(rf"\b(?:the )?(?:first|1st) of (?:the )?((?:next |this )?month|{_MONTH})", re.I)
_FROM_THE_FIRST = re.compile(r"\b(from|as of|starting) the first\b(?! \w)", re.I)
_NOT_MAY = re.compile(
    r"(?<!in )(?<!of )(?<!by )(?<!to )(?<!from )(?<!until )(?<!till )(?<!since )(?<!for )(?<!and )(?<!next )"
    r"(?<!last )(?<!this )(?<!mid-)(?<!early )(?<!late )(?<!during )(?<!\d )(?<!through )\bmay\b"
)
_BEFORE_A_RATE = frozenset(("in", "day", "days", "hour", "hours", "hrs", "h", "times", "%", "once"))
_BARE = re.compile(rf"(?<![\w-])(?:(?:in|on|during|of|for) )?(?P<a>{_POINT})", re.I)


@dataclass(frozen=True)
class Period:
    """The days that were said; None for an end that was not."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None


def period(text: str, today: date, lean: Lean = "future") -> Period:
    """The period that a text speaks of. An end before its start is taken to be a year later."""
    text = _NOT_MAY.sub(" ", text)  # the verb
    text = _SHARED_MONTH.sub(lambda m: f"{m[1]} {m[3].split()[-1]} {m[2]} {m[3]}", text)
    text = _FROM_THE_FIRST.sub(r"\1 the 1st", _FIRST_OF.sub(_first_of, text))
    if (match := _WEEK_OF.search(text)) and (named := _span(match["a"], today, lean)):
        monday = named[0] - timedelta(days=named[0].weekday())
        return Period(monday, monday + timedelta(days=4 if lean == "future" else 6))
    found = _explicit(text, today, lean)
    if found.first and found.last and found.last < found.first:
        later = _add_months(found.last, 12)
        found = Period(found.first, later if later >= found.first else None)
    if lean == "past" and found.last and found.last > today >= (found.first or today):
        found = Period(found.first, today)
    return found


def day(text: str, today: date, lean: Lean = "future") -> date | None:
    """The one day that a text names, e.g. as an answer to 'from when?'."""
    said = period(text, today, lean)
    return said.first or said.last


def weeks(text: str) -> int | None:
    """A length of time as whole weeks, rounded up: 'two months' is 9."""
    if match := _length(text):
        return max(1, -(-int(_days(match["count"], match["unit"])) // 7))
    return None


def _explicit(text: str, today: date, lean: Lean) -> Period:
    """Ranges first, then a length of time with its start, then single days, months and weeks."""
    if found := _range(text, today, lean):
        return found
    start = next((s for m in _START.finditer(text) if (s := _span(m["a"], today, lean))), None)
    base = start[0] if start else today
    end = next((e for m in _END.finditer(text) if (e := _span(m["b"], base, lean))), None)
    if end:
        return Period(start[0] if start else None, end[1])
    if length := _length(text):
        return _of_length(text, length, start, today, lean)
    if start:
        return Period(start[0], today if lean == "past" and start[0] <= today else None)
    if bare := _first_bare(text, today, lean):
        one_day_ahead = bare[0] == bare[1] and lean == "future"
        return Period(bare[0], None if one_day_ahead else bare[1])
    return Period()


def _range(text: str, today: date, lean: Lean) -> Period | None:
    match = _RANGE.search(text)
    if match is None:
        return None
    first = _span(match["a"] or match["c"], today, lean)
    if first is None:
        return None
    last = _span(match["b"] or match["d"], first[0] if lean == "future" else today, lean)
    return Period(first[0], last[1]) if last else None


def _of_length(
    text: str, length: re.Match[str], start: tuple[date, date] | None, today: date, lean: Lean
) -> Period:
    which = (length["which"] or "").lower()
    if which in ("last", "past"):
        return Period(today - timedelta(days=_days(length["count"], length["unit"])), today)
    start = start or _first_bare(text[: length.start()] + " " + text[length.end() :], today, lean)
    if start is None and not which:
        return Period()  # 'for three months': from when is not said
    first = start[0] if start else today
    return Period(first, _after(first, length["count"], length["unit"]))


def length_in(text: str) -> tuple[str, str] | None:
    """'for three months' as its count and unit, when a start must still be found."""
    match = _length(text)
    return (match["count"], match["unit"]) if match and not match["which"] else None


def after(first: date, length: tuple[str, str]) -> date:
    """The last day of a period of this length."""
    return _after(first, *length)


def _length(text: str) -> re.Match[str] | None:
    """A length of time; not 'in two weeks', which is a day, nor 'three days a week', which is a rate."""
    for match in _LENGTH.finditer(text):
        before = text[: match.start("count")].lower().split()[-1:]
        if not before or before[0] not in _BEFORE_A_RATE:
            return match
    return None


def _first_of(match: re.Match[str]) -> str:
    return "the 1st" if match[1].lower() == "month" else f"beginning of {match[1]}"


def _without(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + " " + text[match.end() :]


def _first_bare(text: str, today: date, lean: Lean) -> tuple[date, date] | None:
    return next((s for m in _BARE.finditer(text) if (s := _span(m["a"], today, lean))), None)


def _span(said: str, today: date, lean: Lean) -> tuple[date, date] | None:
    """First and last day of one expression."""
    said = re.sub(r"^the (?!\d)", "", said.lower().strip().rstrip("."))
    for reader in (_exact, _written, _part, _relative, _month_or_quarter, _weekday):
        if found := reader(said, today, lean):
            return found
    return None


def _exact(said: str, today: date, lean: Lean) -> tuple[date, date] | None:
    if said in ("today", "now", "immediately", "asap", "as soon as possible", "right away", "straight away"):
        return today, today
    if said in ("tomorrow", "yesterday"):
        found = today + timedelta(days=1 if said == "tomorrow" else -1)
        return found, found
    if match := re.fullmatch(r"the (\d{1,2})(?:st|nd|rd|th)", said):
        return _nearest_day_of_month(int(match[1]), today, lean)
    if match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{2,4}))?", said):
        return _numeric(match, today, lean)
    return None


def _written(said: str, today: date, lean: Lean) -> tuple[date, date] | None:
    """A day written out: '3 March', 'March 3rd, 2027', '2027-03-03'."""
    if not re.search(r"\d{1,2}(?:st|nd|rd|th)?\b", said) or re.fullmatch(rf"{_MONTH} ?\d{{4}}|q\d.*", said):
        return None
    if re.search(r"week|month|day|ago|quarter|year|beginning|start|early|mid|late|end", said):
        return None
    base = datetime(today.year, today.month, today.day)  # noqa: DTZ001 (a wall clock: dateparser wants it naive)
    parsed = dateparser.parse(
        re.sub(r"(\d)(?:st|nd|rd|th)\b(?: of)?", r"\1", said),
        languages=["en"],
        settings={
            "RELATIVE_BASE": base,
            "PREFER_DATES_FROM": lean,
            "DATE_ORDER": "YMD" if said[:4].isdigit() else "DMY",
            "REQUIRE_PARTS": ["day", "month"],
        },
    )
    return (parsed.date(), parsed.date()) if parsed else None


def _numeric(match: re.Match[str], today: date, lean: Lean) -> tuple[date, date] | None:
    """'4.1.' or '4/1/2027': the day comes first, unless only the other order is a date."""
    number, month = int(match[1]), int(match[2])
    if month > 12:
        number, month = month, number
    year = int(match[3]) + (2000 if len(match[3]) == 2 else 0) if match[3] else today.year
    try:
        found = date(year, month, number)
        if not match[3] and lean == "future" and found < today:
            found = found.replace(year=year + 1)
        elif not match[3] and lean == "past" and found > today:
            found = found.replace(year=year - 1)
    except ValueError:  # no such day
        return None
    return found, found


def _part(said: str, today: date, lean: Lean) -> tuple[date, date] | None:
    match = re.match(r"(beginning|start|begin|early|mid(?:dle)?|late|end)[ -](?:of )?(?:the )?(.+)", said)
    if not match:
        return None
    rest = match[2]
    whole = _span(f"this {rest}" if rest in ("week", "month", "quarter", "year") else rest, today, lean)
    if not whole:
        return None
    first, last = whole
    part = match[1][:3]
    if part == "end":
        return last, last
    if part in ("mid", "lat"):
        middle = first + timedelta(days=((last - first).days + 1) // 2 - (1 if part == "mid" else -5))
        return middle, middle if part == "mid" else last
    return first, first


def _relative(said: str, today: date, _: Lean) -> tuple[date, date] | None:
    if match := re.fullmatch(rf"(?:in|within) ({_COUNT}) ({_UNIT})(?:' time)?", said):
        found = _forward(today, match[1], match[2])
        return found, found
    if match := re.fullmatch(rf"({_COUNT}) ({_UNIT}) ago", said):
        found = today - timedelta(days=_days(match[1], match[2]))
        return found, found
    if match := re.fullmatch(r"(this|next|last|coming|past) (week|month|quarter|year)(?:'s)?", said):
        steps = {"this": 0, "next": 1, "coming": 1, "last": -1, "past": -1}[match[1]]
        return _unit_span(match[2], steps, today)
    return None


def _unit_span(unit: str, steps: int, today: date) -> tuple[date, date]:
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=steps)
        return monday, monday + timedelta(days=6 if steps < 0 else 4)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    start = date(today.year, (today.month - 1) // months * months + 1, 1)
    first = _add_months(start, steps * months)
    return first, _add_months(first, months) - timedelta(days=1)


def _month_or_quarter(said: str, today: date, lean: Lean) -> tuple[date, date] | None:
    if match := re.fullmatch(r"q([1-4])(?:,? (\d{4}))?", said):
        first, length = date(int(match[2] or today.year), int(match[1]) * 3 - 2, 1), 3
    elif (match := re.fullmatch(r"(?:(this|next|last) )?([a-z]+)\.?(?:,? (\d{4}))?", said)) and match[
        2
    ] in _MONTHS:
        first, length = date(int(match[3] or today.year), _MONTHS[match[2]], 1), 1
        if match[1] == "last" and not match[3]:
            lean = "past"
    else:
        return None
    last = _add_months(first, length) - timedelta(days=1)
    if not match[match.lastindex or 0].isdigit() or not re.search(r"\d{4}", said):
        if lean == "future" and last < today:
            first, last = _add_months(first, 12), _end_of_month(_add_months(last, 12))
        elif lean == "past" and first > today:
            first, last = _add_months(first, -12), _end_of_month(_add_months(last, -12))
    return first, last


def _weekday(said: str, today: date, lean: Lean) -> tuple[date, date] | None:
    match = re.fullmatch(r"(?:(this|next|last|coming) )?([a-z]+)", said)
    if not match or match[2] not in _DAYS:
        return None
    ahead = (_DAYS[match[2]] - today.weekday()) % 7
    if match[1] == "last" or (lean == "past" and not match[1]):
        found = today - timedelta(days=(7 - ahead) % 7 or 7)
    else:
        found = today + timedelta(days=ahead or 7)
    return found, found


def _nearest_day_of_month(number: int, today: date, lean: Lean) -> tuple[date, date] | None:
    months: Iterator[date] = (
        _add_months(today.replace(day=1), m) for m in ((0, 1, 2) if lean == "future" else (0, -1, -2))
    )
    for month in months:
        if 1 <= number <= calendar.monthrange(month.year, month.month)[1]:
            found = month.replace(day=number)
            if (found >= today) if lean == "future" else (found <= today):
                return found, found
    return None


def _count(said: str) -> float:
    return float(said) if said.isdigit() else float(_COUNTS[said.lower()])


def _days(count: str, unit: str) -> float:
    per = {"d": 1, "w": 7, "m": 30.4, "q": 91.3, "y": 365}[unit[0].lower()]
    return _count(count) * per


def _forward(first: date, count: str, unit: str) -> date:
    months = {"m": 1, "q": 3, "y": 12}.get(unit[0].lower())
    if months and _count(count) == int(_count(count)):
        return _add_months(first, int(_count(count)) * months)
    return first + timedelta(days=_days(count, unit))


def _after(first: date, count: str, unit: str) -> date:
    """The last day of a period that starts on `first`; of weeks, the Friday."""
    last = _forward(first, count, unit) - timedelta(days=1)
    return last - timedelta(days=max(0, last.weekday() - 4)) if unit[0].lower() == "w" else max(first, last)


def _add_months(start: date, months: int) -> date:
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _end_of_month(said: date) -> date:
    return said.replace(day=calendar.monthrange(said.year, said.month)[1])
