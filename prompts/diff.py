"""What differs between two texts, line by line, and within lines word by word (difflib)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

CONTEXT = 2  # lines around a change that are shown
_WORD = re.compile(r"\s+|\w+|[^\w\s]")

Kind = Literal["same", "gone", "new", "skipped"]


@dataclass(frozen=True)
class Part:
    """Some words of a line, and whether they are what differs."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Line:
    kind: Kind
    parts: tuple[Part, ...] = ()  # none where lines are skipped

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


def diff(before: str, after: str) -> tuple[Line, ...]:
    """The changed lines of two texts with CONTEXT lines around them; nothing where they are the same."""
    old, new = _lines(before), _lines(after)
    if old[-1:] == new[-1:] == [""]:  # both end with a line feed, as files do
        old, new = old[:-1], new[:-1]
    found: list[Line] = []
    shown_to = 0
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if group[0][0] == "equal" and group[0][1] == group[0][2] and len(group) == 1:
            continue
        if group[0][1] > shown_to:
            found.append(Line("skipped"))
        shown_to = group[-1][2]
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [Line("same", (Part(line),)) for line in old[i1:i2]]
            else:
                found += _changed(old[i1:i2], new[j1:j2])
    if found and shown_to < len(old):
        found.append(Line("skipped"))
    return tuple(found)


def plain(lines: Sequence[Line]) -> str:
    """For terminals and chat: each line with what it is before it."""
    marks = {"same": "  ", "gone": "- ", "new": "+ ", "skipped": "  …"}
    return "\n".join(f"{marks[line.kind]}{line.text}" for line in lines)


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Lines in place of others: those that stand beside each other are compared word by word."""
    pairs = [_words(a, b) for a, b in zip_longest(old, new)]
    yield from (Line("gone", gone) for gone, _ in pairs if gone is not None)
    yield from (Line("new", new_) for _, new_ in pairs if new_ is not None)


def _words(old: str | None, new: str | None) -> tuple[tuple[Part, ...] | None, tuple[Part, ...] | None]:
    if old is None or new is None:
        return (
            None if old is None else (Part(old, differs=True),),
            None if new is None else (Part(new, differs=True),),
        )
    a, b = _WORD.findall(old), _WORD.findall(new)
    gone: list[Part] = []
    come: list[Part] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if i2 > i1:
            gone.append(Part("".join(a[i1:i2]), tag != "equal"))
        if j2 > j1:
            come.append(Part("".join(b[j1:j2]), tag != "equal"))
    return tuple(gone), tuple(come)


def _lines(text: str) -> list[str]:
    """By line feeds alone: a text that ends its lines otherwise is another text, and is shown as one."""
    return text.split("\n") if text else []
