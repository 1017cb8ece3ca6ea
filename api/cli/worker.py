"""`chargehand worker`."""

from api.cli.console import console, ending, settings


def worker() -> None:
    """Work the effect ledger and the clock-driven jobs until stopped. Any number may run side by side."""
    from api.jobs.worker import run_worker

    with ending():
        found = settings()
        console.print("The worker runs. Ctrl-C stops it; what it holds is finished or taken over by another.")
        run_worker(found)
