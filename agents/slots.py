"""The arguments of tools, read from what was said: one small reader for each argument name that the tools
share."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from agents.dates import after, length_in, period, weeks
from agents.said import Said
from agents.toolbox import NameKind

HOURS_A_DAY = 8
ABOUT_THE_PAST = frozenset({"check_readiness"})  # its days were worked already

_HEAD = (
    r"(?:developer|engineer|analyst|architect|consultant|designer|tester|manager|scientist|trainer|coach|"
    r"lead|master|"
    r"specialist|owner|administrator|writer|researcher|programmer|expert|strategist|modeller|auditor)"
)
_ROLE = re.compile(rf"\b(?P<role>(?:(?:[A-Za-z+#./&-]+) ){{0,3}}{_HEAD})s?\b", re.IGNORECASE)
_NO_ROLE_WORD = frozenset(
    [
        "a",
        "an",
        "the",
        "another",
        "some",
        "any",
        "one",
        "two",
        "three",
        "four",
        "five",
        "our",
        "my",
        "their",
        "his",
        "her",
        "new",
        "more",
        "good",
        "cheap",
        "cheaper",
        "best",
        "great",
        "find",
        "me",
        "us",
        "need",
        "want",
        "get",
        "as",
        "for",
        "of",
        "on",
        "who",
        "whose",
        "which",
        "that",
        "this",
        "is",
        "are",
        "be",
        "have",
        "has",
        "with",
        "book",
        "propose",
        "assign",
        "put",
        "and",
        "or",
        "in",
        "to",
        "from",
        "at",
        "please",
        "our",
        "free",
        "available",
        "role",
        "open",
        "next",
        "could",
        "suitable",
        "extra",
        "few",
        "no",
        "other",
        "second",
        "first",
        "third",
        "show",
        "give",
        "looking",
        "someone",
        "somebody",
        "do",
        "we",
        "i",
        "by",
        "part-time",
        "full-time",
    ]
)
_PERCENT = re.compile(r"\b(\d{1,3}) ?(?:%|per ?cent\b)", re.I)
_TIME_SHARE = (
    (re.compile(r"\bfull[- ]time\b", re.I), 100),
    (re.compile(r"\bhalf[- ]time\b|\bhalf (?:a|of the) week\b", re.I), 50),
)
_NUMBER_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "a": 1,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "ten": 10,
}
_NUM = rf"(\d{{1,2}}(?:[.,]\d)?|{'|'.join(_NUMBER_WORDS)})"
_DAYS_A_WEEK = re.compile(rf"\b{_NUM} days? ?(?:a|per|/|each|every) ?week\b", re.I)
_HOURS_A_WEEK = re.compile(
    rf"\b{_NUM} ?(?:h|hrs?|hours?) ?(?:a|per|/|each|every|weekly) ?(?:week|wk)?\b", re.I
)
_RATE = re.compile(
    r"(?:under|below|less than|at most|no more than|max(?:imum|\.)?|up to|not (?:over|above)|cheaper than|"
    r"<=?)\s*(?:of )?"
    r"(?:[€$£]|EUR|USD|GBP|CHF)?\s?(\d{2,4}(?:\.\d{1,2})?)\s?(?:[€$£]|EUR|USD|GBP|CHF)?"
    r"(?=.{0,12}(?:hour|/ ?h|rate|cost)|.{0,3}$|[ ,.?!])",
    re.I,
)
_LIMIT = re.compile(
    rf"\b(?:top|best|show(?: me)?|list|give me|up to) (?:the )?(?:top |best )?{_NUM} ?(?:people|candidates|"
    rf"names|options|best)?\b",
    re.I,
)
_HOLD = re.compile(r"\b(?:hold|pencil|provisional(?:ly)?|tentative(?:ly)?|reserve|soft[- ]book)\b", re.I)
_SKILL = re.compile(
    r"\b(?:knows?|knowing|with|skilled in|experience (?:in|with)|experienced in|good at|speaks?|level \d in|"
    r"course (?:in|on)|"
    r"train(?:ed|ing)? (?:\w+ )?(?:in|on)|learns?|certification (?:in|for|on)|upskill(?:ed)? (?:\w+ )?in)\s+"
    r"(?P<skill>[A-Z][\w+#.]*(?: [A-Z][\w+#.]*)?)"
)
_INVOICE = re.compile(r"\b(?:INV|RE|R|SI)[-_/]?\d[\w/-]*\b", re.I)
_NAMED = re.compile(
    r"\b(?:project|on|for|to|onto|of|at|about)\s+(?:the )?(?:project )?(?P<name>[A-Z][\w&-]+(?: "
    r"[A-Z][\w&-]+| \d+)*)(?: project)?"
)
_MONTHISH = re.compile(
    r"^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Q\d|Easter|Christmas)",
    re.I,
)
_TONES = {
    "friendly": r"friendly|polite(?:ly)?|kind(?:ly)?|gentl[ey]|nice(?:ly)?|soft(?:ly)?",
    "firm": r"firm(?:ly)?|strict(?:ly)?|serious|urgent|strong(?:ly)?|tough|stern|formal",
}
_ASKED_BY_ME = re.compile(r"\b(?:i (?:asked|proposed|submitted|requested|sent)|my (?:proposals?|requests?)|"
                          r"did (?:they|he|she)|"
                          r"been approved|(?:has|have|was) (?:it|my|the)|happened to|still has to|have i "
                          r"asked|stuck)\b", re.I)  # fmt: skip


def fill(said: Said, tool: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the text says about the arguments of a tool (`properties`: of their JSON schema), as JSON
    values."""
    found: dict[str, Any] = {}
    for name in properties:
        reader = READERS.get(name)
        value = reader(said) if reader else None
        if value not in (None, [], ""):
            found[name] = value
    if "since" in properties or "until" in properties:
        found |= _dates(said, "since", "until", "past", properties)
    if "starts_on" in properties:
        found |= _dates(
            said, "starts_on", "ends_on", "past" if tool in ABOUT_THE_PAST else "future", properties
        )
    if "percent" in found and "percent" in properties:
        found.pop("hours_per_week", None)
    for name in found.keys() & {"tone", "box"}:
        allowed = properties[name].get("enum")
        if allowed and found[name] not in allowed:
            found = {k: v for k, v in found.items() if k != name}
    return found


