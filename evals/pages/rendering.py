"""How the pages are made: everything foreign is escaped and its hidden characters spelled out, the style and
the script stand in the page, and the page's own policy lets nothing else in."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evals.cases import Row
from evals.pages import words
from models.text.hidden import visible

INSPECT = "inspect/"  # where a server of these pages has Inspect's viewer


def page(template: str, *, served: bool, **values: Any) -> str:
    """A page of the folder `templates`. Only served ones link to Inspect's viewer, which is many files."""
    return _environment().get_template(f"{template}.html").render(served=served, **values)


def run_file(run_id: str) -> str:
    """The name of a run's page, relative to the others."""
    return f"{run_id}.html"


def comparison_file(before: str, after: str) -> str:
    """The name of the page of two runs."""
    return f"{before}..{after}.html"


def sample_link(run_id: str, row: Row) -> str:
    """The row in Inspect's viewer."""
    return f"{INSPECT}#/logs/{quote(run_id)}/log.eval/samples/sample/{quote(row.id, safe='')}/{row.epoch}/"


def row_id(row: Row) -> str:
    """The anchor of a case on a page."""
    return f"row-{quote(row.id, safe='')}-{row.epoch}"


@cache
def _environment() -> Environment:
    """Made once; see the module for what it sees to."""
    environment = Environment(
        loader=PackageLoader("evals.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "when": _when,
        "as_json": lambda value: json.dumps(value, ensure_ascii=False, indent=1, default=str),
        "figure": words.figure,
        "value": words.value,
        "gain": words.gain,
        "seconds": words.seconds,
        "plain": plain,
    }
    style, script = _own("pages.css"), _own("rows.js")
    environment.globals |= {
        "style": style,
        "script": script,
        "policy": f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; form-action 'self'; base-uri 'none'",
        "run_file": run_file,
        "comparison_file": comparison_file,
        "sample_link": sample_link,
        "row_id": row_id,
        "inspect": INSPECT,
    }
    return environment


def _own(name: str) -> Markup:
    """A file of this folder, which is ours and needs no escaping."""
    return Markup(files("evals.pages").joinpath(name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _shown(value: object) -> object:
    return value if isinstance(value, Markup | int | float) else visible(str(value))


def _when(moment: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), f"{moment:%-d %b %Y, %H:%M}"
    )


def plain(values: Mapping[str, Any]) -> dict[str, str]:
    """What of a step's data is said in a word, by name."""
    return {name: str(v) for name, v in values.items() if isinstance(v, str | int | float | bool)}
