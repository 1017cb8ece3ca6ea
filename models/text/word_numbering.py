"""The automatic numbers of a Word document's paragraphs. Word stores how to count, not the numbers, so they
are counted here again, in document order (ECMA-376 part 1, section 17.9)."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)


def roman(number: int) -> str:
    """A number as a lower-case Roman numeral; '' for none."""
    text = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        text += letters * count
    return text


def _letters(number: int) -> str:
    """a to z, then aa, bb, ..., as Word does."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else ""


_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "decimalZero": "{:02d}".format,
}


@dataclass(frozen=True)
class _Level:
    start: int
    format: str  # Word's name of it: 'decimal', 'lowerLetter', 'bullet', ...
    text: str  # '%1.%2' and the like
    legal: bool  # all numbers in it are shown as decimals
    style: str  # the paragraph style that belongs to it, if any


class Numbering:
    """Counts the numbered paragraphs of one document. Ask for each paragraph once, in order."""

    def __init__(self, document: Document) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}  # by list definition
        self._definition: dict[str, str] = {}  # list -> its definition
        self._restarts: dict[str, dict[int, int]] = {}  # list -> where levels begin anew
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        try:
            part: Any = document.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING)
        except KeyError:  # nothing is numbered
            return
        for definition in part.element.findall(qn("w:abstractNum")):
            levels = {int(lvl.get(qn("w:ilvl"))): _level(lvl) for lvl in definition.findall(qn("w:lvl"))}
            self._levels[definition.get(qn("w:abstractNumId"))] = levels
        for item in part.element.findall(qn("w:num")):
            number = item.get(qn("w:numId"))
            self._definition[number] = _value(item, "w:abstractNumId")
            self._restarts[number] = {
                int(override.get(qn("w:ilvl"))): int(start)
                for override in item.findall(qn("w:lvlOverride"))
                if (start := _value(override, "w:startOverride"))
            }

    def label(self, paragraph: Paragraph) -> str:
        """The number that Word shows before the paragraph; '' where it shows none."""
        number, depth = self._place(paragraph)
        definition = self._definition.get(number, "")
        levels = self._levels.get(definition, {})
        if depth not in levels:
            return ""
        if levels[depth].format == "bullet":
            return "•"
        counts = self._counts[definition]
        restart = self._restarts[number].pop(depth, None)
        before = counts.get(depth, levels[depth].start - 1) if restart is None else restart - 1
        counts[depth] = before + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        return _shown(levels, counts, depth)

    def _place(self, paragraph: Paragraph) -> tuple[str, int]:
        """The list a paragraph belongs to, and its depth in it: its own, or its style's."""
        properties: Any = paragraph._p.pPr  # python-docx has no public way to a paragraph's numbering
        own = properties.find(qn("w:numPr")) if properties is not None else None
        number = _value(own, "w:numId")
        depth = _value(own, "w:ilvl")
        style: Any = paragraph.style
        while style is not None and not number:
            of_style = style.element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
            number = _value(of_style, "w:numId")
            if number and not depth:
                levels = self._levels.get(self._definition.get(number, ""), {})
                of_level = [str(d) for d, level in levels.items() if level.style == style.style_id]
                depth = next(iter(of_level), _value(of_style, "w:ilvl"))
            style = style.base_style
        return number, int(depth or 0)


def _value(parent: Any, tag: str) -> str:
    """The value of a child element; '' where there is none."""
    child = parent.find(qn(tag)) if parent is not None else None
    return str(child.get(qn("w:val"), "")) if child is not None else ""


def _level(element: Any) -> _Level:
    return _Level(
        start=int(_value(element, "w:start") or 1),
        format=_value(element, "w:numFmt") or "decimal",
        text=_value(element, "w:lvlText"),
        legal=element.find(qn("w:isLgl")) is not None,
        style=_value(element, "w:pStyle"),
    )


def _shown(levels: dict[int, _Level], counts: dict[int, int], depth: int) -> str:
    text = levels[depth].text
    for other in range(depth + 1):
        if other in levels:
            count = counts.get(other, levels[other].start)
            format_ = _FORMATS.get(levels[other].format, str) if not levels[depth].legal else str
            text = text.replace(f"%{other + 1}", format_(count))
    return text.strip()
