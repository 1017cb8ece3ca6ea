"""`chargehand demo`."""

import signal
from typing import Annotated

import typer

from api.cli.console import console, ending, settings


def demo(
    once: Annotated[bool, typer.Option("--once", help="Play the day and stop.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the demo firm and make it anew.")] = False,
    scale: Annotated[float, typer.Option(min=0.03, max=4, help="Size of the firm; 1 is 240 people.")] = 1.0,
) -> None:
    """Play the day on a demo firm, then serve it. Needs nothing: no network, no key, no database server."""
    from api.cli.demo_play import run_demo
    from api.cli.demo_stage import alone

    # A stop asked for by another process is treated like Ctrl-C: everything started is stopped. A shell that
    # starts us in the background has SIGINT ignored; we still want to hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ending():
            found = settings()
            with alone(found):
                run_demo(found, once=once, fresh=fresh, scale=scale)
    except KeyboardInterrupt:
        console.print("Stopped.")
