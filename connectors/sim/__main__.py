"""`python -m connectors.sim`: serve the simulated systems of record until told to stop."""

from pathlib import Path
from typing import Annotated

import typer

from connectors.sim.firm_files import read_firm
from connectors.sim.serve import address, listen, server, write_port
from connectors.sim.twin import Twin


def main(
    db: Annotated[Path, typer.Option(help="SQLite file that holds the records; made if need be.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
    port_file: Annotated[Path | None, typer.Option(help="Write the port here.")] = None,
    token: Annotated[
        str, typer.Option(envvar="CHARGEHAND_SIM_TOKEN", help="The bearer token that clients must send.")
    ] = "simulated",
    keys: Annotated[bool, typer.Option("--keys/--no-keys", help="Honour idempotency keys.")] = True,
    firm: Annotated[Path | None, typer.Option(help="Start with the records in the firm's CSV files.")] = None,
) -> None:
    """Serve a simulated CRM, PSA, ERP and HRIS."""
    twin = Twin(db, ignore_keys=not keys)
    if firm:
        typer.echo(f"{twin.plant(read_firm(firm))} records taken from {firm}")
    with listen(host, port) as listening:
        if port_file:
            write_port(port_file, listening)
        typer.echo(f"Simulated systems of record on {address(listening)}")
        server(twin, token).run(sockets=[listening])


if __name__ == "__main__":
    typer.run(main)
