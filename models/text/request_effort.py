"""Effort as people state it in messages: 'about six weeks for two senior data engineers', 'a tester at 50%
for three weeks', 'no more than two hours', '12 person-days'.

A time is effort only where the words say so: 'within two weeks' and 'in the last three days' are not."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

EffortUnit = Literal["minute", "hour", "day", "week", "month"]
DAYS_A_WEEK = 5
DAYS_A_MONTH = 20  # four weeks, as estimates are usually made

_NUMBERS = {
    "half a": Decimal("0.5"), "half an": Decimal("0.5"), "a couple of": Decimal(2), "a few": Decimal(3),
    "a dozen": Decimal(12), "a": Decimal(1), "an": Decimal(1), "one": Decimal(1), "two": Decimal(2),
    "three": Decimal(3), "four": Decimal(4), "five": Decimal(5), "six": Decimal(6), "seven": Decimal(7),
    "eight": Decimal(8), "nine": Decimal(9), "ten": Decimal(10), "eleven": Decimal(11), "twelve": Decimal(12),
    "fifteen": Decimal(15), "twenty": Decimal(20), "thirty": Decimal(30), "forty": Decimal(40),
    "fifty": Decimal(50), "sixty": Decimal(60), "eighty": Decimal(80), "ninety": Decimal(90),
    "a hundred": Decimal(100),
}  # fmt: skip
# Of four digits at most: nobody means a larger one, and what is computed of it must fit days and money.
_DIGITS = r"\d{1,4}(?:[.,]\d{1,3})?(?!\d)"
_NUMBER = rf"(?:{_DIGITS}|{'|'.join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))})"
_ROLE_NOUNS = (
    "engineer", "developer", "analyst", "consultant", "designer", "architect", "scientist", "manager",
    "tester", "researcher", "trainer", "writer", "specialist", "lead", "partner", "administrator", "coach",
    "strategist", "programmer", "editor", "person", "people", "fte", "colleague", "head", "expert",
)  # fmt: skip


@dataclass(frozen=True)
class Effort:
    """So many units of time of so many people. `text[start:end]` is what says so."""

    quantity: Decimal  # of a range, its upper end
    unit: EffortUnit
    people: Decimal
    share: Decimal  # of full time
    role: str  # as said, in the singular; "" where no role is named
    start: int
    end: int

    def hours(self, hours_a_day: Decimal) -> Decimal:
        """Hours of all people together."""
        days = {
            "minute": 1 / hours_a_day / 60,
            "hour": 1 / hours_a_day,
            "day": Decimal(1),
            "week": Decimal(DAYS_A_WEEK),
            "month": Decimal(DAYS_A_MONTH),
        }[self.unit]
        return (self.quantity * self.people * self.share * days * hours_a_day).quantize(Decimal("0.01"))

    def working_days(self, hours_a_day: Decimal) -> int:
        """How long it takes when those people work on it at that share, in working days, rounded up."""
        each = self.hours(hours_a_day) / (self.people * self.share * hours_a_day)
        return max(1, int(-(-each // 1)))


def efforts(text: str, roles: Sequence[str] = ()) -> list[Effort]:
    """Every effort the text states, in order. `roles`: names of roles to know besides the usual ones."""
    nouns = {n.lower() for n in (*_ROLE_NOUNS, *(r.split()[-1] for r in roles if r.split()))}
    found: list[Effort] = []
    for pattern in _patterns("|".join(sorted(map(re.escape, nouns), key=len, reverse=True))):
        for match in pattern.finditer(text):
            if _is_effort(text, match) and not any(
                match.start() < f.end and f.start < match.end() for f in found
            ):
                found.append(_effort(text, match))
    return sorted(found, key=lambda f: f.start)


_UNIT = r"(?P<unit>minutes?|mins?|hours?|hrs?|h|days?|weeks?|wks?|months?)\b"
_QUANTITY = rf"(?P<low>{_NUMBER})(?:\s*(?:-|–|to|or)\s*(?P<high>{_NUMBER}))?"
_ROLE = r"(?P<role>(?:[A-Za-z&/-]+\s+){{0,3}}?(?:{nouns})s?)\b"
_CUE = (
    r"(?:about|around|roughly|approximately|approx\.?|circa|some|say|(?:more|less|longer) than|over|under|"
    r"at most|"
    r"maximum(?: of)?|max\.?|up to|takes?|took|taking|needs?|be|is|was|are|that[’']s|it[’']s|spend|spending|"
    r"invest|estimate\w*(?: it)?(?: at)?|"
    r"effort(?: of| is)?:?|reckon(?:s|ed)?|worth|another|for|of|at|so|said|says|thinks|thought|mentioned|"
    r"quoted|remember|~)"
)


def _patterns(nouns: str) -> Iterator[re.Pattern[str]]:
    role = _ROLE.format(nouns=nouns)
    people = rf"(?P<people>{_NUMBER})"
    aside = r"(?:\s*,?\s*(?:at\s+)?(?:\d{1,3}\s?%|full[- ]time|half[- ]time|part[- ]time)\s*,?)?"
    weekly = rf"(?:\s*,?\s*(?P<weekly>{_NUMBER})\s+days?\s+(?:a|per|each)\s+week\s*,?)?"
    for pattern in (
        rf"\b{people}\s+{role}{aside}{weekly}{aside}\s+(?:for|over)\s+"
        rf"(?:(?:the|another|a further|about|around|roughly|some|up to)\s+)?{_QUANTITY}[\s-]+{_UNIT}",
        rf"\b{_QUANTITY}[\s-]*{_UNIT}(?:'s?|’s?)?(?:\s+(?:of\s+)?(?:work|effort|time))?\s*(?:for|of|by|from|"
        rf"with|x|×|each for)\s+"
        rf"(?:{people}\s+|the\s+|your\s+|our\s+)?{role}",
        rf"\b{_QUANTITY}\s*(?:person|man|staff|fte)[\s-]*{_UNIT}",
        rf"\b{_CUE}\s+(?:\w+\s+)??{_QUANTITY}\s*{_UNIT}",
        rf"\b{_QUANTITY}\s+{_UNIT}(?:'|’)?s?\s+(?:of\s+)?(?:work|effort)\b",
        rf"(?:^|[,;:(–-]\s*|[.!?]\s+){_QUANTITY}\s*{_UNIT}"
        r"(?=\s*(?:$|[.,;:)!?]|(?:tops|at most|max|i|we|or so|maybe|perhaps|in total|altogether|should|"
        r"ought)\b))",
    ):
        yield re.compile(pattern, re.IGNORECASE)


_NOT_BEFORE = re.compile(
    r"\b(?:within|in|in the|next|the next|past|last|every|each|after|before|already|for the (?:last|past|"
    r"next))\s*$",
    re.I,
)
_NOT_AFTER = re.compile(
    r"\s*(?:ago|later|earlier|time\b|notice|'? holiday|of notice|old|ahead|late\b|before|after|from now|per|"
    r"a month|"
    r"(?:a|per|each|every) (?:day|week|month))",
    re.I,
)
_NOT_EFFORT = re.compile(
    r"^(?:for|of|at|over|is|was|another|be)\s+(?:the\s+)?(?:next|last|past|coming|first)\b", re.I
)


_PRICE_BEFORE = re.compile(r"(?:\d|[£€$]|\b(?:pounds?|euros?|dollars?|gbp|eur|usd|chf|k))\s*$", re.I)


def _is_effort(text: str, match: re.Match[str]) -> bool:
    if _NOT_BEFORE.search(text[: match.start()]) or _NOT_EFFORT.match(match[0]):
        return False
    if _PRICE_BEFORE.search(text[: match.start()]):  # '800 a day for an engineer' is a rate
        return False
    named = match.groupdict()
    return bool(named.get("role")) or not _NOT_AFTER.match(text, match.end())


def _effort(text: str, match: re.Match[str]) -> Effort:
    named = match.groupdict()
    quantity = _number(named["high"] or named["low"])
    before = re.split(_APART, text[: match.start()])[-1]
    after = re.split(_APART, text[match.end() :])[0]
    said = f"{before} {match[0]} {after}"
    share = _number(named["weekly"]) / DAYS_A_WEEK if named.get("weekly") else _share(said)
    return Effort(
        quantity,
        _unit(named["unit"]),
        _number(named["people"]) if named.get("people") else Decimal(1),
        share,
        singular(named["role"]) if named.get("role") else "",
        match.start(),
        match.end(),
    )


_APART = r"[,.;:!?\n]|\band\b"


def singular(role: str) -> str:
    """'senior data engineers' -> 'senior data engineer'; words for anybody are no role."""
    words = re.sub(
        r"^(?:(?:extra|additional|more|further|full|other|of|your|our)\s+)+",
        "",
        " ".join(role.split()),
        flags=re.I,
    )
    last = words.split()[-1].lower()
    if last in ("people", "person", "persons", "fte", "ftes", "colleagues", "colleague", "head", "heads"):
        return ""
    return words[:-1] if last.endswith("s") and not last.endswith("ss") else words


_UNITS: dict[str, EffortUnit] = {"h": "hour", "d": "day", "w": "week", "m": "month"}


def _unit(said: str) -> EffortUnit:
    first = said.lower()[:2]
    return "minute" if first == "mi" else _UNITS[first[0]]


def _number(said: str) -> Decimal:
    words = " ".join(said.lower().split())
    return _NUMBERS[words] if words in _NUMBERS else Decimal(words.replace(",", "."))


def _share(sentence: str) -> Decimal:
    if found := re.search(r"(?<!\d)(\d{1,3})\s?%(?!\s*(?:off|discount|less|more|surcharge))", sentence):
        return min(Decimal(1), Decimal(found[1]) / 100) or Decimal(1)
    return Decimal("0.5") if re.search(r"\b(?:half|part)[- ]time\b", sentence, re.I) else Decimal(1)
