"""What was acknowledged is worked, whatever happens to the process that took it, and taken once."""

import threading
from typing import Any

import psycopg
import pytest

from api.chat.inbound import MOST_ATTEMPTS, Inbound, Received
from store.db import Database
from workflow.deliveries import SurfaceDown


@pytest.fixture
def inbound(db: Database) -> Inbound:
    return Inbound(db)


class Notes:
    """Works what it is handed by writing it down."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.raises: list[Exception] = []

    def __call__(self, received: Received) -> None:
        self.seen.append((received.key, received.attempts))
        if self.raises:
            raise self.raises.pop(0)

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.seen]


def take(inbound: Inbound, key: str, ordering: str = "C1") -> bool:
    return inbound.take("slack", "T1", key, "event", {"text": "who is free?"}, ordering=ordering)


def lapse(owner: psycopg.Connection[Any]) -> None:
    """Let leases run out and waiting end."""
    owner.execute("update talk.inbound set lease_until = now() - interval '1 s', not_before = now()")


def states(owner: psycopg.Connection[Any]) -> list[tuple[str, str, bool]]:
    return owner.execute(
        "select key, state, payload is null from talk.inbound order by inbound_id"
    ).fetchall()


def test_what_is_handed_in_twice_is_worked_once_and_then_forgotten(
    inbound: Inbound, owner: psycopg.Connection[Any]
) -> None:
    notes = Notes()
    assert take(inbound, "Ev1") and not take(inbound, "Ev1")
    assert inbound.work_once({"slack": notes}) and not inbound.work_once({"slack": notes})
    assert not take(inbound, "Ev1"), "also after it was worked"
    assert notes.seen == [("Ev1", 1)]
    assert states(owner) == [("Ev1", "done", True)]


def test_a_conversation_is_worked_in_its_order_and_others_do_not_wait(
    inbound: Inbound, owner: psycopg.Connection[Any]
) -> None:
    notes = Notes()
    notes.raises = [RuntimeError("half way")]
    for key, place in (("a1", "A"), ("a2", "A"), ("b1", "B")):
        take(inbound, key, place)
    while inbound.work_once({"slack": notes}):
        pass
    assert notes.keys == ["a1", "b1"], "what follows a message that failed waits behind it"
    lapse(owner)
    while inbound.work_once({"slack": notes}):
        pass
    assert notes.keys == ["a1", "b1", "a1", "a2"]


def test_a_process_that_dies_leaves_its_work_to_the_next(
    inbound: Inbound, owner: psycopg.Connection[Any]
) -> None:
    take(inbound, "Ev1")

    def dies(received: Received) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        inbound.work_once({"slack": dies})
    notes = Notes()
    assert not inbound.work_once({"slack": notes}), "its lease still runs"
    lapse(owner)
    assert inbound.work_once({"slack": notes})
    assert notes.seen == [("Ev1", 2)]


def test_an_outage_costs_no_attempt_and_a_fault_is_kept_for_a_person(
    inbound: Inbound, owner: psycopg.Connection[Any]
) -> None:
    notes = Notes()
    notes.raises = [SurfaceDown(surface="Slack", reason="429")] * 9 + [RuntimeError("no")] * MOST_ATTEMPTS
    take(inbound, "Ev1")
    for _ in range(9 + MOST_ATTEMPTS):
        assert inbound.work_once({"slack": notes})
        lapse(owner)
    assert not inbound.work_once({"slack": notes})
    assert states(owner) == [("Ev1", "parked", False)]


def test_two_processes_do_not_work_the_same(inbound: Inbound, db: Database) -> None:
    for n in range(12):
        take(inbound, f"Ev{n}", ordering=f"C{n}")
    notes, stop = Notes(), threading.Event()
    threads = [threading.Thread(target=Inbound(db).run, args=({"slack": notes}, stop)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        if len(notes.seen) >= 12:
            break
        stop.wait(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert sorted(notes.keys) == sorted(f"Ev{n}" for n in range(12))


def test_what_was_worked_long_ago_is_swept(inbound: Inbound, owner: psycopg.Connection[Any]) -> None:
    take(inbound, "Ev1")
    take(inbound, "Ev2", ordering="C2")
    inbound.work_once({"slack": Notes()})
    owner.execute(
        "update talk.inbound set settled_at = now() - interval '8 days' where settled_at is not null"
    )
    inbound.sweep()
    assert [key for key, *_ in states(owner)] == ["Ev2"], "what waits is kept"
