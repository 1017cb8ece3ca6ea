"""Runs, kept as they were: a folder each, written once, read-only, and found out when altered.

`<runs>/<run id>/run.json` says what was run and what came of it, `rows.jsonl` holds every row, `log.eval` is
Inspect's log. The run's sha256 is that of the first two, and of the log."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict

from evals.cases import Row
from models.errors import ChargehandError, Retry

RUN, ROWS, LOG = "run.json", "rows.jsonl", "log.eval"


class UnknownRun(ChargehandError):
    """There is no run {run} in {folder}: list them with 'chargehand eval runs'."""

    status = 404
    retry: ClassVar[Retry] = "with a fix"


class RunAltered(ChargehandError):
    """The files of run {run} are not those that were written: its sha256 is {found}, not {expected}. Its
    figures do not count; run the suite again."""

    status = 409
    retry: ClassVar[Retry] = "with a fix"


class Figure(BaseModel):
    """A metric of a run with its 95% interval over clusters; None where too little was judged to say."""

    model_config = ConfigDict(frozen=True)

    value: float | None  # None: not defined for these rows
    low: float | None = None
    high: float | None = None
    rows: int  # cases; their epochs are averaged
    clusters: int


class Facts(BaseModel):
    """What was run, and what came of it."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    suite: str
    subject: str  # its label
    versions: Mapping[str, Any]  # all that decides what the subject answers (Subject.versions)
    small: bool
    epochs: int
    started_at: AwareDatetime
    seconds: float
    code: str  # Chargehand's version, with the commit where it is known
    cases_sha256: (
        str  # of the cases and what they are about: where two runs differ, some cases are other ones
    )
    own_records: Mapping[str, str] = {}  # files of CHARGEHAND_DATA that were read: name -> sha256
    cases: int
    figures: Mapping[str, Figure]  # by metric, the one that decides first


class Run(BaseModel):
    """A run as it is kept."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    facts: Facts
    sha256: str

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        text = (self.folder / ROWS).read_text(encoding="utf-8")
        return tuple(Row.model_validate_json(line) for line in text.splitlines())

    @property
    def log(self) -> Path:
        return self.folder / LOG


def keep(folder: Path, facts: Facts, rows: Sequence[Row], log: Path) -> Run:
    """Write a run; nobody sees half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{uuid4().hex}"
    part.mkdir()
    (part / ROWS).write_text("".join(f"{r.model_dump_json()}\n" for r in rows), encoding="utf-8")
    shutil.copy(log, part / LOG)
    text = facts.model_dump_json(indent=1)
    sha256 = _sha(part, text)
    (part / RUN).write_text(json.dumps({"sha256": sha256, "facts": json.loads(text)}, indent=1), "utf-8")
    for file in part.iterdir():
        file.chmod(0o444)
    final = folder / facts.run_id
    part.rename(final)
    final.chmod(0o555)
    return Run(folder=final, facts=facts, sha256=sha256)


def load_run(folder: Path, run_id: str) -> Run:
    """Raises UnknownRun or RunAltered. A beginning of the id will do where only one run has it; `latest` is
    the newest."""
    names = run_ids(folder)
    found = names[-1:] if run_id == "latest" else [n for n in names if n == run_id]
    found = found or [n for n in names if n.startswith(run_id)]
    if len(found) != 1:
        raise UnknownRun(run=run_id, folder=str(folder))
    return _read(folder / found[0])


def find_run(folder: Path, name: str) -> Run:
    """As `load_run`; the path of a run's folder will do as well."""
    return _read(Path(name)) if (Path(name) / RUN).exists() else load_run(folder, name)


def runs(folder: Path) -> Iterator[Run]:
    """All runs, oldest first. Raises RunAltered."""
    for found in _folders(folder):
        yield _read(found)


def run_ids(folder: Path) -> list[str]:
    """Of all runs, oldest first, altered ones among them."""
    return [found.name for found in _folders(folder)]


def run_id(suite: str, started_at: datetime) -> str:
    return f"{started_at:%Y%m%dT%H%M%S}-{suite}-{uuid4().hex[:6]}"


def _folders(folder: Path) -> list[Path]:
    return sorted(f for f in folder.glob("[!.]*") if (f / RUN).exists())


def _read(folder: Path) -> Run:
    kept = json.loads((folder / RUN).read_text(encoding="utf-8"))
    facts = Facts.model_validate(kept["facts"])
    found = _sha(folder, facts.model_dump_json(indent=1))
    if found != kept["sha256"]:
        raise RunAltered(run=folder.name, found=found[:12], expected=str(kept["sha256"])[:12])
    return Run(folder=folder, facts=facts, sha256=found)


def _sha(folder: Path, facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in (ROWS, LOG):
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()
