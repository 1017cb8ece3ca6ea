"""Live pages: who is watching hears which proposals changed, as soon as the change is committed.

One connection a process listens to Postgres' channel `chargehand`, whose messages only name what changed.
Each watcher collects the ids, a burst in one, and reads them as its own principal: it hears of nothing that
it may not see. Who cannot keep up, and whose time is over, is let go; a browser comes back by itself, is
verified anew, and then reads its page again, because it may have missed something."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import structlog
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent
from pydantic import BaseModel

from models.access import Principal
from models.proposal import ProposalState
from store.db import Database

CHANNEL = "chargehand"
STREAM_S = 300.0  # a watcher's time: then its session or token is checked again
BACKLOG = 1_000  # ids that a watcher may be behind
RETRY_MS = 2_000
RECONNECT_S = (0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


class ProposalChanged(BaseModel):
    """A proposal that the watcher may see is now in this state."""

    proposal_id: UUID
    state: ProposalState
    version: int
    waits_for_me: bool
    turns: int  # signatures, questions, answers and handovers of its version


@dataclass(eq=False)
class _Watcher:
    changed: set[UUID] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    missed: bool = False  # something, because the listener or the watcher itself was too slow

    def tell(self, proposal_id: UUID) -> None:
        self.changed.add(proposal_id)
        self.woken.set()

    def tell_missed(self) -> None:
        self.missed = True
        self.woken.set()


class Live:
    """The listener and its watchers. Belongs to one event loop."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._watchers: set[_Watcher] = set()
        self._closing = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._listen(), name="live")
        try:
            yield
        finally:
            self.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closing = True
        for watcher in self._watchers:
            watcher.woken.set()

    async def watch(self, principal: Principal, *, again: bool = False) -> AsyncGenerator[ServerSentEvent]:
        """Events until the stream's time is over: `proposal` (ProposalChanged), and `missed` when everything
        should be read anew. `again`: the watcher was here before and may have missed something."""
        watcher = _Watcher(missed=again)
        self._watchers.add(watcher)
        loop = asyncio.get_running_loop()
        ends = loop.time() + STREAM_S
        try:
            yield ServerSentEvent(event="hello", data={}, id="0", retry=RETRY_MS)
            while not self._closing and loop.time() < ends:
                if watcher.missed:
                    watcher.missed = False
                    yield ServerSentEvent(event="missed", data={})
                with suppress(TimeoutError):
                    await asyncio.wait_for(watcher.woken.wait(), ends - loop.time())
                watcher.woken.clear()
                changed, watcher.changed = watcher.changed, set()
                for change in await run_in_threadpool(self._seen, principal, list(changed)):
                    yield ServerSentEvent(event="proposal", data=change)
        finally:
            self._watchers.discard(watcher)

    def _seen(self, principal: Principal, proposals: list[UUID]) -> list[ProposalChanged]:
        """What of this the principal may see."""
        if not proposals:
            return []
        with self._db.tx(principal, "agent") as tx:
            return tx.rows("pages.changed", ProposalChanged, proposals=proposals)

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._db.dsn("agent"), autocommit=True)
                async with connection:
                    await connection.execute(f"listen {CHANNEL}")
                    failures = 0
                    for watcher in self._watchers:
                        watcher.tell_missed()
                    async for notify in connection.notifies():
                        self._broadcast(notify.payload)
            except psycopg.OperationalError as e:
                log.warning("live.lost", reason=str(e).strip())
            await asyncio.sleep(RECONNECT_S[min(failures, len(RECONNECT_S) - 1)])
            failures += 1

    def _broadcast(self, payload: str) -> None:
        told = json.loads(payload).get("proposal_id")
        if told is None:
            return
        proposal_id = UUID(told)
        for watcher in self._watchers:
            if len(watcher.changed) < BACKLOG:
                watcher.tell(proposal_id)
            else:
                watcher.tell_missed()
