"""Who may talk with the MCP server: people, by a bearer token that was made for this installation, with
clients that come by the address under which it is known.

The token stays here. It is looked up for every request, so one that was revoked ends at the next; what goes
on to the copilot is a pass (api/auth/passes.py)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi.concurrency import run_in_threadpool
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl, Field, SkipValidation
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.types import Receive, Scope, Send

from api.auth.bearer import principal_of_token
from api.auth.callers import Caller
from api.middleware import MAX_BODY
from api.wiring import Application
from models.access import PERMISSIONS, Principal

PATH = "/mcp"
METADATA_PATHS = ("/.well-known/oauth-protected-resource", f"/.well-known/oauth-protected-resource{PATH}")
SESSIONS = 1_000  # of clients that speak a revision of the protocol that has sessions
IDLE_S = 900.0  # then such a session is forgotten


class _Verified(AccessToken):
    """A token that was looked up, and whom it acts for."""

    principal: SkipValidation[Principal] = Field(exclude=True, repr=False)


class _Verifier:
    """The SDK's token verifier: every token that the REST API takes."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def verify_token(self, token: str) -> AccessToken | None:
        principal = await run_in_threadpool(principal_of_token, self._app, token)
        if principal is None:
            return None
        return _Verified(
            token="",  # nobody behind this needs it
            client_id=principal.person_id,
            subject=principal.person_id,
            scopes=sorted(principal.permissions),
            principal=principal.on("mcp"),
        )


def caller(ctx: ServerRequestContext[Any, Any]) -> Principal:
    """Whom the request acts for."""
    verified = ctx.request.scope["user"].access_token  # type: ignore[union-attr]
    assert isinstance(verified, _Verified)
    return verified.principal


def metadata(app: Application) -> dict[str, Any]:
    """RFC 9728 protected resource metadata: where a client gets a token for us, and what scopes there are."""
    settings = app.settings
    issuer = settings.oidc_issuer if settings.oidc_audience else None  # else its tokens are not taken
    return {
        "resource": f"{app.public_url}{PATH}",
        "resource_name": "Chargehand",
        "bearer_methods_supported": ["header"],
        "scopes_supported": sorted(PERMISSIONS),
    } | ({"authorization_servers": [issuer]} if issuer else {})


def _known_addresses(app: Application) -> TransportSecuritySettings:
    """A page that makes its own name lead to this machine comes with that name, and is refused."""
    here = app.settings.host if ":" not in app.settings.host else f"[{app.settings.host}]"
    hosts = [app.public_host, f"{here}:{app.settings.port}"]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[app.public_url])


class Endpoint:
    """The ASGI application at `PATH`."""

    path = PATH  # as requests are counted and logged

    def __init__(self, app: Application, server: Server[Any]) -> None:
        self._server = server
        self._security = _known_addresses(app)
        self._manager: StreamableHTTPSessionManager | None = None
        guarded = RequireAuthMiddleware(
            AuthContextMiddleware(self._serve), [], AnyHttpUrl(f"{app.public_url}{METADATA_PATHS[1]}")
        )
        self._app = AuthenticationMiddleware(guarded, backend=BearerAuthBackend(_Verifier(app)))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serves as long as the block lasts: a session manager can run only once, an application again."""
        manager = StreamableHTTPSessionManager(
            self._server,
            security_settings=self._security,
            session_idle_timeout=IDLE_S,
            max_request_body_size=MAX_BODY,
            max_sessions=SESSIONS,
        )
        async with manager.run():
            self._manager = manager
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._manager is not None, "the application is not running"
        principal = scope["user"].access_token.principal
        scope["state"]["caller"] = Caller(principal, None)
        structlog.contextvars.bind_contextvars(person_id=principal.person_id)
        await self._manager.handle_request(scope, receive, send)
