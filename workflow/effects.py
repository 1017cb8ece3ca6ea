"""Working the ledger: an approved write happens exactly once, or stops where a person sees it.

A write may have reached the system although no answer came, or although the worker that sent it died. Then
the next one waits out the time in which it could still happen (systems that honour idempotency keys need no
wait), looks it up by its key, and only then sends it again. Role: worker."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Literal, TypeVar

from connectors.errors import (
    BodyDoesNotFit,
    CannotUndo,
    FoundTwice,
    NoSuchRecord,
    NotItsOperation,
    OutcomeUnknown,
    Refused,
    SlowDown,
    SystemDown,
    UnreadableRecord,
)
from connectors.ports import Connectors, SystemOfRecord
from connectors.ports import Written as Record
from models.access import service
from models.errors import ChargehandError
from store.db import Database, Tx
from workflow import circuits, ledger
from workflow.calls import call, look
from workflow.errors import LeaseLost
from workflow.ledger import Lease, Pace
from workflow.loop import work_until
from workflow.recheck import Objection, objection
from workflow.send_back import send_back

R = TypeVar("R")

log = logging.getLogger(__name__)

WORKER = service("worker")


def run(db: Database, connectors: Connectors, stop: threading.Event, pace: Pace | None = None) -> None:
    """Work the ledger until `stop` is set. What goes wrong with the database is tried again."""
    pace, worker_id = pace or Pace(), f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    work_until(
        stop,
        lambda: work_once(db, worker_id, connectors, pace),
        idle_seconds=pace.idle_seconds,
        what="the ledger",
    )


def work_once(db: Database, worker_id: str, connectors: Connectors, pace: Pace | None = None) -> bool:
    """Carry out one effect of any system; False when none is due."""
    pace = pace or Pace()
    asked = time.monotonic()
    with db.tx(WORKER, "worker") as tx:
        lease = ledger.claim(tx, worker_id, pace)
    if lease is None:
        return False
    with _Hold(db, lease, pace, asked) as hold:
        attempt = _Attempt(db, lease, connectors.for_system(lease.system), pace, hold)
        try:
            attempt.carry_out()
        except LeaseLost as e:
            log.warning("%s", e)
        except Exception as e:
            attempt.stumble(e)
    return True


class _Hold:
    """A lease that is kept while the work takes its time, and the time until which it surely is."""

    def __init__(self, db: Database, lease: Lease, pace: Pace, asked: float) -> None:
        self._db = db
        self._lease = lease
        self._pace = pace
        self._until = asked + pace.lease_seconds  # by this process's clock, which goes on while it is stopped
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{lease.effect_id}", daemon=True)

    def __enter__(self) -> "_Hold":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """To be called just before something is sent: who was stopped for too long, or could not tell the
        ledger that it lives, may have been replaced. Raises LeaseLost."""
        if time.monotonic() >= self._until:
            raise LeaseLost(effect_id=self._lease.effect_id)

    def _beat(self) -> None:
        while not self._over.wait(self._pace.beat_seconds):
            asked = time.monotonic()
            try:
                with self._db.tx(WORKER, "worker") as tx:
                    ledger.extend(tx, self._lease, self._pace)
            except LeaseLost:
                self._until = asked
                return
            except Exception:
                log.exception("effect %s: the lease could not be extended", self._lease.effect_id)
            else:
                self._until = asked + self._pace.lease_seconds


class _Unanswered:
    """The system of record did not answer, and the effect has been put away."""


_UNANSWERED = _Unanswered()


class _Attempt:
    """One try at one leased effect."""

    def __init__(self, db: Database, lease: Lease, system: SystemOfRecord, pace: Pace, hold: _Hold) -> None:
        self._db = db
        self._lease = lease
        self._pace = pace
        self._hold = hold
        self._system = system
        self._call = call(system, lease)
        self._sent = False

    def carry_out(self) -> None:
        if self._lease.attempts > self._lease.max_attempts:
            self._stop("parked", f"tried {self._lease.max_attempts} times without an answer")
        elif self._lease.sent_at is None or self._is_not_there():
            self._write()

    def stumble(self, error: Exception) -> None:
        """Chargehand itself could not go on: it is tried again, and stops where a person sees why."""
        log.error("effect %s: %r", self._lease.effect_id, error, exc_info=error)
        reason = f"Chargehand could not go on ({type(error).__name__})"
        if self._lease.attempts >= self._lease.max_attempts:
            self._stop("parked", f"{reason}, {self._lease.attempts} times")
        else:
            self._release(reason, after=self._backoff(), reached=self._sent)

    def _is_not_there(self) -> bool:
        """Whether what an earlier attempt may have sent is known not to have arrived."""
        wait = self._seconds_to_wait()
        if wait > 0:
            self._release("waiting until its outcome can be known", after=wait, give_back=True)
            return False
        found = self._asked(self._call.find)
        if isinstance(found, _Unanswered):
            return False
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
        seen = self._asked(lambda: look(self._system, self._lease))
        if isinstance(seen, _Unanswered):
            return
        with self._db.tx(WORKER, "worker") as tx:
            against = objection(tx, self._lease, seen)
            if against is None:
                ledger.mark_sent(tx, self._lease)
        if against:
            self._object(against)
            return
        self._sent = True
        self._hold.check()
        try:
            written = self._call.perform()
        except SystemDown as e:
            self._outage(e)
        except SlowDown as e:
            self._slow_down(e)
        except (Refused, BodyDoesNotFit, NotItsOperation, CannotUndo) as e:
            self._stop("failed", str(e))
        except Exception as e:  # whatever it was, it may have been written
            self._unknown(e, reached=True)
        else:
            self._settle(written)

    def _asked(self, question: Callable[[], R]) -> R | "_Unanswered":
        """The answer of the system of record to something that changes nothing, or that there is none: then
        the effect has been put away."""
        try:
            return question()
        except SystemDown as e:
            self._outage(e)
        except SlowDown as e:
            self._slow_down(e)
        except (Refused, FoundTwice, NoSuchRecord, UnreadableRecord) as e:  # only a person can tell
            self._stop("parked", str(e))
        except Exception as e:
            self._unknown(e, reached=False)
        return _UNANSWERED

    def _object(self, against: Objection) -> None:
        """It is not to be written as it is: back to who signed, or to where a person sees it."""
        if against.differences:
            with self._db.tx(WORKER, "workflow") as tx:
                if send_back(tx, self._lease, against):
                    return
        self._stop("parked", str(against))

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
                waits=True,
            )
            self._count_failure(tx, error)

    def _slow_down(self, error: SlowDown) -> None:
        """The system is left alone as a whole, for as long as it asks; and not for ever: a limit that never
        ends is a person's business."""
        since = self._lease.slowed_since
        if since and (self._lease.claimed_at - since).total_seconds() > self._pace.longest_slow_seconds:
            self._stop("parked", f"{error} It has said so since {since:%Y-%m-%d %H:%M %Z}.")
            return
        with self._db.tx(WORKER, "worker") as tx:
            ledger.release(
                tx,
                self._lease,
                str(error),
                after_seconds=error.retry_after,
                give_back=True,
                waits=True,
                slowed=True,
            )
            circuits.rest(tx, self._lease.system, error.retry_after)

    def _unknown(self, error: Exception, *, reached: bool) -> None:
        """No answer, or one that could not be understood."""
        if not isinstance(error, OutcomeUnknown):
            log.error("effect %s: %r", self._lease.effect_id, error, exc_info=error)
        if self._lease.attempts >= self._lease.max_attempts:
            self._stop("parked", f"tried {self._lease.attempts} times; the last time: {error}")
            return
        with self._db.tx(WORKER, "worker") as tx:
            ledger.release(tx, self._lease, str(error), after_seconds=self._backoff(), reached=reached)
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

    def _release(self, error: str, *, after: float, give_back: bool = False, reached: bool = False) -> None:
        with self._db.tx(WORKER, "worker") as tx:
            ledger.release(tx, self._lease, error, after_seconds=after, give_back=give_back, reached=reached)

    def _stop(self, state: Literal["parked", "failed"], error: str) -> None:
        with self._db.tx(WORKER, "worker") as tx:
            ledger.stop(tx, self._lease, state, error)
