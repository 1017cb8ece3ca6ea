"""`chargehand admin`: the first administrator of an installation that has none."""

from typing import Annotated

import typer

from api.cli.console import AsJson, console, print_json, settings
from api.cli.token import OPERATOR, database

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def admin() -> None:
    """The first administrator."""


@app.command()
def create(
    email: Annotated[str, typer.Option(help="The administrator's e-mail address.")],
    name: Annotated[
        str, typer.Option(help="Their full name, where the firm's records do not know them.")
    ] = "",
    office: Annotated[str, typer.Option(help="The city they work in, likewise.")] = "Head office",
    as_json: AsJson = False,
) -> None:
    """Make somebody the first administrator, and a link that signs them in once. Refused once there is one:
    then administrators make others, by the records or by groups."""
    from api.auth.first import first_administrator
    from api.auth.sessions import Sessions
    from api.wiring import public_url

    with database() as db:
        person_id = first_administrator(db, OPERATOR, email=email, name=name, office=office)
        link = Sessions(db).make_link(OPERATOR, person_id)
    url = f"{public_url(settings())}/sign-in/{link.token}"
    if as_json:
        print_json({"person_id": person_id, "url": url, "expires_at": link.expires_at.isoformat()})
        return
    console.print(f"{person_id} is administrator. This link signs them in once, within half an hour:")
    typer.echo(url)
