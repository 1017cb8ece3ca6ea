"""`chargehand delegation`: who may sign for whom, for whoever runs this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from api.cli.console import AsJson, console, ending, print_json, settings
from api.cli.token import OPERATOR
from models.actions import ACTION_KINDS

if TYPE_CHECKING:
    from store.db import Database
    from workflow.delegations import DelegationView

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Who may sign for whom.")

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Included.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every delegation, newest first."""
    from workflow.service import Workflow

    with _database() as db:
        found = Workflow(db).delegations(OPERATOR)
    if as_json:
        print_json([d.model_dump(mode="json") for d in found])
        return
    for d in found:
        typer.echo(f"{d.delegation_id}  {d.state.replace('_', ' '):<9} {_said(d)}: {d.reason}")


@app.command()
def add(
    delegator: Annotated[str, typer.Argument(help="For whom: id, e-mail address or full name.")],
    delegate: Annotated[str, typer.Argument(help="Who signs: id, e-mail address or full name.")],
    reason: Annotated[str, typer.Option(help="Shown on every card that it is about.")],
    first_day: Day = None,
    last_day: Day = None,
    on_leave: Annotated[bool, typer.Option(help="Whenever the delegator is on leave.")] = False,
    kind: Annotated[list[str], typer.Option(help="Only this kind of action; repeat it.")] = [],  # noqa: B006
    practice: Annotated[list[str], typer.Option(help="Only this practice; repeat it.")] = [],  # noqa: B006
    client: Annotated[list[str], typer.Option(help="Only this client's id; repeat it.")] = [],  # noqa: B006
    amount: Annotated[str | None, typer.Option(help="Only up to this, in the policy's currency.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody sign for somebody who cannot do it themselves. Both hear of it, and it is audited."""
    from api.auth.people import principal_of
    from workflow.delegations import Wanted
    from workflow.service import Workflow

    if on_leave == bool(first_day or last_day) or (first_day is None) != (last_day is None):
        raise typer.BadParameter("name --first-day and --last-day, or --on-leave")
    unknown = [k for k in kind if k not in ACTION_KINDS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is not one of {', '.join(ACTION_KINDS)}", param_hint="--kind")
    with _database() as db:
        wanted = Wanted(
            delegate_id=principal_of(db, delegate, "cli").person_id,
            reason=reason,
            days=(first_day.date(), last_day.date()) if first_day and last_day else None,
            kinds=tuple(k for k in ACTION_KINDS if k in kind),
            practices=tuple(practice),
            client_ids=tuple(client),
            amount_limit=_amount(amount),
            delegator_id=principal_of(db, delegator, "cli").person_id,
        )
        made = Workflow(db).delegate(OPERATOR, wanted)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    console.print(f"{made.delegation_id}: {_said(made)}.", markup=False)


@app.command()
def revoke(
    delegation_id: Annotated[UUID, typer.Argument(help="As `delegation list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a delegation at once."""
    from workflow.service import Workflow

    with _database() as db:
        revoked = Workflow(db).revoke_delegation(OPERATOR, delegation_id)
    if as_json:
        print_json(revoked.model_dump(mode="json"))
        return
    console.print(f"{_said(revoked)}: revoked.", markup=False)


def _said(d: "DelegationView") -> str:
    when = f"{d.first_day} to {d.last_day}" if d.source == "person" else "on leave"
    return f"{d.delegate.name} for {d.delegator.name}, {when}"


def _amount(said: str | None) -> Decimal | None:
    try:
        return Decimal(said) if said is not None else None
    except InvalidOperation:
        raise typer.BadParameter(f"{said} is not an amount", param_hint="--amount") from None


@contextmanager
def _database() -> Iterator["Database"]:
    from api.database import place

    with ending():
        db = place(settings()).database()
        try:
            yield db
        finally:
            db.close()
