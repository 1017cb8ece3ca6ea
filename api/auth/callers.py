"""What a route asks of its caller, as typed dependencies.

401: nobody is signed in, or the token is not or no longer good. 403: the caller holds no permission for it,
or a browser's request did not come from our own page. 404: also for what the caller may not see; then the
answer is the same as for what does not exist."""

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from api.auth.bearer import principal_of_token
from api.auth.sessions import Session
from api.wiring import Application
from models.access import Permission, Principal, require
from models.errors import ChargehandError

COOKIE = "chargehand"
RENEWED = "renewed_session"  # where a request keeps the session's new secret until it is answered
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(ChargehandError):
    """Sign in first, or send a bearer token that is good."""

    status = 401
    retry = "with a fix"


class ForgedRequest(ChargehandError):
    """This request did not come from a page of ours that is still open. Load the page again and repeat it."""

    status = 403
    retry = "with a fix"


@dataclass(frozen=True)
class Caller:
    """A verified caller and how it was verified."""

    principal: Principal
    csrf: str | None  # of the browser's session; None for a bearer token


bearer = HTTPBearer(
    auto_error=False,
    description="A token of `chargehand token create` or `POST /v1/tokens`, or of the identity provider.",
)
cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The session of a signed-in browser.")


def application(request: Request) -> Application:
    found: Application = request.app.state.application
    return found


Wired = Annotated[Application, Depends(application)]


def session_cookie(app: Application) -> str:
    """The cookie's name: with a prefix that makes browsers keep it to this very host where there is TLS."""
    return f"__Host-{COOKIE}" if app.is_https else COOKIE


def send_session(response: Response, app: Application, session: str) -> None:
    """Have the browser keep a session's secret: from scripts, from other sites, and from plain http."""
    response.set_cookie(
        session_cookie(app),
        session,
        max_age=int(app.sessions.limits.lifetime.total_seconds()),
        path="/",
        secure=app.is_https,
        httponly=True,
        samesite="lax",
    )


def identify(request: Request) -> Caller | None:
    """Who is calling, or None. A bearer token goes before a cookie. Blocking."""
    app = application(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        principal = principal_of_token(app, token.strip())
        return Caller(principal, None) if principal else None
    session: Session | None = None
    if value := request.cookies.get(session_cookie(app)):
        session = app.sessions.of(value)
    if session and session.renewed:
        setattr(request.state, RENEWED, session.renewed)
    return Caller(session.principal, session.csrf) if session else None


async def caller_of(request: Request) -> Caller | None:
    """Who is calling, looked up once a request."""
    if not hasattr(request.state, "caller"):
        request.state.caller = await run_in_threadpool(identify, request)
    caller: Caller | None = request.state.caller
    return caller


async def _form_field(request: Request) -> str:
    kind = request.headers.get("content-type", "")
    if request.method in SAFE_METHODS or not kind.startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        return ""
    return str((await request.form()).get("csrf", ""))


async def _caller(
    request: Request,
    field: Annotated[str, Depends(_form_field)],
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    _cookie: Annotated[str | None, Depends(cookie)],
) -> Caller:
    """A verified caller. Raises NotSignedIn, ForgedRequest."""
    caller = await caller_of(request)
    if caller is None:
        raise NotSignedIn
    if caller.csrf is not None and request.method not in SAFE_METHODS:
        check_origin(request)
        if not compare_digest((request.headers.get("x-csrf-token") or field).encode(), caller.csrf.encode()):
            raise ForgedRequest
    structlog.contextvars.bind_contextvars(person_id=caller.principal.person_id)
    return caller


SignedIn = Annotated[Caller, Depends(_caller)]


def check_origin(request: Request) -> None:
    """Raises ForgedRequest where a browser says that another site sent the request."""
    ours = {request.url.netloc, application(request).public_host}
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc not in ours:
        raise ForgedRequest
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForgedRequest


def may(permission: Permission) -> Callable[..., Principal]:
    """A dependency: the caller's principal, who holds the permission."""

    def dependency(caller: SignedIn) -> Principal:
        require(caller.principal, permission)
        return caller.principal

    return dependency


def _me(caller: SignedIn) -> Principal:
    return caller.principal


Me = Annotated[Principal, Depends(_me)]  # anyone who is signed in
Talker = Annotated[Principal, Depends(may("chat.use"))]
Reader = Annotated[Principal, Depends(may("proposals.read"))]
Watcher = Annotated[Principal, Depends(may("operations.read"))]
Operator = Annotated[Principal, Depends(may("operations.manage"))]
Auditor = Annotated[Principal, Depends(may("audit.read"))]
Keeper = Annotated[Principal, Depends(may("access.manage"))]
