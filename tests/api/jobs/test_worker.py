"""What the worker is made of: its clock, and systems of record that are not connected yet."""

from datetime import UTC, datetime
from typing import Any

import pytest
from procrastinate.exceptions import AlreadyEnqueued

from api.jobs.queue import job_queue
from api.jobs.worker import connectors
from api.settings import Settings
from connectors.errors import SystemDown
from models.actions import SYSTEMS
from store.db import Database


def test_the_clock_drives_each_job_and_none_is_queued_twice(db: Database) -> None:
    ran: list[Any] = []
    queue = job_queue(
        db.dsn("worker"),
        sweep=lambda: ran.append("sweep"),
        nightly=ran.append,
        refit=lambda now: ran.append(("refit", now)),
        fit_missing=lambda now: ran.append(("missing", now)),
        anchor=lambda now: ran.append(("anchor", now)),
        forget=lambda: ran.append("forget"),
    )
    at = datetime(2026, 3, 18, 3, 30, tzinfo=UTC)
    with queue.open():
        queue.tasks["sweep-timers"].defer(timestamp=int(at.timestamp()))
        with pytest.raises(AlreadyEnqueued):
            queue.tasks["sweep-timers"].defer(timestamp=int(at.timestamp()))
        queue.tasks["nightly-report"].defer(timestamp=int(at.timestamp()))
        queue.tasks["refit-models"].defer(timestamp=int(at.timestamp()))
        queue.tasks["fit-missing"].defer(timestamp=int(at.timestamp()))
        queue.tasks["anchor-audit"].defer(timestamp=int(at.timestamp()))
        queue.tasks["forget-old"].defer(timestamp=int(at.timestamp()))
        queue.tasks["retry-stalled"].defer(timestamp=int(at.timestamp()))
        queue.periodic_registry.periodic_tasks.clear()  # or what is due as this test runs would run too
        queue.run_worker(wait=False, install_signal_handlers=False, delete_jobs="successful")
    expected = ["sweep", at, ("refit", at), ("missing", at), ("anchor", at), "forget"]
    assert sorted(map(str, ran)) == sorted(map(str, expected))


def test_every_job_has_its_times(db: Database) -> None:
    queue = job_queue(
        db.dsn("worker"),
        sweep=lambda: None,
        nightly=lambda _: None,
        refit=lambda _: None,
        fit_missing=lambda _: None,
        anchor=lambda _: None,
        forget=lambda: None,
    )
    times = {task.task.name: task.cron for task in queue.periodic_registry.periodic_tasks.values()}
    assert times == {
        "sweep-timers": "* * * * *",
        "nightly-report": "30 3 * * *",
        "refit-models": "0 5 * * 0",
        "fit-missing": "*/10 * * * *",
        "anchor-audit": "* * * * *",
        "forget-old": "30 3 * * *",
        "retry-stalled": "*/10 * * * *",
    }


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_that_is_not_connected_counts_as_down(system: Any) -> None:
    """What is approved for it waits and says so, instead of failing."""
    connected = connectors(Settings())
    record = connected.for_system(system)
    with pytest.raises(SystemDown):
        record.find(next(iter(record.operations)), "key")
    connected.close()
