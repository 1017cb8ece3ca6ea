"""Worker processes killed at random, an outage in the middle, replies lost: every write once, in order."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from connectors.sim.twin import Faults, Twin
from connectors.testing import serving
from store.db import Database
from tests.workflow import chaos_worker
from tests.workflow.firm import assignment, draft, principal
from workflow.service import Workflow

WORKERS, STREAMS, EACH = 4, 2, 20


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("supports", ["with keys", "without keys"])
def test_every_write_once_and_in_order(
    supports: str, workflow: Workflow, db: Database, tmp_path: Path
) -> None:
    chance = random.Random(1)
    twin = Twin(tmp_path / "systems.db", ignore_keys=supports == "without keys", seed=1)
    for n in range(EACH):
        for person_id, name in (("carl", "Carl Cole"), ("cleo", "Cleo Curz"))[:STREAMS]:
            action = assignment(person_id=person_id, person_name=name, role=f"{n:03}")
            card = workflow.propose(principal("paula"), draft(action))
            workflow.decide(
                principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
            )

    def left() -> int:
        lines = workflow.inbox(principal("audrey"), box="all", states=["approved", "parked"], limit=500)
        return len(lines.items)

    with serving(twin) as url:

        def spawn() -> subprocess.Popen[bytes]:
            return subprocess.Popen([sys.executable, chaos_worker.__file__, db.dsn("worker"), url, supports])

        workers = [spawn() for _ in range(WORKERS)]
        kills, started = 0, time.monotonic()
        try:
            while left():
                elapsed = time.monotonic() - started
                assert elapsed < 500, f"{left()} left"
                fault = Faults(down=True) if 10 < elapsed < 20 else Faults(lose_replies=0.3)
                ignoring = fault.model_copy(update={"ignore_keys": supports == "without keys"})
                twin.faults = dict.fromkeys(twin.faults, ignoring)
                if elapsed < 60 and chance.random() < 0.4:
                    n = chance.randrange(WORKERS)
                    workers[n].send_signal(signal.SIGKILL)
                    workers[n].wait()
                    workers[n], kills = spawn(), kills + 1
                time.sleep(1)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        written = list(twin.book.written())
    assert kills > 0
    assert set(Counter(e.external_ref for e in written).values()) == {1}
    assert len(written) == STREAMS * EACH
    for person_id in ("carl", "cleo")[:STREAMS]:
        roles = [e.body["role"] for e in written if e.body["person_id"] == person_id]
        assert roles == [f"{n:03}" for n in range(EACH)]
