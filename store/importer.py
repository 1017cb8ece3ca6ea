"""Takes the firm's records from files into the database: all of a run, or nothing.

The files go into temporary tables (COPY), are checked there against each other and against what was taken
before, and then written as one upsert a table. A record that a newer file no longer has is kept. The same
files again change nothing."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from models.access import Principal
from models.city_zone import zone_of_city
from models.errors import BadInput, Problem
from models.formats.firm import FILES, skills_wanted
from models.formats.table import TableSpec, read_table
from models.money import CENT
from models.predict.base import Progress, silent
from models.text.embed import Embedder
from store.contract_files import Known, read_documents, write_documents
from store.db import Database, Tx
from store.staging import Counts, Target, copy_frame, merge


@dataclass(frozen=True)
class FileTaken:
    """A file of an import."""

    sha256: str
    rows: int


@dataclass(frozen=True)
class ImportSummary:
    """What an import took and what it changed."""

    run_id: int
    files: dict[str, FileTaken]  # by name
    records: dict[str, Counts]  # by kind of record: 'people', 'time_entries', 'grants', 'documents', ...

    @property
    def changed(self) -> int:
        """Records added, updated or removed; 0 where the database held the same before."""
        return sum(counts.changed for counts in self.records.values())


def import_firm(
    db: Database,
    principal: Principal,
    directory: Path,
    *,
    embedder: Embedder,
    progress: Progress = silent,
) -> ImportSummary:
    """Take the files of the firm that are in a directory (docs/formats.md), with the contracts' documents.

    Waits for its turn where another import is running.

    Raises:
        BadInput: with every problem found in any of the files; nothing was taken.
        EmbedderDoesNotFit: the embedder's vectors do not fit in the database; nothing was taken.
    """
    files = _Files(directory, progress)
    with db.tx(principal, "steward") as tx:
        tx.execute("importer.take_turn")
        tx.execute("importer.create_staging")
        for name, frame in files.tables.items():
            progress(f"staging {name}", 0, 1)
            copy_frame(tx, name, frame, [c.name for c in FILES[f"{name}.csv"].columns])
        progress("checking", 0, 1)
        problems = files.problems + _inconsistent(tx, files)
        known = {k.contract_id: k for k in tx.rows("importer.documents", Known)}
        documents, unreadable = read_documents(
            files.table("contracts"), files.path("contracts"), known, embedder, progress
        )
        if problems := problems + unreadable:
            raise BadInput(sorted(problems, key=lambda p: (p.file, p.line)))
        records = _write_tables(tx, files, progress)
        if "contracts" in files.tables:
            records |= write_documents(tx, documents, embedder, progress)
        progress("checking references", 0, 1)
        tx.execute("importer.check_references")
        return _recorded(tx, files.taken, records)


class _Files:
    """The firm's files of a directory as they were read."""

    def __init__(self, directory: Path, progress: Progress) -> None:
        self.directory = directory
        self.tables: dict[str, pd.DataFrame] = {}  # by the name without suffix
        self.taken: dict[str, FileTaken] = {}
        self.problems: list[Problem] = []
        if not directory.is_dir():
            raise BadInput([Problem(str(directory), 1, "", "there is no such directory")])
        found = sorted(path for path in directory.iterdir() if path.suffix.lower() == ".csv")
        for done, path in enumerate(found):
            progress("reading files", done, len(found))
            if path.name in FILES:
                self._read(path, FILES[path.name])
            else:
                known = ", ".join(FILES)
                self.problems.append(Problem(str(path), 1, "", f"not a file of the firm, which are {known}"))
        progress("reading files", len(found), len(found))
        if not found:
            reason = f"none of the firm's files is here: {', '.join(FILES)}"
            raise BadInput([Problem(str(directory), 1, "", reason)])

    @property
    def unreadable(self) -> set[str]:
        """The tables of which no row could be used."""
        return {Path(p.file).stem for p in self.problems} - set(self.tables)

    def path(self, table: str) -> Path:
        return self.directory / f"{table}.csv"

    def table(self, name: str) -> pd.DataFrame:
        """A table; without rows where its file is not there."""
        columns = [c.name for c in FILES[f"{name}.csv"].columns]
        return self.tables.get(name, pd.DataFrame(columns=columns))

    def _read(self, path: Path, spec: TableSpec) -> None:
        try:
            frame = read_table(path, spec)
        except BadInput as error:
            self.problems += error.problems
            return
        self.problems += _too_fine(path, frame, spec)
        if spec.name == "role_requests":
            self.problems += _with_skills_as_json(path, frame)
        self.tables[spec.name] = frame
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.taken[path.name] = FileTaken(sha256, len(frame))


def _too_fine(path: Path, frame: pd.DataFrame, spec: TableSpec) -> Iterator[Problem]:
    """Amounts of money in smaller parts than the database keeps: they are not rounded silently."""
    for name in (c.name for c in spec.columns if c.kind == "decimal"):
        for line, amount in frame[name].items():
            if amount is not None and amount % CENT:
                reason = f"{amount} has more than two decimals"
                yield Problem(str(path), int(str(line)), name, reason)


