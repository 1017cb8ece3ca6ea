"""`chargehand import`: the firm's records from files into the database."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import AsJson, console, print_json, settings
from api.cli.score.common import RejectsFile, ending, telling

if TYPE_CHECKING:
    from store.importer import ImportSummary


def import_(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="The firm's CSV files (docs/formats.md), any subset of them."),
    ],
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Take the firm's records from files, all or nothing. The same files again change nothing."""
    from api.database import place, set_up
    from models.access import service
    from models.text.embed import default_embedder
    from store.importer import import_firm

    with ending(rejects), telling() as progress:
        found = settings()
        where = place(found)
        if where.embedded:  # it is ours alone; others are migrated when their owner says so
            set_up(found, where)
        database = where.database()
        try:
            by = service("import").on("cli")
            summary = import_firm(database, by, directory, embedder=default_embedder(), progress=progress)
        finally:
            database.close()
    if as_json:
        print_json(asdict(summary) | {"changed": summary.changed})
    else:
        _say(summary)


def _say(summary: "ImportSummary") -> None:
    for name, file in summary.files.items():
        console.print(f"{name:<20} {file.rows:>8} rows")
    for kind, counts in summary.records.items():
        if counts.changed:
            said = ", ".join(f"{number} {verb}" for verb, number in asdict(counts).items() if number)
            console.print(f"{kind:<20} {said}")
    console.print(f"{summary.changed} records changed" if summary.changed else "nothing has changed")