def _dates(said: Said, first: str, last: str, lean: Any, properties: Mapping[str, Any]) -> dict[str, str]:
    days = period(said.without_names, said.today, lean)
    found = {}
    if days.first and first in properties:
        found[first] = days.first.isoformat()
    if days.last and last in properties:
        found[last] = days.last.isoformat()
    return found


def ends_after(said: Said, starts_on: Any) -> str | None:
    """'for three months' once the start is known."""
    from datetime import date

    if isinstance(starts_on, str) and (length := length_in(said.without_names)):
        return after(date.fromisoformat(starts_on), length).isoformat()
    return None


def _linked(kind: NameKind) -> Callable[[Said], str | None]:
    def read(said: Said) -> str | None:
        mentions = said.of(kind)
        return mentions[-1 if kind == "project" else 0].value if mentions else None

    return read


def _project(said: Said) -> str | None:
    """A name that is linked; else a capitalised name after 'project', 'on', 'for', as it was said, so that
    the tool can say whether there is such a project."""
    if linked := _linked("project")(said):
        return linked
    taken = {m.said for m in said.mentions}
    for match in _NAMED.finditer(said.own):
        name = match["name"].strip()
        if (
            not _MONTHISH.match(name)
            and not any(name in t or t in name for t in taken)
            and name.upper() != name
        ):
            return name
    return None


def _role(said: Said) -> str | None:
    """The role as the firm calls it, or the words before a role's head noun: 'senior data engineer'."""
    if linked := said.of("role"):
        return max(linked, key=lambda m: len(m.said)).value
    for match in _ROLE.finditer(said.without_names):
        words = match["role"].split()
        while words and words[0].lower() in _NO_ROLE_WORD:
            words.pop(0)
        for i, word in reversed(list(enumerate(words))):
            if word.lower() in _NO_ROLE_WORD:
                words = words[i + 1 :]
                break
        if words and not (
            len(words) == 1 and words[0].lower() in ("manager", "owner", "lead", "master", "expert")
        ):
            return " ".join(words)
    return None


def _skills(said: Said) -> list[str]:
    linked = [m.value for m in said.of("skill")]
    named = [m["skill"] for m in _SKILL.finditer(said.own)]
    taken = {m.said for m in said.mentions}
    return list(dict.fromkeys([*linked, *(n for n in named if not any(n in t or t in n for t in taken))]))


def _skill(said: Said) -> str | None:
    return next(iter(_skills(said)), None)


def _number(word: str) -> Decimal:
    return Decimal(_NUMBER_WORDS.get(word.lower(), 0)) or Decimal(word.replace(",", "."))


def _percent(said: Said) -> int | None:
    if match := _PERCENT.search(said.own):
        return int(match[1]) if 0 < int(match[1]) <= 100 else None
    return next((share for pattern, share in _TIME_SHARE if pattern.search(said.own)), None)


def _hours_per_week(said: Said) -> str | None:
    if match := _DAYS_A_WEEK.search(said.own):
        return str(_number(match[1]) * HOURS_A_DAY)
    if match := _HOURS_A_WEEK.search(said.own):
        return str(_number(match[1]))
    return None


def _max_cost_rate(said: Said) -> str | None:
    match = _RATE.search(said.own)
    return match[1] if match else None


def _limit(said: Said) -> int | None:
    match = _LIMIT.search(said.own)
    return int(_number(match[1])) if match else None


def _invoice(said: Said) -> str | None:
    if linked := _linked("invoice")(said):
        return linked
    match = _INVOICE.search(said.own)
    return match[0] if match else None


def _tone(said: Said) -> str | None:
    return next(
        (tone for tone, words in _TONES.items() if re.search(rf"\b(?:{words})\b", said.own, re.I)), None
    )


READERS: dict[str, Callable[[Said], Any]] = {
    "project": _project,
    "client": _linked("client"),
    "person": _linked("person"),
    "practice": _linked("practice"),
    "office": _linked("office"),
    "role": _role,
    "skills": _skills,
    "skill": _skill,
    "percent": _percent,
    "hours_per_week": _hours_per_week,
    "max_cost_rate": _max_cost_rate,
    "limit": _limit,
    "hold": lambda said: True if _HOLD.search(said.own) else None,
    "weeks": lambda said: weeks(said.without_names),
    "invoice": _invoice,
    "tone": _tone,
    "box": lambda said: "asked" if _ASKED_BY_ME.search(said.own) else None,
}
