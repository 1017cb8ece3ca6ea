"""Working the ledger: an approved write happens exactly once, or stops where a person sees it.

A write may have reached the system although no answer came, or although the worker that sent it died. Then
the next one waits out the time in which it could still happen (systems that honour idempotency keys need no
wait), looks it up by its key, and only then sends it again. Role: worker."""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import sample
from typing import Literal

from connectors.ports import (
    BodyDoesNotFit,
    Connectors,
    FoundTwice,
    NotItsOperation,
    OutcomeUnknown,
    Refused,
    SlowDown,
    SystemDown,
    SystemOfRecord,
)
from connectors.ports import Written as Record
from models.access import service
from models.actions import SYSTEMS
from models.errors import ChargehandError
from store.db import Database, Tx
from workflow import circuits, ledger
from workflow.errors import LeaseLost
from workflow.ledger import Lease, Pace
from workflow.recheck import objection

log = logging.getLogger(__name__)

WORKER = service("worker")


def run(db: Database, connectors: Connectors, stop: threading.Event, pace: Pace | None = None) -> None:
    """Work the ledger until `stop` is set. What goes wrong with the database is tried again."""
    pace, worker_id = pace or Pace(), f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    while not stop.is_set():
        try:
            worked = work_once(db, worker_id, connectors, pace)
        except Exception:
            log.exception("the ledger could not be worked; the lease will run out and be taken over")
            worked = False
        if not worked:
            stop.wait(pace.idle_seconds)


def work_once(db: Database, worker_id: str, connectors: Connectors, pace: Pace | None = None) -> bool:
    """Carry out one effect of any system; False when none is due."""
    pace = pace or Pace()
    for system in sample(SYSTEMS, len(SYSTEMS)):  # no system starves behind another's queue
        with db.tx(WORKER, "worker") as tx:
            lease = ledger.claim(tx, system, worker_id, pace)
        if lease:
            try:
                with _heartbeat(db, lease, pace):
                    _Attempt(db, lease, connectors.for_system(system), pace).carry_out()
            except LeaseLost as e:
                log.warning("%s", e)
            return True
    return False


class _Attempt:
    """One try at one leased effect."""

    def __init__(self, db: Database, lease: Lease, system: SystemOfRecord, pace: Pace) -> None:
        self._db = db
        self._lease = lease
        self._system = system
        self._pace = pace

    def carry_out(self) -> None:
        if self._lease.attempts > self._lease.max_attempts:
            self._stop("parked", f"tried {self._lease.max_attempts} times without an answer")
        elif self._lease.sent_at is None or self._is_not_there():
            self._write()

    def _is_not_there(self) -> bool:
        """Whether what an earlier attempt may have sent is known not to have arrived."""
        wait = self._seconds_to_wait()
        if wait > 0:
            self._release("waiting until its outcome can be known", after=wait, give_back=True)
            return False
        try:
            found = self._system.find(self._lease.operation, self._lease.idempotency_key)
        except SystemDown as e:
            self._outage(e)
        except SlowDown as e:
            self._release(str(e), after=e.retry_after, give_back=True)
        except (Refused, FoundTwice) as e:  # it may be there: only a person can tell
            self._stop("parked", str(e))
        except Exception as e:
            self._unknown(e, reached=False)
        else:
            if found is None:
                return True
            self._settle(found)
        return False

    def _seconds_to_wait(self) -> float:
        if self._lease.sent_at is None or self._system.supports_idempotency_keys:
            return 0.0
        until = self._lease.sent_at + timedelta(
            seconds=self._system.max_write_seconds + self._pace.margin_seconds
        )
        return (until - self._lease.claimed_at).total_seconds()

    def _write(self) -> None:
        with self._db.tx(WORKER, "worker") as tx:
            reason = objection(tx, self._lease)
            if reason:
                ledger.stop(tx, self._lease, "parked", reason)
                return
            ledger.mark_sent(tx, self._lease)
        try:
            written = self._system.write(
                self._lease.operation, self._lease.body, idempotency_key=self._lease.idempotency_key
            )
        except SystemDown as e:
            self._outage(e)
        except SlowDown as e:
            self._release(str(e), after=e.retry_after, give_back=True)
        except (Refused, BodyDoesNotFit, NotItsOperation) as e:
            self._stop("failed", str(e))
        except Exception as e:  # whatever it was, it may have been written
            self._unknown(e, reached=True)
        else:
            self._settle(written)

    def _settle(self, written: Record) -> None:
        with self._db.tx(WORKER, "worker") as tx:
            ledger.settle(tx, self._lease, written.record_id, written.record)

    def _outage(self, error: ChargehandError) -> None:
        """Nothing was written and it is not the action's fault: the attempt is given back."""
        with self._db.tx(WORKER, "worker") as tx:
            ledger.release(
                tx,
                self._lease,
                str(error),
                after_seconds=self._pace.probe_seconds / self._pace.trip_after,
                give_back=True,
                reached=False,
                waits=True,
            )
            self._count_failure(tx, error)

    def _unknown(self, error: Exception, *, reached: bool) -> None:
        """No answer, or one that could not be understood."""
        if not isinstance(error, OutcomeUnknown):
            log.error("effect %s: %r", self._lease.effect_id, error, exc_info=error)
        if self._lease.attempts >= self._lease.max_attempts:
            self._stop("parked", f"tried {self._lease.attempts} times; the last time: {error}")
            return
        with self._db.tx(WORKER, "worker") as tx:
            ledger.release(
                tx, self._lease, str(error), after_seconds=self._backoff(), give_back=False, reached=reached
            )
            self._count_failure(tx, error)

    def _backoff(self) -> float:
        if self._system.supports_idempotency_keys:
            return min(2.0**self._lease.attempts, self._pace.longest_backoff_seconds)
        return self._system.max_write_seconds + self._pace.margin_seconds

    def _count_failure(self, tx: Tx, error: Exception) -> None:
        circuits.failed(
            tx,
            self._lease.system,
            str(error),
            trip_after=self._pace.trip_after,
            probe_seconds=self._pace.probe_seconds,
        )

    def _release(self, error: str, *, after: float, give_back: bool) -> None:
        with self._db.tx(WORKER, "worker") as tx:
            ledger.release(tx, self._lease, error, after_seconds=after, give_back=give_back, reached=False)

    def _stop(self, state: Literal["parked", "failed"], error: str) -> None:
        with self._db.tx(WORKER, "worker") as tx:
            ledger.stop(tx, self._lease, state, error)


@contextmanager
def _heartbeat(db: Database, lease: Lease, pace: Pace) -> Iterator[None]:
    """Keep the lease while the call takes its time."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(pace.beat_seconds):
            try:
                with db.tx(WORKER, "worker") as tx:
                    ledger.extend(tx, lease, pace)
            except LeaseLost:
                return  # settling will be refused
            except Exception:
                log.exception("effect %s: the lease could not be extended", lease.effect_id)

    thread = threading.Thread(target=beat, name=f"lease-{lease.effect_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
