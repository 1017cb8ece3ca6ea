"""What people wrote can be forgotten, and the chain still shows that nothing else was touched."""

from typing import Any

import psycopg
import pytest

from models.access import NotAllowed, service
from store.admin import audit_unguarded
from store.db import Database
from tests.workflow.audit_log import ADMIN, KEEPER, REWRITE, say
from tests.workflow.firm import principal
from workflow.errors import ReasonNeeded
from workflow.redaction import NothingNamed, redact, retain
from workflow.verify import ChainVerdict, verify

Owner = psycopg.Connection[Any]


@pytest.fixture
def said(db: Database) -> None:
    """Entries 2 to 4: one about a person, one that they wrote, and one that is neither."""
    with db.tx(KEEPER, "worker") as tx:
        tx.audit("thing.done", "person:leo", personal={"reason": "Leo was ill"})
    with db.tx(principal("leo"), "agent") as tx:
        tx.audit("thing.done", "thing:1", n=1, personal={"reason": "I am moving house", "note": "mine"})
    say(db, 1, personal="Nobody's business")


def verdict(db: Database) -> ChainVerdict:
    with db.tx(KEEPER, "worker") as tx:
        return verify(tx)


def left(owner: Owner) -> list[tuple[int, str, str | None]]:
    return owner.execute("select seq, field, value from audit.personal order by seq, field").fetchall()


def forget(db: Database, about: str | None = None, entry: int | None = None, reason: str = "Asked") -> int:
    with db.tx(ADMIN, "steward") as tx:
        return redact(tx, about=about, entry=entry, reason=reason)


def test_the_chain_holds_a_hash_and_not_the_words(db: Database, owner: Owner, said: None) -> None:
    bodies = str(owner.execute("select body from audit.event").fetchall())
    assert "ill" not in bodies and "house" not in bodies
    hashes = owner.execute("select body -> 'personal' ->> 'reason' from audit.event where seq in (2, 4)")
    assert len({h for (h,) in hashes.fetchall()}) == 2
    assert verdict(db).whole


def test_the_same_words_have_other_hashes(db: Database, owner: Owner) -> None:
    """Without the salt nobody can try what the words were."""
    say(db, 2, personal="the same")
    found = owner.execute("select body -> 'personal' ->> 'reason' from audit.event where seq > 1").fetchall()
    assert len(set(found)) == 2


def test_of_a_person_all_is_forgotten_that_was_said_of_them_or_by_them(
    db: Database, owner: Owner, said: None
) -> None:
    before = owner.execute("select seq, hash from audit.event order by seq").fetchall()
    assert forget(db, "person:leo") == 3
    assert left(owner) == [
        (2, "reason", None),
        (3, "note", None),
        (3, "reason", None),
        (4, "reason", "Nobody's business"),
        (5, "reason", "Asked"),
    ]
    assert owner.execute("select seq, hash from audit.event where seq < 5 order by seq").fetchall() == before
    told = owner.execute("select actor, action, subject, body - 'personal' from audit.event where seq = 5")
    assert told.fetchone() == ("ada", "audit.redacted", "person:leo", {"fields": 3})
    assert verdict(db).whole
    assert forget(db, "person:leo") == 0, "and nothing is logged where nothing is left"
    assert len(left(owner)) == 5
    assert forget(db, entry=5, reason="Why it was redacted") == 1
    assert verdict(db).whole


def test_a_reader_sees_what_is_left(db: Database, said: None) -> None:
    forget(db, entry=3)
    with db.tx(principal("audrey"), "agent") as tx:
        [about] = tx.records("audit.of_subject", subject="thing:1")
        [other] = tx.records("audit.of_subject", subject="person:leo")
        [held] = [r for r in tx.records("audit.about_person", person_id="leo") if r["by_them"]]
    assert (about["body"], about["personal"]) == ({"n": 1}, {"reason": None, "note": None})
    assert other["personal"] == {"reason": "Leo was ill"}
    assert (held["entries"], held["personal"]) == (1, 0)
    with db.tx(principal("paula"), "agent") as tx:
        assert tx.records("audit.of_subject", subject="person:leo") == []
        assert tx.connection.execute("select * from audit.personal").fetchall() == []


