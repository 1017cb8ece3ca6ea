"""What must hold of every answer of a tool."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from models.evidence import QuoteCitation
from tests.firm_fixtures import Firm
from tools.registry import ToolResult

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?%?")
_ID = re.compile(r"\b[A-Z]{1,4}(?:-\d+)+\b")
_ENTRY = re.compile(r"^\d+\. ", re.MULTILINE)  # of a numbered list
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

TEXTS = {
    "contract": "select text from firm.contract_document where contract_id = %s",
    "status_report": "select text from firm.status_report where report_id = %s",
}


def numbers_without_a_source(result: ToolResult) -> list[str]:
    """The numbers in the text that stand neither in the data nor in a citation, as they are or rounded; the
    length of a list in the data counts as standing there."""
    text = _ENTRY.sub("", result.text)
    known = list(_values(result.data)) + list(_values([c.model_dump() for c in result.citations]))
    return [said for said in _NUMBER.findall(_ID.sub("", text)) if not _stands(said, known)]


def _stands(said: str, known: list[float]) -> bool:
    digits = said.rstrip("%").replace(",", "")
    scale = 100 if said.endswith("%") else 1
    tolerance = 0.5000001 * 10 ** -len(digits.partition(".")[2])
    return any(abs(value * scale - float(digits)) <= tolerance for value in known) or (
        scale == 100 and any(value == float(digits) for value in known)
    )


def _values(value: Any) -> Iterator[float]:
    """Every number in the value: also in its strings, of its dates, and the lengths of its lists."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _values(item)
    elif isinstance(value, list | tuple):
        yield float(len(value))
        for item in value:
            yield from _values(item)
    else:
        text = str(value)
        for day in _DAY.findall(text):
            yield from (float(part) for part in (date.fromisoformat(day).day, int(day[:4])))
        yield from (float(n.replace(",", "").rstrip("%")) for n in _NUMBER.findall(text))


def check_quotes(firm: Firm, result: ToolResult) -> int:
    """Every quote stands in its document, word for word, where the citation says; how many there are."""
    quotes = [c for c in result.citations if isinstance(c, QuoteCitation)]
    for quote in quotes:
        ((text,),) = firm.rows(TEXTS[quote.document], quote.id)
        assert text[quote.start : quote.end] == quote.quote
    return len(quotes)
