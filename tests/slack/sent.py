"""What Slack sends back of a form: a view_submission's view."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def sent(view: Json, typed: Mapping[str, str] | None = None, ticked: Sequence[str] | None = None) -> Json:
    """The form with what it was opened with, but for what was typed (by block_id; for a menu, the value that
    was chosen) and which boxes are ticked (by value)."""
    values = {
        block["block_id"]: {
            block["element"]["action_id"]: _value(
                block["element"], (typed or {}).get(block["block_id"]), ticked
            )
        }
        for block in view["blocks"]
        if block["type"] == "input"
    }
    assert set(typed or {}) <= set(values), "there is such a field"
    return {**view, "state": {"values": values}}


def _value(element: Json, typed: str | None, ticked: Sequence[str] | None) -> Json:
    kind = element["type"]
    match kind:
        case "checkboxes":
            options = element["options"] if ticked is not None else element.get("initial_options", [])
            chosen = [o for o in options if ticked is None or o["value"] in ticked]
            return {"type": kind, "selected_options": chosen}
        case "static_select":
            option = element.get("initial_option")
            if typed is not None:
                option = next(o for o in element["options"] if o["value"] == typed)
            return {"type": kind, "selected_option": option}
        case "datepicker":
            return {"type": kind, "selected_date": typed or element.get("initial_date")}
        case _:
            return {"type": kind, "value": element.get("initial_value") if typed is None else typed or None}
