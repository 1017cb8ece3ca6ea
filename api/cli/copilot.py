"""`chargehand copilot`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import console, ending, settings


def copilot(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any free one.")] = 8001,
    socket: Annotated[
        Path | None, typer.Option(help="Listen on a socket of this file instead, for this user alone.")
    ] = None,
    child: Annotated[bool, typer.Option("--child", help="Stop when standard input ends.")] = False,
) -> None:
    """Answer people's messages, for `chargehand serve --copilot URL`. Plain `serve` starts one by itself.

    It needs DATABASE_URL with the password of chargehand_copilot, and no other secret."""
    from api.copilot.run import run_copilot
    from api.server import bound, bound_here

    with ending():
        found = settings()
        listener = bound_here(socket) if socket else bound(host, port)
        if not child:
            where = socket or "http://{}:{}".format(*listener.getsockname()[:2])
            console.print(f"The copilot answers on {where}", markup=False)
        run_copilot(found, listener, child=child)
