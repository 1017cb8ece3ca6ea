"""The loop of a worker's thread: one thing after the other until it is told to stop."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


def work_until(stop: threading.Event, step: Callable[[], bool], *, idle_seconds: float, what: str) -> None:
    """Call `step` until `stop` is set; where it did nothing, or failed, wait a little. What it held when it
    failed is leased, and taken over when the lease runs out. `what`: what it works, for the log."""
    while not stop.is_set():
        try:
            worked = step()
        except Exception:
            log.exception("%s could not be worked; the lease will run out and be taken over", what)
            worked = False
        if not worked:
            stop.wait(idle_seconds)
