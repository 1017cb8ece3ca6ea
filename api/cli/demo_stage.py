"""The demo installation: its directory, its firm, and the processes it runs as: the simulated systems of
record, the worker and the service."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import httpx

from api.auth.people import principal_of
from api.auth.sessions import Sessions
from api.auth.tokens import Tokens
from api.database import NAME, SET_UP, Place, place, server_root, set_up
from api.jobs.audit import anchor_now, anchors_folder
from api.jobs.bench_report import make_reports
from api.jobs.fitting import Outcome, fit_all
from api.jobs.worker import tools
from api.settings import Settings
from demo.client import Persona
from demo.firm import FirmSummary, generate
from models.access import PERMISSIONS, Grant, Principal
from models.actions import SYSTEMS
from models.errors import ChargehandError
from models.predict.base import Progress
from models.text.embed import default_embedder
from store.admin import alter_audit_row, audit_copy, copy_database, drop_database
from store.cluster import SUPERUSER
from store.db import Database
from store.importer import import_firm
from store.server import start
from workflow.anchors import put
from workflow.signing import SigningKey
from workflow.verify import verify, verify_with_anchors

SEED = 7
PRISTINE = f"{NAME}_pristine"  # the database as it was before the day, to play it again
START_SECONDS = 60.0
STOP_SECONDS = 15.0
HOST_KEEPER = Principal("service:demo", "The demo", (Grant("admin", "firm"),), "cli")


class DemoRuns(ChargehandError):
    """The demo of {home} is running already: stop it first, or set another CHARGEHAND_HOME."""

    status = 409
    retry = "later"


class PartNotStarted(ChargehandError):
    """The {part} did not start within {seconds} s. Its log is {log}; its end: {tail}"""

    retry = "later"


@dataclass(frozen=True)
class DemoHome:
    """Where the demo keeps its files."""

    root: Path

    @property
    def firm(self) -> Path:
        return self.root / "firm"

    @property
    def truth(self) -> Path:
        """Planted ground truth: for evals, never imported."""
        return self.root / "truth"

    @property
    def simulated(self) -> Path:
        return self.root / "systems-of-record.sqlite"

    @property
    def made(self) -> Path:
        """Written last: the demo is set up when it is there."""
        return self.root / "made.json"

    @property
    def played(self) -> Path:
        return self.root / "played.json"

    @property
    def anchors(self) -> Path:
        """Signed heads of the audit log. A firm keeps them on another machine."""
        return self.root / "anchors"

    @property
    def audit_key(self) -> Path:
        return self.root / "audit-key.pem"

    def log(self, part: str) -> Path:
        return self.root / f"{part}.log"


def rewind(settings: Settings, home: DemoHome) -> None:
    """Back to the firm as it was before its day. Not where the database is not ours to replace."""
    if settings.database_url is None:
        copy_database(_server(settings), PRISTINE, NAME)
        for file in home.root.glob(f"{home.simulated.name}*"):
            file.unlink()
        shutil.rmtree(home.anchors, ignore_errors=True)
        home.played.unlink(missing_ok=True)


def forget(settings: Settings, home: DemoHome) -> None:
    """Drop the demo's database and files. A database named by DATABASE_URL is never dropped."""
    if settings.database_url is None:
        for name in (NAME, PRISTINE):
            drop_database(_server(settings), name)
    if home.root.exists():
        shutil.rmtree(home.root)


