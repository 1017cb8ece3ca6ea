"""Block Kit, as far as cards, forms and the home tab need it.

No text here is Slack's markup: texts go into plain text objects and into the text elements of rich text,
which Slack shows as they are. So no text from outside can mention a channel, hide where a link goes or strike
out words. The one text in which Slack reads markup is a message's fallback: `escaped`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextQuoteElement,
    RichTextSectionElement,
)

MOST_HEADER = 150  # characters of a header
MOST_TEXT = 3_000  # characters of a text object
MOST_ASIDE = 600  # characters of small print
MOST_BUTTON = 75  # characters on a button
MOST_CONFIRM = 300  # characters of what a dialog asks


@dataclass(frozen=True)
class Span:
    """Words in a line of rich text."""

    text: str
    bold: bool = False
    url: str = ""  # where they lead


@dataclass(frozen=True)
class Row:
    """A line of rich text, and what is quoted under it."""

    spans: Sequence[Span]
    quote: str = ""  # may have several lines


def escaped(text: str) -> str:
    """A text for where Slack reads markup: nothing in it is a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, most: int) -> str:
    """The beginning of a text that is too long, with an ellipsis that says so."""
    return text if len(text) <= most else text[: most - 1] + "…"


def plain(text: str, most: int = MOST_TEXT) -> PlainTextObject:
    """A text that is shown as it is, `:smile:` included."""
    return PlainTextObject(text=cut(text, most), emoji=False)


def heading(title: str) -> Block:
    """A title in full: in large letters where these hold it."""
    return HeaderBlock(text=plain(title)) if len(title) <= MOST_HEADER else said(title, bold=True)


def aside(*texts: str) -> ContextBlock:
    """Small print: what there is of the texts, in one line."""
    return ContextBlock(elements=[plain(" · ".join(filter(None, texts)), MOST_ASIDE)])


def said(text: str, *, bold: bool = False) -> RichTextBlock:
    """A paragraph."""
    return rich([Row([Span(text, bold)])])


def rich(rows: Iterable[Row]) -> RichTextBlock:
    """Lines one under the other."""
    elements: list[RichTextElement] = []
    line: list[RichTextElement] = []
    for row in rows:
        line += _parts(row, below=bool(line))
        if row.quote:
            elements += [*_section(line), RichTextQuoteElement(elements=[_part(Span(row.quote))])]
            line = []
    return RichTextBlock(elements=[*elements, *_section(line)])


def _section(line: Sequence[RichTextElement]) -> list[RichTextElement]:
    return [RichTextSectionElement(elements=line)] if line else []


def _parts(row: Row, *, below: bool) -> list[RichTextElement]:
    """`below`: another row stands before it in the same section."""
    return list(map(_part, (Span("\n"), *row.spans) if below else row.spans))


def _part(span: Span) -> RichTextElement:
    style = RichTextElementParts.TextStyle(bold=True).to_dict() if span.bold else None
    if span.url:
        return RichTextElementParts.Link(text=span.text, url=span.url, style=style)
    return RichTextElementParts.Text(text=span.text, style=style)


def button(
    text: str, action_id: str, value: str = "", *, url: str = "", style: str = "", ask: str = ""
) -> ButtonElement:
    """`ask`: what a dialog asks before it counts. `style`: 'primary', 'danger' or neither."""
    confirm = (
        ConfirmObject(
            title=plain(f"{text}?"),
            text=plain(ask, MOST_CONFIRM),
            confirm=plain(text, 30),
            deny=plain("Not yet"),
            style=style or None,
        )
        if ask
        else None
    )
    return ButtonElement(
        text=plain(text, MOST_BUTTON),
        action_id=action_id,
        value=value or None,
        url=url or None,
        style=style or None,
        confirm=confirm,
    )


def as_json(blocks: Iterable[JsonObject]) -> list[dict[str, Any]]:
    """What Slack's methods take. Raises SlackObjectFormationError where a limit is passed."""
    return [block.to_dict() for block in blocks]


def size(blocks: Iterable[JsonObject]) -> int:
    """How much of what a message may hold they take: characters of JSON."""
    return len(json.dumps(as_json(blocks), ensure_ascii=False, separators=(",", ":")))


def kept(chunks: Sequence[Sequence[Row]], room: int) -> list[Sequence[Row]]:
    """As many of the chunks, from the first on, as `room` characters of JSON hold."""
    found: list[Sequence[Row]] = []
    for chunk in chunks:
        room -= sum(map(_weight, chunk))
        if room < 0:
            break
        found.append(chunk)
    return found


def _weight(row: Row) -> int:
    """Characters of JSON that a row takes, with the sections that its quote makes."""
    quote = [rich([Row([Span(" ")], row.quote)])] if row.quote else []
    return size([*_parts(row, below=True), *quote])
