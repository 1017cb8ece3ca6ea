"""What a run is held against: the rows of another run, or those that are shipped.

Shipped are the small parts, answered by the rules: `evals/baselines/<suite>.jsonl`, a row a line, so that who
reviews a change sees which answers it changed. They hold no words, only the hash of what the case says."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from evals.cases import GroupName, Row, Verdict
from evals.compare import said_in
from evals.runs import Run

SHIPPED = Path(str(files("evals").joinpath("baselines")))
DIGITS = 6  # of a score or value: another machine's arithmetic differs in the last ones


@dataclass(frozen=True)
class Baseline:
    """Rows to compare with, and what each case says (`evals.compare.said_in`)."""

    name: str
    rows: tuple[Row, ...]
    said: Mapping[str, str]


class _Kept(BaseModel):
    """A case and what became of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    said: str
    cluster: str
    groups: Mapping[GroupName, str] = {}
    passed: bool
    score: float
    values: Mapping[str, float] = {}

    def row(self) -> Row:
        verdict = Verdict(score=self.score, passed=self.passed, got="", values=self.values)
        return Row(
            id=self.id, text="", expected="", groups=self.groups, cluster=self.cluster, verdict=verdict
        )


def of_run(run: Run) -> Baseline:
    return Baseline(run.facts.run_id, run.rows, said_in(run.rows))


def shipped(suite: str, folder: Path = SHIPPED) -> Baseline | None:
    """None where the suite has none."""
    path = folder / f"{suite}.jsonl"
    if not path.exists():
        return None
    kept = [_Kept.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return Baseline("shipped", tuple(k.row() for k in kept), {k.id: k.said for k in kept})


def write(run: Run, folder: Path = SHIPPED) -> Path:
    """Make the rows of a run of one epoch the suite's shipped baseline. The same answers make the same file,
    byte for byte."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.facts.suite}.jsonl"
    said = said_in(run.rows)
    lines = (_kept(row, said[row.id]).model_dump_json(exclude_defaults=True) for row in run.rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _kept(row: Row, said: str) -> _Kept:
    return _Kept(
        id=row.id,
        said=said,
        cluster=row.cluster,
        groups=row.groups,
        passed=row.verdict.passed,
        score=round(row.verdict.score, DIGITS),
        values={name: round(value, DIGITS) for name, value in row.verdict.values.items()},
    )
