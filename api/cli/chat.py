"""`chargehand chat`: talk with the copilot in a terminal."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from api.cli.console import console, ending, settings

if TYPE_CHECKING:
    from agents.events import Event

Person = Annotated[
    str,
    typer.Option(
        "--as", envvar="CHARGEHAND_PERSON", help="Who speaks: a person's id, e-mail address or name."
    ),
]


def chat(
    person: Person,
    message: Annotated[str | None, typer.Argument(help="Say this and end; without it, converse.")] = None,
    thread: Annotated[UUID | None, typer.Option(help="Go on with this conversation.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the turn's events, one JSON a line.")
    ] = False,
) -> None:
    """Talk with the copilot. Whoever may run this command holds the database, and so speaks for anyone; what
    is said and called is recorded with the surface 'cli'. Exit code 1 when a turn fails."""
    from api.auth.people import principal_of
    from api.copilot.app import opened
    from api.database import place
    from api.telemetry import configure_logging
    from models.errors import ChargehandError

    if as_json and message is None:
        raise typer.BadParameter("--json needs a message")
    found = settings()
    configure_logging("console", "warning")
    with ending(), closing(place(found).database()) as db, opened(found, db) as app:
        speaker = principal_of(db, person, "cli")
        thread_id = thread or app.copilot.open_thread(speaker)
        well = True
        for said in [message] if message is not None else _typed(speaker.name, thread_id):
            try:
                well = _show(app.copilot.turn(speaker, thread_id, said), as_json)
            except ChargehandError as refused:
                if message is not None:
                    raise
                console.print(refused.sentence, markup=False)
    if message is not None and not well:
        raise typer.Exit(1)


def _typed(name: str, thread_id: UUID) -> Iterator[str]:
    """What is typed, line by line, until the input ends. A line that ends in a backslash goes on, so that a
    client's message can be pasted."""
    console.print(f"You speak as {name}, in conversation {thread_id}. Ctrl-D ends it.", markup=False)
    lines: list[str] = []
    while True:
        try:
            line = console.input("[bold]you:[/bold] " if not lines else "  ... ")
        except (EOFError, KeyboardInterrupt):
            return
        lines.append(line.removesuffix("\\"))
        if line.endswith("\\"):
            continue
        if text := "\n".join(lines).strip():
            yield text
        lines = []


def _show(events: "Iterable[Event]", as_json: bool) -> bool:
    """Print a turn as it happens; whether it went well."""
    from agents.events import Answered, Asked, Failed, Remark, ToolStarted

    well = True
    for event in events:
        well = well and not isinstance(event, Failed)
        if as_json:
            typer.echo(event.model_dump_json())
            continue
        match event:
            case ToolStarted(tool=tool):
                console.print(f"  ({tool} ...)", style="dim", markup=False)
            case Remark(text=text):
                console.print(f"  {text}", style="yellow", markup=False)
            case Asked(text=text, options=options):
                listed = "".join(f"\n  {n}. {option}" for n, option in enumerate(options, 1))
                typer.echo(f"{text}{listed}")
            case Answered(text=text, citations=citations):
                typer.echo(text)
                if citations:
                    console.print(
                        f"  {len(citations)} {'citation' if len(citations) == 1 else 'citations'}",
                        style="dim",
                        markup=False,
                    )
            case Failed(problem=problem):
                console.print(str(problem.get("detail", "")), style="red", markup=False)
    return well
