"""Templates and what all pages have in common."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from api import promotions, wording
from api.auth.callers import Caller, application
from api.hidden import visible
from api.links import citation_path
from api.web import i18n, markup

STATIC = Path(__file__).parent / "static"


@cache
def environment(language: str = "en") -> Environment:
    """Escapes everything, shows hidden characters, and knows no undefined name."""
    env = Environment(
        loader=PackageLoader("api.web"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    said, counted, translate = i18n.callables(language, _shown)
    env.newstyle_gettext = True  # type: ignore[attr-defined]
    env.policies["ext.i18n.trimmed"] = True
    env.globals |= {"_": said, "gettext": said, "ngettext": counted, "LANGUAGE": language}
    env.filters |= {
        "translate": translate,
        "money": markup.money,
        "day": wording.day,
        "shortday": wording.shortday,
        "moment": _moment,
        "ago": _ago,
        "left": _left,
        "field": wording.field,
        "number": wording.number,
        "hours": wording.hours,
        "amount": wording.amount,
        "seconds": wording.seconds,
        "percent": wording.percent,
        "prose": markup.prose,
        "exact": _exact,
        "json": _json,
        "fromjson": json.loads,
        "columns": wording.columns,
        "plain": wording.plain,
        "iso": datetime.fromisoformat,
    }
    env.tests |= {
        "money": wording.is_money,
        "day": wording.is_day,
        "moment": wording.is_moment,
        "figure": wording.is_figure,
        "records": wording.is_records,
    }
    env.globals |= {
        "citation_path": citation_path,
        "speaking": promotions.speaking,
        "text_changes": promotions.text_changes,
        "KINDS": wording.KINDS,
        "STATES": wording.STATES,
        "EFFECTS": wording.EFFECTS,
        "SYSTEMS": wording.SYSTEMS,
    }
    return env


def page(
    request: Request, template: str, caller: Caller | None, status: int = 200, /, **context: Any
) -> HTMLResponse:
    """A page for the caller; None for someone who is not signed in."""
    principal = caller.principal if caller else None
    waiting, unread = _counts(request, caller) if caller else (0, 0)
    html = (
        environment(application(request).settings.language)
        .get_template(template)
        .render(
            me=principal,
            csrf=caller.csrf if caller else "",
            may=principal.permissions if principal else frozenset(),
            zone=principal.timezone if principal else "UTC",
            now=datetime.now(UTC),
            path=request.url.path,
            waiting=waiting,
            unread=unread,
            **{"names": {}, **context},
        )
    )
    return HTMLResponse(html, status)


def names(request: Request, caller: Caller, ids: set[str]) -> Mapping[str, str]:
    """The names of people, projects and clients by id, as far as the caller may see them."""
    with application(request).db.tx(caller.principal, "agent") as tx:
        return {row["id"]: row["name"] for row in tx.records("pages.names", ids=sorted(ids))}


def _counts(request: Request, caller: Caller) -> tuple[int, int]:
    """How many proposals wait for the caller, and how much news."""
    with application(request).db.tx(caller.principal, "agent") as tx:
        decides = "proposals.read" in caller.principal.permissions
        return int(tx.value("inbox.waiting")) if decides else 0, int(tx.value("notices.unread"))


def _shown(value: object) -> object:
    """What `{{ ... }}` writes. Markup is ours; every other text may come from anywhere."""
    if value is None:
        return ""
    if isinstance(value, Markup):
        return value
    return (
        visible(value) if isinstance(value, str) else visible(str(value)) if not _is_plain(value) else value
    )


def _is_plain(value: object) -> bool:
    return isinstance(value, bool | int | float | UUID)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _exact(value: str) -> Markup:
    """A text character by character: for fields that send it back, where nothing may be lost."""
    return escape(value)


@pass_context
def _moment(context: Context, value: datetime) -> Markup:
    return markup.moment(value, context["zone"])


@pass_context
def _ago(context: Context, value: datetime) -> str:
    """How long ago it was, e.g. 3 h."""
    return wording.span(context["now"] - value)


@pass_context
def _left(context: Context, value: datetime) -> str:
    """How much time is left until then."""
    return wording.span(value - context["now"]) if value > context["now"] else "no time"
