"""What chat surfaces hand in: stored before it is acknowledged, worked after it, in the order of its
conversation. A process that dies leaves a lease that runs out; what surfaces hand in twice is taken once."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from api.auth.people import GATE
from api.chat.accounts import ChatSurface
from store.db import Database
from workflow.deliveries import SurfaceDown

KEPT_DAYS = 7  # what was worked is known for so long; surfaces hand in again within hours
MOST_ATTEMPTS = 6
LEASE_S = 240.0  # longer than a turn may take
OUTAGE_S = 15.0
IDLE_S = 1.0
THREADS = 16  # a turn that streams holds one

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Received:
    """Something a surface handed in, leased to be worked."""

    inbound_id: int
    surface: ChatSurface
    workspace: str
    key: str
    kind: str  # the surface's own word, e.g. 'event', 'command'
    payload: dict[str, Any]  # as it came
    attempts: int  # this one included: what is above 1 may have been half worked
    fence: int
    received_at: datetime


Handler = Callable[[Received], None]


class Inbound:
    """Taken by whoever acknowledges, worked by the threads of `working`. Role: gate."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._arrived = threading.Condition()

    def take(
        self,
        surface: ChatSurface,
        workspace: str,
        key: str,
        kind: str,
        payload: Mapping[str, Any],
        *,
        ordering: str,
    ) -> bool:
        """Keep it; once this returns it may be acknowledged. False: it was handed in before. `ordering`: what
        has the same is worked one after the other, e.g. a conversation."""
        with self._db.tx(GATE, "gate") as tx:
            taken = tx.execute(
                "chat.take",
                surface=surface,
                workspace=workspace,
                key=key,
                kind=kind,
                ordering_key=f"{surface}:{workspace}:{ordering}",
                payload=dict(payload),
            )
        with self._arrived:
            self._arrived.notify()
        return bool(taken)

    def run(self, handlers: Mapping[ChatSurface, Handler], stop: threading.Event) -> None:
        """Work what was taken until `stop` is set."""
        while not stop.is_set():
            try:
                worked = self.work_once(handlers)
            except Exception:
                log.exception("chat.lost")  # its lease will run out
                worked = False
            if not worked:
                with self._arrived:
                    self._arrived.wait(IDLE_S)

    def work_once(self, handlers: Mapping[ChatSurface, Handler]) -> bool:
        """Work one; False where none is due."""
        with self._db.tx(GATE, "gate") as tx:
            received = tx.row("chat.claim", Received, surfaces=sorted(handlers), lease_seconds=LEASE_S)
        if received is None:
            return False
        with structlog.contextvars.bound_contextvars(
            inbound_id=received.inbound_id, surface=received.surface
        ):
            self._work(handlers[received.surface], received)
        return True

    def sweep(self) -> None:
        """Forget what was worked long ago."""
        with self._db.tx(GATE, "gate") as tx:
            tx.execute("chat.sweep", days=KEPT_DAYS)

    def _work(self, handler: Handler, received: Received) -> None:
        mine = {"inbound_id": received.inbound_id, "fence": received.fence}
        try:
            handler(received)
        except SurfaceDown as e:
            self._put_back(received, e, after=OUTAGE_S, give_back=True)
        except Exception as e:
            log.warning("chat.failed", kind=received.kind, reason=type(e).__name__, exc_info=True)
            self._put_back(received, e, after=2.0**received.attempts, give_back=False)
        else:
            with self._db.tx(GATE, "gate") as tx:
                tx.execute("chat.done", **mine)
        with self._arrived:
            self._arrived.notify()  # what waited behind it

    def _put_back(self, received: Received, error: Exception, *, after: float, give_back: bool) -> None:
        with self._db.tx(GATE, "gate") as tx:
            tx.execute(
                "chat.put_back",
                inbound_id=received.inbound_id,
                fence=received.fence,
                parked=not give_back and received.attempts >= MOST_ATTEMPTS,
                error=f"{type(error).__name__}: {error}"[:500],
                after_seconds=after,
                give_back=give_back,
            )
