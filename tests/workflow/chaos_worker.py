"""A worker process over HTTP, to be killed: `chaos_worker.py DSNS URL keys|none LEASE_SECONDS`."""

import json
import sys
import threading
from dataclasses import replace

from connectors.http import connect
from connectors.testing import settings
from store.db import Database
from tests.workflow.firm import PACE
from workflow.effects import run


def main(dsns: str, url: str, keys: str, lease_seconds: str) -> None:
    connectors = connect(settings(url, keys=keys == "keys", read_seconds=1.0, max_write_seconds=1.0))
    pace = replace(PACE, lease_seconds=float(lease_seconds))
    run(Database(json.loads(dsns)), connectors, threading.Event(), pace)


if __name__ == "__main__":
    main(*sys.argv[1:])
