"""`chargehand report`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json, settings


def report(
    out: Annotated[
        Path | None, typer.Option("--out", file_okay=False, help="Also write the pages to this directory.")
    ] = None,
    no_proposals: Annotated[
        bool, typer.Option("--no-proposals", help="Only report; propose no moves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the bench-risk reports now: one for the firm and one a practice."""
    from datetime import UTC, datetime

    from api.database import place
    from api.jobs.bench_report import REPORTER, make_reports
    from api.jobs.worker import tools

    with ending():
        database = place(settings()).database()
        made = make_reports(database, tools(), datetime.now(UTC), propose=not no_proposals)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            with database.tx(REPORTER, "agent") as tx:
                for practice, report_id in made.reports.items():
                    (found,) = tx.records("reports.get", report_id=report_id)
                    name = "".join(c if c.isalnum() else "-" for c in practice.lower())
                    (out / f"bench-{name}.html").write_text(found["html"], encoding="utf-8")
    if as_json:
        print_json({"reports": made.reports, "proposals": made.proposals, "outlook": made.outlook})
        return
    console.print(f"{len(made.reports)} reports, {len(made.proposals)} moves proposed.")
    for line in made.not_proposed:
        console.print(f"Not proposed: {line}", markup=False)
