"""A demo firm to measure on: generated, imported into a database of its own, with its truth beside it."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd

from demo.firm import generate
from demo.scenario import Scenario
from models.access import Grant, Principal, service
from models.formats.firm import FILES
from models.formats.table import read_table
from models.predict.base import Progress, silent
from models.text.embed import default_embedder
from store.admin import ensure_database
from store.cluster import SUPERUSER
from store.db import DB_ROLES, Database
from store.importer import import_firm
from store.migrate import migrate
from store.server import running
from store.shelf import Shelf
from tools.catalogue import TOOLS
from tools.registry import Registry, ToolResult
from workflow.policies import default
from workflow.service import Workflow

SET_UP: Principal = service("set-up")
DATABASE = "measured"


@dataclass(frozen=True)
class FirmFiles:
    """A generated firm as its files and its truth know it."""

    name: str  # of the group that results are reported under
    folder: Path
    truth_folder: Path
    today: date

    @property
    def scenario(self) -> Scenario:
        return Scenario.load(self.truth_folder)

    def table(self, name: str) -> pd.DataFrame:
        """One of the firm's files."""
        file = f"{name}.csv"
        return read_table(self.folder / file, FILES[file]).reset_index(drop=True)

    def truth(self, name: str) -> list[dict[str, Any]]:
        """The lines of a JSONL file of the truth."""
        text = (self.truth_folder / f"{name}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@dataclass(frozen=True)
class DemoFirm(FirmFiles):
    """A firm with its database."""

    owner_dsn: str  # of the database's owner, for other processes
    db: Database
    registry: Registry

    def person(self, part: str) -> Principal:
        """A persona of the demo by their part, with the roles they hold in the firm's files."""
        person_id = self.scenario.personas[part]
        roles = self.table("roles")
        held = roles[roles["person_id"] == person_id].to_dict("records")
        grants = tuple(Grant(h["role"], h["scope_kind"], h["scope_id"] or None) for h in held)
        return Principal(person_id, part, grants, "cli")

    def call(self, part: str, tool: str, **arguments: Any) -> ToolResult:
        """A tool, called by a persona on the firm's day."""
        now = datetime.combine(self.today, time(9), UTC)
        return self.registry.call(self.db, self.person(part), tool, arguments, now=now)


@contextmanager
def generated(seed: int, scale: float, today: date, *, progress: Progress = silent) -> Iterator[FirmFiles]:
    """Generate a firm's files; they are gone afterwards. The arguments are those of `demo.firm.generate`."""
    with tempfile.TemporaryDirectory(prefix="chargehand-firm-") as folder:
        firm, truth = Path(folder) / "firm", Path(folder) / "truth"
        generate(firm, truth, seed=seed, scale=scale, today=today, progress=progress)
        yield FirmFiles(f"demo firm {seed}", firm, truth, today)


@contextmanager
def opened(
    seed: int,
    scale: float,
    today: date,
    *,
    progress: Progress = silent,
    connections: int = 8,
    durable: bool = False,
) -> Iterator[DemoFirm]:
    """Generate and import a firm; its files and its server are gone afterwards.

    Args:
        seed, scale, today: as for `demo.firm.generate`.
        progress: told of each step.
        connections: at most, for each database role.
        durable: whether a commit waits for the disk.
    """
    with (
        generated(seed, scale, today, progress=progress) as files,
        running(files.folder.parent / "postgres", durable=durable) as server,
    ):
        ensure_database(server.dsn(SUPERUSER, SUPERUSER), DATABASE)
        owner = server.dsn(DATABASE, SUPERUSER)
        migrate(owner)
        dsns = {role: server.dsn(DATABASE, f"chargehand_{role}") for role in DB_ROLES}
        db = Database(dsns, max_size=connections)
        try:
            import_firm(db, SET_UP, files.folder, embedder=default_embedder(), progress=progress)
            Workflow(db).load_policy(SET_UP, default())
            registry = Registry(TOOLS, embedder=default_embedder(), shelf=Shelf())
            yield DemoFirm(files.name, files.folder, files.truth_folder, today, owner, db, registry)
        finally:
            db.close()
