"""`chargehand audit`: the hash-chained log."""

from dataclasses import asdict

import typer

from api.cli.console import AsJson, console, ending, print_json, settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Verify and read the audit log.")


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Check every row, every link and the head. Exit code 1 names the first fault."""
    from api.database import SET_UP, place
    from workflow.verify import verify as verify_chain

    with ending():
        database = place(settings()).database()
        with database.tx(SET_UP, "worker") as tx:
            verdict = verify_chain(tx)
    if as_json:
        print_json({"whole": verdict.whole, **asdict(verdict)})
    elif verdict.whole:
        console.print(f"The audit log is whole: {verdict.head.seq if verdict.head else 0} entries.")
    else:
        console.print(f"The audit log does not hold at entry {verdict.seq}: {verdict.fault}.", markup=False)
    if not verdict.whole:
        raise typer.Exit(1)


@app.command()
def show(
    subject: str = typer.Argument(help="What it is about, e.g. proposal:ID"), as_json: AsJson = False
) -> None:
    """Everything that was recorded about one thing, oldest first."""
    from api.database import SET_UP, place

    with ending():
        database = place(settings()).database()
        with database.tx(SET_UP, "worker") as tx:
            events = tx.records("audit.of_subject", subject=subject)
    if as_json:
        print_json(events)
        return
    if not events:
        console.print(f"Nothing is recorded about {subject}.", markup=False)
    for e in events:
        typer.echo(
            f"{e['seq']:>8}  {e['at']:%Y-%m-%d %H:%M:%S}  {e['actor']} ({e['surface']})  {e['action']}"
        )
