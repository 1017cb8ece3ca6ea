"""All pages, and the page of a problem."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.auth.callers import Caller
from api.web import (
    account,
    audit,
    chat,
    delegations,
    evidence,
    inbox,
    insight,
    notifications,
    office,
    proposal,
    sign_in,
    together,
)
from api.web.render import STATIC, page

__all__ = ["STATIC", "problem_page", "router"]

router = APIRouter(include_in_schema=False)
for part in (
    sign_in,
    account,
    audit,
    chat,
    delegations,
    evidence,
    inbox,
    insight,
    notifications,
    office,
    proposal,
    together,
):
    router.include_router(part.router)


def problem_page(request: Request, problem: Mapping[str, Any]) -> HTMLResponse:
    """A problem, for a browser. Who is not signed in gets the page that says how to."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if problem["status"] == 401:
        response = sign_in.door(request, 401)
        sign_in.remember_page(request, response)
        return response
    if problem["status"] >= 500:
        caller = None  # the page must not need what has just failed
    return page(request, "problem.html", caller, problem["status"], problem=problem)
