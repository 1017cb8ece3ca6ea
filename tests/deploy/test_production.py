"""`serve` and `worker` run on roles with passwords alone, and nothing runs before the owner has migrated."""

import json
import signal
import subprocess
from collections.abc import Callable

import httpx
import psycopg
import pytest

from tests.deploy.production import (
    OWNERS_PASSWORD,
    SECRET,
    Production,
    free_port,
    production,
    ready,
    started,
    until,
)

__all__ = ["production", "started"]


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
    port = free_port()
    serve, worker = started("serve", "--port", str(port)), started("worker")
    at = f"http://127.0.0.1:{port}"

    until(lambda: ready(at), serve, production.home / "serve.log")
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
