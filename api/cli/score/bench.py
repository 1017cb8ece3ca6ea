"""`chargehand score bench`: who will have little to do in the next period."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.score.common import (
    AsJson,
    ModelDirectory,
    OutFile,
    RejectsFile,
    ending,
    fitted,
    input_file,
    reading,
    report,
    telling,
    write_csv,
)
from models.formats.table import Column, TableSpec

if TYPE_CHECKING:
    import pandas as pd

HOURS = TableSpec(
    "hours by person and period",
    (Column("person_id", "text"), Column("period", "integer"), Column("hours", "number", low=0)),
    key=("person_id", "period"),
)
TRUTH = TableSpec(
    "hours of the next period", (Column("person_id", "text"), Column("hours", "number")), key=("person_id",)
)


def command(
    people: Annotated[Path, input_file("--people", "Hours by period of the people to predict.")],
    out: OutFile,
    history: Annotated[
        Path | None,
        input_file("--history", "Hours by period of people whose last period is the one to learn."),
    ] = None,
    truth: Annotated[Path | None, input_file("--truth", "person_id,hours of the next period.")] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Last day of the history's last period, for the kept model's card: periods have no dates.",
        ),
    ] = None,
    model: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Who will have little to do in the next period?

    Writes person_id, expected_hours and p_bench: the probability of under 80 hours."""
    from models.predict import bench

    with ending(rejects):
        with reading() as read:
            past = read.table(history, HOURS)
            read.rows_needed(history, past)
            wanted = read.table(people, HOURS)
            read.rows_needed(people, wanted)
            actual = read.table(truth, TRUTH) if truth else None
        with telling() as progress:
            next_period = fitted(
                model,
                "bench",
                bench.VERSION,
                [history] if history else [],
                lambda: bench.fit(past, progress=progress),
                until.date() if until else None,
            )
            predicted = next_period.predict(wanted)
        write_csv(out, predicted)
        if actual is not None:
            report(_metrics(predicted, actual), as_json)


def _metrics(predicted: "pd.DataFrame", actual: "pd.DataFrame") -> dict[str, float | int]:
    from models.predict.bench import BENCH_BELOW
    from models.predict.metrics import of_probabilities

    known = predicted.merge(actual, on="person_id")
    hours = known["hours"].to_numpy(float)
    return {
        "people": len(known),
        **of_probabilities(hours < BENCH_BELOW, known["p_bench"].to_numpy(float)),
        "mean_absolute_error": float(abs(known["expected_hours"].to_numpy(float) - hours).mean()),
    }
