"""`chargehand webhook`: programs that hear what happens, for whoever runs this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from api.cli.console import AsJson, console, ending, print_json, settings
from api.cli.token import OPERATOR

if TYPE_CHECKING:
    from api.webhooks.endpoints import NewSecret, Webhooks

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Programs that hear what happens.")

WebhookId = Annotated[UUID, typer.Argument(help="As `webhook list` shows it.")]
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="UTC.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="https, and not inside the firm.")],
    name: Annotated[str, typer.Option(help="What it is for.")],
    type_: Annotated[
        list[str], typer.Option("--type", help="Only these events; repeat it. Without it all of them.")
    ] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Add an endpoint. The secret that its signatures are checked with is printed once."""
    with _webhooks() as webhooks:
        made = webhooks.add(OPERATOR, url=url, name=name, types=type_)
    _show_secret(made, as_json, f"{made.webhook_id} hears of {', '.join(made.types)}.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every endpoint, without its secret."""
    with _webhooks() as webhooks:
        found = webhooks.every(OPERATOR)
    if as_json:
        print_json([w.model_dump(mode="json") for w in found])
        return
    for w in found:
        state = f"disabled: {w.disabled_why}" if w.disabled_why else "failing" if w.failing_since else "well"
        typer.echo(f"{w.webhook_id}  {state:<18} {w.name}  {w.url} ({len(w.types)} types)")


@app.command()
def remove(webhook_id: WebhookId) -> None:
    """Send an endpoint nothing any more."""
    with _webhooks() as webhooks:
        webhooks.remove(OPERATOR, webhook_id)
    console.print("It is removed.")


@app.command()
def rotate(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Make another secret. For a day what is sent is signed with the one before too."""
    with _webhooks() as webhooks:
        made = webhooks.rotate(OPERATOR, webhook_id)
    _show_secret(made, as_json, f"{made.name} has another secret; the one before is good for a day.")


@app.command()
def enable(webhook_id: WebhookId) -> None:
    """Send an endpoint that was disabled what happens from now on."""
    with _webhooks() as webhooks:
        enabled = webhooks.enable(OPERATOR, webhook_id)
    console.print(f"{enabled.name} is enabled. `webhook replay` sends what it missed.", markup=False)


@app.command()
def disable(webhook_id: WebhookId) -> None:
    """Send an endpoint nothing until it is enabled again."""
    with _webhooks() as webhooks:
        disabled = webhooks.disable(OPERATOR, webhook_id)
    console.print(f"{disabled.name} is disabled.", markup=False)


@app.command()
def test(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Send an endpoint an event that says nothing; `webhook deliveries` shows what it answered."""
    with _webhooks() as webhooks:
        event_id = webhooks.test(OPERATOR, webhook_id)
    if as_json:
        print_json({"event_id": str(event_id)})
        return
    console.print("A test event is on its way, as soon as a worker runs:")
    typer.echo(str(event_id))


@app.command()
def deliveries(
    webhook_id: WebhookId,
    limit: Annotated[int, typer.Option(min=1, max=200, help="The most lines.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What an endpoint was sent, newest first, and what it answered."""
    with _webhooks() as webhooks:
        found = webhooks.deliveries(OPERATOR, webhook_id, limit)
    if as_json:
        print_json([d.model_dump(mode="json") for d in found])
        return
    for d in found:
        answer = f"{d.status or '-'} in {d.milliseconds} ms" if d.milliseconds is not None else "not tried"
        typer.echo(
            f"{d.event_id}  {d.occurred_at:%Y-%m-%d %H:%M:%S}  {d.type:<20} {d.state:<8} {d.attempts}x"
            f"  {answer}{f': {d.error}' if d.error else ''}"
        )


@app.command()
def replay(
    webhook_id: WebhookId,
    event_id: Annotated[
        UUID | None, typer.Option(help="One event, as `webhook deliveries` shows it.")
    ] = None,
    since: Moment = None,
    until: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Send one event again, or all of a time; under the ids that they had."""
    if (event_id is None) == (since is None):
        raise typer.BadParameter("name --event-id, or --since and perhaps --until")
    with _webhooks() as webhooks:
        if event_id is not None:
            count = webhooks.replay_one(OPERATOR, webhook_id, event_id)
        elif since is not None:
            last = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
            count = webhooks.replay(OPERATOR, webhook_id, since=since.replace(tzinfo=UTC), until=last)
    if as_json:
        print_json({"events": count})
        return
    console.print(f"{count} {'event is' if count == 1 else 'events are'} sent again.")


def _show_secret(made: "NewSecret", as_json: bool, said: str) -> None:
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    console.print(f"{said} Its secret is not shown again:", markup=False)
    typer.echo(made.secret)


@contextmanager
def _webhooks() -> Iterator["Webhooks"]:
    from api.database import place
    from api.webhooks.endpoints import Webhooks

    with ending():
        given = settings()
        db = place(given).database()
        try:
            yield Webhooks(db, given)
        finally:
            db.close()
