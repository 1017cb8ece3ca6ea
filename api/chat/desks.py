"""The chat surfaces that an installation's settings name, as the desk serves them."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

import structlog
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from api.chat.accounts import ChatSurface
from api.chat.inbound import THREADS, Inbound, Received
from api.wiring import Application
from models.errors import ChargehandError

SWEEP_EVERY_S = 3_600.0

log = structlog.get_logger(__name__)


GRACE_S = 5.0  # for what is being worked when the desk stops


class ChatDesk(Protocol):
    """What the desk serves of one chat surface."""

    @property
    def name(self) -> ChatSurface: ...

    def install(self, app: FastAPI) -> None:
        """Add the surface's routes, where it has any."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """For as long as the desk serves: checks what it needs, holds sockets open."""

    def handle(self, received: Received) -> None:
        """Work what was taken. Blocking, in a thread of its own; safe to repeat."""


def desks(application: Application, inbound: Inbound) -> list[ChatDesk]:
    """Those whose settings are there."""
    found: list[ChatDesk] = []
    if application.settings.slack_bot_tokens:
        from api.slack.desk import SlackDesk

        found.append(SlackDesk(application, inbound))
    if application.settings.teams_client_id:
        from api.teams.desk import teams_desk

        found.append(teams_desk(application, inbound))
    return found


@asynccontextmanager
async def serving(found: Sequence[ChatDesk], inbound: Inbound) -> AsyncIterator[None]:
    """Receive, and work what was received."""
    if not found:
        yield
        return
    stop = threading.Event()
    handlers = {desk.name: desk.handle for desk in found}
    threads = [
        threading.Thread(target=inbound.run, args=(handlers, stop), name=f"chat-{n}", daemon=True)
        for n in range(THREADS)  # daemons: what they hold when the process must end is leased, not lost
    ]
    sweeping = asyncio.create_task(_sweep(inbound), name="chat-sweep")
    async with AsyncExitStack() as stack:
        for desk in found:
            await stack.enter_async_context(desk.running())
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            await run_in_threadpool(_join, threads)
            sweeping.cancel()


async def _sweep(inbound: Inbound) -> None:
    while True:
        try:
            await run_in_threadpool(inbound.sweep)
        except ChargehandError as e:
            log.warning("chat.not_swept", reason=str(e))
        await asyncio.sleep(SWEEP_EVERY_S)


def _join(threads: Sequence[threading.Thread]) -> None:
    """Let what is nearly done be done."""
    ends = time.monotonic() + GRACE_S
    for thread in threads:
        thread.join(max(ends - time.monotonic(), 0))
