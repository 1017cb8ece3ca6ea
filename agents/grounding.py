"""Does every number of a text stand in what the tools found?

A language model words the answer; it may not bring numbers of its own. Numbers are compared by value, so that
'1,250.00', '1250' and 'EUR 1.25k' are one; a number may be rounded to the places it is written with, a share
may be written in per cent, dates may be spelled out, and lists may be counted."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from tools.registry import ToolResult

_NUMBER = re.compile(
    r"(?<![\w.,])[-+−]?(?P<digits>\d{1,3}(?:[,  '’]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)"
    r"(?P<scale>\s?(?:k|m|bn|thousand|million|billion)\b)?(?P<percent>\s?(?:%|per ?cent\b))?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\b[A-Za-z]+[-_]?\d[\w-]*")  # ids such as PRJ-0007 or INV2201
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:\d{1,2}[.)]|#{1,6})\s+", re.MULTILINE)
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_SCALES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}
_WORDS = {
    word: Decimal(value)
    for value, word in enumerate(
        [
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
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ],
        start=2,
    )
} | {
    "thirty": Decimal(30),
    "forty": Decimal(40),
    "fifty": Decimal(50),
    "hundred": Decimal(100),
    "dozen": Decimal(12),
}
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)


def ungrounded(text: str, results: Sequence[ToolResult]) -> list[str]:
    """The numbers and ids of the text that stand in none of the results, as they are written."""
    known_text = "\n".join(texts(results)).lower()
    known = set(_values(results))
    stripped = _BULLET.sub("", text)
    unknown = [label for label in _LABEL.findall(stripped) if label.lower() not in known_text]
    stripped = _LABEL.sub(" ", stripped)
    for match in _NUMBER.finditer(stripped):
        value = _decimal(match["digits"])
        if value is None or not _stands(value, match, known):
            unknown.append(match[0].strip())
    unknown += [
        w for w in _WORD.findall(stripped) if _WORDS[w.lower()] not in known and w.lower() not in known_text
    ]
    return unknown


def _stands(value: Decimal, match: re.Match[str], known: set[Decimal]) -> bool:
    scale = Decimal(_SCALES[match["scale"].strip().lower()]) if match["scale"] else Decimal(1)
    candidates = known | {k * 100 for k in known if abs(k) <= 1} if match["percent"] else known
    if value * scale in candidates:
        return True
    exponent = value.as_tuple().exponent
    places = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    if scale == 1 and places == 1 and abs(value) < 10:
        return False  # a count is not a rounded measure
    return any(
        (k / scale).quantize(places, rounding=how) == value
        for k in candidates
        if abs(k) < Decimal(10) ** 15
        for how in (ROUND_HALF_UP, ROUND_HALF_EVEN)
    )


def _decimal(written: str) -> Decimal | None:
    plain = re.sub(r"[   '’]", "", written)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    try:
        return Decimal(plain.replace(",", "."))
    except InvalidOperation:
        return None


def texts(results: Sequence[ToolResult]) -> Iterator[str]:
    """All that the results say, in words and data."""
    for result in results:
        yield result.text
        yield json.dumps(result.data, ensure_ascii=False, default=str)
        yield from (c.model_dump_json() for c in result.citations)
        yield from map(str, result.proposals)


def _values(results: Sequence[ToolResult]) -> Iterator[Decimal]:
    """Every number of the results: written anywhere, the parts of dates, and the lengths of lists."""
    for text in texts(results):
        for match in _NUMBER.finditer(_LABEL.sub(" ", _UUID.sub(" ", text))):
            if (value := _decimal(match["digits"])) is not None:
                yield value * _SCALES.get((match["scale"] or "").strip().lower(), 1)
        for parts in _ISO_DATE.findall(text):
            yield from map(Decimal, parts)
    for result in results:
        yield from _counts(result.data)
        yield from (Decimal(len(x)) for x in (result.citations, result.proposals) if x)


def _counts(data: Any) -> Iterator[Decimal]:
    if isinstance(data, list):
        yield Decimal(len(data))
    children: Iterable[Any] = (
        data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    )
    for child in children:
        yield from _counts(child)
