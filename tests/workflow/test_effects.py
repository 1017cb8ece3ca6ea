"""Carrying out: exactly once, or stopped where a person sees it."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.http import connect
from connectors.ports import Connectors, Resource, Transport, Verb, Written
from connectors.sim.twin import Faults, Twin
from connectors.testing import in_process, serving, settings
from models.access import NotAllowed
from models.actions import Action, ActionKind
from store.db import Database
from tests.workflow import dying_worker
from tests.workflow.firm import PACE, assignment, draft, principal, reminder, returned_time, risk
from workflow import ledger
from workflow.cards import ProposalCard
from workflow.effects import WORKER, run, work_once
from workflow.service import Workflow

Notices = Callable[[str], Sequence[tuple[str, str]]]
PATIENCE = 90.0  # seconds, on a busy machine


@pytest.fixture
def approved(workflow: Workflow) -> Callable[[Action], ProposalCard]:
    """Propose as the resource manager or lead, and let whoever must sign it."""

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
Drain = Callable[[], int]


def until(condition: Callable[[], bool], work: Callable[[], object]) -> None:
    """Work until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        work()
        time.sleep(0.02)


def keys(twin: Twin) -> Counter[str]:
    """How many records each key made."""
    return Counter(str(entry.external_ref) for entry in twin.book.written())


def state(workflow: Workflow, card: ProposalCard) -> str:
    return workflow.card(principal("audrey"), card.proposal_id).state


def effect(workflow: Workflow, card: ProposalCard) -> Any:
    return workflow.card(principal("audrey"), card.proposal_id).effects[0]


def test_it_is_written_mirrored_and_heard_of(
    workflow: Workflow,
    approved: Approved,
    drain: Drain,
    twin: Twin,
    owner: psycopg.Connection[Any],
    notices: Notices,
) -> None:
    card = approved(assignment())
    assert drain() == 1
    done = workflow.card(principal("paula"), card.proposal_id)
    [record] = twin.book.written()
    assert (done.state, done.effects[0].external_ref) == ("executed", record.id)
    assert record.body == done.effects[0].body
    assert owner.execute(
        "select assignment_id, person_id, hours_per_week from firm.assignment"
    ).fetchall() == [(record.id, "carl", 32)]
    for person_id, before in (("paula", ["outcome"]), ("rita", ["card"])):
        assert [kind for kind, _ in notices(person_id)] == [*before, "outcome"]
        assert f"PSA {record.id}" in notices(person_id)[-1][1], "with the reference in the system of record"


def test_a_batch_is_done_when_its_last_item_is(
    workflow: Workflow,
    approved: Approved,
    db: Database,
    connectors: Connectors,
    owner: psycopg.Connection[Any],
    notices: Notices,
) -> None:
    card = approved(returned_time("t-1", "t-2", "t-3"))
    for expected in ("approved", "approved", "executed"):
        assert work_once(db, "w", connectors, PACE)
        assert state(workflow, card) == expected
    returned = owner.execute(
        "select entry_id from firm.time_entry where state = 'returned' order by 1"
    ).fetchall()
    assert returned == [("t-1",), ("t-2",), ("t-3",)]
    assert [kind for kind, _ in notices("leo")] == ["outcome", "outcome"], "signed, and done: not one an item"


