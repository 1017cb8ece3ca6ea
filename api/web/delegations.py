"""The page of delegations: who may sign for whom, and the form that lets somebody."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from api import wording
from api.auth.callers import Caller, SignedIn, Wired, may
from api.routes.delegations import DelegationWanted
from api.web.render import page
from api.wiring import Application
from models.errors import ChargehandError
from workflow.errors import CannotDelegate

router = APIRouter(dependencies=[Depends(may("proposals.read"))])

Done = Literal["made", "revoked"]
Some = Annotated[list[str], Form(max_length=500)]
Text = Annotated[str, Form(max_length=200)]


@router.get("/delegations")
def delegations(request: Request, caller: SignedIn, app: Wired, done: Done | None = None) -> HTMLResponse:
    return _page(request, caller, app, done=done)


@router.post("/delegations")
def delegate(
    request: Request,
    caller: SignedIn,
    app: Wired,
    delegate_id: Text = "",
    when: Annotated[Literal["days", "leave"], Form()] = "days",
    first_day: Text = "",
    last_day: Text = "",
    reason: Text = "",
    kinds: Some = [],  # noqa: B006 - FastAPI copies it
    practices: Some = [],  # noqa: B006
    client_ids: Some = [],  # noqa: B006
    amount_limit: Text = "",
    delegator_id: Text = "",
) -> Response:
    typed = {
        "delegate_id": delegate_id,
        "when_on_leave": when == "leave",
        "first_day": first_day if when == "days" else "",
        "last_day": last_day if when == "days" else "",
        "reason": reason,
        "kinds": kinds,
        "practices": practices,
        "client_ids": client_ids,
        "amount_limit": amount_limit,
        "delegator_id": delegator_id,
    }
    try:
        body = DelegationWanted.model_validate({k: v for k, v in typed.items() if v != ""})
        app.workflow.delegate(caller.principal, body.wanted())
    except ValidationError as e:
        return _page(request, caller, app, problem=CannotDelegate(reason=_fault(e)), typed=typed)
    except ChargehandError as e:
        return _page(request, caller, app, problem=e, typed=typed)
    return _back("made")


@router.post("/delegations/{delegation_id}/revoke")
def revoke(delegation_id: UUID, request: Request, caller: SignedIn, app: Wired) -> Response:
    app.workflow.revoke_delegation(caller.principal, delegation_id)
    return _back("revoked")


def _back(done: Done) -> RedirectResponse:
    return RedirectResponse(f"/delegations?done={done}", status.HTTP_303_SEE_OTHER)


def _fault(error: ValidationError) -> str:
    """The first fault, in the words of the form."""
    fault = error.errors()[0]
    where = str(fault["loc"][0]).replace("_", " ").removesuffix(" id") if fault["loc"] else ""
    return f"{where}: {fault['msg']}" if where else fault["msg"].removeprefix("Value error, ")


def _page(
    request: Request,
    caller: Caller,
    app: Application,
    *,
    problem: ChargehandError | None = None,
    typed: dict[str, Any] | None = None,
    done: Done | None = None,
) -> HTMLResponse:
    me = caller.principal
    found, choices = app.workflow.delegations(me), app.workflow.delegation_choices(me)
    return page(
        request,
        "delegations.html",
        caller,
        problem.status if problem else 200,
        groups=[(state, [d for d in found if d.state == state]) for state in ("in_force", "coming", "over")],
        choices=choices,
        clients=dict(choices.clients),
        practices=[(practice, practice) for practice in choices.practices],
        keeps="access.manage" in me.permissions,
        kinds=list(wording.KINDS.items()),
        problem=problem,
        typed=typed or {},
        done=done,
    )
