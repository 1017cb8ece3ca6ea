"""A process that serves: uvicorn on a socket that is already ours."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from models.errors import ChargehandError

BACKLOG = 2_048  # connections that wait to be accepted
GRACE_S = 10  # for answers that are under way when the process is told to stop
KEEP_ALIVE_S = 75  # longer than clients and proxies keep one: none is closed while it is used again


class AddressTaken(ChargehandError):
    """Cannot listen on {host}:{port}: {reason}. Stop what listens there, or choose another port."""

    status = 503
    retry = "with a fix"


class _Server(uvicorn.Server):
    """Ends live streams before waiting for answers: they would never end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if live := getattr(self.config.app.state, "live", None):  # type: ignore[union-attr]
            live.close()
        await super().shutdown(sockets)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens on the address; port 0 takes any free one. Whoever connects from now on waits
    until the application is up. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as e:
        listener.close()
        raise AddressTaken(host=host, port=port, reason=e.strerror or str(e)) from e
    return listener


def bound_here(path: Path) -> socket.socket:
    """A socket in the file system, for this user's processes alone; whoever listened there before is gone."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    return listener


def server(app: FastAPI) -> uvicorn.Server:
    """A server, not yet running. Its own access log is off: ours names routes, not paths."""
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            server_header=False,
        )
    )


def run(app: FastAPI, listener: socket.socket) -> None:
    """Serve until told to stop, and return then: uvicorn raises the signal anew once it has stopped, and what
    the process holds is still to be closed."""
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server(app).run([listener])
