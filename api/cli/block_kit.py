"""A page that draws Block Kit as Slack's client does, near enough to see a surface without one: for docs/."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def message(blocks: Sequence[Mapping[str, Any]]) -> str:
    """A message of the app, as a page."""
    return _page("message", {"blocks": blocks})


def view(view: Mapping[str, Any]) -> str:
    """A form or a home tab, as a page."""
    return _page(view["type"], view)


def _page(surface: str, view: Mapping[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("api.cli", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("block_kit.html").render(surface=surface, view=view)
