"""Signing in and out: through the identity provider, or by a link. Opening a link shows a button; only
pressing it signs in, so that a scanner that opens every link does not use it up."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, status
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from api.auth.browsers import named
from api.auth.callers import (
    Me,
    SignedIn,
    Wired,
    application,
    check_origin,
    send_session,
    session_cookie,
)
from api.auth.oidc import CALLBACK, Attempt
from api.auth.personas import personas
from api.auth.sessions import LinkSpent
from api.auth.sso import ATTEMPT_SECONDS, SingleSignOn
from api.web.render import page
from api.wiring import Application
from models.access import service
from models.errors import ChargehandError

router = APIRouter()

ASKED = "chargehand-asked"  # the page that somebody wanted when they had to sign in first
ASKED_SECONDS = 3_600  # a link may take a while to come
_LOCAL = re.compile(r"/[A-Za-z0-9_~.%-][A-Za-z0-9_~.%/-]*(\?[A-Za-z0-9_~.%/&=+-]*)?")


def remember_page(request: Request, response: Response) -> None:
    """Let signing in come back to the page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method == "GET" and local_path(asked) == asked:
        response.set_cookie(
            ASKED,
            asked,
            max_age=ASKED_SECONDS,
            path="/sign-in",
            secure=application(request).is_https,
            httponly=True,
            samesite="lax",
        )


def local_path(asked: str) -> str:
    """A page of ours, or the start. A cookie may have been planted by a neighbouring host, so only plain
    paths count: no other host ('//x', '/\\x', 'https:'), no control characters, nothing that is not for
    reading."""
    if len(asked) > 1_000 or not _LOCAL.fullmatch(asked) or asked.startswith(("/v1/", "/sign-", "/static/")):
        return "/"
    return asked


def door(request: Request, status_code: int = 200, /, **context: Any) -> HTMLResponse:
    """The page that says how to sign in. `problem`: why that did not work."""
    app = application(request)
    facts = {
        "sso": app.sso.provider.name if app.sso else None,
        "contact": app.settings.help_contact,
        "personas": personas(app.settings),
        "problem": None,
        "out": None,
    }
    return page(request, "sign_in.html", None, status_code, **{**facts, **context})


@router.get("/")
def home(me: Me) -> RedirectResponse:
    """Where somebody begins depends on what they may do."""
    first = "/inbox" if "proposals.read" in me.permissions else "/chat"
    return RedirectResponse(first, status.HTTP_303_SEE_OTHER)


@router.get("/sign-in")
def sign_in_page(request: Request) -> HTMLResponse:
    return door(request)


# --- through the provider
@router.get("/sign-in/provider")
def to_provider(request: Request, app: Wired, again: bool = False) -> Response:
    """A plain link leads here: a form's redirect to another site is what the pages' policy forbids."""
    try:
        url, attempt = _sso(app).begin(again=again)
    except ChargehandError as error:
        return door(request, error.status, problem=error)
    response = RedirectResponse(url, status.HTTP_303_SEE_OTHER)
    response.set_cookie(
        _attempt_cookie(app, attempt.state),
        attempt.secret,
        max_age=ATTEMPT_SECONDS,
        path="/",
        secure=app.is_https,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(CALLBACK)
def from_provider(request: Request, app: Wired) -> Response:
    """Where the provider sends the browser back to, with a code or with what went wrong."""
    answer = dict(request.query_params)
    name = _attempt_cookie(app, answer.get("state", ""))
    kept = request.cookies.get(name)
    try:
        session = _sso(app).finish(
            Attempt(kept) if kept else None,
            answer,
            before=request.cookies.get(session_cookie(app), ""),
            browser=named(request.headers.get("user-agent", "")),
        )
        response = _signed_in(request, app, session)
    except ChargehandError as error:
        response = door(request, error.status, problem=error)
    if kept:
        response.delete_cookie(name, path="/", secure=app.is_https, httponly=True, samesite="lax")
    return response


def _sso(app: Application) -> SingleSignOn:
    if app.sso is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return app.sso


def _attempt_cookie(app: Application, state: str) -> str:
    """One a sign-in, so that two begun in two tabs do not break each other."""
    return f"{session_cookie(app)}-{re.sub('[^A-Za-z0-9_-]', '', state)[:12]}"


# --- by link
@router.get("/sign-in/{token}")
def link_page(token: str, request: Request, app: Wired) -> HTMLResponse:
    if not app.sessions.is_open(token):
        return door(request, status.HTTP_410_GONE, problem=LinkSpent())
    return page(request, "sign_in_link.html", None, token=token)


@router.post("/sign-in")
def sign_in(token: Annotated[str, Form(max_length=100)], request: Request, app: Wired) -> Response:
    check_origin(request)
    try:
        session = app.sessions.sign_in(
            token,
            before=request.cookies.get(session_cookie(app), ""),
            browser=named(request.headers.get("user-agent", "")),
        )
    except LinkSpent as error:
        return door(request, error.status, problem=error)
    return _signed_in(request, app, session)


@router.post("/sign-in/persona")
def be_persona(person_id: Annotated[str, Form(max_length=100)], request: Request, app: Wired) -> Response:
    """Sign in as somebody of the demo."""
    check_origin(request)
    if person_id not in {persona.person_id for persona in personas(app.settings)}:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    link = app.sessions.make_link(service("demo"), person_id)
    before = request.cookies.get(session_cookie(app), "")
    return _signed_in(request, app, app.sessions.sign_in(link.token, before=before))


def _signed_in(request: Request, app: Application, session: str) -> Response:
    response = RedirectResponse(local_path(request.cookies.get(ASKED, "")), status.HTTP_303_SEE_OTHER)
    send_session(response, app, session)
    if ASKED in request.cookies:
        response.delete_cookie(ASKED, path="/sign-in")
    return response


# --- out
@router.post("/sign-out")
def sign_out(request: Request, caller: SignedIn, app: Wired) -> Response:
    name = session_cookie(app)
    issuer = app.sessions.sign_out(request.cookies.get(name, ""), caller.principal)
    response = RedirectResponse("/sign-out" if issuer else "/sign-in", status.HTTP_303_SEE_OTHER)
    response.delete_cookie(name, path="/", secure=app.is_https, httponly=True, samesite="lax")
    return response


@router.get("/sign-out")
def signed_out(request: Request, app: Wired) -> HTMLResponse:
    """Signed out here. At the provider one still is, and may leave there too."""
    return door(request, out=app.sso.provider.end_session_url() if app.sso else None)