def make_firm(home: DemoHome, database: Database, scale: float, progress: Progress) -> FirmSummary:
    """Generate the firm and import it, like any customer's files."""
    today = datetime.now(UTC).date()
    summary = generate(home.firm, home.truth, seed=SEED, scale=scale, today=today, progress=progress)
    import_firm(database, SET_UP, home.firm, embedder=default_embedder(), progress=progress)
    return summary


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One demo at a time in a home: a second one would stop the first one's database. Raises DemoRuns."""
    settings.home_directory.mkdir(parents=True, exist_ok=True)
    with (settings.home_directory / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise DemoRuns(home=str(settings.home_directory)) from e
        yield


def prepare(settings: Settings, home: DemoHome, scale: float, progress: Progress) -> list[Outcome]:
    """Make the demo installation, unless it is made: database, firm, fitted models. One that was cut short is
    made anew."""
    if home.made.exists():
        set_up(settings, place(settings))
        return []
    forget(settings, home)
    home.root.mkdir(parents=True)
    where = place(settings)
    set_up(settings, where)
    database = where.database()
    try:
        summary = make_firm(home, database, scale, progress)
        outcomes = fit_all(database, datetime.now(UTC), progress=progress)
    finally:
        database.close()
    if settings.database_url is None:
        copy_database(_server(settings), NAME, PRISTINE)
    made = {"made_at": datetime.now(UTC).isoformat(), "scale": scale, "firm": str(summary)}
    home.made.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return outcomes


def _server(settings: Settings) -> str:
    return start(server_root(settings)).dsn(SUPERUSER, SUPERUSER)


class Part:
    """One process of the demo, its output in a log file."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name, self.log = name, log
        # A session of its own: Ctrl-C reaches us alone, and we stop the parts in order.
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **environment},
                start_new_session=True,
            )

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready. Raises PartNotStarted."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-800:]
                raise PartNotStarted(part=self.name, seconds=START_SECONDS, log=str(self.log), tail=tail)
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass(frozen=True)
class Running:
    """The running demo. It is the day's `Stage`."""

    settings: Settings
    where: Place
    database: Database
    url: str
    systems_url: str
    systems_token: str

    @classmethod
    @contextmanager
    def started(
        cls, settings: Settings, home: DemoHome, also: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Self]:
        """Start the systems of record, the worker and the service; stop them on leaving. `also`: for their
        environments, before all else."""
        parts: list[Part] = []
        settings = _anchored(settings, home)
        where = place(settings)
        database = where.database()
        token = secrets.token_urlsafe(24)
        try:
            systems = _start_systems(home, token)
            parts.append(systems[0])
            environment = _environment(settings, systems[1], token) | dict(also)
            url = f"http://{settings.host}:{environment['CHARGEHAND_PORT']}"
            for name in ("worker", "serve"):
                command = [sys.executable, "-m", "api.cli.main", name]
                parts.append(Part(name, command, home.log(name), environment))
            parts[-1].until(lambda: _answers(f"{url}/readyz"))
            yield cls(settings, where, database, url, systems[1], token)
        finally:
            for part in reversed(parts):
                part.stop()
            database.close()

    def sign_in_link(self, person_id: str) -> str:
        """A link that signs a persona in once."""
        link = Sessions(self.database).make_link(HOST_KEEPER, person_id)
        return f"{self.url}/sign-in/{link.token}"

    # --- the day's stage
    def persona(self, person_id: str) -> Persona:
        principal = principal_of(self.database, person_id, "api")
        token = Tokens(self.database).create(
            HOST_KEEPER, name="The day", scopes=PERMISSIONS, days=1, person_id=person_id
        )
        return Persona.at(self.url, "", person_id, principal.name, token.token)

    def take_down(self, system: str) -> None:
        self._simulation("PUT", f"/_sim/faults/{system}", {"down": True})

    def bring_up(self, system: str) -> None:
        self._simulation("DELETE", "/_sim/faults")

    def records(self, system: str, resource: str, external_ref: str) -> Sequence[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self._simulation(
            "GET", f"/{system}/{resource}?{httpx.QueryParams(external_ref=external_ref)}"
        ).json()
        return found

    def run_nightly_report(self) -> Mapping[str, Any]:
        made = make_reports(self.database, tools(), datetime.now(UTC))
        return {"reports": made.reports, "proposals": made.proposals}

    def verify_audit(self) -> str | None:
        return _fault(self.database)

    def anchor_audit(self) -> tuple[str, str | None]:
        name = anchor_now(self.database, self.settings, datetime.now(UTC))
        with self.database.tx(SET_UP, "worker") as tx:
            verdict = verify_with_anchors(tx, anchors_folder(self.settings))
        faults = [f"{f.where}: {f.says}" for f in verdict.anchor_faults]
        return name, verdict.fault or next(iter(faults), None)

    def verify_altered_copy(self) -> str | None:
        with audit_copy(self.where.admin) as copy:
            alter_audit_row(copy)
            database = Database(self.settings.dsns(copy))
            try:
                return _fault(database)
            finally:
                database.close()

    def _simulation(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.systems_token}"}
        reply = httpx.request(method, self.systems_url + path, json=body, headers=headers, timeout=10)
        return reply.raise_for_status()


def _anchored(settings: Settings, home: DemoHome) -> Settings:
    """The settings with a place for anchors and a key that signs them, unless they name their own."""
    if settings.audit_anchors is not None:
        return settings
    if not home.audit_key.exists():
        put(home.audit_key, SigningKey.generate().pem.encode(), mode=0o600)
    return settings.model_copy(update={"audit_anchors": home.anchors, "audit_key_file": home.audit_key})


def _start_systems(home: DemoHome, token: str) -> tuple[Part, str]:
    port_file = home.root / "systems-of-record.port"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "connectors.sim", "--db", str(home.simulated)]
    command += ["--port-file", str(port_file)]
    if not home.simulated.exists():
        command += ["--firm", str(home.firm)]
    part = Part("systems", command, home.log("systems"), {"CHARGEHAND_SIM_TOKEN": token})
    try:
        part.until(port_file.exists)
        url = f"http://127.0.0.1:{int(port_file.read_text())}"
        part.until(lambda: _answers(url))
    except BaseException:
        part.stop()
        raise
    return part, url


def _environment(settings: Settings, systems_url: str, token: str) -> dict[str, str]:
    """How the service and the worker find the simulated systems, and the port that is free."""
    found = {
        "CHARGEHAND_ENVIRONMENT": "demo",
        "CHARGEHAND_HOME": str(settings.home_directory),
        "CHARGEHAND_HOST": settings.host,
        "CHARGEHAND_PORT": str(_free_port(settings.host, settings.port)),
    }
    if settings.audit_anchors and settings.audit_key_file:
        found["CHARGEHAND_AUDIT_ANCHORS"] = str(settings.audit_anchors)
        found["CHARGEHAND_AUDIT_KEY_FILE"] = str(settings.audit_key_file)
    for system in SYSTEMS:
        found[f"CHARGEHAND_{system.upper()}_URL"] = f"{systems_url}/{system}"
        found[f"CHARGEHAND_{system.upper()}_TOKEN"] = token
    return found


def _free_port(host: str, wanted: int) -> int:
    """The port that is wanted if nobody listens on it, else any that is free."""
    for port in (wanted, 0):
        try:
            with socket.create_server((host, port)) as listening:
                return int(listening.getsockname()[1])
        except OSError:
            continue
    raise PartNotStarted(part="service", seconds=0, log="", tail=f"no port is free on {host}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


def _fault(database: Database) -> str | None:
    with database.tx(SET_UP, "worker") as tx:
        verdict = verify(tx)
    return None if verdict.whole else f"entry {verdict.seq}: {verdict.fault}"
