"""`python -m evals.bench`: how fast, beside named baselines on the same machine in the same run."""

import json
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evals.bench import deciding, finding
from evals.bench.measure import FULL, QUICK, Comparison, Effort
from evals.demo_firms import opened
from evals.telling import telling
from models.predict.base import Progress, silent

SEED = 5
TODAY = date(2026, 3, 18)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    quick: Annotated[
        bool, typer.Option("--quick", help="A small run that only shows that all parts run.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure. Ratios carry over to other machines; rates do not."""
    with telling(Console(stderr=True)) as progress:
        found = measured(QUICK if quick else FULL, progress)
    if as_json:
        typer.echo(json.dumps([c.as_json() for c in found], indent=2))
    else:
        Console().print(table(found))


def measured(effort: Effort, progress: Progress = silent) -> list[Comparison]:
    """Everything, on a demo firm of its own."""
    with opened(SEED, effort.scale, TODAY, progress=progress, connections=max(effort.clients)) as firm:
        return deciding.measure(firm, effort, progress) + finding.measure(firm, effort, progress)


def table(found: list[Comparison]) -> Table:
    shown = Table("", "clients", "a second", "baseline", "ratio", "what the baseline is", "seen")
    for c in found:
        rate, baseline = (f"{value:,.1f}" for value in (c.rate, c.baseline))
        shown.add_row(c.name, str(c.clients), rate, baseline, f"{c.ratio:.2f}", c.against, c.note)
    return shown


if __name__ == "__main__":
    app()
