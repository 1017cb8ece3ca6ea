"""The suite as an Inspect task (`inspect eval evals/routing/suite.py --model none`), and as a report."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from inspect_ai import Task, task
from inspect_ai import eval as run_tasks
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, accuracy, grouped, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from evals.report import Report, Row, new_report
from evals.routing.cases import Case, cases
from evals.routing.judge import judge
from evals.routing.subject import hear
from evals.run import Suite

_CASES = {case.id: case for case in cases()}


@solver
def copilot() -> Solver:
    """The copilot's graph in place of a model."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        row = await anyio.to_thread.run_sync(_verdict, _CASES[str(state.sample_id)])
        state.output = ModelOutput.from_content("rules", row.got)
        state.store.set("row", row.model_dump(mode="json"))
        return state

    return solve


@scorer(metrics=[grouped(accuracy(), "group"), accuracy(), stderr()])
def verdict() -> Scorer:
    """Right or wrong, with the reason."""

    async def score(state: TaskState, target: Target) -> Score:
        row = Row.model_validate(state.store.get("row"))
        return Score(value=row.passed, answer=row.got, explanation=row.fault, metadata={"group": row.group})

    return score


@task
def routing() -> Task:
    """Which tool, with which arguments, each sentence leads to."""
    samples = [
        Sample(id=c.id, input=c.expected.say, target=c.expected.label, metadata={"group": c.group})
        for c in cases()
    ]
    return Task(dataset=MemoryDataset(samples, name="routing"), solver=copilot(), scorer=verdict())


def _verdict(case: Case) -> Row:
    return judge(case, hear(case))


def _run(logs: Path) -> Report:
    started = datetime.now(UTC)
    log = run_tasks(
        routing(),
        model="none",
        log_dir=str(logs),
        display="none",
        max_samples=1,
        score_display=False,
        log_level="warning",
    )[0]
    if log.status != "success" or log.samples is None:
        raise RuntimeError(f"the suite did not finish: {log.error.message if log.error else log.status}")
    rows: list[Any] = [sample.store["row"] for sample in log.samples]
    return new_report("routing", "rules", started, [Row.model_validate(r) for r in rows])


SUITE = Suite(
    name="routing",
    about=f"{len(cases())} sentences of project managers: tool, arguments, questions and refusals.",
    run=_run,
)
