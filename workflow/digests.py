"""Digests: for who does not want every mail at once, one a day, in the morning of their own zone. Entered
once a person and day; what is in it is read when it is sent. Role: worker."""

from datetime import datetime, time

from store.db import Database
from workflow.deliveries import CLERK

MORNING = time(8)
KEPT_DAYS = 60


def enter(db: Database, now: datetime) -> int:
    """Enter the digests that are due and were not entered yet; how many. One that is late because no worker
    ran still comes on its day; of a day that is over none comes."""
    with db.tx(CLERK, "worker") as tx:
        return tx.execute("digests.enter", now=now, morning=MORNING)


def forget(db: Database) -> None:
    """Drop the memory of digests long past."""
    with db.tx(CLERK, "worker") as tx:
        tx.execute("digests.forget", days=KEPT_DAYS)
