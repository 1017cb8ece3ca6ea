"""`chargehand plan`: the shortest plan for a project's work."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psutil
import typer

from api.cli.score.common import OutFile, RejectsFile, ending, replacing
from models.errors import BadInput
from models.errors import Problem as InputProblem

if TYPE_CHECKING:
    from models.predict.plan_problem import Problem

ProblemFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The problem (JSON).")]
TimeLimit = Annotated[
    float,
    typer.Option("--time-limit", min=0, help="Seconds there are in all, from the start of the program."),
]

EXIT_SECONDS = 0.3
"""Of the time limit, kept for writing the plan and ending the program."""


def plan(problem: ProblemFile, out: OutFile, time_limit: TimeLimit = 10, rejects: RejectsFile = None) -> None:
    """Plan a project's work in the shortest time with the people there are.

    A problem that has no plan is answered with status infeasible and the reasons."""
    used = time.time() - psutil.Process().create_time()
    deadline = time.monotonic() + time_limit - used - EXIT_SECONDS
    with ending(rejects):
        from models.predict.plan import make_plan

        answer = make_plan(_read(problem), deadline)
        with replacing(out) as file:
            json.dump(answer.model_dump(mode="json"), file, ensure_ascii=False, indent=2)
            file.write("\n")
    if answer.status == "infeasible":
        typer.echo("infeasible: " + "; ".join(answer.reasons), err=True)
    else:
        typer.echo(
            f"{answer.status}: makespan {answer.makespan}, no less than {answer.lower_bound}", err=True
        )


def _read(path: Path) -> "Problem":
    from pydantic import ValidationError

    from models.formats.utf8 import read_utf8
    from models.predict.plan_problem import Problem

    text, wrong = read_utf8(path)
    if wrong:
        raise BadInput(wrong)
    try:
        return Problem.model_validate_json(text)
    except ValidationError as error:
        raise BadInput(
            [
                InputProblem(str(path), 1, ".".join(map(str, detail["loc"])), detail["msg"])
                for detail in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        ) from error
