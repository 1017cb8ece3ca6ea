"""A production installation in small: a PostgreSQL that asks everybody for a password over TCP, `migrate` as
its owner, `serve` and `worker` without the owner's password, each role with its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
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

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api.cli.main", *command],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    home = tmp_path_factory.mktemp("production")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
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

    def start(*command: str) -> subprocess.Popen[bytes]:
        log = (production.home / f"{command[0]}.log").open("wb")
        parts.append(
            subprocess.Popen(
                [sys.executable, "-m", "api.cli.main", *command],
                env=production.environment(),
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


def test_nothing_is_served_before_the_owner_has_migrated(production: Production) -> None:
    refused = production.run("serve", "--port", "0")
    assert refused.returncode == 2
    assert "Run `chargehand migrate`" in " ".join(refused.stderr.split())


def test_production_needs_a_secret(production: Production) -> None:
    refused = production.run("migrate", **production.as_owner, CHARGEHAND_SECRET="")
    assert refused.returncode == 2 and "CHARGEHAND_SECRET" in refused.stderr


def test_it_runs_on_roles_with_passwords_alone(
    production: Production, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    migrated = production.run("migrate", "--json", **production.as_owner)
    assert migrated.returncode == 0, migrated.stderr
    assert len(json.loads(migrated.stdout)["applied"]) >= 9
    assert OWNERS_PASSWORD not in migrated.stdout + migrated.stderr

    _passwords_are_asked_for(production)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve, worker = started("serve", "--port", str(port)), started("worker")
    at = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return httpx.get(f"{at}/readyz", timeout=2).is_success
        except httpx.HTTPError:
            return False

    until(ready, serve, production.home / "serve.log")
    assert httpx.get(f"{at}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{at}/v1/me").status_code == 401

    def alive() -> bool:
        with psycopg.connect(production.url, **production.owner) as owner:
            return bool(
                owner.execute("select count(*) > 0 from jobs.procrastinate_workers").fetchone() == (True,)
            )

    until(alive, worker, production.home / "worker.log")
    healthy = production.run("doctor", "--only", "database", "--only", "worker")  # the worker's health check
    assert healthy.returncode == 0, healthy.stderr
    for part in (serve, worker):
        part.send_signal(signal.SIGTERM)
        assert part.wait(30) in (0, -signal.SIGTERM)


def _passwords_are_asked_for(production: Production) -> None:
    for password in ({}, {"password": SECRET}, {"password": OWNERS_PASSWORD}):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(production.url, user="chargehand_worker", **password)
    wrong = production.run(
        "doctor", "--only", "database", "--json", CHARGEHAND_SECRET="another one, of some length"
    )
    assert wrong.returncode == 1
    (finding,) = json.loads(wrong.stdout)
    assert finding["level"] == "fail" and "same CHARGEHAND_SECRET" in finding["mend"]
