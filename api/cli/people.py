"""`chargehand people`: accounts from the firm's directory."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import AsJson, console, print_json, settings
from api.cli.score.common import RejectsFile
from api.cli.score.common import ending as rejecting
from api.cli.token import OPERATOR, Person, database

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Accounts from the firm's directory.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV of accounts (docs/formats.md).", dir_okay=False)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would change, and change nothing.")
    ] = False,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Take accounts from a file, all or nothing. The same file again changes nothing."""
    from api.auth.directory import import_people
    from api.auth.groups import GroupRoles
    from models.access import service

    with database() as db, rejecting(rejects):
        groups = GroupRoles.load(settings().oidc_groups_file)
        taken = import_people(db, service("import").on("cli"), file, groups, dry_run=dry_run)
    if as_json:
        print_json(asdict(taken) | {"changed": taken.changed})
        return
    counted = {k.replace("_", " "): n for k, n in asdict(taken).items() if k not in ("rows", "dry_run") and n}
    said = ", ".join(f"{n} {k}" for k, n in counted.items()) or "nothing has changed"
    console.print(f"{taken.rows} accounts: {said}{' (nothing was written)' if dry_run else ''}", markup=False)


@app.command()
def forget(person: Person) -> None:
    """Forget which account at the identity provider is the person's: their next sign-in links it anew."""
    from api.auth.people import principal_of

    with database() as db:
        who = principal_of(db, person, "cli")
        with db.tx(OPERATOR, "steward") as tx:
            forgotten = tx.execute("identities.unlink", person_id=who.person_id)
            if forgotten:
                tx.audit("access.identity_forgotten", f"person:{who.person_id}", accounts=forgotten)
    console.print(f"{forgotten} accounts of {who.name} are forgotten.", markup=False)
