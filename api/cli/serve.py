"""`chargehand serve`: the REST API and the pages."""

from typing import Annotated

import typer

from api.cli.console import console, ending, settings


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; CHARGEHAND_HOST if not given.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; CHARGEHAND_PORT if not given, 0 for any free one.")
    ] = None,
    copilot: Annotated[
        str | None,
        typer.Option(help="Where a copilot answers; else CHARGEHAND_COPILOT_URL, else one is started."),
    ] = None,
) -> None:
    """Serve the REST API and the pages until told to stop. `chargehand worker` carries effects out."""
    from pydantic import HttpUrl

    from api.copilot.child import reached
    from api.database import place, require_ready
    from api.server import bound, run
    from api.telemetry import configure_logging, configure_tracing
    from api.wiring import opened

    with ending():
        found = settings()
        listener = bound(host or found.host, found.port if port is None else port)
        update = {"host": host or found.host, "port": listener.getsockname()[1]}
        found = found.model_copy(update=update | ({"copilot_url": HttpUrl(copilot)} if copilot else {}))
        configure_logging(found.log_format, found.log_level)
        configure_tracing(str(found.trace_endpoint) if found.trace_endpoint else None, "chargehand-serve")
        where = place(found)
        require_ready(found, where)
        with reached(found, where.roles.get("copilot")) as address:
            from api.app import create_app  # while the copilot starts

            with opened(found, where, address) as application:
                console.print(f"Serving on {application.public_url}", markup=False)
                run(create_app(application), listener)
