"""The two services of a load, started as processes on this machine and watched from outside."""

import asyncio
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from evals.bench.load import plain
from evals.bench.load.figures import Sample
from models.access import PERMISSIONS
from models.errors import ChargehandError

START_S = 120.0
STOP_S = 30.0
_KEEPERS_TOKEN = ("token", "create", "--name", "Load", "--scope", "access.manage", "--json")


class ServiceNotStarted(ChargehandError):
    """The service did not start; the end of its log: {tail}"""


@dataclass(frozen=True)
class Service:
    """Something that people can talk with."""

    name: str
    url: str
    processes: Mapping[str, psutil.Process]
    postmaster: psutil.Process  # of the database that it works with
    tokens: Mapping[str, str]  # by person

    def sampled(self, at: float) -> dict[str, Sample]:
        """What each part holds and has used by now."""
        found = {name: _sample(at, process) for name, process in self.processes.items()}
        return {**found, "database": _database(at, self.postmaster)}


def _sample(at: float, process: psutil.Process) -> Sample:
    used = process.cpu_times()
    return Sample(at, float(process.memory_info().rss), used.user + used.system)


def _database(at: float, postmaster: psutil.Process) -> Sample:
    """The server and its backends, which share most of their memory; those that ended count as used."""
    times = postmaster.cpu_times()
    memory, cpu = 0.0, times.user + times.system + times.children_user + times.children_system
    for process in (postmaster, *postmaster.children()):
        with suppress(psutil.NoSuchProcess):
            memory += process.memory_full_info().pss
            if process.pid != postmaster.pid:
                used = process.cpu_times()
                cpu += used.user + used.system
    return Sample(at, memory, cpu)


def postmaster(dsn: str) -> psutil.Process:
    """The server behind a connection string that names its socket."""
    said = dict(part.split("=", 1) for part in shlex.split(dsn))
    lock = Path(said["host"]) / f".s.PGSQL.{said['port']}.lock"
    return psutil.Process(int(lock.read_text(encoding="utf-8").splitlines()[0]))


@contextmanager
def chargehand(
    database_url: str, home: Path, firm: Path, admin: str, people: Sequence[str]
) -> Iterator[Service]:
    """Desk, copilot, worker and the simulated systems of record, each a process, and a token for each person.

    Args:
        database_url: a migrated database with the firm.
        home: where they keep their files and logs.
        firm: the firm's files, which the systems of record start with.
        admin: who makes the tokens.
        people: who talks and decides.
    """
    port, systems_port = _free_port(), _free_port()
    systems = f"http://127.0.0.1:{systems_port}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("CHARGEHAND_", "OPENAI_"))},
        "CHARGEHAND_HOME": str(home),
        "DATABASE_URL": database_url,
        **{f"CHARGEHAND_{s}_URL": f"{systems}/{s.lower()}" for s in ("CRM", "PSA", "ERP", "HRIS")},
        **{f"CHARGEHAND_{s}_TOKEN": "simulated" for s in ("CRM", "PSA", "ERP", "HRIS")},
    }
    ours = [sys.executable, "-m", "api.cli.main"]
    simulated = ["--db", str(home / "systems.sqlite"), "--port", str(systems_port), "--firm", str(firm)]
    with (
        _started([sys.executable, "-m", "connectors.sim", *simulated], home / "systems.log", environment),
        _started([*ours, "worker"], home / "worker.log", environment) as worker,
        _started([*ours, "serve", "--port", str(port)], home / "serve.log", environment) as desk,
    ):
        url = f"http://127.0.0.1:{port}"
        _until(lambda: _answers(f"{url}/readyz"), desk, home / "serve.log")
        (copilot,) = (c for c in desk.children() if "copilot" in c.cmdline())
        yield Service(
            "Chargehand",
            url,
            {"desk": desk, "copilot": copilot, "worker": worker},
            postmaster(database_url),
            _tokens(url, [*ours, *_KEEPERS_TOKEN, admin], environment, people),
        )


@contextmanager
def bare(
    dsn: str, home: Path, waiting: Mapping[str, str], title: str, people: Sequence[str]
) -> Iterator[Service]:
    """The baseline, on a database whose owner signs in by `dsn`. `waiting`: who decides, by proposal."""
    asyncio.run(plain.prepare(dsn, waiting, title))
    port = _free_port()
    environment = {**os.environ, "PLAIN_DSN": dsn, "PLAIN_PORT": str(port)}
    command = [sys.executable, "-m", "evals.bench.load.plain"]
    with _started(command, home / "plain.log", environment) as process:
        url = f"http://127.0.0.1:{port}"
        _until(lambda: _answers(f"{url}/healthz"), process, home / "plain.log")
        yield Service("bare LangGraph", url, {"service": process}, postmaster(dsn), {p: p for p in people})


def _tokens(
    url: str, command: Sequence[str], environment: Mapping[str, str], people: Sequence[str]
) -> dict[str, str]:
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    headers = {"Authorization": f"Bearer {json.loads(made.stdout)['token']}"}
    scopes = sorted(PERMISSIONS)
    with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        return {
            person_id: _made(http, {"name": "Load", "person_id": person_id, "scopes": scopes, "days": 1})
            for person_id in sorted(set(people))
        }


def _made(http: httpx.Client, wanted: Mapping[str, Any]) -> str:
    return str(http.post("/v1/tokens", json=wanted).raise_for_status().json()["token"])


@contextmanager
def _started(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    """A process of our own, ended with the block."""
    with log.open("wb") as out:
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
    try:
        yield psutil.Process(running.pid)
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(STOP_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _until(ready: Callable[[], bool], process: psutil.Process, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if process.status() == psutil.STATUS_ZOMBIE or time.monotonic() > deadline:
            raise ServiceNotStarted(tail=log.read_text(encoding="utf-8", errors="replace")[-800:])
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
