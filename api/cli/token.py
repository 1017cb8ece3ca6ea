"""`chargehand token`: bearer tokens and sign-in links, for whoever runs this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from api.cli.console import AsJson, console, ending, print_json, settings
from models.access import PERMISSIONS, Grant, Permission, Principal

if TYPE_CHECKING:
    from store.db import Database

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Bearer tokens and sign-in links.")

# Whoever can run commands here holds the database: the grant says so, and the audit log says who it was.
OPERATOR = Principal("service:command-line", "Command line", (Grant("admin", "firm"),), "cli")

Person = Annotated[str, typer.Argument(help="A person: id, e-mail address or full name.")]


@app.command()
def create(
    person: Person,
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[
        list[str], typer.Option(help="A permission it may use; repeat it. 'all': all of the person's.")
    ],
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it is good.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Make a token that acts as the person. Its secret is printed once."""
    from api.auth.people import principal_of
    from api.auth.tokens import Tokens

    with database() as db:
        who = principal_of(db, person, "cli")
        made = Tokens(db).create(
            OPERATOR, name=name, scopes=_scopes(scope, who), days=days, person_id=who.person_id
        )
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    console.print(
        f"A token for {who.name}, good until {made.expires_at:%Y-%m-%d}. It is not shown again:", markup=False
    )
    typer.echo(made.token)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every token, without its secret."""
    from api.auth.tokens import Tokens

    with database() as db:
        found = Tokens(db).all(OPERATOR)
    if as_json:
        print_json([t.model_dump(mode="json") for t in found])
        return
    for t in found:
        until = f"revoked {t.revoked_at:%Y-%m-%d}" if t.revoked_at else f"until {t.expires_at:%Y-%m-%d}"
        typer.echo(f"{t.token_id}  {t.person_id:<12} {until:<18} {t.name} ({', '.join(t.scopes)})")


@app.command()
def revoke(token_id: Annotated[UUID, typer.Argument(help="As `token list` shows it.")]) -> None:
    """Revoke a token at once."""
    from api.auth.tokens import Tokens

    with database() as db:
        revoked = Tokens(db).revoke(OPERATOR, token_id)
    console.print(f"{revoked.name} of {revoked.person_id} is revoked.", markup=False)


@app.command()
def link(
    person: Person,
    minutes: Annotated[int, typer.Option(min=1, max=10_080, help="How long it is good.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Make a link that signs the person in once, in a browser."""
    from api.auth.people import principal_of
    from api.auth.sessions import Sessions
    from api.wiring import public_url

    with database() as db:
        who = principal_of(db, person, "cli")
        made = Sessions(db).make_link(OPERATOR, who.person_id, timedelta(minutes=minutes))
        url = f"{public_url(settings())}/sign-in/{made.token}"
    if as_json:
        print_json({"url": url, "person_id": who.person_id, "expires_at": made.expires_at.isoformat()})
        return
    console.print(f"Signs {who.name} in once, until {made.expires_at:%Y-%m-%d %H:%M} UTC:", markup=False)
    typer.echo(url)


@contextmanager
def database() -> Iterator["Database"]:
    from api.database import place

    with ending():
        db = place(settings()).database()
        try:
            yield db
        finally:
            db.close()


def _scopes(said: list[str], who: Principal) -> list[Permission]:
    if said == ["all"]:
        return sorted(who.permissions)
    found: list[Permission] = []
    for scope in said:
        known = next((p for p in PERMISSIONS if p == scope), None)
        if known is None:
            raise typer.BadParameter(f"{scope} is not one of {', '.join(PERMISSIONS)}", param_hint="--scope")
        found.append(known)
    return found
