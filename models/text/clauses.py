"""A contract's text as clauses, each with the number and the heading under which it is cited.

A line starts a clause where it carries a mark that fits what came before: a number that follows the last
one of its level or begins a new level (7, 7.1, (a), (ii)), ARTICLE, Section or Schedule and the like, a
heading in capitals, or a Markdown heading. So '30 days' at the start of a wrapped line, a page number, or
the lines of a table of contents start none. A document without any such mark is cut at its blank lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from models.text.outline import Outline, parse_mark
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
    if starts and text[: starts[0].at].strip():
        starts.insert(0, _Start(0, "", ""))
    ends = [s.at for s in starts[1:]] + [len(text)] * bool(starts)
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
_FUNCTION_WORD = re.compile(
    r"(?:\b(?:the|a|an|of|in|to|by|for|with|under|and|or|at|on|from|than|not|is|are|be|clauses?|sections?|"
    r"articles?|schedules?|paragraphs?|annex|appendix|exhibit|no|nos)|,)$",
    re.I,
)
_CONTENTS = re.compile(r"(?:\.\s?){3,}\s*\d{1,4}$|\s{3,}\d{1,4}$|\t\s*\d{1,4}$")
_MARKDOWN = re.compile(r"#{1,6}\s+")
_EMPHASIS = re.compile(r"\*{2,}|_{2,}")
_CAPITALS = re.compile(r"[^a-zß-öø-ÿ]{4,80}")


def _starts(text: str) -> Iterator[_Start]:
    outline = Outline()
    lines = [_Line(at, words) for at, words in _lines(text)]
    before, before_was_heading = _Line(0, ""), False
    filled = ""  # the last line that is not blank
    for line, after in zip(lines, [*lines, _Line(len(text), "")][1:], strict=True):
        start = None
        if line.words:
            gap = not before.words
            ended = gap or before_was_heading or bool(_SENTENCE_ENDED.search(filled))
            start = _start(outline, line, before=filled, after=after.words, gap=gap, ended=ended)
            filled = line.words
            before_was_heading = start is not None and _plain(line.words).endswith(start.heading)
            if start:
                yield start
        before = line


@dataclass(frozen=True)
class _Line:
    at: int
    words: str  # without white space at the ends; '' for a blank line


def _start(
    outline: Outline, line: _Line, *, before: str, after: str, gap: bool, ended: bool
) -> _Start | None:
    """The clause that a line starts, if any. `before`: the last line that is not blank; `after`: the next
    line; `gap`: a blank line stands before it; `ended`: or the sentence before has ended."""
    markdown = _MARKDOWN.match(line.words)
    words = _EMPHASIS.sub("", line.words[markdown.end() :] if markdown else line.words).strip()
    mark = parse_mark(words)
    if mark and not _CONTENTS.search(line.words):
        heading = _heading(_plain(mark.rest), after) if mark.rest else _heading(_plain(after), "")
        due = outline.is_next(mark) and heading != "" and not _FUNCTION_WORD.search(before)
        in_list = mark.bracketed and before.endswith(",")
        if ended or due or in_list:
            number = outline.place(mark, heading)
            if number is not None:
                return _Start(line.at, number, outline.current_heading)
    if _plain(words) == outline.current_heading != "":
        return None  # it is on the line below its number
    if markdown or (gap and _is_capital_heading(line.words)):
        outline.heading(_plain(words))
        return _Start(line.at, "", _plain(words))
    return None


_LONG_LINE = 400  # characters; in a longer one several clauses may stand, as where line breaks were lost
_INNER_MARK = re.compile(
    r"""(?<=[.;:!?)\]”"'])\s+(?=(?:\d{1,2}(?:\.\d{1,2}){0,4}[.)]?|\([a-z]{1,4}\))\s+["“(]?[A-Z])"""
)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line without white space at its ends, and where it starts. Long ones are cut where a sentence ends
    before what may be a mark."""
    for found in re.finditer(r"[^\n]+|(?<=\n)(?=\n)", text):
        cuts = [m.end() for m in _INNER_MARK.finditer(found[0])] if len(found[0]) > _LONG_LINE else []
        offsets = [0, *cuts, len(found[0])]
        for start, end in pairwise(offsets):
            line = trimmed(text, found.start() + start, found.start() + end)
            yield line.start, line.of(text)


_HEADING_MAX = 90
_NOT_IN_HEADING = re.compile(r"[.,;]$|:")
_RUN_IN = re.compile(r"(?P<heading>[A-Z][^.;:,]{2,60})[.:](?=\s+[“\"(]?[A-Z]|$)")
_SMALL = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "&"}


def _heading(rest: str, after: str) -> str:
    """The heading at the start of a clause's first line: the whole line where it is one of its own, or the
    words before a point. `after`: the next line."""
    next_mark = parse_mark(after)
    new_clause = next_mark is not None and not next_mark.bracketed  # '(30) days' may begin a wrapped line
    goes_on = after and not new_clause and (not _is_title(rest) or _in_capitals(rest, after))
    if _is_line_of_its_own(rest) and rest[:1].isupper() and not goes_on:
        return rest
    run_in = _RUN_IN.match(rest)
    return run_in["heading"] if run_in and _is_title(run_in["heading"]) else ""


def _in_capitals(rest: str, after: str) -> bool:
    """Whether a line is in capitals and the next one too: a sentence, of the kind that limits liability."""
    first_word = after.split(maxsplit=1)[0]
    return rest.isupper() and first_word.isupper() and len(first_word) > 1


def _is_line_of_its_own(words: str) -> bool:
    return len(words) <= _HEADING_MAX and not _NOT_IN_HEADING.search(words)


def _is_title(words: str) -> bool:
    """Whether the words are written as in a title: capitals at the start of all but the small ones."""
    large = [word for word in words.split() if word.casefold() not in _SMALL]
    return all(not word[0].islower() for word in large) and len(large) <= 8


def _is_capital_heading(line: str) -> bool:
    letters = sum(c.isalpha() for c in line)
    return (
        bool(_CAPITALS.fullmatch(line)) and letters >= 4 and 2 * letters > len(line) and line[-1] not in ".;,"
    )


def _plain(text: str) -> str:
    return " ".join(_EMPHASIS.sub("", text).split())
