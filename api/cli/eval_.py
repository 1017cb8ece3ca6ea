"""`chargehand eval`: run the suites. Needs neither a network nor a key."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.console import AsJson, console, ending, print_json
from api.telemetry import configure_logging
from evals.run import SUITES, suite

app = typer.Typer(help="Run the suites that measure the copilot.", no_args_is_help=True, add_completion=False)


@app.command("list")
def list_suites(as_json: AsJson = False) -> None:
    """The suites and what they measure."""
    with ending():
        found = {name: suite(name).about for name in SUITES}
    if as_json:
        print_json(found)
    else:
        for name, about in found.items():
            typer.echo(f"{name}: {about}")


@app.command()
def run(
    name: Annotated[str | None, typer.Argument(metavar="[SUITE]", help="One suite; see 'list'.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All suites.")] = False,
    as_json: AsJson = False,
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Where reports and logs go.")] = Path(
        "eval-reports"
    ),
) -> None:
    """Run a suite and write its report. What it found does not change the exit code; a suite that cannot run
    ends with 2."""
    if every == (name is not None):
        raise typer.BadParameter("name one suite, or give --all")
    configure_logging("console", "warning")
    found: dict[str, Any] = {}
    with ending():
        for chosen in list(SUITES) if name is None else [name]:
            report = suite(chosen).run(out / "logs")
            machine, people = report.write(out)
            found[chosen] = report.as_json()
            if not as_json:
                typer.echo(report.as_markdown())
            console.print(f"{machine}\n{people}", markup=False)
    if as_json:
        print_json(found)
