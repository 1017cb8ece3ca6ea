"""How things are written on pages: what has markup."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from api.hidden import visible
from api.wording import as_money
from models.money import Money

_ITEM = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s+")
_STRONG = re.compile(r"\*\*(.+?)\*\*")


def money(value: Money | Mapping[str, Any]) -> Markup:
    """An amount with its currency, in figures that line up."""
    found = as_money(value)
    return Markup('<span class="money"><abbr>{}</abbr> {}</span>').format(
        found.currency, f"{found.amount:,.2f}"
    )


def moment(value: datetime, zone: str) -> Markup:
    """A moment in the reader's time zone, with the whole of it on hover."""
    local = value.astimezone(ZoneInfo(zone))
    year = "" if local.year == datetime.now(local.tzinfo).year else f" {local.year}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.astimezone(UTC).isoformat(timespec="seconds"),
        f"{local:%A, %-d %B %Y, %H:%M} {local.tzname()}",
        f"{local:%-d %b}{year}, {local:%H:%M}",
    )


def prose(text: str) -> Markup:
    """The copilot's words: paragraphs, lists of lines that begin with a dash or a number, and **strong**
    words. Everything else is shown as it is written."""
    blocks: list[Markup] = []
    items: list[Markup] = []
    numbered = False

    def flush() -> None:
        if items:
            tag = Markup("ol") if numbered else Markup("ul")
            blocks.append(Markup("<{0}>{1}</{0}>").format(tag, Markup("").join(items)))
            items.clear()

    for line in visible(text).splitlines():
        if match := _ITEM.match(line.strip()):
            if items and numbered != line.strip()[0].isdigit():
                flush()
            numbered = line.strip()[0].isdigit()
            items.append(Markup("<li>{}</li>").format(_strong(line.strip()[match.end() :])))
            continue
        flush()
        if line.strip():
            blocks.append(Markup("<p>{}</p>").format(_strong(line)))
    flush()
    return Markup("").join(blocks)


def _strong(line: str) -> Markup:
    return Markup(_STRONG.sub(r"<strong>\1</strong>", str(escape(line))))
