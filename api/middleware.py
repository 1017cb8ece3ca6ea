"""Around every request: an id, a log line, metrics by route, how long it took (Server-Timing: milliseconds
until the answer began), headers that keep browsers safe, a limit to its size, and an answer when something
crashes."""

import re
import time
from uuid import uuid4

import structlog
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.status import HTTP_413_CONTENT_TOO_LARGE
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problems
from api.telemetry import REQUEST_SECONDS, REQUESTS

REQUEST_ID = "x-request-id"
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

# No inline script or style, nothing from elsewhere, and nobody may frame us.
PAGE_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
SAFE_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
}
MAX_BODY = 1_000_000  # bytes: a batch of thousands of time entries, or a contract's length of pasted text
HSTS = "max-age=31536000; includeSubDomains"

log = structlog.get_logger(__name__)


class Observed:
    """Pure ASGI, so that streams are not buffered. What a route sets itself is left as it is."""

    def __init__(self, app: ASGIApp, problems: Problems, *, https: bool) -> None:
        self._app = app
        self._problems = problems
        self._headers = SAFE_HEADERS | ({"strict-transport-security": HSTS} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _GOOD_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY:
                raise HTTPException(HTTP_413_CONTENT_TOO_LARGE)
            return message

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                headers["server-timing"] = f"app;dur={(time.monotonic() - started) * 1000:.1f}"
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, limited, dressed)
            except Exception as error:
                if status:
                    raise  # the answer has begun: all that is left is to break it off
                response = await run_in_threadpool(self._problems.response, Request(scope), error)
                await response(scope, receive, dressed)
            finally:
                _record(scope, status, time.monotonic() - started)


def _record(scope: Scope, status: int, seconds: float) -> None:
    """By the route's template, never the path: paths hold ids, and anyone can ask for any path."""
    route = getattr(scope.get("route"), "path", "none")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)
    caller = scope["state"].get("caller")
    log.info(
        "request",
        method=method,
        route=route,
        status=status,
        milliseconds=round(seconds * 1000, 1),
        person_id=caller.principal.person_id if caller else None,
    )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
