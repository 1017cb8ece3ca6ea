"""`chargehand report`: the bench-risk reports, and what `/operations` shows."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json, settings

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", file_okay=False, help="Also write the pages to this directory.")
    ] = None,
    no_proposals: Annotated[
        bool, typer.Option("--no-proposals", help="Only report; propose no moves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the bench-risk reports now: one for the firm and one a practice."""
    if context.invoked_subcommand is not None:
        return
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


@app.command()
def operations(
    days: Annotated[int, typer.Option("--days", help="7, 30 or 90.")] = 30,
    practice: Annotated[str | None, typer.Option("--practice", help="Only this practice.")] = None,
    as_json: AsJson = False,
) -> None:
    """What waits now, and how proposals went through the gates in the last days."""
    from datetime import UTC, datetime

    from pydantic import TypeAdapter, ValidationError

    from api.database import SET_UP, place
    from workflow.insight import flow
    from workflow.insight.views import Days

    try:
        period: Days = TypeAdapter(Days).validate_python(days)
    except ValidationError as error:
        raise typer.BadParameter("7, 30 or 90", param_hint="--days") from error
    with ending(), place(settings()).database().tx(SET_UP, "agent") as tx:
        waiting = flow.queues(tx, practice)
        found = flow.flow(tx, datetime.now(UTC), period, practice)
    if as_json:
        print_json({"waiting": waiting.model_dump(mode="json"), "flow": found.model_dump(mode="json")})
        return
    console.print(
        f"{waiting.waiting} wait"
        + (f", the oldest {waiting.oldest_hours:.0f} h" if waiting.oldest_hours else "")
    )
    if found.total is None:
        console.print(f"Nothing ended in the last {days} days.")
        return
    total = found.total
    console.print(
        f"{total.ended} ended: {total.approved} approved, {total.rejected} rejected, {total.expired} expired,"
        f" {total.withdrawn} withdrawn."
    )
    for step in found.steps[:5]:
        console.print(f"  {step.share:.0%} of the waiting at {step.rule}, {step.step}", markup=False)
