"""The process that serves: uvicorn on a socket that is already ours."""

import socket

import uvicorn

from api.app import create_app
from api.wiring import Application
from models.errors import ChargehandError

BACKLOG = 2_048  # connections that wait to be accepted
GRACE_S = 10  # for answers that are under way when the process is told to stop


class AddressTaken(ChargehandError):
    """Cannot listen on {host}:{port}: {reason}. Stop what listens there, or choose another port."""

    status = 503
    retry = "with a fix"


class _Server(uvicorn.Server):
    """Ends live streams before waiting for answers: they would never end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.live.close()  # type: ignore[union-attr]
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


def server(application: Application) -> uvicorn.Server:
    """A server, not yet running. Its own access log is off: ours names routes, not paths."""
    return _Server(
        uvicorn.Config(
            create_app(application),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
        )
    )


def run(application: Application, listener: socket.socket) -> None:
    """Serve until told to stop."""
    server(application).run([listener])
