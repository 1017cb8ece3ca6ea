"""The numbering of a contract as one reads it from top to bottom: which mark may come next, and under what
number a clause is cited."""

import re
from dataclasses import dataclass
from typing import Literal

Style = Literal["number", "letter", "LETTER", "roman", "ROMAN", "(number)"]

_CONTAINER = re.compile(
    r"(?:§\s*|(?P<word>ARTICLE|Article|SECTION|Section|CLAUSE|Clause|SCHEDULE|Schedule|ANNEX|Annex|ANNEXURE|Annexure|"
    r"APPENDIX|Appendix|EXHIBIT|Exhibit|ATTACHMENT|Attachment|PART|Part)\s+)"
    r"(?P<id>\d{1,3}(?:\.\d{1,3})*|[IVXLC]{1,7}|[A-Z](?:-?\d{1,2})?)"
    r"(?P<stop>[.:)]?)(?P<rest>(?:\s*[-–—:|]\s*|\s+|$).*)",
)
_NUMBER = re.compile(r"(?P<id>\d{1,3}(?:\.\d{1,3}){0,5})(?P<stop>[.)]?)(?P<rest>(?:\s+|$).*)")
_BRACKETED = re.compile(r"\(?(?P<id>[a-zA-Z]{1,5}|\d{1,2})\)(?P<rest>(?:\s+|$).*)")
_LETTER_POINT = re.compile(r"(?P<id>[A-Z])\.(?P<rest>\s+.*)")
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_MONTH = re.compile(r"\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?:\s+\d{4}|$)", re.I)
_WORDS_OF_NUMBERS = ("Section", "Clause")  # 'Section 7.2' is cited as 7.2
_LARGEST_GAP = 3  # a clause was deleted; a larger jump is no numbering


@dataclass(frozen=True)
class Mark:
    """What may be a clause's number at the start of a line."""

    word: str  # 'Article', 'Schedule', ...; '' for a mere number
    id: str  # '7.2', 'IV', 'a'
    rest: str  # the line after it
    bracketed: bool = False  # (a), a) or (1)


def parse_mark(line: str) -> Mark | None:
    """The mark at the start of a line, if there is one."""
    if found := _CONTAINER.match(line):
        rest = found["rest"].strip(" \t-–—:|")
        in_sentence = rest and (rest[0].islower() or rest[0] in "(,;")
        # 'Exhibit 10.4' is what a filing calls the whole document.
        word = (found["word"] or "Section").capitalize()
        of_filing = word == "Exhibit" and "." in found["id"]
        return None if in_sentence or of_filing else Mark(word, found["id"], rest)
    if found := _NUMBER.match(line):
        rest = found["rest"].strip()
        pointed = bool(found["stop"]) or "." in found["id"]
        in_sentence = not (pointed or rest[:1].isupper()) or _MONTH.match(found["rest"])
        return None if in_sentence else Mark("", found["id"], rest, bracketed=found["stop"] == ")")
    if found := _BRACKETED.match(line) or _LETTER_POINT.match(line):
        return Mark("", found["id"], found["rest"].strip(), bracketed=found.re is _BRACKETED)
    return None


def _readings(mark: Mark) -> list[tuple[Style, tuple[int, ...]]]:
    """What the mark's id can mean: (i) is a letter or a Roman one."""
    if mark.id[0].isdigit():
        values = tuple(int(part) for part in mark.id.split("."))
        return [("(number)" if mark.bracketed else "number", values)]
    lower = mark.id.casefold()
    found: list[tuple[Style, tuple[int, ...]]] = []
    if mark.id not in (lower, mark.id.upper()):
        return found
    if _ROMAN.fullmatch(lower):
        found.append(("roman" if mark.id == lower else "ROMAN", (roman_value(lower),)))
    if len(set(lower)) == 1:  # after z come aa, bb
        value = ord(lower[0]) - ord("a") + 1 + 26 * (len(lower) - 1)
        found.append(("letter" if mark.id == lower else "LETTER", (value,)))
    return found


def roman_value(numeral: str) -> int:
    """The number that a lower-case Roman numeral means."""
    values = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}[c] for c in numeral]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)


