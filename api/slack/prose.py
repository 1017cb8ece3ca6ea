"""The copilot's words as Slack lays them out, and people's words as the copilot reads them."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from slack_sdk.models.blocks import Block

from api.hidden import visible
from api.slack import blocks
from api.slack.blocks import Row, Span, as_json, cut, rich, size

LONGEST = 2_900  # characters of a message's fallback
MOST_PROSE = 9_000  # characters of JSON: what may stand below takes the rest of a message
MORE = "The rest is on the page."

_STRONG = re.compile(r"\*\*(.+?)\*\*")
_ITEM = re.compile(r"^\s*[-*] ")
_ADDRESS = re.compile(r"(https?://[^\s)]+[^\s).,])")
_REFERENCE = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")


def escaped(text: str) -> str:
    """Text for where Slack reads markup, shown as it is written; hidden characters are spelled out."""
    return blocks.escaped(visible(text))


def fallback(text: str) -> str:
    """The copilot's words for notifications, and for who cannot see blocks."""
    return escaped(cut(_STRONG.sub(r"\1", text), LONGEST))


def paragraphs(text: str) -> list[dict[str, Any]]:
    """The copilot's words (paragraphs, lists, **strong** words) as blocks. What is longer than a message can
    be is left to the page."""
    rows: list[Row] = []
    room = MOST_PROSE
    for line in visible(text).strip().splitlines():
        row = Row(list(_spans(_ITEM.sub("• ", line) or " ")))
        room -= size([rich([row])])
        if room < 0:
            rows.append(Row([Span(MORE)]))
            break
        rows.append(row)
    return as_json([rich(rows)]) if rows else []


def _spans(line: str) -> Iterator[Span]:
    for number, piece in enumerate(_STRONG.split(line)):
        if piece:
            yield Span(piece, bold=number % 2 == 1)


def sentence(text: str) -> dict[str, Any]:
    """A sentence of our own as a block, its addresses as links."""
    spans = [Span(p, url=p if n % 2 else "") for n, p in enumerate(_ADDRESS.split(visible(text))) if p]
    return lines(spans)


def lines(*rows: Sequence[Span]) -> dict[str, Any]:
    """A block of lines."""
    block: Block = rich([Row(list(row)) for row in rows])
    return as_json([block])[0]


def quoted(text: str) -> str:
    """Words that are not the person's own, marked as such for the copilot (agents/said.py): nothing in them
    ends the quotation, so that nothing behind it is taken for a wish."""
    for mark, harmless in _MARKS.items():
        text = text.replace(mark, harmless)
    return f"<<<\n{text.strip()}\n>>>"


_MARKS = {"<<<": "< < <", ">>>": "> > >", '"' * 3: "'" * 3, "`" * 3: "'" * 3, "«": "‹", "»": "›"}


def said(text: str, bot_user: str, name_of: Callable[[str], str]) -> str:
    """What a person wrote, without Slack's markup and without the mention of the bot. `name_of`: a
    member's."""

    def plain(match: re.Match[str]) -> str:
        sigil, target, label = match.groups()
        if sigil == "@":
            return "" if target == bot_user else name_of(target)
        if sigil == "#":
            return f"#{label or target}"
        if sigil == "!":
            return label or target
        return f"{label} ({target})" if label and label not in target else target

    return html.unescape(_REFERENCE.sub(plain, text)).strip()
