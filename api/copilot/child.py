"""The copilot as the desk's child: started with little in its environment, again when it dies, and stopped
with the desk. It watches its standard input, whose other end only the desk holds, so that it also ends when
the desk is killed."""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from api.copilot.client import Address
from api.settings import SettingMissing, Settings

PR_SET_DUMPABLE = 4  # of <linux/prctl.h>
STOP_S = 15.0  # a turn that runs is finished
AGAIN_S = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)  # before the next start, the more often it died at once
LIVED_S = 60.0  # one that lived as long did not die at once

# What a process needs to run at all, to reach a database and a language model, and to be seen. Nothing that
# names a secret of the desk passes.
PASSED_ON = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "MPLCONFIGDIR"}
    | {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "OMP_NUM_THREADS"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
    | {"PGSSLMODE", "PGSSLROOTCERT", "PGCONNECT_TIMEOUT"}
    | {"CHARGEHAND_ENVIRONMENT", "CHARGEHAND_LOG_FORMAT", "CHARGEHAND_LOG_LEVEL"}
    | {"CHARGEHAND_MODEL", "CHARGEHAND_EMBEDDING_MODEL", "OPENAI_BASE_URL", "OPENAI_API_KEY"}
    | {"OTEL_EXPORTER_OTLP_ENDPOINT"}
)

log = structlog.get_logger(__name__)


def environment(of: Mapping[str, str], dsn: str) -> dict[str, str]:
    """All that the copilot is given. `dsn`: of the role copilot."""
    return {k: v for k, v in of.items() if k in PASSED_ON} | {"DATABASE_URL": dsn}


class CopilotProcess:
    """One copilot, kept running."""

    def __init__(self, dsn: str) -> None:
        _hide_from_children()
        self._environment = environment(os.environ, dsn)
        self._folder = Path(tempfile.mkdtemp(prefix="chargehand-"))  # for this user alone
        self.address = Address(socket=str(self._folder / "copilot"))
        self._stopping = threading.Event()
        self._process = self._started()
        self._keeper = threading.Thread(target=self._keep, name="copilot-keeper", daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._stopping.set()
        self._end(self._process)
        self._keeper.join(STOP_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _started(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the desk alone, which then stops it.
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "api.cli.main",
                "copilot",
                "--socket",
                str(self.address.socket),
                "--child",
            ],
            stdin=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )

    def _keep(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            failures = 0 if time.monotonic() - began > LIVED_S else failures + 1
            again = AGAIN_S[min(failures, len(AGAIN_S)) - 1] if failures else 0.0
            log.warning("copilot.died", code=code, again_in_seconds=again)
            if self._stopping.wait(again):
                return
            self._process = self._started()
            if self._stopping.is_set():  # told to stop while it was started
                self._end(self._process)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _hide_from_children() -> None:
    """Keep this process's environment and memory from other processes of its user (prctl(2),
    PR_SET_DUMPABLE). Only Linux knows this; elsewhere, and under a privileged user, a container of the
    copilot's own is what separates it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextmanager
def reached(settings: Settings, dsn: str | None) -> Iterator[Address]:
    """Where the copilot of this installation answers: at the address of the settings, or a child of ours,
    which ends with the block. `dsn`: of the role copilot. Raises SettingMissing."""
    if settings.copilot_url is not None:
        yield Address(str(settings.copilot_url).rstrip("/"))
        return
    if dsn is None:
        why = "where this process has no password for the copilot that it would start"
        raise SettingMissing(setting="CHARGEHAND_COPILOT_URL", why=why)
    process = CopilotProcess(dsn)
    try:
        yield process.address
    finally:
        process.stop()
