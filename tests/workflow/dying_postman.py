"""A worker that is killed after an endpoint took an event and before the ledger knows:
`dying_postman.py DSN LEASE_SECONDS`."""

import os
import signal
import sys

from api.webhooks.sending import HttpSender, WebhookSettings
from store.db import Database
from workflow.webhook_outbox import Answer, Parcel, Patience, deliver_once

KEY = b"a key of the tests"
SETTINGS = WebhookSettings(key=KEY, public_url="https://c.example.com", allow_loopback=True, seconds=2.0)


class Dying(HttpSender):
    def post(self, parcel: Parcel) -> Answer:
        super().post(parcel)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("a killed process goes on")


def main(dsn: str, lease_seconds: str) -> None:
    deliver_once(Database({"worker": dsn}), Dying(SETTINGS), Patience(lease=float(lease_seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
