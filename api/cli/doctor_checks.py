"""What can be missing or wrong in an installation, one function a check. Each says in a sentence what it
found and, where something is not right, how to mend it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
import psycopg

from api.cli.doctor_sign_in import sign_in
from api.cli.doctor_slack import slack
from api.database import NAME, SET_UP, Place, server_root
from api.jobs.audit import anchor_every, anchors_folder, signing_key
from api.settings import Settings
from connectors.errors import ConnectorError
from models.actions import SYSTEMS
from models.errors import ChargehandError
from store.cluster import SUPERUSER, Cluster
from store.db import DB_ROLES, Database, DatabaseUnavailable
from store.migrate import pending
from store.server import running
from workflow.anchors import last_anchored, overdue
from workflow.errors import NoPolicy
from workflow.policies import active
from workflow.read import circuits

Level = Literal["ok", "warn", "fail"]

LEAST_FREE = 1 << 30  # bytes: below this the embedded server and its write-ahead log have little left
LEAST_POSTGRES = 160_000
LEAST_SECRET = 32  # characters
BEAT_SECONDS = 60  # a worker says every 10 s that it lives
ENDPOINT_SECONDS = 5.0


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    check: str
    level: Level
    says: str
    mend: str = ""


@dataclass(frozen=True)
class Installation:
    """What the checks look at."""

    settings: Settings
    database: Database | None  # None: there is none to ask
    why_none: str = ""


Check = Callable[[Installation], Iterator[tuple[Level, str, str]]]


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    """The installation with its database, if there is one. An embedded server that had to be started for this
    is stopped again; none is made."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        with _asked(settings, Place(url, settings.dsns(url), embedded=False)) as found:
            yield found
        return
    root = server_root(settings)
    if not (root / "data").exists():
        yield Installation(
            settings, None, "there is no database yet: `chargehand demo` or `import` makes one"
        )
        return
    with running(root) as server:
        dsn = server.dsn(NAME, SUPERUSER)
        with _asked(settings, Place(dsn, settings.dsns(dsn), embedded=True)) as found:
            yield found


@contextmanager
def _asked(settings: Settings, where: Place) -> Iterator[Installation]:
    database = Database(where.roles, max_size=2, timeout_s=5.0)
    try:
        yield Installation(settings, database)
    finally:
        database.close()


def python(_: Installation) -> Iterator[tuple[Level, str, str]]:
    yield "ok", f"Python {'.'.join(map(str, sys.version_info[:3]))}", ""


