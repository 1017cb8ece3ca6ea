"""Running a suite: Inspect does the work and writes its log, of which a run is made and kept."""

import asyncio
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from math import isnan
from pathlib import Path
from typing import Any, ClassVar

from inspect_ai import eval as run_tasks
from inspect_ai.log import EvalLog

from evals.cases import Answer, Case, Row, Verdict, sha_of
from evals.intervals import interval
from evals.metrics import Metric, frame, standing
from evals.runs import Facts, Figure, Run, keep, run_id
from evals.suite import Setting, Suite, task_of
from models.errors import ChargehandError, Retry


class SuiteFailed(ChargehandError):
    """The suite {suite} did not finish: {reason}. Nothing was kept; the log is {log}."""

    retry: ClassVar[Retry] = "with a fix"


def run(suite: "Suite[Any, Any]", within: Setting, runs: Path, *, epochs: int = 1) -> Run:
    """Measure the subject of the setting and keep the run among `runs`. Raises SuiteFailed.

    In a thread of its own where a loop runs in this one, as in a notebook: there, Inspect would patch asyncio
    for good, and later runs would fail."""
    if not _in_a_loop():
        return _run(suite, within, runs, epochs)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_run, suite, within, runs, epochs).result()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run(suite: "Suite[Any, Any]", within: Setting, runs: Path, epochs: int) -> Run:
    started_at = datetime.now(UTC)
    cases = suite.every_case(within)
    with tempfile.TemporaryDirectory(prefix="chargehand-eval-") as scratch:
        log = run_tasks(
            task_of(suite, within, epochs),
            model=None,
            log_dir=scratch,
            display="none",
            max_samples=suite.at_once,
            score_display=False,
            log_level="warning",
            fail_on_error=True,
        )[0]
        place = Path(log.location.removeprefix("file://"))
        if log.status != "success" or log.samples is None:
            runs.mkdir(parents=True, exist_ok=True)
            kept = shutil.copy(place, runs / f"failed-{place.name}")
            reason = log.error.message if log.error else log.status
            raise SuiteFailed(suite=suite.name, reason=reason, log=str(kept))
        rows = rows_of(cases, log)
        facts = Facts(
            run_id=run_id(suite.name, started_at),
            suite=suite.name,
            subject=within.subject.label,
            versions=within.versions(),
            small=within.small,
            epochs=epochs,
            started_at=started_at,
            seconds=(datetime.now(UTC) - started_at).total_seconds(),
            code=_code(),
            cases_sha256=sha_of(cases),
            own_records=_read_of(within.data, suite) if within.data else {},
            cases=len(cases),
            figures=figures((*suite.metrics, *standing(epochs)), rows),
        )
        return keep(runs, facts, rows, place)


def rows_of(cases: Sequence[Case], log: EvalLog) -> list[Row]:
    """The rows of a log, in the order of the cases."""
    of = {case.id: case for case in cases}
    place = {case.id: n for n, case in enumerate(cases)}
    rows = []
    for sample in log.samples or []:
        case, answer = of[str(sample.id)], Answer.model_validate(_own(sample.store["answer"]))
        (score,) = (sample.scores or {}).values()
        rows.append(
            Row(
                id=case.id,
                epoch=sample.epoch,
                text=case.text,
                expected=case.expected,
                groups=case.groups,
                cluster=case.cluster or case.id,
                verdict=Verdict.model_validate(score.metadata),
                usage=answer.usage,
                trace=answer.trace,
            )
        )
    return sorted(rows, key=lambda r: (place[r.id], r.epoch))


def figures(metrics: Sequence[Metric], rows: Sequence[Row]) -> dict[str, Figure]:
    """Each metric of the rows, with its interval over clusters."""
    table = frame(rows)
    found = {}
    for metric in metrics:
        value = metric.of(table)
        low_high = interval(metric, table)
        found[metric.name] = Figure(
            value=None if isnan(value) else value,
            low=low_high[0] if low_high else None,
            high=low_high[1] if low_high else None,
            rows=len(table),
            clusters=table["cluster"].nunique(),
        )
    return found


def _own(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What every suite's answers have."""
    return {name: answer[name] for name in Answer.model_fields}


def _read_of(data: Path, suite: "Suite[Any, Any]") -> dict[str, str]:
    """The files of a firm's own records that the suite's card says it reads."""
    wanted = suite.card.own_records
    return (
        {
            file.relative_to(data).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(data.glob(wanted))
            if file.is_file()
        }
        if wanted
        else {}
    )


def _code() -> str:
    """The version, and the commit where this runs from a checkout."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return version("chargehand")
    return f"{version('chargehand')}+{commit}"
