"""A run in which everything dies: many proposals of every kind, decided and carried out by processes that are
killed and stopped at random, on systems of record that go down and lose replies.

What must hold at the end does not depend on what happened on the way: `check` says it."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from api.auth.tokens import Tokens
from api.server import bound
from connectors.sim.twin import Faults, Twin
from models.access import Permission
from models.actions import SYSTEMS, Action
from store.db import Database, DbRole
from tests.workflow import chaos_desk, chaos_worker
from tests.workflow.chaos_decider import Decider
from tests.workflow.firm import (
    assignment,
    change_order,
    development,
    draft,
    insert,
    principal,
    reminder,
    returned_time,
    risk,
)
from workflow.service import Workflow

STREAMS = 24  # consultants, invoices and projects that the writes are about: each has an order of its own
BATCH = 4  # time entries that one proposal returns
BACKLOG = 80  # open writes at which deciding waits, so that signatures go on to the end
OUTAGE_SECONDS = 6.0
LEASE_SECONDS = 3.0
SIGNERS = ("paula", "rita", "leo", "amir", "dora", "fay", "audrey")  # she only looks
SCOPES: tuple[Permission, ...] = ("proposals.read", "proposals.decide")
HELD: Mapping[str, tuple[DbRole, ...]] = {
    "worker": ("worker", "workflow"),
    "desk": ("agent", "workflow", "gate"),
}


@dataclass(frozen=True)
class Plan:
    """How much happens."""

    effects: int
    keys: bool  # whether the systems of record honour idempotency keys
    kills: int  # SIGKILL, of workers and of desks
    stops: int  # SIGSTOP of a worker until after its lease
    outages: int  # of all systems at once
    lost_replies: float  # share of writes that are committed and not answered
    workers: int = 4
    desks: int = 2
    deciders: int = 3
    seed: int = 1
    patience_seconds: float = 1200.0


@dataclass
class Happened:
    """What did happen."""

    kills: Counter[str] = field(default_factory=Counter)
    stops: int = 0
    outages: int = 0
    seconds: float = 0.0
    retried_by_hand: int = 0
    cut_off: int = 0  # requests whose desk died
    answers: Counter[int] = field(default_factory=Counter)  # to decisions, by status

    def __str__(self) -> str:
        killed = ", ".join(f"{n} {part}" for part, n in sorted(self.kills.items()))
        return (
            f"killed: {killed}; stopped past the lease: {self.stops}; outages: {self.outages}; "
            f"requests cut off: {self.cut_off}; answers to decisions: {dict(self.answers)}; "
            f"retried by hand: {self.retried_by_hand}; {self.seconds:.0f} s"
        )


def people(owner: psycopg.Connection[Any]) -> None:
    """Enough consultants, invoices and time entries for the writes to be about."""
    base = {"title": "Consultant", "practice": "Data", "office": "Berlin", "manager_id": "leo"}
    rest = {"capacity_hours_per_week": 40, "starts_on": "2020-01-01"}
    ids = [f"cx-{n:02}" for n in range(STREAMS)]
    insert(
        owner,
        "firm.person",
        ({"person_id": i, "name": _name(i), "email": f"{i}@example.com"} | base | rest for i in ids),
    )
    insert(
        owner,
        "firm.person_rate",
        ({"person_id": i, "cost_rate": 60, "bill_rate": 120, "currency": "EUR"} for i in ids),
    )
    bill = {"customer_id": "acme", "project_id": "aurora", "issued_on": "2026-08-01", "due_on": "2026-09-01"}
    insert(
        owner,
        "firm.invoice",
        ({"invoice_id": f"ix-{n:02}", "amount": "900.00", "currency": "EUR"} | bill for n in range(STREAMS)),
    )


def _name(person_id: str) -> str:
    return f"Consultant {person_id.upper()}"


def _actions(owner: psycopg.Connection[Any]) -> Iterator[tuple[str, Action]]:
    """Proposals without end, of every kind that the simulated systems take, with who makes them."""
    for n in count():
        who, role = f"cx-{n % STREAMS:02}", f"{n:05}"
        yield "paula", assignment(person_id=who, person_name=_name(who), role=role)
        yield "dora", risk(statement=f"Delivery {n} may be late.")
        yield "paula", reminder(f"ix-{n % STREAMS:02}", "900.00", body=f"Please pay ({n}).")
        yield "dora", development(person_id=who, person_name=_name(who), skill=f"Skill {n}")
        if n % 4 == 0:
            yield "paula", change_order(title=f"Change {n}")
            yield "dora", returned_time(*_entries(owner, n))


def _entries(owner: psycopg.Connection[Any], number: int) -> Sequence[str]:
    """Fresh time entries: one is returned only once."""
    ids = [f"tx-{number}-{n}" for n in range(BATCH)]
    owner.cursor().executemany(
        "insert into firm.time_entry (entry_id, person_id, project_id, started_at, ended_at, minutes, state)"
        " values (%s, 'carl', 'aurora', '2026-09-01T09:00Z', '2026-09-01T19:00Z', 600, 'submitted')",
        [(i,) for i in ids],
    )
    return ids


def propose(plan: Plan, workflow: Workflow, owner: psycopg.Connection[Any]) -> int:
    """Propose until so many writes are asked for; how many proposals."""
    people(owner)
    asked = 0
    for number, (who, action) in enumerate(_actions(owner), 1):
        workflow.propose(principal(who), draft(action))
        asked += len(action.writes())
        if asked >= plan.effects:
            return number
    raise AssertionError("actions have no end")


class Run:
    """The processes, and what is done to them."""

    def __init__(
        self, plan: Plan, db: Database, owner: psycopg.Connection[Any], twin: Twin, url: str, logs: Path
    ) -> None:
        self.plan = plan
        self.happened = Happened()
        self._workflow = Workflow(db)
        self._owner = owner
        self._twin = twin
        self._chance = random.Random(plan.seed)
        # Held here, so that whoever connects while no desk lives waits for the next one.
        self._listener = bound("127.0.0.1", 0)
        dsns = {role: json.dumps({r: db.dsn(r) for r in held}) for role, held in HELD.items()}
        keys = "keys" if plan.keys else "none"
        self._commands = {
            "worker": [chaos_worker.__file__, dsns["worker"], url, keys, str(LEASE_SECONDS)],
            "desk": [chaos_desk.__file__, dsns["desk"], str(self._listener.fileno())],
        }
        tokens = {
            who: Tokens(db).create(principal("ada"), name="chaos", scopes=SCOPES, days=1, person_id=who).token
            for who in SIGNERS
        }
        desk = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._deciders = [Decider(desk, tokens, BACKLOG, seed) for seed in range(plan.deciders)]
        self._log = (logs / "processes.log").open("ab")
        self._alive: list[tuple[str, subprocess.Popen[bytes]]] = []

    def play(self) -> Happened:
        """Until nothing is open any more. Raises AssertionError when that takes too long."""
        started = time.monotonic()
        parts = ["worker"] * self.plan.workers + ["desk"] * self.plan.desks
        outage_until = 0.0
        try:
            self._alive = [(part, self._spawn(part)) for part in parts]
            for decider in self._deciders:
                decider.start()
            while (done := self._done()) < 1.0 or self._retry_parked():
                now = time.monotonic()
                assert now - started < self.plan.patience_seconds, f"only {done:.0%} is done"
                assert all(d.is_alive() for d in self._deciders), "a decider gave up"
                if now > outage_until and self.happened.outages < self._due(self.plan.outages, done):
                    outage_until, self.happened.outages = now + OUTAGE_SECONDS, self.happened.outages + 1
                self._misbehave(down=now < outage_until)
                if self.happened.stops < self._due(self.plan.stops, done):
                    self._stop()
                if self.happened.kills.total() < self._due(self.plan.kills, done):
                    self._kill()
                time.sleep(self._chance.uniform(0.02, 0.25))
        finally:
            for decider in self._deciders:
                decider.stop.set()
                decider.join()
            for _, process in self._alive:
                process.kill()
                process.wait()
            self._log.close()
            self._listener.close()
        self.happened.seconds = time.monotonic() - started
        self.happened.cut_off = sum(d.cut_off for d in self._deciders)
        for decider in self._deciders:
            self.happened.answers += decider.answers
        return self.happened

    def _due(self, planned: int, done: float) -> float:
        """How many of them should have happened by now: the last one before the last tenth of the work."""
        return planned * min(1.0, done / 0.9 + 0.05)

    def _done(self) -> float:
        """The share of the proposals that are settled."""
        settled, total = self._owner.execute(
            "select count(*) filter (where state not in ('pending', 'approved')), count(*)"
            " from workflow.proposal"
        ).fetchone() or (0, 1)
        return float(settled / total)

    def _retry_parked(self) -> bool:
        """What stopped for a person and says why is let go on by one; whether there was any."""
        parked = self._owner.execute(
            "select effect_id, last_error from workflow.effect where state = 'parked'"
        ).fetchall()
        for effect_id, error in parked:
            assert error, "what is parked says why"
            self._workflow.retry(principal("ada"), effect_id, "The systems are up again.")
        self.happened.retried_by_hand += len(parked)
        return bool(parked)

    def _misbehave(self, *, down: bool) -> None:
        faults = Faults(
            down=down,
            lose_replies=0.0 if down else self.plan.lost_replies,
            lost_how=self._chance.choice(("drop", "drop", "hang")),
            ignore_keys=not self.plan.keys,
        )
        self._twin.faults = dict.fromkeys(SYSTEMS, faults)

    def _kill(self) -> None:
        place = self._chance.randrange(len(self._alive))
        part, process = self._alive[place]
        process.kill()
        process.wait()
        self._alive[place] = (part, self._spawn(part))
        self.happened.kills[part] += 1

    def _stop(self) -> None:
        """A worker sleeps past its lease in the middle of whatever it does, and wakes up again."""
        workers = [process for part, process in self._alive if part == "worker"]
        sleeper = self._chance.choice(workers)
        sleeper.send_signal(signal.SIGSTOP)
        time.sleep(LEASE_SECONDS + 1.5)
        sleeper.send_signal(signal.SIGCONT)
        self.happened.stops += 1

    def _spawn(self, part: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *self._commands[part]], stderr=self._log, pass_fds=[self._listener.fileno()]
        )


def check(plan: Plan, owner: psycopg.Connection[Any], twin: Twin) -> None:
    """Nothing lost, nothing twice, in order, everybody told once, and the log whole."""
    effects = owner.execute(
        "select system, ordering_key, idempotency_key, external_ref, state"
        " from workflow.effect order by effect_id"
    ).fetchall()
    assert len(effects) >= plan.effects
    assert {state for *_, state in effects} == {"done"}, "nothing is lost"
    written = list(twin.book.written())
    assert Counter(e.external_ref for e in written) == Counter(key for _, _, key, _, _ in effects), (
        "nothing is written twice, and nothing that was not signed"
    )
    ids = {e.external_ref: e.id for e in written}
    assert all(ids[key] == ref for _, _, key, ref, _ in effects), "the ledger knows the record of each write"
    turns, asked = defaultdict(list), defaultdict(list)
    of = {key: (system, ordering) for system, ordering, key, _, _ in effects}
    for entry in written:
        turns[of[entry.external_ref or ""]].append(entry.external_ref)
    for system, ordering, key, _, _ in effects:
        asked[system, ordering].append(key)
    assert turns == asked, "writes on one record keep the order of approval"
    told = owner.execute(
        "select n.proposal_id, count(*) from workflow.notice n join workflow.proposal p using (proposal_id)"
        " where n.event like 'outcome:executed%' and n.person_id = p.proposer_id group by 1"
    ).fetchall()
    proposals = owner.execute("select proposal_id, state from workflow.proposal").fetchall()
    assert {state for _, state in proposals} == {"executed"}
    assert dict(told) == {p: 1 for p, _ in proposals}, "who asked hears it, and hears it once"
    assert owner.execute("select * from audit.verify()").fetchall() == []
