"""A worker process that is killed in the middle of an effect: `dying_worker.py DSN SYSTEMS KEYS WHEN`.

WHEN is 'after' (the system of record has written, nobody heard) or 'before' (nothing was sent yet)."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.ports import Connectors, Resource, Transport, Written
from connectors.sim.twin import Twin
from connectors.testing import InProcess
from models.actions import ActionKind, System
from store.db import Database
from tests.workflow.firm import PACE
from workflow.effects import work_once


class Dying(Transport):
    """Dies at a write, before or after it."""

    def __init__(self, inner: InProcess, when: str) -> None:
        self.system = inner.system
        self.supports_idempotency_keys = inner.supports_idempotency_keys
        self.max_write_seconds = inner.max_write_seconds
        self._inner = inner
        self._when = when

    def create(
        self, resource: Resource, body: Mapping[str, Any], *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        if self._when == "after":
            self._inner.create(resource, body, operation=operation, idempotency_key=idempotency_key)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("a killed process goes on")

    def created(self, resource: Resource, idempotency_key: str) -> tuple[Written, ...]:
        return self._inner.created(resource, idempotency_key)

    def read(self, resource: Resource, record_id: str) -> dict[str, Any]:
        return self._inner.read(resource, record_id)

    def close(self) -> None:
        self._inner.close()


def main(dsn: str, systems: str, keys: str, when: str) -> None:
    twin = Twin(Path(systems), ignore_keys=keys == "without keys")

    def dying(system: System) -> Transport:
        return Dying(InProcess(system, twin, read_seconds=0.1, max_write_seconds=0.5), when)

    work_once(Database({"worker": dsn}), "dying", Connectors.over(dying), PACE)


if __name__ == "__main__":
    main(*sys.argv[1:])
