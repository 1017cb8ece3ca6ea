"""Runs written by hand, kept as real ones are."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from evals.cases import Row, Usage, Verdict
from evals.metrics import PASSED
from evals.running import figures
from evals.runs import Facts, Run, keep


def row(id: str, passed: bool = True, *, cluster: str = "", epoch: int = 1, **more: object) -> Row:
    values = {k: more.pop(k) for k in list(more) if k not in Row.model_fields}
    return Row(
        id=id,
        epoch=epoch,
        text=str(more.pop("text", f"case {id}")),
        expected=str(more.pop("expected", "right")),
        cluster=cluster or id,
        verdict=Verdict(score=float(passed), passed=passed, got="words", values=values),  # type: ignore[arg-type]
        usage=Usage(seconds=0.5, input_tokens=10),
        **more,  # type: ignore[arg-type]
    )


def rows(passed: Iterable[bool], **more: object) -> list[Row]:
    """Cases 000, 001, ... that are right or not."""
    return [row(f"{n:03}", p, **more) for n, p in enumerate(passed)]  # type: ignore[arg-type]


def made(folder: Path, rows: Sequence[Row], suite: str = "routing", subject: str = "rules") -> Run:
    """A kept run of these rows."""
    log = folder / "any.eval"
    folder.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"log")
    facts = Facts(
        run_id=f"20260318T090000-{suite}-{uuid4().hex[:6]}",
        suite=suite,
        subject=subject,
        versions={},
        small=True,
        epochs=max(r.epoch for r in rows),
        started_at=datetime(2026, 3, 18, 9, tzinfo=UTC),
        seconds=1,
        code="0",
        cases_sha256="0",
        cases=len({r.id for r in rows}),
        figures=figures((PASSED,), rows),
    )
    return keep(folder / "runs", facts, rows, log)