def test_a_record_without_a_table_is_kept_as_it_is(
    approved: Approved, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    card = approved(risk())
    drain()
    assert owner.execute(
        "select system, kind, project_id, body ->> 'statement', proposal_id from firm.system_record"
    ).fetchall() == [("psa", "register_risk", "aurora", "The interface is late.", card.proposal_id)]


# --- outages


def test_approvals_go_on_while_a_system_is_down(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin, notices: Notices
) -> None:
    twin.faults["psa"] = Faults(down=True)
    before = [approved(assignment(person_id=p, person_name=n)) for p, n in (("carl", "Carl Cole"),)]
    before += [approved(risk(statement=f"Risk {n}")) for n in range(3)]

    def is_open() -> bool:
        return {c.system: c.state for c in workflow.circuits(principal("ada"))}["psa"] == "open"

    until(is_open, drain)
    after = approved(risk(statement="While it is down"))
    assert "as soon as the PSA can be reached" in notices("leo")[-1][1]
    for card in [*before, after]:
        waiting = effect(workflow, card)
        assert waiting.waits_since is not None, "the card says since when"
        assert waiting.attempts == 0, "an outage is not the action's fault"
    twin.heal()
    until(lambda: all(state(workflow, c) == "executed" for c in [*before, after]), drain)
    assert set(keys(twin).values()) == {1}
    assert len(keys(twin)) == 5
    [psa] = [c for c in workflow.circuits(principal("ada")) if c.system == "psa"]
    assert (psa.state, psa.failures, psa.waiting) == ("closed", 0, 0)


def test_one_system_down_does_not_stop_another(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin
) -> None:
    twin.faults["psa"] = Faults(down=True)
    stuck, free = approved(risk()), approved(reminder())
    until(lambda: state(workflow, free) == "executed", drain)
    assert state(workflow, stuck) == "approved"


def test_one_probe_at_a_time(approved: Approved, db: Database, owner: psycopg.Connection[Any]) -> None:
    approved(returned_time("t-1", "t-2", "t-3", "t-4"))  # four writes that do not wait for each other
    owner.execute("update workflow.circuit set state = 'open', probe_at = now() where system = 'psa'")
    leases = []
    start = threading.Barrier(8)

    def claim(n: int) -> None:
        start.wait()
        with db.tx(WORKER, "worker") as tx:
            leases.append(ledger.claim(tx, f"w{n}", PACE))

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in leases if lease]) == 1


def test_pausing_by_hand(workflow: Workflow, approved: Approved, drain: Drain) -> None:
    with pytest.raises(NotAllowed):
        workflow.pause(principal("paula"), "psa", "I would rather not.")
    workflow.pause(principal("ada"), "psa", "Month end.")
    card = approved(risk())
    assert drain() == 0
    assert effect(workflow, card).waits_since is not None
    workflow.resume(principal("ada"), "psa", "Month end is over.")
    assert effect(workflow, card).waits_since is None
    assert drain() == 1
    assert state(workflow, card) == "executed"


def test_slow_down_means_later(workflow: Workflow, approved: Approved, drain: Drain, twin: Twin) -> None:
    twin.faults["psa"] = Faults(writes_per_minute=1)
    cards = [approved(risk()), approved(risk(statement="Another"))]
    assert drain() == 2
    assert [state(workflow, c) for c in cards] == ["executed", "approved"]
    waiting = effect(workflow, cards[1])
    assert (waiting.state, waiting.attempts) == ("ready", 0)
    assert {c.system: c.failures for c in workflow.circuits(principal("ada"))}["psa"] == 0


# --- outcomes unknown


@pytest.mark.parametrize("supports", ["with keys", "without keys"])
@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"lose_replies": 0.5}, "a retry after a timeout duplicates ERP invoices (lago #5482)"),
        ({"slow_seconds": 0.3}, "it happens after the worker gave up: looking up at once finds nothing"),
    ],
)
def test_lost_replies_make_no_second_record(
    supports: str,
    faults: Mapping[str, Any],
    reason: str,
    workflow: Workflow,
    approved: Approved,
    db: Database,
    twin: Twin,
) -> None:
    twin.faults["psa"] = Faults(**faults, ignore_keys=supports == "without keys")
    connectors = in_process(twin, max_write_seconds=1.0)
    cards = [approved(risk(statement=f"Risk {n}")) for n in range(2)]
    cards.append(approved(assignment()))
    until(
        lambda: all(state(workflow, c) == "executed" for c in cards),
        lambda: work_once(db, "w", connectors, PACE),
    )
    connectors.close()
    assert set(keys(twin).values()) == {1}, reason
    assert len(keys(twin)) == len(cards)
    twin.book.close()


