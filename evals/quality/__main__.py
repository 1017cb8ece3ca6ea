"""`python -m evals.quality`: measure, beside baselines. Exit 1 where a figure that
decides is clearly worse than its baseline."""

import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evals.demo_firms import opened
from evals.quality import page
from evals.quality.results import Result, compared
from evals.quality.suites import chosen, on_cases, on_firm, on_records
from evals.telling import telling
from models.errors import ChargehandError
from models.predict.base import Progress

TODAY = date(2026, 3, 18)  # of the demo firms: a fixed day makes the same firms each time

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    only: Annotated[str | None, typer.Option(help="Suites, comma-separated; all if not given.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            envvar="CHARGEHAND_DATA",
            help="Labelled records; see docs/quality.md.",
        ),
    ] = None,
    firm: Annotated[bool, typer.Option(help="Measure on demo firms.")] = True,
    seeds: Annotated[str, typer.Option(help="Of the demo firms, comma-separated.")] = "11,12",
    scale: Annotated[float, typer.Option(min=0.02, max=2, help="Of the demo firms.")] = 0.25,
    baselines: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Figures to beat (JSON), in place of the measured baselines."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(file_okay=False, help="Where the page goes.")] = Path("quality-report"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Measure the predictions on records whose truth is known."""
    console = Console(stderr=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        suites = chosen(only)
        with telling(console) as progress:
            found = _measured(
                suites, data, [int(s) for s in seeds.split(",")] if firm else [], scale, progress
            )
    except ChargehandError as error:
        console.print(error.sentence, markup=False)
        raise typer.Exit(2) from error
    if baselines:
        known = json.loads(baselines.read_text(encoding="utf-8"))
        found = compared(found, known["figures"], known["against"])
    for path in page.write(found, out):
        console.print(str(path), markup=False)
    if as_json:
        typer.echo(json.dumps([r.as_json() for r in found], indent=2))
    else:
        Console().print(page.table(found))
    if failing := [r for r in found if r.fails]:
        names = "; ".join(f"{r.name}, {r.group}: {r.metric}" for r in failing)
        console.print(f"{len(failing)} clearly below their baseline: {names}", markup=False)
        raise typer.Exit(1)


def _measured(
    suites: Sequence[str], data: Path | None, seeds: Sequence[int], scale: float, progress: Progress
) -> list[Result]:
    found = [result for suite in suites for result in on_cases(suite, progress)] if seeds else []
    for seed in seeds:
        with opened(seed, scale, TODAY, progress=progress) as firm:
            for suite in suites:
                found += on_firm(suite, firm, progress)
    if data is not None:
        for suite in suites:
            found += on_records(suite, data, progress)
    return sorted(found, key=lambda r: suites.index(r.name))


if __name__ == "__main__":
    app()
