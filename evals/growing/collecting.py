"""Collecting candidates out of an installation's database."""

from datetime import datetime

from evals.growing.candidates import candidates
from evals.growing.queue import Queue
from models.access import Principal, require
from store.db import Database


def collect(
    db: Database,
    by: Principal,
    queue: Queue,
    salt: bytes,
    since: datetime | None = None,
    *,
    chat: bool = False,
) -> int:
    """Put what was overridden since then into the queue; how many candidates are new. A person needs the
    permission `evals.run`. The audit log keeps who collected how many. Raises NotAllowed."""
    if not by.person_id.startswith("service:"):
        require(by, "evals.run")
    with db.tx(by, "worker") as tx:
        added = queue.add(candidates(tx, salt, since, chat=chat), by.person_id)
        tx.audit("evals.candidates_collected", "evals:candidates", added=added, chat=chat)
    return added