def home(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """The directory of the embedded server and the demo can be written and has room."""
    directory = of.settings.home_directory
    there = next(p for p in (directory, *directory.parents) if p.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        level: Level = "fail" if of.settings.database_url is None else "warn"
        yield level, f"{directory} cannot be written", "Set CHARGEHAND_HOME to a directory of yours."
        return
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        yield (
            "warn",
            f"{free >> 20} MiB are free in {directory}",
            "Make room: a demo firm takes about 500 MiB.",
        )
        return
    yield "ok", f"{directory} can be written, {free >> 30} GiB are free", ""


def secret(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """What separates the database's roles where the network can reach them."""
    given, production = of.settings.secret, of.settings.environment == "production"
    each = any(getattr(of.settings, f"{role}_password") for role in DB_ROLES)
    make = "Set CHARGEHAND_SECRET to a long random text, e.g. the output of `openssl rand -hex 32`."
    if given is None and production and not each:
        yield "fail", "there is no CHARGEHAND_SECRET in production", make
    elif given is None and of.settings.database_url is not None and not each:
        yield "warn", "without CHARGEHAND_SECRET the roles sign in to the database without passwords", make
    elif given is not None and len(given.get_secret_value()) < LEAST_SECRET:
        yield "warn", f"CHARGEHAND_SECRET is shorter than {LEAST_SECRET} characters", make
    if production and not str(of.settings.public_url or "").startswith("https:"):
        yield (
            "warn",
            "people do not reach this installation by TLS",
            "Put a TLS proxy in front and set CHARGEHAND_PUBLIC_URL to its https address.",
        )


def database(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """It answers to every role, is recent enough, and is up to date."""
    if of.settings.database_url is None:
        binaries = Cluster.under(server_root(of.settings)).binaries
        yield "ok", f"the embedded PostgreSQL is in {binaries}", ""
    if of.database is None:
        yield "warn", of.why_none, "Run `chargehand demo`, or set DATABASE_URL."
        return
    for role in of.database.roles:
        try:
            with of.database.tx(SET_UP, role):
                pass
        except DatabaseUnavailable:
            yield (
                "fail",
                f"the database does not let chargehand_{role} in",
                "Is it running? Then run `chargehand migrate` as its owner with the same CHARGEHAND_SECRET.",
            )
            return
    with of.database.tx(SET_UP, "worker") as tx:
        (server,) = tx.records("doctor.server")
    version = f"PostgreSQL {server['version'] // 10_000}, pgvector {server['pgvector']}"
    if server["version"] < LEAST_POSTGRES:
        yield "fail", f"{version} is too old", "Use PostgreSQL 16 or newer."
    if missing := pending(of.database.dsn("agent")):
        yield (
            "fail",
            f"{len(missing)} migrations are pending: {', '.join(missing)}",
            "Run `chargehand migrate`.",
        )
        return
    yield "ok", f"{version}, up to date", ""


def clock(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """Expiry and leases are the database's time; what people read is ours."""
    if of.database is None:
        return
    with of.database.tx(SET_UP, "worker") as tx:
        before = datetime.now(UTC)
        (server,) = tx.records("doctor.server")
        skew = abs(server["now"] - (before + (datetime.now(UTC) - before) / 2)).total_seconds()
    mend = "Synchronise the clocks of both machines."
    if skew > 2:
        yield ("fail" if skew > 60 else "warn"), f"the database's clock is {skew:.0f} s off ours", mend
    else:
        yield "ok", f"the database's clock is {skew * 1000:.0f} ms off ours", ""


def policy(of: Installation) -> Iterator[tuple[Level, str, str]]:
    if of.database is None:
        return
    with of.database.tx(SET_UP, "agent") as tx:
        try:
            found, sha256 = active(tx)
        except NoPolicy as none:
            yield "fail", none.sentence, "Run `chargehand migrate`, or `chargehand policy load FILE`."
            return
    yield "ok", f"{found.name} is in force, version {sha256[:12]}, {len(found.rules)} rules", ""


def records(of: Installation) -> Iterator[tuple[Level, str, str]]:
    if of.database is None:
        return
    with of.database.tx(SET_UP, "worker") as tx:
        people = tx.value("doctor.people")
    if not people:
        yield "warn", "the firm has no records", "Run `chargehand import DIR` with the firm's CSV files."
    else:
        yield "ok", f"the firm's records hold {people} people", ""


def systems(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """Each system of record is connected, takes our token and answers a question that changes nothing."""
    from api.jobs.worker import connectors

    settings = of.settings
    connected = connectors(settings)
    try:
        for system in SYSTEMS:
            variable = f"CHARGEHAND_{system.upper()}_URL"
            if system not in settings.systems():
                says = f"the {system.upper()} is not connected: what is approved for it waits"
                yield "warn", says, f"Set {variable} and its token."
                continue
            record = connected.for_system(system)
            try:
                record.find(next(iter(record.operations)), "chargehand-doctor")
            except ConnectorError as error:
                yield "fail", error.sentence, f"Check {variable} and its token, and whether it is up."
            else:
                yield "ok", f"the {system.upper()} answers", ""
    finally:
        connected.close()


def language_model(of: Installation) -> Iterator[tuple[Level, str, str]]:
    settings = of.settings
    if settings.model is None:
        yield "ok", "no language model is set: the deterministic planner talks", ""
        return
    if settings.openai_base_url is None and settings.openai_api_key is None:
        yield "fail", f"the model {settings.model} has no endpoint", "Set OPENAI_BASE_URL or OPENAI_API_KEY."
        return
    base = (settings.openai_base_url or "https://api.openai.com/v1").rstrip("/")
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
    meanwhile = "Until it answers, the deterministic planner talks."
    try:
        reply = httpx.get(
            f"{base}/models", headers={"Authorization": f"Bearer {key}"}, timeout=ENDPOINT_SECONDS
        )
        reply.raise_for_status()
        served = {str(m["id"]) for m in reply.json()["data"]}
    except httpx.HTTPStatusError as error:
        says = f"{base} answers {error.response.status_code}"
        yield "fail", says, f"Check OPENAI_BASE_URL and OPENAI_API_KEY. {meanwhile}"
    except httpx.HTTPError as error:
        yield (
            "fail",
            f"{base} does not answer ({type(error).__name__})",
            f"Check OPENAI_BASE_URL. {meanwhile}",
        )
    except (ValueError, KeyError, TypeError):
        yield "warn", f"{base} answers, but does not list its models as OpenAI does", meanwhile
    else:
        if settings.model in served:
            yield "ok", f"{base} serves {settings.model}", ""
        else:
            yield "warn", f"{base} does not list {settings.model}", "Check CHARGEHAND_MODEL."


def embeddings(_: Installation) -> Iterator[tuple[Level, str, str]]:
    from models.text.embed import default_embedder

    embedder = default_embedder()
    length = embedder.encode(["ready"]).shape[1]
    if length != 384:
        mend = "Unset CHARGEHAND_EMBEDDING_MODEL, or name a model whose vectors have 384 numbers."
        yield "fail", f"{embedder.name} makes vectors of {length} numbers, the database keeps 384", mend
    else:
        yield "ok", f"{embedder.name} loads", ""


def copilot(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """Somebody answers what people ask."""
    from api.copilot.client import Address, RemoteCopilot

    if of.settings.copilot_url is None or of.database is None:
        yield "ok", "the desk starts a copilot by itself", ""
        return
    url = str(of.settings.copilot_url).rstrip("/")
    asked = RemoteCopilot(of.database, Address(url))
    if asked.answers():
        yield "ok", f"the copilot at {url} answers", ""
    else:
        mend = "Run `chargehand copilot` there. Pages and decisions go on without it."
        yield "fail", f"the copilot at {url} does not answer", mend
    asked.close()


def fitted_models(of: Installation) -> Iterator[tuple[Level, str, str]]:
    from api.jobs.fitting import RECIPES

    if of.database is None:
        return
    cards: dict[str, dict[str, Any]] = {}
    with of.database.tx(SET_UP, "worker") as tx:
        for card in tx.records("shelf.cards"):  # newest first; one that serves goes on doing so
            if card["state"] == "serving" or (card["state"] == "refused" and card["name"] not in cards):
                cards[card["name"]] = card
    for name in RECIPES:
        match cards.get(name):
            case None:
                mend = "The worker fits it on Sundays, once there are enough records."
                yield "warn", f"the model {name} was never fitted: tools answer without it and say so", mend
            case {"state": "refused", "version": version}:
                mend = "Tools give the naive answer and say so. More records may help."
                yield "warn", f"version {version} of the model {name} did not beat the naive answer", mend
            case {"version": version}:
                yield "ok", f"the model {name} serves version {version}", ""


def worker(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """Something carries out what is approved."""
    if of.database is None:
        return
    with of.database.tx(SET_UP, "worker") as tx:
        beat, (ledger,) = tx.value("doctor.heartbeat"), tx.records("doctor.ledger")
    silent = beat is None or datetime.now(UTC) - beat > timedelta(seconds=BEAT_SECONDS)
    if silent:
        since = f"since {beat:%Y-%m-%d %H:%M} UTC" if beat else "ever"
        level: Level = "fail" if of.settings.environment == "production" else "warn"
        yield level, f"no worker has shown life {since}: what is approved waits", "Run `chargehand worker`."
    else:
        yield "ok", "a worker is alive", ""
    if ledger["overdue"] and not silent:
        mend = "See the worker's log: it is alive and does not get to them."
        yield "fail", f"{ledger['overdue']} approved writes are overdue by more than 5 minutes", mend
    if ledger["parked"]:
        mend = "Somebody who may manage operations settles them on the page Operations."
        yield (
            "warn",
            f"{ledger['parked']} approved writes are parked: nobody knows whether they happened",
            mend,
        )


def circuit_breakers(of: Installation) -> Iterator[tuple[Level, str, str]]:
    if of.database is None:
        return
    with of.database.tx(SET_UP, "agent") as tx:
        found = circuits(tx)
    for circuit in found:
        if circuit.state != "closed":
            how = "is paused" if circuit.state == "paused" else "counts as down"
            since = f"since {circuit.since:%Y-%m-%d %H:%M} UTC, {circuit.waiting} writes wait"
            says = f"the {circuit.system.upper()} {how} {since}: {circuit.reason}"
            mend = "It is tried again by itself; a paused one is resumed on the page Operations."
            yield "warn", says, mend
    if all(c.state == "closed" for c in found):
        yield "ok", "every system of record is written to", ""


def anchors(of: Installation) -> Iterator[tuple[Level, str, str]]:
    """The audit log is anchored where its database's owner cannot reach, and lately."""
    if of.database is None:
        return
    if of.settings.audit_anchors is None:
        level: Level = "warn" if of.settings.environment == "production" else "ok"
        says = "the audit log is not anchored: who owns the database could write it anew unseen"
        yield (
            level,
            says,
            "Set CHARGEHAND_AUDIT_ANCHORS to a directory elsewhere, and make a key: docs/audit.md.",
        )
        return
    folder = anchors_folder(of.settings)
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        yield "fail", f"{folder} cannot be written", "Make it a directory that the worker may write."
    try:
        name = signing_key(of.settings).id
    except ChargehandError as error:
        yield "fail", error.sentence, "Set CHARGEHAND_AUDIT_KEY_FILE to the file that it wrote."
        return
    with of.database.tx(SET_UP, "worker") as tx:
        last = last_anchored(tx)
    if overdue(last, datetime.now(UTC), anchor_every(of.settings)):
        when = f"since {last.at:%Y-%m-%d %H:%M} UTC" if last else "ever"
        mend = "Is a worker alive? `chargehand audit anchor` writes one now and says why it cannot."
        yield "warn", f"no anchor of the audit log was written {when}", mend
    elif last:
        yield "ok", f"the audit log was anchored {last.at:%Y-%m-%d %H:%M} UTC, key {name}", ""


CHECKS: Mapping[str, Check] = {
    "python": python,
    "home": home,
    "secret": secret,
    "database": database,
    "clock": clock,
    "policy": policy,
    "records": records,
    "systems": systems,
    "language-model": language_model,
    "copilot": copilot,
    "embeddings": embeddings,
    "models": fitted_models,
    "worker": worker,
    "circuits": circuit_breakers,
    "anchors": anchors,
    "sign-in": sign_in,
    "slack": slack,
}


def examine(of: Installation, names: tuple[str, ...]) -> Iterator[Finding]:
    """The findings of the named checks, in their order. A check that cannot be done has failed."""
    for name in names:
        try:
            for level, says, mend in CHECKS[name](of):
                yield Finding(name, level, says, mend)
        except ChargehandError as error:
            yield Finding(name, "fail", error.sentence)
        except psycopg.Error as error:
            yield Finding(
                name,
                "fail",
                f"the database refuses: {str(error).splitlines()[0]}",
                "Run `chargehand migrate`.",
            )
