"""`chargehand eval`: run the suites. Needs neither a network nor a key."""

from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
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


@app.command()
def overrides(
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="The JSONL file to write.")],
    salt: Annotated[
        str | None,
        typer.Option(
            "--salt",
            envvar="CHARGEHAND_EXPORT_SALT",
            help="Keeps pseudonyms the same from export to export; without one, each export has its own.",
        ),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only from this day on.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what people rejected, edited or left out as eval cases, without personal data."""
    from api.cli.console import settings
    from api.database import SET_UP, place
    from evals.overrides import export

    with ending():
        database = place(settings()).database()
        with database.tx(SET_UP, "worker") as tx:
            first = since.replace(tzinfo=UTC) if since else None
            counts = export(tx, out, salt.encode() if salt else token_bytes(32), first)
    if as_json:
        print_json({"file": str(out), "cases": counts})
    elif counts:
        told = ", ".join(f"{n} of {event.replace('_', ' ')}" for event, n in sorted(counts.items()))
        console.print(f"{out}: {told}. Read the free text before you hand it on.", markup=False)
    else:
        console.print("Nobody has rejected, edited or left anything out yet; the file is empty.")
