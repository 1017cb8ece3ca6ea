"""The server process of an embedded cluster: whether it lives, what it says of itself, and how to end it."""

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil

from models.errors import ChargehandError, Retry
from store.server_user import ServerDirectoryNotOurs

STOP_SECONDS = 30.0  # for each of a fast and an immediate shutdown


class ServerNotStopped(ChargehandError):
    """PostgreSQL processes {pids} on {data} did not stop within {seconds:.0f} s."""

    status = 503
    retry: ClassVar[Retry] = "later"


@dataclass(frozen=True)
class Postmaster:
    """A live server process, and what its `postmaster.pid` says of it."""

    data: Path
    process: psutil.Process
    port: int
    socket: Path  # the directory it lies in
    listens: bool  # on TCP
    status: str  # "starting", "ready" or "stopping"; empty for the first moments

    @classmethod
    def of(cls, data: Path) -> "Postmaster | None":
        """The live postmaster of the cluster in `data`.

        A pid file proves nothing: after a crash its pid may be free, a zombie, or some other program's."""
        try:
            lines = [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
            sought = mark(data)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise ServerDirectoryNotOurs(directory=str(data)) from error
        pid, _, _, port, socket, listen, _, status, *_ = lines + [""] * 8
        with suppress(psutil.NoSuchProcess, ValueError):
            process = psutil.Process(int(pid))
            if _bears(process, sought):
                return cls(data, process, int(port or 0), Path(socket), bool(listen), status)
        return None

    @property
    def reachable(self) -> bool:
        """Whether its socket is still there for a client to find."""
        return (self.socket / f".s.PGSQL.{self.port}").is_socket()

    def halt(self) -> None:
        """A fast shutdown; an immediate one (recovery at the next start) if a backend holds it up."""
        sought = mark(self.data)
        for order in (signal.SIGINT, signal.SIGQUIT):
            with suppress(psutil.NoSuchProcess):
                self.process.send_signal(order)
            if within(STOP_SECONDS, lambda: not _bears(self.process, sought)):
                return
        raise ServerNotStopped(data=str(self.data), pids=[self.process.pid], seconds=2 * STOP_SECONDS)


def mark(data: Path) -> str:
    """The name by which all processes of a cluster are known: their `cluster_name`.

    PostgreSQL shows it in each command line, which anyone may read; a process's working directory, the other
    sign of its cluster, is closed to root in a container without CAP_SYS_PTRACE. Made of the directory's
    device and inode, it differs between copies of a cluster and between containers with equal paths."""
    status = data.stat()
    return f"chargehand-{status.st_dev:x}-{status.st_ino:016x}"


def processes(data: Path) -> list[psutil.Process]:
    """All live processes of the cluster in `data`, its postmaster included."""
    sought = mark(data)
    return [process for process in psutil.process_iter() if _bears(process, sought)]


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Wait until the condition holds, and say whether it came to hold in time."""
    deadline = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds


def _bears(process: psutil.Process, sought: str) -> bool:
    """Whether a process is a live postgres with this mark."""
    with suppress(psutil.Error):
        return (
            process.name().startswith("postgres")
            and sought in " ".join(process.cmdline())
            and process.status() != psutil.STATUS_ZOMBIE
        )
    return False