@pytest.mark.parametrize(
    ("supports", "when", "reason"),
    [
        ("with keys", "after", "it is there, and nobody told the ledger"),
        ("without keys", "after", "the same, and sending it again would make a second one"),
        ("without keys", "before", "it is not there, although it may have been sent"),
        ("without keys", "during", "it is not there yet: whoever looks at once writes it again"),
    ],
)
def test_a_worker_killed_in_the_middle_is_taken_over(
    supports: str,
    when: str,
    reason: str,
    workflow: Workflow,
    approved: Approved,
    db: Database,
    tmp_path: Path,
) -> None:
    card = approved(assignment())
    twin = Twin(tmp_path / "systems.db", ignore_keys=supports == "without keys")
    slow = Faults(ignore_keys=supports == "without keys", slow_seconds=1.5 if when == "during" else 0.0)
    twin.faults = dict.fromkeys(twin.faults, slow)
    with serving(twin) as url:
        died = subprocess.run(
            [sys.executable, dying_worker.__file__, db.dsn("worker"), url, supports, when], check=False
        )
        died_at = time.monotonic()
        assert died.returncode == -9
        assert effect(workflow, card).state == "leased", "nobody told the ledger"
        twin.heal()
        connectors = connect(
            settings(url, keys=supports == "with keys", read_seconds=1.0, max_write_seconds=2.0)
        )
        until(
            lambda: state(workflow, card) == "executed",
            lambda: work_once(db, "heir", connectors, PACE),
        )
        time.sleep(max(0.0, died_at + 2.0 - time.monotonic()))  # until what was in flight has landed
        connectors.close()
        assert list(keys(twin).values()) == [1], reason


def test_who_lost_the_lease_does_not_settle(
    workflow: Workflow, approved: Approved, db: Database, twin: Twin, audited: Any
) -> None:
    """A worker without a heartbeat holds its effect for too long; another takes it over and settles it."""
    twin.faults["psa"] = Faults(slow_seconds=1.0)
    connectors = in_process(twin, read_seconds=5.0, max_write_seconds=5.0)
    card = approved(risk())
    sluggish = replace(PACE, lease_seconds=0.3, beat_seconds=60.0)
    thread = threading.Thread(target=work_once, args=(db, "sluggish", connectors, sluggish))
    thread.start()
    until(lambda: effect(workflow, card).state == "leased", lambda: None)
    time.sleep(0.5)
    twin.heal()
    until(lambda: state(workflow, card) == "executed", lambda: work_once(db, "heir", connectors, PACE))
    thread.join()
    connectors.close()
    assert [action for _, action, _ in audited()].count("effect.settled") == 1
    assert list(keys(twin).values()) == [1]
    twin.book.close()


def test_a_beating_heart_keeps_the_lease(
    workflow: Workflow, approved: Approved, db: Database, twin: Twin
) -> None:
    twin.faults["psa"] = Faults(slow_seconds=1.5)
    connectors = in_process(twin, read_seconds=5.0, max_write_seconds=5.0)
    card = approved(risk())
    pace = replace(PACE, lease_seconds=0.8, beat_seconds=0.1)
    thread = threading.Thread(target=work_once, args=(db, "slow", connectors, pace))
    thread.start()
    until(lambda: effect(workflow, card).state == "leased", lambda: None)
    while thread.is_alive():
        assert not work_once(db, "greedy", connectors, pace)
        time.sleep(0.1)
    assert state(workflow, card) == "executed"
    assert effect(workflow, card).attempts == 1
    connectors.close()
    twin.book.close()


