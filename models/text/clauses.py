"""A contract's text as clauses, each with the number and the heading under which it is cited.

A line starts a clause where it carries a mark that fits what came before: a number that follows the last
one of its level or begins a new level (7, 7.1, (a), (ii)), ARTICLE, Section or Schedule and the like, a
heading in capitals, or a Markdown heading. So '30 days' at the start of a wrapped line, a page number, or
the lines of a table of contents start none. A document without any such mark is cut at its blank lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from models.text.outline import Mark, Outline, parse_mark
from models.text.spans import PARAGRAPH_MAX, Span, blocks, trimmed


@dataclass(frozen=True)
class Clause:
    """One clause: `text` is the document's text[start:end], without white space at its ends."""

    number: str  # as it is cited: '7', '7.1', '7.1(a)', 'Article IV', 'Schedule 2, 3'; '' without a number
    heading: str  # its own, or that of the clause it belongs to; '' where there is none
    start: int
    end: int
    text: str


def split_clauses(text: str) -> list[Clause]:
    """The clauses of a text, in order. They do not overlap, and between them, before the first and after the
    last is only white space: what precedes the first heading is a clause without number or heading.

    A clause of more than 1,500 characters is cut at its blank lines into several of the same number."""
    starts = list(_starts(text))
    if not starts:
        starts = [_Start(block.start, "", "") for block in blocks(text)]
    elif text[: starts[0].at].strip():
        starts.insert(0, _Start(0, "", ""))
    ends = [*(s.at for s in starts[1:]), len(text)]
    return [
        Clause(start.number, start.heading, part.start, part.end, part.of(text))
        for start, end in zip(starts, ends, strict=True)
        for part in _parts(text, trimmed(text, start.at, end))
    ]


@dataclass(frozen=True)
class _Start:
    at: int
    number: str
    heading: str


def _parts(text: str, clause: Span) -> Iterator[Span]:
    """The clause, or its paragraphs gathered into parts of up to 1,500 characters."""
    if len(clause) <= PARAGRAPH_MAX:
        if len(clause):
            yield clause
        return
    start = end = clause.start
    for block in blocks(clause.of(text)):
        block_end = clause.start + block.end
        if block_end - start > PARAGRAPH_MAX and end > start:
            yield Span(start, end)
            start = clause.start + block.start
        end = block_end
    yield Span(start, end)


_SENTENCE_ENDED = re.compile(r"[.;:!?)\]”\"’]$|[;,]\s*(?:and|or)$|^[-=_*\s]+$", re.I)
_LIST_ITEM_ENDED = re.compile(r",$")
_FUNCTION_WORD = re.compile(
    r"(?:\b(?:the|a|an|of|in|to|by|for|with|under|and|or|at|on|from|than|not|is|are|be|clauses?|sections?|"
    r"articles?|schedules?|paragraphs?|annex|appendix|exhibit|no|nos)|,)$",
    re.I,
)
_CONTENTS = re.compile(r"(?:\.\s?){3,}\s*\d{1,4}$|\s{3,}\d{1,4}$|\t\s*\d{1,4}$")
_MARKDOWN = re.compile(r"#{1,6}\s+")
_EMPHASIS = re.compile(r"^[*_]{2,}|[*_]{2,}$")
_CAPITALS = re.compile(r"[^a-zß-öø-ÿ]{4,80}")


def _starts(text: str) -> Iterator[_Start]:
    outline = Outline()
    before, gap, before_was_start = "", True, False
    lines = list(_lines(text))
    for position, (at, line) in enumerate(lines):
        if not line:
            gap = True
            continue
        mark, is_markdown = _mark_of(line)
        following = next((words for _, words in lines[position + 1 :] if words), "") if mark else ""
        level_ended = gap or before_was_start or bool(_SENTENCE_ENDED.search(before))
        start = None
        if mark and not _CONTENTS.search(line):
            may_start = level_ended or (mark.bracketed and bool(_LIST_ITEM_ENDED.search(before)))
            start = _numbered(outline, mark, at, before, following, may_start=may_start)
        if start is None and (is_markdown or (gap and _is_capital_heading(line))):
            heading = _words(_MARKDOWN.sub("", line))
            outline.heading(heading)
            start = _Start(at, "", heading)
        if start:
            yield start
        before, gap = line, False
        before_was_start = start is not None and len(line) <= _HEADING_MAX and not _ENDED.search(line)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line without white space at its ends, and where it starts."""
    for found in re.finditer(r"[^\n]+|(?<=\n)(?=\n)", text):
        line = trimmed(text, found.start(), found.end())
        yield line.start, line.of(text)


def _mark_of(line: str) -> tuple[Mark | None, bool]:
    markdown = _MARKDOWN.match(line)
    words = _EMPHASIS.sub("", line[markdown.end() :] if markdown else line)
    return parse_mark(words), markdown is not None


def _numbered(
    outline: Outline, mark: Mark, at: int, before: str, following: str, *, may_start: bool
) -> _Start | None:
    """The clause that a mark starts, if it fits in the outline; `may_start`: the text before it has ended."""
    rest = _words(mark.rest)
    heading = _heading(rest or following)
    if not may_start and not (
        heading == rest != "" and outline.is_next(mark) and not _FUNCTION_WORD.search(before)
    ):
        return None
    number = outline.place(mark, heading)
    return None if number is None else _Start(at, number, outline.current_heading)


_HEADING_MAX = 90
_ENDED = re.compile(r"[.;:,]$")
_RUN_IN = re.compile(r"(?P<heading>[A-Z][^.;:,]{2,60})\.(?=\s+[“\"(]?[A-Z])")
_SMALL = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "&"}


def _heading(rest: str) -> str:
    """The heading at the start of a clause's first line: the whole line, or the words before a point."""
    if len(rest) <= _HEADING_MAX and rest[:1].isupper() and not _ENDED.search(rest):
        return rest
    run_in = _RUN_IN.match(rest) or re.fullmatch(r"(?P<heading>[A-Z][^.;:,]{2,60})[.:]", rest)
    if run_in and _is_title(run_in["heading"]):
        return run_in["heading"]
    return ""


def _is_title(words: str) -> bool:
    """Whether the words are written as in a title: capitals at the start of all but the small ones."""
    large = [word for word in words.split() if word.casefold() not in _SMALL]
    return all(not word[0].islower() for word in large) and len(large) <= 8


def _is_capital_heading(line: str) -> bool:
    letters = sum(c.isalpha() for c in line)
    return (
        bool(_CAPITALS.fullmatch(line)) and letters >= 4 and 2 * letters > len(line) and line[-1] not in ".;,"
    )


def _words(text: str) -> str:
    return " ".join(_EMPHASIS.sub("", text).split())
