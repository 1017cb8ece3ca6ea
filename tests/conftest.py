"""One embedded PostgreSQL for the whole test session, whichever number of workers run it.

The session (xdist's controller, or pytest itself without xdist) names a directory and tells the workers; the
first test that needs the server starts it there; the session stops it and removes the directory. A session
that was killed cannot, so its directory holds its pid and the next session cleans up."""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from models.access import Grant, Principal
from store.cluster import SUPERUSER
from store.db import DB_ROLES, Database
from store.migrate import migrate
from store.server import Server, start, stop
from store.server_user import ServerDirectoryNotOurs
from tests.browser import chromium

__all__ = ["chromium"]

ROOT_KEY = pytest.StashKey[Path]()
ROOTS = "chargehand-tests-"
SHARED_MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30  # bytes: a session's databases take some hundred MiB at a time

# The same examples on every run: a change is judged by itself, not by its luck. To look for new ones:
# `pytest --hypothesis-profile=explore`, and write what it finds down as an explicit example.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no bug
settings.register_profile("steady", _PATIENT, derandomize=True)
settings.register_profile("explore", _PATIENT, max_examples=1000)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    if (told := getattr(config, "workerinput", None)) is not None:
        config.stash[ROOT_KEY] = Path(told["server_root"])
        return
    _clean_up_after_killed_sessions()
    # Not pytest's base directory: its mode is set back to 0700 by every new session, and its path is long.
    config.stash[ROOT_KEY] = Path(tempfile.mkdtemp(prefix=f"{ROOTS}{os.getpid()}-", dir=_fastest()))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Called in xdist's controller for each worker."""
    node.workerinput["server_root"] = str(node.config.stash[ROOT_KEY])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and (root := config.stash.get(ROOT_KEY, None)):
        _remove(root)


def _fastest() -> Path:
    """In memory where there is room: a test's database is some 700 files, copied before it and removed after
    it, which costs a file system with a journal more than most tests cost."""
    usable = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    if usable and shutil.disk_usage(SHARED_MEMORY).free > ROOM:
        return SHARED_MEMORY
    return Path(tempfile.gettempdir())


def _clean_up_after_killed_sessions() -> None:
    for root in (
        r for place in (SHARED_MEMORY, Path(tempfile.gettempdir())) for r in place.glob(f"{ROOTS}*")
    ):
        session = re.match(rf"{ROOTS}(\d+)-", root.name)
        if session and not psutil.pid_exists(int(session[1])):
            with suppress(ServerDirectoryNotOurs):  # another user's session
                _remove(root)


def _remove(root: Path) -> None:
    stop(root)
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Server:
    """The session's server. Databases on it must have unique names; roles are shared by all of them."""
    return start(pytestconfig.stash[ROOT_KEY], durable=False)


@pytest.fixture
def fresh_database(server: Server) -> Iterator[Callable[[], str]]:
    """Make an empty database, as often as it is called, and return the superuser's DSN on it. Dropped, with
    whatever still is connected to it, after the test."""
    names: list[str] = []
    with psycopg.connect(server.dsn(SUPERUSER, SUPERUSER), autocommit=True) as admin:

        def make() -> str:
            names.append(f"test_{uuid4().hex}")
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(names[-1])))
            return server.dsn(names[-1], SUPERUSER)

        yield make
        for name in names:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def _turn(server: Server, name: str) -> Iterator[None]:
    """One xdist worker after the other: templates are made once a session."""
    with (server.data.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def template(server: Server) -> Callable[[str, Callable[[str], object]], str]:
    """`template(name, fill)`: the database of this name, made by `fill(dsn)` the first time anyone asks."""

    def get(name: str, fill: Callable[[str], object]) -> str:
        with _turn(server, name), psycopg.connect(server.dsn(SUPERUSER, SUPERUSER), autocommit=True) as admin:
            if not admin.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
                partial = f"{name}_partial_{uuid4().hex}"
                admin.execute(sql.SQL("create database {}").format(sql.Identifier(partial)))
                fill(server.dsn(partial, SUPERUSER))
                admin.execute(
                    sql.SQL("alter database {} rename to {}").format(
                        sql.Identifier(partial), sql.Identifier(name)
                    )
                )
        return name

    return get


@pytest.fixture
def clone(server: Server) -> Iterator[Callable[[str], str]]:
    """Copy a template as often as wanted; the names of the copies. Dropped after the test."""
    names: list[str] = []
    with psycopg.connect(server.dsn(SUPERUSER, SUPERUSER), autocommit=True) as admin:

        def make(template_name: str) -> str:
            names.append(f"test_{uuid4().hex}")
            with _turn(server, template_name):
                admin.execute(  # by files: writing every page to the log takes nine times as long here
                    sql.SQL("create database {} template {} strategy file_copy").format(
                        sql.Identifier(names[-1]), sql.Identifier(template_name)
                    )
                )
            return names[-1]

        yield make
        for name in names:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def db(
    server: Server,
    template: Callable[[str, Callable[[str], object]], str],
    clone: Callable[[str], str],
) -> Iterator[Database]:
    """Pools on an empty, migrated database of the test's own."""
    yield from open_database(server, clone(template("template_migrated", migrate)))


def open_database(server: Server, name: str) -> Iterator[Database]:
    database = Database({role: server.dsn(name, f"chargehand_{role}") for role in DB_ROLES})
    yield database
    database.close()


@pytest.fixture
def admin_dsn(server: Server, db: Database) -> str:
    """The owner's connection string on the test's database: for what no role of ours may do."""
    name = psycopg.conninfo.conninfo_to_dict(db.dsn("agent"))["dbname"]
    return server.dsn(str(name), SUPERUSER)


@pytest.fixture
def administrator() -> Principal:
    """Someone who may set the firm up."""
    return Principal(
        person_id="service:set-up",
        name="Set-up",
        grants=(Grant(role="admin", scope_kind="firm"),),
        surface="cli",
    )
