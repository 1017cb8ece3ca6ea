"""Signing in and out. Opening a link shows a button; only pressing it signs in, so that a scanner that opens
every link does not use it up."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse

from api.auth.callers import Me, SignedIn, Wired, application, check_origin, session_cookie
from api.auth.sessions import LIFETIME, LinkSpent
from api.web.render import page

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


@router.get("/")
def home(me: Me) -> RedirectResponse:
    """Where somebody begins depends on what they may do."""
    first = "/inbox" if "proposals.read" in me.permissions else "/chat"
    return RedirectResponse(first, status.HTTP_303_SEE_OTHER)


@router.get("/sign-in")
def sign_in_page(request: Request) -> HTMLResponse:
    return page(request, "sign_in.html", None)


@router.get("/sign-in/{token}")
def link_page(token: str, request: Request, app: Wired) -> HTMLResponse:
    if not app.sessions.is_open(token):
        return page(request, "sign_in.html", None, status.HTTP_410_GONE, spent=LinkSpent().sentence)
    return page(request, "sign_in_link.html", None, token=token)


@router.post("/sign-in")
def sign_in(token: Annotated[str, Form(max_length=100)], request: Request, app: Wired) -> Response:
    check_origin(request)
    try:
        session = app.sessions.sign_in(token, before=request.cookies.get(session_cookie(app), ""))
    except LinkSpent as error:
        return page(request, "sign_in.html", None, error.status, spent=error.sentence)
    response = RedirectResponse(local_path(request.cookies.get(ASKED, "")), status.HTTP_303_SEE_OTHER)
    response.set_cookie(
        session_cookie(app),
        session,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=app.is_https,
        httponly=True,
        samesite="lax",
    )
    if ASKED in request.cookies:
        response.delete_cookie(ASKED, path="/sign-in")
    return response


@router.post("/sign-out")
def sign_out(request: Request, caller: SignedIn, app: Wired) -> Response:
    name = session_cookie(app)
    app.sessions.sign_out(request.cookies.get(name, ""), caller.principal)
    response = RedirectResponse("/sign-in", status.HTTP_303_SEE_OTHER)
    response.delete_cookie(name, path="/", secure=app.is_https, httponly=True, samesite="lax")
    return response