@dataclass
class _Level:
    style: Style
    value: tuple[int, ...]
    label: str
    heading: str
    headings: dict[tuple[int, ...], str]  # of this number and those above it: 7 for 7.1

    def go_on(self, value: tuple[int, ...], label: str, heading: str) -> None:
        """Go on to another number, which is under the headings of the numbers it begins with."""
        above = {n: h for n, h in self.headings.items() if n == value[: len(n)] and len(n) < len(value)}
        self.headings = {**above, value: heading}
        self.value, self.label = value, label
        self.heading = next((h for _, h in sorted(self.headings.items(), reverse=True) if h), "")


class Outline:
    """Where in the numbering one is."""

    def __init__(self) -> None:
        self._container = ""  # 'Schedule 2' or 'Article IV'
        self._container_value: int | None = None
        self._container_heading = ""
        self._levels: list[_Level] = []
        self._before: _Level | None = None  # the outermost level before an article began

    @property
    def current_heading(self) -> str:
        """The nearest heading: of the clause one is in, or of what it belongs to."""
        headings = (level.heading for level in reversed(self._levels))
        return next(filter(None, headings), self._container_heading)

    def heading(self, words: str) -> None:
        """Note a heading without a number: what follows without a heading of its own is under it."""
        self._container_heading = words

    def is_next(self, mark: Mark) -> bool:
        """Whether the mark is exactly the one that is due next at some level."""
        return not mark.word and any(
            _step(level, style, value) == 1 for level in self._levels for style, value in _readings(mark)
        )

    def place(self, mark: Mark, heading: str) -> str | None:
        """Go on to the mark; the number under which its clause is cited. None where the mark does not fit."""
        is_number = mark.word in ("", *_WORDS_OF_NUMBERS) and (not mark.word or mark.id[0].isdigit())
        if not is_number:
            return self._enter(mark, heading)
        follows = [
            (step, -depth, style, value)
            for depth, level in enumerate(self._levels)
            for style, value in _readings(mark)
            if (step := _step(level, style, value))
        ]
        if follows:  # the smallest step, and then the deepest level
            _, depth, style, value = min(follows)
            del self._levels[1 - depth :]
            self._levels[-1].go_on(value, _label(mark), heading)
            return self._cited()
        for style, value in _readings(mark):
            if self._begins(mark, style, value):
                self._levels.append(_Level(style, value, _label(mark), heading, {value: heading}))
                return self._cited()
        return None

    def _enter(self, mark: Mark, heading: str) -> str:
        """A schedule, an article: numbers begin anew in it, unless they carry its own."""
        self._container = f"{mark.word} {mark.id}"
        self._container_heading = heading
        values = [value for _, value in _readings(mark)]
        self._container_value = values[0][0] if values else None
        # Articles may hold numbers that run on through the whole contract.
        runs_on = mark.word in ("Article", "Part", "Section") and self._levels
        self._before = self._levels[0] if runs_on else None
        self._levels.clear()
        return self._container

    def _begins(self, mark: Mark, style: Style, value: tuple[int, ...]) -> bool:
        """Whether the mark may be the first of a new level."""
        if style != "number":
            return value == (1,)
        if not self._levels and (mark.word or (self._before and _step(self._before, style, value))):
            return True
        of_container = len(value) > 1 and value[0] == self._container_value
        return (all(part <= 1 for part in value) and any(value)) or (of_container and value[1] <= 2)

    def _cited(self) -> str:
        labels = "".join(
            level.label if n == 0 or level.label.startswith("(") else f"({level.label})"
            for n, level in enumerate(self._levels)
        )
        first = self._levels[0]
        in_container = (
            first.style == "number" and first.value[0] == self._container_value and len(first.value) > 1
        )
        if not self._container or in_container:
            return labels
        return f"{self._container}, {labels}"


def _label(mark: Mark) -> str:
    return f"({mark.id})" if mark.bracketed else mark.id


def _step(level: _Level, style: Style, value: tuple[int, ...]) -> int:
    """How many numbers on from a level's last one a value is: 1 is the next one. 0: it does not follow."""
    if style != level.style:
        return 0
    last = level.value
    common = 0
    while common < min(len(last), len(value)) and last[common] == value[common]:
        common += 1
    if common == len(value) or any(part > 1 for part in value[common + 1 :]):
        return 0
    step = value[common] - (last[common] if common < len(last) else 0)
    if common == len(last) and value[common] == 0:
        step = 1  # some begin at 7.0
    return step if 1 <= step <= _LARGEST_GAP else 0
