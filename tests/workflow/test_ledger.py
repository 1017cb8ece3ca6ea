"""Holes that a ledger can have, each closed: who was stopped for too long, limits without end, probes spent
on nothing, and what stops while nobody hears of it."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from connectors.ports import Connectors
from connectors.sim.twin import Faults, Twin
from connectors.testing import InProcess
from models.actions import Action, System
from store.db import Database
from tests.workflow.firm import PACE, assignment, draft, principal, reminder, returned_time, risk
from workflow import ledger
from workflow.cards import ProposalCard
from workflow.effects import WORKER, work_once
from workflow.service import Workflow

Drain = Callable[[], int]
Notices = Callable[[str], Sequence[tuple[str, str]]]


@pytest.fixture
def approved(workflow: Workflow) -> Callable[[Action], ProposalCard]:
    def signed(action: Action) -> ProposalCard:
        proposer, signer = ("paula", "rita") if action.kind == "create_assignment" else ("leo", "paula")
        if action.kind == "send_reminder":
            signer = "fay"
        card = workflow.propose(principal(proposer), draft(action))
        return workflow.decide(
            principal(signer), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )

    return signed


Approved = Callable[[Action], ProposalCard]


def seen(workflow: Workflow, card: ProposalCard) -> ProposalCard:
    return workflow.card(principal("audrey"), card.proposal_id)


class Stopping(InProcess):
    """Looks at a record, and is stopped there for longer than its lease (SIGSTOP, a virtual machine that
    moves, a long pause of the process)."""

    def __init__(self, twin: Twin, seconds: float) -> None:
        super().__init__("erp", twin, 1.0, 1.0)
        self._seconds = seconds

    def read(self, resource: Any, record_id: str) -> dict[str, Any]:
        found = super().read(resource, record_id)
        time.sleep(self._seconds)
        return found


def test_who_was_stopped_past_the_lease_sends_nothing(
    workflow: Workflow, approved: Approved, db: Database, twin: Twin, connectors: Connectors
) -> None:
    """Without keys nobody else would keep a second record out."""
    card = approved(reminder())
    late = Stopping(twin, 0.6)
    sleeper = Connectors.over(lambda system: late if system == "erp" else InProcess(system, twin, 1.0, 1.0))
    pace = replace(PACE, lease_seconds=0.3, beat_seconds=60.0)  # its heart is stopped too
    assert work_once(db, "sleeper", sleeper, pace)
    assert not twin.book.written(), "its lease may be another's by now"
    deadline = time.monotonic() + 30
    while seen(workflow, card).state != "executed" and time.monotonic() < deadline:
        work_once(db, "heir", connectors, PACE)
        time.sleep(0.05)
    assert len(twin.book.written()) == 1
    sleeper.close()


def test_a_limit_is_kept_for_the_whole_system(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin
) -> None:
    """Asking once is enough: the others are not sent to be refused one by one."""
    twin.faults["psa"] = Faults(writes_per_minute=0)
    cards = [approved(risk(statement=f"Risk {n}")) for n in range(4)]
    free = approved(reminder())
    assert drain() == 2, "one write to the PSA is refused, and the one to the ERP goes through"
    assert seen(workflow, free).state == "executed"
    assert {seen(workflow, c).state for c in cards} == {"approved"}


def test_a_limit_that_never_ends_stops_where_a_person_sees_it(
    workflow: Workflow, approved: Approved, db: Database, connectors: Connectors, twin: Twin, owner: Any
) -> None:
    twin.faults["psa"] = Faults(writes_per_minute=0)
    card = approved(risk())
    pace = replace(PACE, longest_slow_seconds=3600.0)
    for hours in (0, 2):
        owner.execute(
            "update workflow.effect set not_before = now(),"
            " slowed_since = slowed_since - %s * interval '1 h'",
            (hours,),
        )
        owner.execute("update workflow.circuit set rest_until = now()")
        assert work_once(db, "w", connectors, pace)
    stopped = seen(workflow, card)
    assert stopped.state == "parked"
    assert "asks to be called again" in (stopped.effects[0].last_error or "")
    twin.heal()
    owner.execute("update workflow.circuit set rest_until = now()")
    workflow.retry(principal("ada"), stopped.effects[0].effect_id, "The limit was raised.")
    assert work_once(db, "w", connectors, pace)
    assert seen(workflow, card).state == "executed"


def test_a_probe_is_not_spent_on_what_cannot_be_claimed(
    approved: Approved, db: Database, owner: psycopg.Connection[Any]
) -> None:
    approved(assignment(role="First"))
    approved(assignment(role="Second"))
    owner.execute("update workflow.effect set state = 'parked' where effect_id = 1")
    owner.execute("update workflow.circuit set state = 'open', probe_at = now() where system = 'psa'")
    with db.tx(WORKER, "worker") as tx:
        assert ledger.claim(tx, "w", PACE) is None, "it waits behind what is parked"
    approved(risk())
    with db.tx(WORKER, "worker") as tx:
        probe = ledger.claim(tx, "w", PACE)
    assert probe and probe.operation == "register_risk", "the probe was still there"


def test_no_system_starves_behind_anothers_queue(
    approved: Approved, db: Database, owner: psycopg.Connection[Any]
) -> None:
    for n in range(12):
        approved(risk(statement=f"Risk {n}"))
    approved(reminder())
    claimed: list[System] = []
    for _ in range(12):
        with db.tx(WORKER, "worker") as tx:
            lease = ledger.claim(tx, "w", PACE)
            assert lease
            claimed.append(lease.system)
        owner.execute("update workflow.effect set state = 'failed' where effect_id = %s", (lease.effect_id,))
        if "erp" in claimed:
            break
    assert "erp" in claimed, "1 in 2,048 would miss it by chance"


def test_what_chargehand_itself_cannot_do_stops_with_the_reason(
    workflow: Workflow, approved: Approved, db: Database, connectors: Connectors, owner: Any, twin: Twin
) -> None:
    """The record is written, and mirroring it fails: nobody waits for a lease to run out eight times."""
    card = approved(assignment())
    owner.execute("alter table firm.assignment add constraint broken check (role <> 'Data engineer')")
    owner.execute("update workflow.effect set max_attempts = 2")
    for _ in range(2):
        assert work_once(db, "w", connectors, PACE)
        owner.execute("update workflow.effect set not_before = now()")
    stopped = seen(workflow, card)
    assert stopped.state == "parked"
    assert "Chargehand could not go on (CheckViolation)" in (stopped.effects[0].last_error or "")
    owner.execute("alter table firm.assignment drop constraint broken")
    workflow.retry(principal("ada"), stopped.effects[0].effect_id, "It is mended.")
    assert work_once(db, "w", connectors, PACE)
    assert seen(workflow, card).state == "executed"
    assert len(twin.book.written()) == 1, "looked up, not sent again"


def test_who_waits_behind_what_stopped_hears_it(
    workflow: Workflow, approved: Approved, drain: Drain, owner: psycopg.Connection[Any], notices: Notices
) -> None:
    first = approved(returned_time("t-1"))
    second = approved(assignment(role="First"))
    third = approved(assignment(role="Second"))
    owner.execute("update workflow.effect set attempts = 99 where effect_id = 2")
    drain()
    assert seen(workflow, first).state == "executed"
    assert [seen(workflow, c).state for c in (second, third)] == ["parked", "approved"]
    assert seen(workflow, third).effects[0].waits_behind == "parked"
    assert any("an older write on the same record stopped" in text for _, text in notices("paula"))
    assert any("stopped and waits for a person" in text for _, text in notices("ada")), "who can let it go on"


def test_a_heart_that_cannot_beat_does_not_stop_the_work(
    workflow: Workflow, approved: Approved, db: Database, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away for the beats; within the lease the write is still this worker's."""
    card = approved(risk())
    twin.faults["psa"] = Faults(slow_seconds=0.5)
    beats = threading.Event()

    def broken(*_: object) -> None:
        beats.set()
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(ledger, "extend", broken)
    connectors = Connectors.over(lambda system: InProcess(system, twin, 5.0, 5.0))
    assert work_once(db, "w", connectors, replace(PACE, lease_seconds=20.0, beat_seconds=0.1))
    assert beats.is_set()
    assert seen(workflow, card).state == "executed"
    connectors.close()
