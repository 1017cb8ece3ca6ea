"""What belongs to oneself: sessions, tokens, and chat accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse

from api.auth.callers import Caller, SignedIn, Wired, session_cookie
from api.auth.tokens import NewToken
from api.chat.accounts import Account, ChatSurface
from api.web.render import page
from api.wiring import Application
from models.access import PERMISSIONS, Permission
from models.errors import ChargehandError

router = APIRouter()

Text = Annotated[str, Form(max_length=100)]


class NothingAllowed(ChargehandError):
    """Choose at least one thing that the token may do."""

    status = 422
    retry = "with a fix"


@router.get("/account")
def account(request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    return _page(request, caller, app)


# --- sessions
@router.post("/account/sessions/end")
def end_all_sessions(caller: SignedIn, app: Wired) -> RedirectResponse:
    """Sign out everywhere, here too."""
    app.sessions.end_all(caller.principal)
    return RedirectResponse("/sign-in", status.HTTP_303_SEE_OTHER)


@router.post("/account/sessions/{session_id}/end")
def end_session(session_id: UUID, caller: SignedIn, app: Wired) -> RedirectResponse:
    app.sessions.end(caller.principal, session_id)
    return _back()


# --- tokens
@router.post("/account/tokens")
def make_token(
    request: Request,
    caller: SignedIn,
    app: Wired,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    days: Annotated[int, Form(ge=1, le=365)] = 30,
    scopes: Annotated[list[Permission], Form(max_length=len(PERMISSIONS))] = [],  # noqa: B006
) -> HTMLResponse:
    """The page with the token, which is not shown again: so it is the answer itself, and no redirect."""
    try:
        if not scopes:
            raise NothingAllowed
        made = app.tokens.create(caller.principal, name=name, scopes=scopes, days=days)
    except ChargehandError as problem:
        return _page(request, caller, app, problem=problem)
    return _page(request, caller, app, made=made)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(token_id: UUID, caller: SignedIn, app: Wired) -> RedirectResponse:
    app.tokens.revoke(caller.principal, token_id)
    return _back()


# --- chat accounts
@router.post("/account/chat/unlink")
def unlink(
    caller: SignedIn, app: Wired, surface: Annotated[ChatSurface, Form()], workspace: Text, account: Text
) -> RedirectResponse:
    app.accounts.unlink(caller.principal, Account(surface, workspace, account))
    return _back()


@router.get("/link/{token}")
def ask_whether_mine(token: str, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    """Opening it links nothing: whoever sends such an address to somebody else would else act as them."""
    return page(request, "link.html", caller, token=token, account=app.accounts.invited(token))


@router.post("/link/{token}")
def it_is_mine(token: str, caller: SignedIn, app: Wired) -> RedirectResponse:
    app.accounts.confirm(caller.principal, token)
    return _back()


def _back() -> RedirectResponse:
    return RedirectResponse("/account", status.HTTP_303_SEE_OTHER)


def _page(
    request: Request,
    caller: Caller,
    app: Application,
    *,
    made: NewToken | None = None,
    problem: ChargehandError | None = None,
) -> HTMLResponse:
    me = caller.principal
    return page(
        request,
        "account.html",
        caller,
        problem.status if problem else status.HTTP_201_CREATED if made else status.HTTP_200_OK,
        sessions=app.sessions.all(me, request.cookies.get(session_cookie(app), "")),
        tokens=[t for t in app.tokens.all(me) if t.person_id == me.person_id],
        accounts=app.accounts.mine(me),
        scopes=sorted(me.permissions),
        provider=app.sso.provider.name if app.sso else "",
        made=made,
        problem=problem,
    )
