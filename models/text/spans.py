"""Places in a text: its sentences, its paragraphs, and when two places are the same for a reader.

Offsets count Unicode code points, so `text[span.start : span.end]` is the words themselves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PARAGRAPH_MIN = 40  # characters; shorter blocks are headings and page numbers
PARAGRAPH_MAX = 1500  # characters; longer blocks are cut


@dataclass(frozen=True, order=True)
class Span:
    """Characters `start` up to, not including, `end`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words there."""
        return text[self.start : self.end]

    def __len__(self) -> int:
        return self.end - self.start


def overlap(a: Span, b: Span) -> bool:
    """Whether two spans point at the same words: at least 20 characters in common, or half of the shorter."""
    common = min(a.end, b.end) - max(a.start, b.start)
    return common >= 20 or (common > 0 and common >= 0.5 * min(len(a), len(b)))


def trimmed(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends; empty where there is nothing else."""
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    return Span(start, start + len(words.strip()))


_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")


def blocks(text: str) -> Iterator[Span]:
    """The parts of a text between blank lines, trimmed, none empty."""
    start = 0
    for gap in [*_BLANK_LINE.finditer(text), None]:
        block = trimmed(text, start, gap.start() if gap else len(text))
        if len(block):
            yield block
        start = gap.end() if gap else len(text)


def paragraphs(text: str) -> list[Span]:
    """The blocks between blank lines of 40 characters or more, cut every 1,500 characters."""
    return [
        Span(start, min(start + PARAGRAPH_MAX, block.end))
        for block in blocks(text)
        for start in range(block.start, block.end, PARAGRAPH_MAX)
        if min(start + PARAGRAPH_MAX, block.end) - start >= PARAGRAPH_MIN
    ]


_LETTER_MARK = r"(?:\((?:[a-zA-Z]|[ivxIVX]{1,5})\)|(?:[a-z]|[ivx]{1,5})\))"
_NUMBER_MARK = r"\(?\d{1,2}\)"
_LINE_START = r"[-*•·–—▪]|" + _LETTER_MARK + r"|[a-z]\.\s|[\"“‘'(\[]*[^\sa-z]"
_BREAK = re.compile(
    r"(?P<stop>[.!?…][\"”’'»)\]]*)\s+(?=[\"“‘'«(\[<_$£€]*[A-Z0-9ÄÖÜÉÀ])"  # the end of a sentence
    r"|\n(?=\s*(?:" + _LINE_START + r"))"  # a line that does not run on
    r"|(?<=[.;:!?])\s*\n"  # a line that ended
    r"|(?<=[.;:!?])\s+(?=[-*•–▪]\s+\S)"  # a bullet within a line
)
_LIST_MARK = re.compile(  # 'two (2) years' is no list, and neither is 'section 5 (a) above'
    r"(?P<before>[,;:]|\band|\bor)?\s+(?=" + _LETTER_MARK + r"\s)|[,;:]\s+(?=" + _NUMBER_MARK + r"\s)"
)
_REFERENCE = re.compile(r"\b(?:sections?|clauses?|paragraphs?|articles?|subsections?|items?)\s*\S*$", re.I)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“])(?:[A-Za-z]|[A-Z]\.[A-Z]|e\.g|i\.e|Mr|Mrs|Ms|Dr|Inc|Ltd|Corp|Co|No|Nos|Sec|Art|St|vs|cf|approx|"
    r"Jr|Sr|Prof|Fig|p|pp|\(?[ivx]{1,5}|\d{1,2}(?:\.\d{1,2})*)\.$"
)


def sentences(text: str, *, split_lists: bool = False) -> list[Span]:
    """The sentences of a text in order; between them lies only white space.

    A line break ends a sentence unless the next line runs on in lower case, so headings and list items stand
    alone and wrapped lines do not. With `split_lists`, items marked (a), (ii) or 3) within a line stand
    alone as well."""
    found: list[Span] = []
    for block in blocks(text):
        start = block.start
        for cut in _cuts(text, block, split_lists):
            if start < cut < block.end and not _goes_on(text, start, cut):
                found.append(trimmed(text, start, cut))
                start = cut
        found.append(trimmed(text, start, block.end))
    return [span for span in found if len(span)]


def _cuts(text: str, block: Span, split_lists: bool) -> list[int]:
    cuts = [m.end("stop") if m["stop"] else m.end() for m in _BREAK.finditer(text, block.start, block.end)]
    if split_lists:
        cuts += [
            m.end()
            for m in _LIST_MARK.finditer(text, block.start, block.end)
            if not _REFERENCE.search(text, max(block.start, m.start() - 30), m.start())
        ]
    return sorted(set(cuts))


def _goes_on(text: str, start: int, cut: int) -> bool:
    """Whether the point before `cut` belongs to an abbreviation or a number ('Acme Inc.', '7.')."""
    return text[cut - 1] == "." and bool(_ABBREVIATION.search(text[max(start, cut - 12) : cut]))
