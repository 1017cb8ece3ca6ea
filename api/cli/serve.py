"""`chargehand serve`: the REST API and the pages."""

import threading
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
) -> None:
    """Serve the REST API and the pages until told to stop. `chargehand worker` carries effects out."""
    from api.database import place, require_ready
    from api.server import bound, run
    from api.telemetry import configure_logging, configure_tracing
    from api.wiring import opened

    with ending():
        found = settings()
        listener = bound(host or found.host, found.port if port is None else port)
        found = found.model_copy(update={"host": host or found.host, "port": listener.getsockname()[1]})
        configure_logging(found.log_format, found.log_level)
        configure_tracing(str(found.trace_endpoint) if found.trace_endpoint else None, "chargehand-serve")
        where = place(found)
        require_ready(found, where)
        with opened(found, where) as application:
            threading.Thread(target=application.copilot.warm, daemon=True).start()
            console.print(f"Serving on {application.public_url}", markup=False)
            run(application, listener)
