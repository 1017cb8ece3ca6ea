"""Transactions: under whom, with what rights, and what of them remains."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from models.access import Principal, service
from store.db import Database, DatabaseUnavailable, RoleNotHeld, dumps
from workflow.verify import verify

MONA = Principal("P-1", "Mona", (), "web")


def entries(dsn: str) -> list[tuple[int, str, str, str]]:
    with psycopg.connect(dsn) as owner:
        return owner.execute("select seq, actor, surface, subject from audit.event order by seq").fetchall()


def test_a_transaction_knows_who_is_asking_and_from_where(db: Database) -> None:
    with db.tx(MONA, "agent") as tx:
        asked = tx.connection.execute("select current_user, app.me(), app.surface(), app.is_service()")
        assert asked.fetchone() == ("chargehand_agent", "P-1", "web", False)
    with db.tx(service("clock"), "worker") as tx:
        asked = tx.connection.execute("select current_user, app.me(), app.surface(), app.is_service()")
        assert asked.fetchone() == ("chargehand_worker", "service:clock", "job", True)


def test_the_caller_does_not_stay_on_a_pooled_connection(db: Database) -> None:
    with db.tx(MONA, "agent") as tx:
        first = tx.connection.info.backend_pid
    with db._pool("agent").connection() as bare:
        assert bare.info.backend_pid == first
        assert bare.execute("select app.me()").fetchone() == (None,)


def test_what_raises_leaves_nothing_behind(db: Database, admin_dsn: str) -> None:
    with pytest.raises(ZeroDivisionError), db.tx(MONA, "agent") as tx:
        tx.value("talk.open_thread", surface="web", title="x")
        tx.audit("thread.opened", "thread:1")
        raise ZeroDivisionError
    with psycopg.connect(admin_dsn) as owner:
        assert owner.execute("select count(*) from talk.thread").fetchone() == (0,)
    assert entries(admin_dsn) == []


def test_audit_entries_are_appended_when_the_work_is_done(db: Database, admin_dsn: str) -> None:
    """Not when they are written: nobody holds the chain's head while working."""
    with db.tx(MONA, "agent") as slow:
        slow.audit("first.said", "slow:1")
        slow.audit("then.said", "slow:2")
        with db.tx(service("quick"), "worker") as quick:
            quick.audit("quick.done", "quick:1")
        assert [e[3] for e in entries(admin_dsn)] == ["quick:1"]
    assert [e[:2] + e[3:] for e in entries(admin_dsn)] == [
        (1, "service:quick", "quick:1"),
        (2, "P-1", "slow:1"),
        (3, "P-1", "slow:2"),
    ]


def test_an_audit_log_of_many_writers_at_once_is_one_chain(db: Database, admin_dsn: str) -> None:
    writers, turns = 8, 12
    start = threading.Barrier(writers)

    def write(n: int) -> None:
        start.wait()
        for turn in range(turns):
            try:
                with db.tx(Principal(f"P-{n}", "", (), "api"), "agent") as tx:
                    tx.audit("turn.taken", f"turn:{n}:{turn}")
                    if turn % 4 == 3:
                        raise ZeroDivisionError  # a transaction that fails leaves no gap
            except ZeroDivisionError:
                continue

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    found = entries(admin_dsn)
    assert [seq for seq, *_ in found] == list(range(1, writers * turns * 3 // 4 + 1))
    by_writer = {n: [s for _, actor, _, s in found if actor == f"P-{n}"] for n in range(writers)}
    assert all(said == [f"turn:{n}:{t}" for t in range(turns) if t % 4 != 3] for n, said in by_writer.items())
    with db.tx(service("test"), "worker") as tx:
        assert verify(tx).whole


@pytest.mark.parametrize(
    "verb", ["update audit.event set action = 'x'", "delete from audit.event", "truncate audit.event"]
)
def test_no_role_can_change_the_audit_log(db: Database, verb: str) -> None:
    for role in ("agent", "workflow", "worker", "steward", "gate"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            db.tx(service("test"), role) as tx,  # type: ignore[arg-type]
        ):
            tx.connection.execute(verb.encode())


def test_nobody_appends_to_the_audit_log_as_nobody(db: Database) -> None:
    with (
        db._pool("agent").connection() as bare,
        pytest.raises(psycopg.errors.RaiseException, match="principal"),
    ):
        bare.execute("select audit.append('a', 'b', '{}')")


def test_a_role_that_the_process_does_not_hold_cannot_be_used(db: Database) -> None:
    only_gate = Database({"gate": db.dsn("gate")})
    with pytest.raises(RoleNotHeld), only_gate.tx(MONA, "workflow"):
        pass
    only_gate.close()


def test_a_database_that_does_not_answer_says_so() -> None:
    nowhere = Database({"agent": "host=/nonexistent dbname=x user=y connect_timeout=1"}, timeout_s=0.2)
    with pytest.raises(DatabaseUnavailable) as caught, nowhere.tx(MONA, "agent"):
        pass
    nowhere.close()
    assert (caught.value.status, caught.value.retry) == (503, "later")


def test_a_connection_that_was_cut_is_replaced(db: Database, admin_dsn: str) -> None:
    with db.tx(MONA, "agent") as tx:
        pid = tx.connection.info.backend_pid
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute("select pg_terminate_backend(%s, 5000)", (pid,))
    with db.tx(MONA, "agent") as tx:
        assert tx.connection.info.backend_pid != pid


def test_pools_are_made_once_however_many_ask_first(db: Database) -> None:
    start = threading.Barrier(8)

    def pool(_: int) -> int:
        start.wait()
        return id(db._pool("steward"))

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(pool, range(8)))) == 1


def test_json_keeps_money_exact_and_days_readable() -> None:
    value = {"amount": Decimal("12.50"), "on": date(2026, 3, 1), "name": "Özil"}
    assert dumps(value) == '{"amount": "12.50", "on": "2026-03-01", "name": "Özil"}'
    assert dumps([UUID(int=1)]) == '["00000000-0000-0000-0000-000000000001"]'
    with pytest.raises(TypeError):
        dumps({"what": object()})


def test_rows_become_what_they_are_read_as(db: Database) -> None:
    @dataclass(frozen=True)
    class Said:
        message_id: int
        author: str
        text: str
        payload: dict[str, Any]
        created_at: datetime

    with db.tx(MONA, "agent") as tx:
        thread = tx.value("talk.open_thread", surface="web", title="")
        number = tx.value(
            "talk.add_message", thread_id=thread, author="person", text="Hi", payload={"n": "1"}
        )
        (said,) = tx.rows("talk.history", Said, thread_id=thread, limit=5)
        assert (said.message_id, said.text, said.payload) == (number, "Hi", {"n": "1"})
        assert said.created_at.tzinfo is not None
        assert tx.row("talk.history", Said, thread_id=uuid4(), limit=5) is None
        assert tx.value("lookup.practices", said="x", limit=1) is None
        assert tx.execute("talk.touch_thread", thread_id=thread, title="Hello") == 1