@pytest.mark.parametrize(
    ("change", "seq", "fault"),
    [
        ("update audit.personal set value = 'x' where seq = 4", 4, "field reason was altered"),
        ("update audit.personal set salt = '\\x00' where seq = 4", 4, "field reason was altered"),
        ("delete from audit.personal where seq = 4", 4, "field reason is gone"),
        (
            "update audit.personal set value = null, salt = null, redacted_by = 1 where seq = 4",
            4,
            "field reason was emptied without a redaction",
        ),
        (
            "update audit.personal set value = null, salt = null, redacted_by = 5 where seq = 4",
            5,
            "it redacted 3 fields, 4 say so",
        ),
        (
            "update audit.personal set value = 'x', salt = '\\x00', redacted_by = null where seq = 2",
            2,
            "field reason was altered",
        ),
        ("delete from audit.personal where seq = 3 and field = 'note'", 3, "field note is gone"),
    ],
)
def test_words_that_were_altered_or_taken_away_are_seen(
    change: str, seq: int, fault: str, db: Database, owner: Owner, said: None
) -> None:
    """Also what was redacted and then given other words."""
    assert forget(db, "person:leo") == 3
    with audit_unguarded(owner):
        owner.execute(change)
    found = verdict(db)
    assert found.seq == seq and fault in str(found.fault)


@pytest.mark.parametrize(
    "change",
    [
        "update audit.personal set value = 'x'",
        "update audit.personal set seq = 1, value = null, salt = null, redacted_by = 1 where seq = 2",
    ],
)
def test_the_owner_is_refused_while_the_guard_is_on(change: str, owner: Owner, said: None) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(change)


def test_old_words_are_forgotten_by_the_clock(db: Database, owner: Owner, said: None) -> None:
    with audit_unguarded(owner):
        owner.execute("update audit.event set at = at - interval '91 days' where seq < 3")
        owner.execute(REWRITE)
    with db.tx(KEEPER, "worker") as tx:
        assert retain(tx, 90) == 1
    assert [seq for seq, _, value in left(owner) if value is None] == [2]
    assert verdict(db).whole
    with (
        pytest.raises(psycopg.errors.RaiseException, match="at least 30 days"),
        db.tx(KEEPER, "worker") as tx,
    ):
        retain(tx, 29)


def test_who_may_and_what_it_takes(db: Database, said: None) -> None:
    with pytest.raises(NotAllowed), db.tx(principal("audrey"), "steward") as tx:
        redact(tx, about="person:leo", entry=None, reason="x")
    with pytest.raises(ReasonNeeded):
        forget(db, "person:leo", reason=" ")
    with pytest.raises(NothingNamed):
        forget(db)
    for role in ("agent", "workflow", "worker", "gate"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), db.tx(ADMIN, role) as tx:  # type: ignore[arg-type]
            redact(tx, about="person:leo", entry=None, reason="x")


def test_nobody_passes_a_hash_of_their_own(db: Database) -> None:
    with (
        pytest.raises(psycopg.errors.RaiseException, match="kept for the hashes"),
        db.tx(service("x"), "worker") as tx,
    ):
        tx._audit.append({"action": "a.b", "subject": "c:d", "body": {"personal": {"reason": "00"}}})


@pytest.mark.parametrize("role", ["agent", "workflow", "gate"])
@pytest.mark.parametrize("action", ["audit.anchored", "audit.redacted"])
def test_what_serves_people_does_not_say_what_became_of_the_log(db: Database, role: Any, action: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=action), db.tx(ADMIN, role) as tx:
        tx.audit(action, "anchor:x", name="x", seq=1, hash="00", fields=0)


def test_what_was_logged_before_still_holds(db: Database, owner: Owner) -> None:
    """By processes of the version before this one, through the function that they call."""
    owner.execute("select set_config('chargehand.principal', 'service:old', false)")
    owner.execute("select audit.append('thing.done', 'thing:1', '{\"reason\": \"kept in the body\"}')")
    say(db, 1, personal="new")
    assert verdict(db).whole
