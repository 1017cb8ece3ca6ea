"""The parts of our Adaptive Cards (schema 1.5). Text from outside goes into text runs, which know no
Markdown, so that it can hold neither links nor mentions; the only links are ours."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from microsoft_teams.cards.core import (
    Action,
    CardElement,
    Choice,
    ChoiceSetInput,
    Container,
    DateInput,
    ExecuteAction,
    OpenUrlAction,
    RichTextBlock,
    SubmitAction,
    TextInput,
    TextRun,
)

from api.forms import Field
from api.hidden import visible

VERSION = "1.5"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
LONGEST_TEXT = 4_000  # what people may write in a field, as on our pages

Tone = Literal["default", "good", "attention", "emphasis"]
Style = Literal["default", "positive", "destructive"]


def text(*said: CardElement, spacing: Literal["None", "Small", "Default", "Medium"] = "Small") -> CardElement:
    """One line of runs."""
    return RichTextBlock(inlines=list(said), spacing=spacing)


def runs(said: str, **looks: Any) -> list[CardElement]:
    """Foreign text, character by character. Two braces would begin a date function, which shows another text
    than is written: they never stand in one run."""
    parts = visible(said).replace("{{", "{\0{").split("\0")
    return [TextRun(text=part, **looks) for part in parts]


def line(said: str, **looks: Any) -> CardElement:
    """A line of foreign text."""
    return text(*runs(said, **looks))


def heading(said: str) -> CardElement:
    return text(TextRun(text=said, weight="Bolder"), spacing="Medium")


def labelled(label: str, value: str, url: str = "") -> list[CardElement]:
    """A field as it will be written. A value of several lines stands in a box of its own, so that none of
    its lines passes for another field. `url`: where its label leads."""
    looks: dict[str, Any] = {"select_action": OpenUrlAction(url=url)} if url else {"is_subtle": True}
    said = value.split("\n")
    if len(said) == 1:
        return [text(*runs(f"{label}: ", **looks), *runs(value))]
    box = Container(style="emphasis", items=[line(part or " ") for part in said], spacing="Small")
    return [text(*runs(f"{label}:", **looks)), box]


def box(tone: Tone, *items: CardElement) -> CardElement:
    return Container(style=tone, items=list(items), spacing="Medium")


def press(
    title: str,
    verb: str,
    data: Mapping[str, Any],
    *,
    style: Style = "default",
    inputs: bool = True,
    more: bool = False,
) -> Action:
    """A button whose answer comes from us; where a client knows no Action.Execute, the same as a message.
    `inputs`: what was typed comes along, and must be complete. `more`: behind the three dots."""
    sent = {**data, "verb": verb}
    common: dict[str, Any] = {
        "title": title,
        "style": style,
        "data": sent,
        "associated_inputs": "auto" if inputs else "none",
        "mode": "secondary" if more else "primary",
    }
    return ExecuteAction(verb=verb, fallback=SubmitAction(**common), **common)


def link(title: str, url: str) -> Action:
    return OpenUrlAction(title=title, url=url)


def area(name: str, label: str, value: str = "", *, required: bool = True) -> CardElement:
    """A field of several lines."""
    return TextInput(
        id=name,
        label=visible(label),
        value=value,
        is_multiline=True,
        is_required=required,
        error_message=f"{visible(label)} is needed.",
        max_length=LONGEST_TEXT,
    )


def choices(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str = "") -> CardElement:
    """Several of (value, title)."""
    listed = [Choice(title=visible(title), value=value) for value, title in options]
    return ChoiceSetInput(
        id=name, label=label, choices=listed, value=chosen, is_multi_select=True, style="expanded", wrap=True
    )


def field(name: str, form: Field) -> list[CardElement]:
    """A field of an edit form, and what is wrong with it. Figures are text: what is no figure is for the
    model to refuse, in words."""
    label = visible(form.label) + (f", {form.suffix}" if form.suffix else "")
    common: dict[str, Any] = {
        "id": name,
        "label": label,
        "value": form.value,
        "is_required": form.required,
        "error_message": f"{label} is needed.",
    }
    shown: CardElement
    if form.input == "choice":
        listed = [Choice(title=choice, value=choice) for choice in form.choices]
        shown = ChoiceSetInput(choices=listed, style="compact", **common)
    elif form.input == "date":
        shown = DateInput(**common)
    else:
        shown = TextInput(is_multiline=form.input in ("area", "lines"), max_length=LONGEST_TEXT, **common)
    return [shown, *([line(form.error, color="Attention")] if form.error else [])]
