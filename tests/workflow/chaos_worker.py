"""A worker process over HTTP, to be killed: `chaos_worker.py DSN URL KEYS`."""

import sys
import threading
from dataclasses import replace

from connectors.http import connect
from connectors.testing import settings
from store.db import Database
from tests.workflow.firm import PACE
from workflow.effects import run


def main(dsn: str, url: str, keys: str) -> None:
    connectors = connect(settings(url, keys=keys == "with keys", read_seconds=1.0, max_write_seconds=1.0))
    run(Database({"worker": dsn}), connectors, threading.Event(), replace(PACE, lease_seconds=3.0))


if __name__ == "__main__":
    main(*sys.argv[1:])
