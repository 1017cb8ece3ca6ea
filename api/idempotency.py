"""`Idempotency-Key` on every POST: the same key with the same request gets the same reply, byte for byte, and
the work is done once. A key belongs to a person.

A request claims its key before it works, so that of two at once only one runs: the other hears 409. The key
with another request is refused with 422. A failure on our side (5xx) frees the key again; a process that died
leaves a claim that is taken over after `DEAD_AFTER_S`."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from fastapi.routing import APIRoute

from api.auth.callers import application, caller_of
from models.access import Principal
from models.errors import ChargehandError
from store.db import Database

DEAD_AFTER_S = 180  # longer than any request may take
KEEP_DAYS = 7
MAX_KEY = 200

PARAMETER: dict[str, Any] = {  # for the OpenAPI document
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    "description": "Any text that is new for this request: a repeat with it gets the same reply.",
}


class KeyTooLong(ChargehandError):
    """An idempotency key has at most {limit} characters."""

    status = 422
    retry = "with a fix"


class KeyReused(ChargehandError):
    """The idempotency key {key} was used before for another request."""

    status = 422
    retry = "with a fix"


class StillWorking(ChargehandError):
    """The first request with the idempotency key {key} is still being worked on."""

    status = 409
    retry = "later"


@dataclass(frozen=True)
class _Claimed:
    request_sha256: str
    status: int | None
    reply: dict[str, Any] | None


class Replies:
    """The replies kept for a person's keys."""

    def __init__(self, db: Database, principal: Principal, key: str) -> None:
        self._db, self._principal, self._key = db, principal, key

    def claim(self, request_sha256: str) -> Response | None:
        """None: the key is ours, and the work is to be done. Else the reply that was given.

        Raises KeyReused, StillWorking."""
        with self._db.tx(self._principal, "agent") as tx:
            tx.execute("idempotency.sweep", days=KEEP_DAYS)
            if tx.value(
                "idempotency.claim",
                key=self._key,
                request_sha256=request_sha256,
                dead_after_seconds=DEAD_AFTER_S,
            ):
                return None
            claimed = tx.row("idempotency.claimed", _Claimed, key=self._key)
        if claimed is not None and claimed.request_sha256 != request_sha256:
            raise KeyReused(key=self._key)
        if claimed is None or claimed.status is None or claimed.reply is None:
            raise StillWorking(key=self._key)
        return Response(
            claimed.reply["body"],
            claimed.status,
            media_type=claimed.reply["media_type"],
            headers={"Idempotency-Replayed": "true"},
        )

    def keep(self, status: int, body: bytes, media_type: str) -> None:
        reply = {"body": body.decode(), "media_type": media_type}
        with self._db.tx(self._principal, "agent") as tx:
            tx.execute("idempotency.keep", key=self._key, status=status, reply=reply)

    def release(self) -> None:
        with self._db.tx(self._principal, "agent") as tx:
            tx.execute("idempotency.release", key=self._key)


class IdempotentRoute(APIRoute):
    """A route whose POST honours `Idempotency-Key`. Errors are answered here: they are replies too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get("idempotency-key", "")
            if request.method != "POST" or not key:
                return await handle(request)
            if len(key) > MAX_KEY:
                raise KeyTooLong(limit=MAX_KEY)
            caller = await caller_of(request)
            if caller is None:
                return await handle(request)  # which answers 401
            replies = Replies(application(request).db, caller.principal, key)
            if (before := await run_in_threadpool(replies.claim, await _fingerprint(request))) is not None:
                return before
            try:
                response = await self._answered(request, handle)
            except BaseException:
                await run_in_threadpool(replies.release)
                raise
            return await _kept(response, replies)

        return once

    async def _answered(self, request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            return await handle(request)
        except Exception as error:
            response: Response = request.app.state.problems.response(request, error)
            return response


async def _fingerprint(request: Request) -> str:
    head = "\n".join([request.method, request.url.path, request.url.query, request.headers.get("accept", "")])
    return hashlib.sha256(head.encode() + b"\n" + await request.body()).hexdigest()


async def _kept(response: Response, replies: Replies) -> Response:
    """Keep the reply; a stream's when it has ended. A stream that breaks off leaves its claim, because the
    work goes on without a reader."""
    if isinstance(response, StreamingResponse):
        response.body_iterator = _teed(response.body_iterator, response, replies)
    elif response.status_code >= 500 or response.status_code in (401, 403):
        await run_in_threadpool(replies.release)
    else:
        await run_in_threadpool(
            replies.keep, response.status_code, bytes(response.body), response.media_type or ""
        )
    return response


async def _teed(
    stream: AsyncIterable[str | bytes | memoryview], response: Response, replies: Replies
) -> AsyncIterator[bytes]:
    sent = bytearray()
    async for part in stream:
        chunk = part.encode() if isinstance(part, str) else bytes(part)
        sent += chunk
        yield chunk
    await run_in_threadpool(replies.keep, response.status_code, bytes(sent), response.media_type or "")
