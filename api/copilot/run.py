"""The copilot's process, from its settings to its end."""

import os
import signal
import sys
import threading
from socket import socket
from typing import ClassVar

from api.auth.passes import NOBODY
from api.copilot.app import create_app, opened
from api.database import NotMigrated, copilot_dsn, shown
from api.server import run
from api.settings import Settings
from api.telemetry import configure_logging, configure_tracing
from models.errors import ChargehandError, Retry
from store.db import Database
from store.migrate import pending

ROLE = "chargehand_copilot"


class WrongRole(ChargehandError):
    """The copilot signs in to the database as {role}, and must do so as chargehand_copilot alone: everything
    else could do more than a copilot may. Give it that role's DATABASE_URL."""

    status = 500
    retry: ClassVar[Retry] = "with a fix"


def run_copilot(settings: Settings, listener: socket, *, child: bool) -> None:
    """Serve until told to stop; a child also when its standard input ends, which is when its parent is gone.

    Raises SettingMissing, NotMigrated, WrongRole."""
    if child:
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    configure_logging(settings.log_format, settings.log_level)
    configure_tracing(str(settings.trace_endpoint) if settings.trace_endpoint else None, "chargehand-copilot")
    dsn = copilot_dsn(settings)
    if pending(dsn):
        raise NotMigrated(database=shown(dsn))
    db = Database({"agent": dsn})  # under that name, what reads and proposes for people is used
    try:
        with db.tx(NOBODY, "agent") as tx:
            role = tx.value("access.signed_in_as")
        if role != ROLE:
            raise WrongRole(role=role)
        with opened(settings, db) as parts:
            run(create_app(parts), listener)
    finally:
        db.close()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):  # not through sys.stdin, whose lock is wanted when the process ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)