class Baffling(Transport):
    """Raises something that nobody expects."""

    system = "psa"
    supports_idempotency_keys = True
    max_write_seconds = 0.1

    def create(
        self, resource: Resource, body: Mapping[str, Any], *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        raise KeyError("id")

    def created(self, resource: Resource, idempotency_key: str) -> tuple[Written, ...]:
        return ()

    def undo(
        self, resource: Resource, record_id: str, verb: Verb, *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        raise KeyError("id")

    def read(self, resource: Resource, record_id: str) -> dict[str, Any]:
        raise NotImplementedError

    def close(self) -> None:
        pass


def test_what_cannot_be_understood_stops_where_a_person_sees_it(
    workflow: Workflow, approved: Approved, db: Database, owner: psycopg.Connection[Any], notices: Notices
) -> None:
    card = approved(risk())
    owner.execute("update workflow.effect set max_attempts = 2")
    pace = replace(PACE, longest_backoff_seconds=0.01)
    connectors = Connectors.over(lambda system: Baffling())
    until(lambda: state(workflow, card) == "parked", lambda: work_once(db, "w", connectors, pace))
    assert "tried 2 times" in effect(workflow, card).last_error
    assert "waits for a person" in notices("leo")[-1][1]


def test_what_is_there_twice_waits_for_a_person(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin, owner: psycopg.Connection[Any]
) -> None:
    card = approved(risk())
    [key] = [e.idempotency_key for e in card.effects]
    for _ in range(2):
        twin.write("psa", "risks", card.effects[0].body, key, None, Faults())
    owner.execute("update workflow.effect set sent_at = now() - interval '1 hour'")
    drain()
    assert state(workflow, card) == "parked"
    assert "2 times" in effect(workflow, card).last_error
    assert keys(twin) == {key: 2}, "not a third one"


# --- saying no


def test_what_the_system_refuses_has_failed(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin, notices: Notices
) -> None:
    twin.faults["psa"] = Faults(reject="the project is closed")
    card = approved(risk())
    assert drain() == 1
    assert state(workflow, card) == "failed"
    assert "the project is closed" in notices("leo")[-1][1]
    assert drain() == 0, "sending it again cannot help"


@pytest.mark.parametrize(
    ("action", "change", "expected"),
    [
        (
            risk(),
            'update workflow.effect set body = body || \'{"severity": "low"}\'',
            "not hold what was signed",
        ),
        (risk(), "delete from workflow.decision", "signatures are missing"),
        (
            risk(),
            'update workflow.policy_version set body = body || \'{"currency": "USD"}\'',
            "Policy version",
        ),
    ],
)
def test_the_last_look_before_a_write(
    action: Action,
    change: str,
    expected: str,
    workflow: Workflow,
    approved: Approved,
    drain: Drain,
    twin: Twin,
    owner: psycopg.Connection[Any],
) -> None:
    card = approved(action)
    owner.execute(change)
    drain()
    assert state(workflow, card) == "parked"
    assert expected in effect(workflow, card).last_error
    assert not twin.book.written()


def test_an_effect_that_nobody_signed_is_not_written(
    workflow: Workflow, drain: Drain, db: Database, twin: Twin
) -> None:
    card = workflow.propose(principal("leo"), draft(risk()))
    [write] = card.writes
    with psycopg.connect(db.dsn("workflow")) as connection:
        connection.execute(
            "insert into workflow.effect (idempotency_key, proposal_id, version, content_hash, system,"
            " operation, ordering_key, body) values (%s, %s, 1, %s, 'psa', %s, %s, %s)",
            (
                f"register_risk:{card.proposal_id}:{card.content_hash}",
                card.proposal_id,
                card.content_hash,
                write.operation,
                write.ordering_key,
                psycopg.types.json.Jsonb(write.body),
            ),
        )
    assert drain() == 1
    assert effect(workflow, card).state == "parked"
    assert state(workflow, card) == "pending", "and it can still be signed, or not"
    assert not twin.book.written()


# --- order and many workers


def test_writes_about_the_same_thing_keep_their_order(
    workflow: Workflow, approved: Approved, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    first, second = approved(assignment(role="First")), approved(assignment(role="Second"))
    other = approved(assignment(person_id="cleo", person_name="Cleo Curz"))
    owner.execute("update workflow.effect set not_before = now() + interval '1 hour' where effect_id = 1")
    drain()
    assert [state(workflow, c) for c in (first, second, other)] == ["approved", "approved", "executed"]
    owner.execute("update workflow.effect set not_before = now(), state = 'parked' where effect_id = 1")
    drain()
    assert state(workflow, second) == "approved", "a person must look at the first one first"
    owner.execute("update workflow.effect set state = 'ready' where effect_id = 1")
    drain()
    assert [state(workflow, c) for c in (first, second)] == ["executed", "executed"]


def test_many_workers_write_everything_once_and_in_order(
    workflow: Workflow, approved: Approved, db: Database, connectors: Connectors, twin: Twin
) -> None:
    cards = [approved(assignment(role=f"{n:02}")) for n in range(8)]
    cards += [
        approved(assignment(person_id="cleo", person_name="Cleo Curz", role=f"{n:02}")) for n in range(8)
    ]
    stop = threading.Event()
    workers = [threading.Thread(target=run, args=(db, connectors, stop, PACE)) for _ in range(4)]
    for worker in workers:
        worker.start()
    try:
        until(lambda: all(state(workflow, c) == "executed" for c in cards), lambda: time.sleep(0.1))
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert set(keys(twin).values()) == {1}
    for person_id in ("carl", "cleo"):
        roles = [e.body["role"] for e in twin.book.written() if e.body["person_id"] == person_id]
        assert roles == [f"{n:02}" for n in range(8)]
