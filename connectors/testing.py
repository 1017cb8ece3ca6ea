"""The systems of record for tests: the simulated ones behind the real ports, in process with the same faults
and errors as over HTTP, or over HTTP from a thread."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from connectors.errors import ConnectorError, NoSuchRecord, OutcomeUnknown, Refused, SlowDown, SystemDown
from connectors.http import SystemSettings
from connectors.ports import Connectors, Resource, Transport, Verb, Written
from connectors.sim.book import Entry
from connectors.sim.serve import address, listen, server
from connectors.sim.twin import Declined, Faults, Kept, Twin
from models.actions import SYSTEMS, ActionKind, System

TOKEN = "simulated"


def in_process(twin: Twin, *, read_seconds: float = 0.1, max_write_seconds: float = 0.5) -> Connectors:
    """The four ports over these systems, without a wire.

    A write that the twin makes slower than `read_seconds` has an unknown outcome, and happens later all the
    same. Close the connectors before the twin's book: that waits for such writes."""
    return Connectors.over(lambda system: InProcess(system, twin, read_seconds, max_write_seconds))


@contextmanager
def serving(twin: Twin) -> Iterator[str]:
    """Serve these systems from a thread; the URL above their four. Closes the twin's book."""
    with listen("127.0.0.1", 0) as listening:
        running = server(twin, TOKEN)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield address(listening)
        finally:
            running.should_exit = True
            thread.join()


def settings(
    url: str,
    *,
    keys: bool = True,
    read_seconds: float = 5.0,
    max_write_seconds: float = 5.0,
    token: str = TOKEN,
) -> Mapping[System, SystemSettings]:
    """Settings for `connectors.http.connect`, of systems that are served below this URL."""
    return {
        system: SystemSettings(
            url=f"{url}/{system}",
            token=SecretStr(token),
            supports_idempotency_keys=keys,
            read_seconds=read_seconds,
            max_write_seconds=max_write_seconds,
        )
        for system in SYSTEMS
    }


class InProcess(Transport):
    """One simulated system without a wire."""

    def __init__(self, system: System, twin: Twin, read_seconds: float, max_write_seconds: float) -> None:
        self.system = system
        self.supports_idempotency_keys = not twin.faults[system].ignore_keys
        self.max_write_seconds = max_write_seconds
        self._twin = twin
        self._read_seconds = read_seconds
        self._slow_writes = ThreadPoolExecutor(thread_name_prefix=f"slow-{system}")

    def create(
        self, resource: Resource, body: Mapping[str, Any], *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        return self._change(
            operation,
            lambda faults: self._twin.write(
                self.system, resource, body, idempotency_key, idempotency_key, faults
            ),
        )

    def undo(
        self, resource: Resource, record_id: str, verb: Verb, *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        return self._change(
            operation,
            lambda faults: self._twin.undo(self.system, resource, record_id, verb, idempotency_key, faults),
        )

    def _change(self, operation: ActionKind, change: Callable[[Faults], Kept]) -> Written:
        def commit(faults: Faults) -> Kept:
            time.sleep(faults.slow_seconds)
            return change(faults)

        try:
            faults = self._twin.admit_write(self.system)
            if faults.slow_seconds:
                kept = self._slow_writes.submit(commit, faults).result(timeout=self._read_seconds)
            else:
                kept = commit(faults)
        except Declined as declined:
            raise self._error(declined, operation) from None
        except TimeoutError:
            raise self._unknown(operation, "no answer in time") from None
        if kept.reply_lost:
            raise self._unknown(operation, "the connection was lost")
        return _written(kept.entry, replayed=kept.replayed)

    def created(self, resource: Resource, idempotency_key: str) -> tuple[Written, ...]:
        self._check_up()
        found = self._twin.book.list(self.system, resource, idempotency_key, limit=100)
        return tuple(_written(entry, replayed=True) for entry in found)

    def read(self, resource: Resource, record_id: str) -> dict[str, Any]:
        self._check_up()
        if (entry := self._twin.book.get(self.system, resource, record_id)) is None:
            raise NoSuchRecord(system=self.system, resource=resource, record_id=record_id)
        return entry.as_json()

    def close(self) -> None:
        self._slow_writes.shutdown()

    def _check_up(self) -> None:
        try:
            self._twin.check_up(self.system)
        except Declined as declined:
            raise SystemDown(system=self.system, reason=str(declined)) from None

    def _unknown(self, operation: ActionKind, reason: str) -> OutcomeUnknown:
        return OutcomeUnknown(system=self.system, operation=operation, reason=reason)

    def _error(self, declined: Declined, operation: ActionKind) -> ConnectorError:
        if declined.retry_after is not None:
            return SlowDown(system=self.system, retry_after=declined.retry_after)
        reason = str(declined)
        if declined.status == 503:
            return SystemDown(system=self.system, reason=reason)
        return Refused(system=self.system, operation=operation, reason=reason)


def _written(entry: Entry, *, replayed: bool) -> Written:
    return Written(record_id=entry.id, record=entry.as_json(), replayed=replayed)
