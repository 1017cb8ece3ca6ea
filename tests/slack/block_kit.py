"""Holds blocks and views to what Slack documents of Block Kit: shapes, lengths, what may stand where. Slack
itself refuses a whole message for one of them. From https://docs.slack.dev/reference/block-kit as of 2026;
the length of a whole message is not documented, and was measured by others
(github.com/slackapi/bolt-js, issues 2509 and 2867)."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

MESSAGE_BLOCKS, VIEW_BLOCKS, MESSAGE_CHARACTERS = 50, 100, 13_200
IN_MESSAGES = frozenset({"header", "context", "rich_text", "section", "divider", "actions"})
IN_VIEWS = IN_MESSAGES | {"input"}
KEYS: Mapping[str, tuple[set[str], set[str]]] = {  # type -> what must be there, what may be
    "header": ({"text"}, {"block_id"}),
    "context": ({"elements"}, {"block_id"}),
    "section": ({"text"}, {"block_id", "fields", "accessory"}),
    "divider": (set(), {"block_id"}),
    "actions": ({"elements"}, {"block_id"}),
    "rich_text": ({"elements"}, {"block_id"}),
    "input": ({"label", "element"}, {"block_id", "hint", "optional", "dispatch_action"}),
    "button": ({"text", "action_id"}, {"value", "url", "style", "confirm"}),
    "static_select": ({"options", "action_id"}, {"initial_option", "placeholder"}),
    "checkboxes": ({"options", "action_id"}, {"initial_options"}),
    "datepicker": ({"action_id"}, {"initial_date", "placeholder"}),
    "number_input": ({"action_id", "is_decimal_allowed"}, {"initial_value", "min_value", "max_value"}),
    "plain_text_input": ({"action_id"}, {"initial_value", "multiline", "max_length", "placeholder"}),
    "modal": (
        {"title", "blocks", "callback_id", "private_metadata"},
        {"submit", "close", "clear_on_close", "notify_on_close"},
    ),
    "home": ({"blocks"}, {"private_metadata", "callback_id"}),
}


def check_message(blocks: Sequence[Json]) -> None:
    """Raises AssertionError with what Slack would refuse."""
    _check_blocks(blocks, MESSAGE_BLOCKS, IN_MESSAGES)
    length = len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))
    assert length <= MESSAGE_CHARACTERS, f"{length} characters"


def check_view(view: Json) -> None:
    """Raises AssertionError with what Slack would refuse."""
    _check_keys(view)
    _check_blocks(view["blocks"], VIEW_BLOCKS, IN_VIEWS)
    assert len(view.get("private_metadata", "")) <= 3_000
    inputs = [b for b in view["blocks"] if b["type"] == "input"]
    if view["type"] == "home":
        assert not {"submit", "close"} & set(view)
    else:
        _check_text(view["title"], 24)
        assert 1 <= len(view["callback_id"]) <= 255
        assert not inputs or "submit" in view, "a form without a way to send it"
        for name in {"submit", "close"} & set(view):
            _check_text(view[name], 24)


def _check_blocks(blocks: Sequence[Json], most: int, allowed: frozenset[str]) -> None:
    assert 1 <= len(blocks) <= most, f"{len(blocks)} blocks"
    for block in blocks:
        assert block["type"] in allowed, f"no {block['type']} here"
        _check_keys(block)
        CHECKS[block["type"]](block)
    names = Counter(b["block_id"] for b in blocks if "block_id" in b)
    assert all(n == 1 for n in names.values()), "a block_id twice"
    assert all(1 <= len(name) <= 255 for name in names)


def _check_keys(part: Json) -> None:
    needed, possible = KEYS[part["type"]]
    keys = set(part) - {"type"}
    assert needed <= keys <= needed | possible, f"{part['type']} has {sorted(keys)}"


def _check_text(text: Json, most: int) -> None:
    """Only plain text: where Slack reads markup, texts from outside could write some."""
    assert set(text) == {"type", "text", "emoji"}, text
    assert text["type"] == "plain_text" and text["emoji"] is False
    assert 1 <= len(text["text"]) <= most, f"{len(text['text'])} characters in {text['text'][:40]!r}"


def _header(block: Json) -> None:
    _check_text(block["text"], 150)


def _context(block: Json) -> None:
    assert 1 <= len(block["elements"]) <= 10
    for element in block["elements"]:
        _check_text(element, 3_000)


def _section(block: Json) -> None:
    _check_text(block["text"], 3_000)
    if "accessory" in block:
        _check_element(block["accessory"], {"button"})


def _actions(block: Json) -> None:
    assert 1 <= len(block["elements"]) <= 25
    for element in block["elements"]:
        _check_element(element, {"button", "static_select"})
    names = Counter(e["action_id"] for e in block["elements"])
    assert all(n == 1 for n in names.values()), "an action_id twice in a block"


def _input(block: Json) -> None:
    _check_text(block["label"], 2_000)
    if "hint" in block:
        _check_text(block["hint"], 2_000)
    fields = {"static_select", "checkboxes", "datepicker", "number_input", "plain_text_input"}
    _check_element(block["element"], fields)


def _divider(block: Json) -> None:
    pass


def _rich_text(block: Json) -> None:
    assert block["elements"]
    for element in block["elements"]:
        assert element["type"] in ("rich_text_section", "rich_text_quote"), element["type"]
        assert set(element) == {"type", "elements"} and element["elements"]
        for part in element["elements"]:
            assert part["type"] in ("text", "link"), "neither mentions nor emoji"
            assert part["text"] and len(part["text"]) <= 12_000
            assert set(part) <= {"type", "text", "style"} | ({"url"} if part["type"] == "link" else set())
            assert set(part.get("style", {})) <= {"bold"}
            if part["type"] == "link":
                _check_url(part["url"])


CHECKS = {
    "header": _header,
    "context": _context,
    "section": _section,
    "actions": _actions,
    "input": _input,
    "divider": _divider,
    "rich_text": _rich_text,
}


def _check_element(element: Json, allowed: set[str]) -> None:
    assert element["type"] in allowed, f"no {element['type']} here"
    _check_keys(element)
    assert 1 <= len(element["action_id"]) <= 255
    match element["type"]:
        case "button":
            _button(element)
        case "static_select":
            _options(element, 100, [element["initial_option"]] if "initial_option" in element else [])
        case "checkboxes":
            assert "initial_options" not in element or element["initial_options"]
            _options(element, 10, element.get("initial_options", []))
        case "datepicker":
            assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", element.get("initial_date", "2027-01-04"))
        case "number_input":
            assert re.fullmatch(r"-?\d+(\.\d+)?", element.get("initial_value", "0"))
        case "plain_text_input":
            most = element.get("max_length", 3_000)
            assert 1 <= most <= 3_000
            value = element.get("initial_value", "x")
            assert 1 <= len(value) <= most
            assert element.get("multiline") or "\n" not in value


def _button(button: Json) -> None:
    _check_text(button["text"], 75)
    assert len(button.get("value", "")) <= 2_000
    assert button.get("style") in (None, "primary", "danger")
    assert bool(button.get("value")) != bool(button.get("url")), "it says something, or it leads somewhere"
    if "url" in button:
        _check_url(button["url"])
    if "confirm" in button:
        confirm = button["confirm"]
        for name, most in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items():
            _check_text(confirm[name], most)
        assert confirm.get("style") in (None, "primary", "danger")


def _options(element: Json, most: int, initial: Sequence[Json]) -> None:
    options = element["options"]
    assert 1 <= len(options) <= most
    for option in options:
        assert set(option) <= {"text", "value", "description"}
        _check_text(option["text"], 75)
        assert 1 <= len(option["value"]) <= 150
        if "description" in option:
            _check_text(option["description"], 75)
    assert len({o["value"] for o in options}) == len(options)
    assert all(option in options for option in initial), "what is chosen is one of the options"


def _check_url(url: str) -> None:
    assert re.match(r"https?://", url) and len(url) <= 3_000
