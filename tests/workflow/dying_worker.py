"""A worker process that is killed in the middle of an effect: `dying_worker.py DSN URL KEYS WHEN`.

WHEN is 'before' the write is sent, 'during' it (the system of record goes on without anybody who waits), or
'after' it (the answer came, and nobody told the ledger)."""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.http import HttpTransport, SystemSettings
from connectors.ports import Connectors, Resource, Written
from connectors.testing import settings
from models.actions import ActionKind, System
from store.db import Database
from tests.workflow.firm import PACE
from workflow.effects import work_once

LEASE = 0.5  # seconds: soon taken over


class Dying(HttpTransport):
    """Dies at a write."""

    def __init__(self, system: System, settings: SystemSettings, when: str) -> None:
        super().__init__(system, settings)
        self._when = when

    def create(
        self, resource: Resource, body: Mapping[str, Any], *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        def send() -> None:
            super(Dying, self).create(resource, body, operation=operation, idempotency_key=idempotency_key)

        match self._when:
            case "during":
                threading.Thread(target=send).start()
                time.sleep(0.3)
            case "after":
                send()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("a killed process goes on")


def main(dsn: str, url: str, keys: str, when: str) -> None:
    systems = settings(url, keys=keys == "with keys")
    connectors = Connectors.over(lambda system: Dying(system, systems[system], when))
    work_once(Database({"worker": dsn}), "dying", connectors, replace(PACE, lease_seconds=LEASE))


if __name__ == "__main__":
    main(*sys.argv[1:])
