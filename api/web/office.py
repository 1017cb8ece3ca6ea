"""The pages around the work: news, reports, operations."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse

from api.auth.callers import SignedIn, Wired
from api.routes.insight import find_practices, find_queues
from api.routes.notices import NEWEST as LAST
from api.routes.notices import mark_read, my_notices
from api.routes.operations import EffectId, parked_effects
from api.routes.reports import find_report, list_reports
from api.web.insight import AGES, ages
from api.web.render import page
from models.access import require
from models.actions import System

router = APIRouter()

Reason = Annotated[str, Form(min_length=1, max_length=4_000)]
ROWS = 100


@router.get("/reports")
def reports(request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    found = list_reports(app.db, caller.principal, ROWS)
    return page(request, "reports.html", caller, reports=found, report=None)


@router.get("/reports/{report_id}")
def report(report_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    found = find_report(app.db, caller.principal, report_id)
    others = list_reports(app.db, caller.principal, ROWS)
    return page(request, "reports.html", caller, reports=others, report=found)


@router.get("/news")
def news(request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    return page(request, "news.html", caller, notices=my_notices(app.db, caller.principal))


@router.post("/news/readings")
def read_news(caller: SignedIn, app: Wired, up_to: Annotated[int, Form(ge=1, le=LAST)]) -> Response:
    mark_read(app.db, caller.principal, up_to)
    return RedirectResponse("/news", status.HTTP_303_SEE_OTHER)


@router.get("/operations")
def operations(
    request: Request,
    caller: SignedIn,
    app: Wired,
    practice: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    require(caller.principal, "operations.read")
    queues = find_queues(app.db, caller.principal, practice or None)
    return page(
        request,
        "operations.html",
        caller,
        queues=queues,
        circuits=app.workflow.circuits(caller.principal),
        parked=parked_effects(app.db, caller.principal),
        practice=practice,
        practices=find_practices(app.db, caller.principal),
        ages=AGES,
        spread=ages(queues.spread, "Waiting") if queues.waiting else None,
    )


@router.post("/operations/circuits/{system}")
def circuit(
    system: System,
    caller: SignedIn,
    app: Wired,
    do: Annotated[Literal["pause", "resume"], Form()],
    reason: Reason,
) -> Response:
    act = app.workflow.pause if do == "pause" else app.workflow.resume
    act(caller.principal, system, reason)
    return _back()


@router.post("/operations/effects/{effect_id}/retry")
def retry(effect_id: EffectId, caller: SignedIn, app: Wired, reason: Reason) -> Response:
    app.workflow.retry(caller.principal, effect_id, reason)
    return _back()


@router.post("/operations/effects/{effect_id}/done")
def mark_done(
    effect_id: EffectId,
    caller: SignedIn,
    app: Wired,
    reason: Reason,
    external_ref: Annotated[str, Form(min_length=1, max_length=200)],
) -> Response:
    app.workflow.mark_done(caller.principal, effect_id, external_ref, reason)
    return _back()


@router.post("/operations/effects/{effect_id}/give-up")
def give_up(effect_id: EffectId, caller: SignedIn, app: Wired, reason: Reason) -> Response:
    app.workflow.give_up(caller.principal, effect_id, reason)
    return _back()


def _back() -> RedirectResponse:
    return RedirectResponse("/operations", status.HTTP_303_SEE_OTHER)
