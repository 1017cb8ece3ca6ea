"""Databases to measure in: a demo firm is generated and imported once, and every case that changes anything
works in a copy of its own, which takes some hundredths of a second."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from demo.firm import generate
from demo.scenario import Scenario
from evals.demo_firms import SET_UP, DemoFirm, FirmFiles
from models.policy import PolicySet, policy_sha
from models.predict.base import Progress, silent
from models.text.embed import default_embedder
from store.admin import copy_database, drop_database, ensure_database
from store.cluster import SUPERUSER
from store.db import DB_ROLES, Database
from store.importer import import_firm
from store.migrate import migrate
from store.server import Server, running
from store.shelf import Shelf
from tools.catalogue import TOOLS
from tools.registry import Registry
from workflow.service import Workflow

SEED, SCALE = 11, 0.05
TODAY = date(2026, 3, 18)  # a Wednesday: with the seed it makes the same firm each time
NOW = datetime.combine(TODAY, time(9), UTC)
NAME = "demo firm"


@dataclass(frozen=True)
class Sandbox:
    """A server with the firm on it."""

    server: Server
    folder: Path
    registry: Registry
    origin: str = "firm"  # the database that everything is copied from

    @property
    def scenario(self) -> Scenario:
        """Who is who in the firm."""
        return Scenario.load(self.folder / "truth")

    @property
    def files(self) -> FirmFiles:
        """The firm's records, as they were imported."""
        return FirmFiles(NAME, self.folder / "firm", self.folder / "truth", TODAY)

    @cached_property
    def sha256(self) -> str:
        """Of the firm's files: figures on another firm are not to be compared."""
        digest = hashlib.sha256()
        for file in sorted((self.folder / "firm").iterdir()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()

    @contextmanager
    def firm(self, policy: PolicySet) -> Iterator[DemoFirm]:
        """A copy of the firm under a policy; gone on leaving."""
        name = f"case_{uuid4().hex}"
        copy_database(self._admin, self._template(policy), name)
        dsns = {role: self.server.dsn(name, f"chargehand_{role}") for role in DB_ROLES}
        db = Database(dsns, max_size=4)
        try:
            owner = self.server.dsn(name, SUPERUSER)
            firm, truth = self.folder / "firm", self.folder / "truth"
            yield DemoFirm(NAME, firm, truth, TODAY, owner, db, self.registry)
        finally:
            db.close()
            drop_database(self._admin, name)

    def _template(self, policy: PolicySet) -> str:
        """The database that copies are made of, made the first time a policy asks for it."""
        sha256 = policy_sha(policy)
        if (known := self._ready.get(sha256)) is None:
            known = self._ready[sha256] = f"firm_{uuid4().hex}"
            copy_database(self._admin, self.origin, known)
            db = Database({"steward": self.server.dsn(known, "chargehand_steward")})
            Workflow(db).load_policy(SET_UP, policy)
            db.close()
        return known

    @property
    def _admin(self) -> str:
        return self.server.dsn(SUPERUSER, SUPERUSER)

    @cached_property
    def _ready(self) -> dict[str, str]:
        """Databases by the sha256 of their policy."""
        return {}


@contextmanager
def sandbox(progress: Progress = silent) -> Iterator[Sandbox]:
    """Some ten seconds to make; everything is gone on leaving."""
    with tempfile.TemporaryDirectory(prefix="chargehand-evals-") as root:
        folder = Path(root)
        with running(folder / "postgres", durable=False) as server:
            ensure_database(server.dsn(SUPERUSER, SUPERUSER), Sandbox.origin)
            fill(server, Sandbox.origin, folder, progress)
            yield Sandbox(server, folder, registry())


def fill(server: Server, database: str, folder: Path, progress: Progress = silent) -> None:
    """Write the firm's files into a folder and import them into an empty database of the server."""
    generate(folder / "firm", folder / "truth", seed=SEED, scale=SCALE, today=TODAY, progress=progress)
    migrate(server.dsn(database, SUPERUSER))
    db = Database({role: server.dsn(database, f"chargehand_{role}") for role in DB_ROLES})
    import_firm(db, SET_UP, folder / "firm", embedder=default_embedder(), progress=progress)
    db.close()


def registry() -> Registry:
    """The tools as they serve people."""
    return Registry(TOOLS, embedder=default_embedder(), shelf=Shelf())
