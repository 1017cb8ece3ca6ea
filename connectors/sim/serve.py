"""Serving the simulated systems: the socket, the server, and its end."""

import logging
import socket
from pathlib import Path

import uvicorn

from connectors.sim.app import create_app
from connectors.sim.twin import Twin


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Connections made from now on wait for the server."""
    return socket.create_server((host, port))


def address(listening: socket.socket) -> str:
    """The URL of a listening socket. Each system is below it: `/crm`, `/psa`, `/erp`, `/hris`."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


def server(twin: Twin, token: str) -> uvicorn.Server:
    """To be run with `run(sockets=[...])`; it ends on SIGINT, SIGTERM or `should_exit`."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_lost_reply)
    return uvicorn.Server(
        uvicorn.Config(
            create_app(twin, token),
            http="h11",  # hands on an answer's head at once, which `LostReply` needs
            log_level="warning",
            timeout_graceful_shutdown=1,  # an answer that hangs is never given
        )
    )


def _is_no_lost_reply(record: logging.LogRecord) -> bool:
    """Replies are lost on purpose here."""
    return "without completing response" not in record.getMessage()


def write_port(path: Path, listening: socket.socket) -> None:
    """Tell the port in a file that is whole whenever it is there."""
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(f"{listening.getsockname()[1]}\n", encoding="ascii")
    partial.replace(path)
