"""`chargehand teams`: what an administrator of Teams needs."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import console, ending, settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def teams() -> None:
    """Microsoft Teams."""


@app.command()
def manifest(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the package goes.")] = Path(
        "chargehand-teams.zip"
    ),
) -> None:
    """Make the app package to upload to Teams, for the bot and the address of the settings."""
    from api.settings import SettingMissing
    from api.teams.manifest import package
    from api.teams.registration import registration
    from api.wiring import public_url

    with ending():
        found = settings()
        bot = registration(found)
        if bot is None:
            raise SettingMissing(setting="CHARGEHAND_TEAMS_CLIENT_ID", why="to make a package for its bot")
        out.write_bytes(package(bot, public_url(found)))
        console.print(f"{out}: upload it in the Teams admin center, under 'Manage apps'.", markup=False)
