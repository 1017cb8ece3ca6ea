"""A production installation in small: a PostgreSQL that asks everybody for a password over TCP, `migrate` as
its owner, every other process without the owner's password."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from store.cluster import SUPERUSER
from store.server import running

OWNERS_PASSWORD = "p@ss/word: 7%"  # nothing that a URL may hold as it is
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Production:
    """The server, and how its parts are run."""

    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"postgresql://127.0.0.1:{self.port}/chargehand"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CHARGEHAND_", "PG", "OPENAI_"))}
        return {
            **kept,
            "CHARGEHAND_ENVIRONMENT": "production",
            "CHARGEHAND_HOME": str(self.home / "nothing-is-kept-here"),
            "CHARGEHAND_SECRET": SECRET,
            "DATABASE_URL": self.url,
            "PGCONNECT_TIMEOUT": "5",
            **more,
        }

    @property
    def as_owner(self) -> dict[str, str]:
        return {"PGUSER": SUPERUSER, "PGPASSWORD": OWNERS_PASSWORD}

    @property
    def owner(self) -> dict[str, str]:
        return {"user": SUPERUSER, "password": OWNERS_PASSWORD}

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "api.cli.main", *arguments]

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*command),
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    home = tmp_path_factory.mktemp("production")
    port = free_port()
    with running(home / "postgres", tcp_port=port, durable=False) as server:
        with psycopg.connect(server.dsn(SUPERUSER, SUPERUSER), autocommit=True) as owner:
            password = owner.pgconn.encrypt_password(
                OWNERS_PASSWORD.encode(), SUPERUSER.encode(), b"scram-sha-256"
            )
            owner.execute(f"alter role {SUPERUSER} password '{password.decode()}'".encode())
            owner.execute("create database chargehand")
        yield Production(port, home)


@pytest.fixture
def started(production: Production) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Run a part in the background until the test is over."""
    parts: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **more: str) -> subprocess.Popen[bytes]:
        log = (production.home / f"{command[0]}.log").open("wb")
        parts.append(
            subprocess.Popen(
                production.command(*command),
                env=production.environment(**more),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        )
        return parts[-1]

    yield start
    for part in parts:
        part.kill()
        part.wait()


def until(true: Callable[[], bool], part: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert part.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
        time.sleep(0.2)


def ready(at: str) -> bool:
    try:
        return httpx.get(f"{at}/readyz", timeout=2).is_success
    except httpx.HTTPError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def copilot_of(desk: subprocess.Popen[bytes]) -> psutil.Process:
    """The desk's child."""
    (found,) = (c for c in psutil.Process(desk.pid).children() if "copilot" in c.cmdline())
    return found