def _with_skills_as_json(path: Path, frame: pd.DataFrame) -> list[Problem]:
    """Replaces the skills of role requests by their JSON; the problems of those that are none."""
    problems = []
    cells = []
    for line, text in frame["skills"].items():
        try:
            cells.append(json.dumps(skills_wanted(text) if isinstance(text, str) else {}))
        except ValueError as error:
            problems.append(Problem(str(path), int(str(line)), "skills", str(error)))
            cells.append("{}")
    frame["skills"] = pd.Series(cells, index=frame.index, dtype="str")
    return problems


# What else can no longer be judged when a file is unreadable: references to what it would have brought.
_BRINGS = {
    "people": ["person", "office", "practice"],
    "clients": ["client"],
    "contracts": ["contract"],
    "projects": ["project", "practice"],
}


def _inconsistent(tx: Tx, files: _Files) -> list[Problem]:
    """The problems that only appear when the staged rows are seen together with what is stored."""
    unknowable = [kind for name in files.unreadable for kind in _BRINGS.get(name, [])]
    found = tx.records("importer.dangling", unknowable=unknowable) + tx.records("importer.contradictions")
    return [Problem(str(files.path(r["file"])), r["line"], r["column"], r["reason"]) for r in found]


def _target(
    table: str, spec: TableSpec, *, without: tuple[str, ...] = (), plus: tuple[str, ...] = ()
) -> Target:
    columns = tuple(c.name for c in spec.columns if c.name not in without) + plus
    return Target(table, spec.name, columns, spec.key)


_RATES = ("cost_rate", "bill_rate", "currency")
_TARGETS = {
    "people": _target("person", FILES["people.csv"], without=_RATES),
    "rates": Target("person_rate", "people", ("person_id", *_RATES), ("person_id",)),
    "skills": _target("skill", FILES["skills.csv"]),
    "clients": _target("client", FILES["clients.csv"]),
    "contracts": _target("contract", FILES["contracts.csv"]),
    "projects": _target("project", FILES["projects.csv"], plus=("office",)),
    "assignments": _target("assignment", FILES["assignments.csv"]),
    "role_requests": _target("role_request", FILES["role_requests.csv"]),
    "time_entries": _target("time_entry", FILES["time_entries.csv"]),
    "status_reports": _target("status_report", FILES["status_reports.csv"]),
    "invoices": _target("invoice", FILES["invoices.csv"]),
    "opportunities": _target("opportunity", FILES["opportunities.csv"]),
    "leave": _target("leave", FILES["leave.csv"]),
    "responsibilities": _target("responsibility", FILES["responsibilities.csv"]),
}


def _write_tables(tx: Tx, files: _Files, progress: Progress) -> dict[str, Counts]:
    """Merge the staged rows into the firm's tables, in an order in which each finds what it refers to."""
    records: dict[str, Counts] = {}
    if "people" in files.tables:
        records["offices"] = _add_offices(tx)
        tx.execute("importer.free_addresses")
    for kind, target in _TARGETS.items():
        if target.staged not in files.tables:
            continue
        progress(f"writing {kind}", 0, 1)
        if kind == "projects":
            tx.execute("importer.office_of_projects")
        records[kind] = merge(tx, target)
    if "responsibilities" in files.tables:
        removed = tx.execute("importer.remove_responsibilities")
        records["responsibilities"] = replace(records["responsibilities"], removed=removed)
    if "people" in files.tables:
        followed = Counts(updated=tx.execute("importer.projects_follow"))
        records["projects"] = records.get("projects", Counts()) + followed
    if "same_persons" in files.tables:  # before roles, which are held by persons
        removed = tx.execute("importer.remove_same_persons")
        records["same_persons"] = Counts(added=tx.execute("importer.add_same_persons"), removed=removed)
    if "roles" in files.tables:
        removed = tx.execute("importer.remove_grants")
        records["grants"] = Counts(added=tx.execute("importer.add_grants"), removed=removed)
    return records


def _add_offices(tx: Tx) -> Counts:
    """Offices that people work in for the first time, in the time zone of their city."""
    new = [row["office"] for row in tx.records("importer.new_offices")]
    for office in new:
        tx.execute("importer.add_office", office=office, timezone=zone_of_city(office))
    return Counts(added=len(new))


def _recorded(tx: Tx, files: dict[str, FileTaken], records: dict[str, Counts]) -> ImportSummary:
    """The summary, noted among the runs and in the audit log."""
    taken = {name: asdict(file) for name, file in files.items()}
    run_id = tx.value("importer.add_run", imported_by=tx.principal.person_id, files=taken)
    counts = {kind: asdict(c) for kind, c in records.items()}
    tx.audit("firm.imported", f"import:{run_id}", files=taken, records=counts)
    return ImportSummary(run_id, files, records)
