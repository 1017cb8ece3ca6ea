"""Signed anchors: what they show that the chain does not, and what becomes of tampered ones."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from store.admin import audit_unguarded
from store.db import Database
from tests.workflow.audit_log import KEEPER, KEY, NOON, anchor, checked, say, written_anew
from workflow.anchors import AnchorsUnwritable, last_anchored, overdue, put, write, write_if_due
from workflow.signing import SigningKey
from workflow.verify import ChainVerdict, verify
from workflow.verify_export import Unreadable, read_anchor

Owner = psycopg.Connection[Any]
HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "anchors"


@pytest.fixture
def anchored(db: Database, folder: Path) -> list[str]:
    """Three anchors, with three entries before each."""
    names = []
    for hour in range(3):
        say(db, 3)
        names.append(anchor(db, folder, hour))
    return names


def faults(verdict: ChainVerdict) -> list[tuple[str, str]]:
    return [(f.where, f.says) for f in verdict.anchor_faults]


def test_anchors_of_an_untouched_log_hold(db: Database, folder: Path, anchored: list[str]) -> None:
    found = checked(db, folder)
    assert (found.whole, found.anchors, faults(found)) == (True, 3, [])
    assert checked(db, folder, (KEY.id,)).whole
    assert [p.name for p in sorted(folder.iterdir())] == sorted([*anchored, f"{KEY.id}.pub"])
    assert all(p.stat().st_mode & 0o222 == 0 for p in folder.iterdir()), "nobody writes them again"
    with db.tx(KEEPER, "worker") as tx:
        last = last_anchored(tx)
    assert last is not None
    newest = read_anchor(folder / anchored[-1])
    assert (last.name, last.seq, last.hash) == (anchored[-1], newest.seq, newest.hash)


def test_only_anchors_show_a_log_written_anew(
    db: Database, owner: Owner, folder: Path, anchored: list[str]
) -> None:
    written_anew(owner, "update audit.event set body = '{\"n\": 7}' where seq = 6")
    with db.tx(KEEPER, "worker") as tx:
        assert verify(tx).whole, "the chain itself holds"
    found = checked(db, folder)
    assert not found.whole and found.fault is None
    assert faults(found) == [
        (anchored[1], "entry 8 is not the one that was anchored"),  # the first anchor is of an older one
        (anchored[2], "entry 12 is not the one that was anchored"),
    ]


def test_a_tail_cut_off_with_its_head_is_missed(
    db: Database, owner: Owner, folder: Path, anchored: list[str]
) -> None:
    written_anew(owner, "delete from audit.event where seq > 5")
    with db.tx(KEEPER, "worker") as tx:
        assert verify(tx).whole
    says = dict(faults(checked(db, folder)))
    assert set(says) == set(anchored[1:])
    assert says[anchored[1]].startswith("entry 8 is missing: these are entries 1 to 5")


@pytest.mark.parametrize(
    ("field", "value"), [("seq", 2), ("hash", "00" * 32), ("at", "2020-01-01T00:00:00+00:00")]
)
def test_an_altered_anchor(
    field: str, value: object, db: Database, folder: Path, anchored: list[str]
) -> None:
    path = folder / anchored[1]
    statement, signature = path.read_text().splitlines()
    altered = json.dumps(json.loads(statement) | {field: value}, sort_keys=True, separators=(",", ":"))
    _replace(path, f"{altered}\n{signature}\n")
    says = dict(faults(checked(db, folder)))
    assert says[anchored[1]] == "its signature does not hold: it was forged or altered"


def test_an_anchor_forged_with_a_key_of_ones_own(db: Database, folder: Path, anchored: list[str]) -> None:
    """Who puts a key beside the anchors too is shown by naming the keys."""
    theirs = SigningKey(b"\x01" * 32)
    anchor(db, folder, 3, theirs)
    assert checked(db, folder).whole, "the keys beside the anchors are believed unless some are named"
    ((where, says),) = faults(checked(db, folder, (KEY.id,)))
    assert where not in anchored and says == f"its key {theirs.id} is not one that is trusted"
    assert checked(db, folder, (KEY.id, theirs.id)).whole, "which is also how a key is changed"


def test_an_anchor_replayed_from_another_log(
    db: Database, owner: Owner, folder: Path, anchored: list[str]
) -> None:
    (other,) = owner.execute("select log_id from audit.log").fetchone() or ("",)
    owner.execute("update audit.log set log_id = gen_random_uuid()")
    assert faults(checked(db, folder)) == [(name, f"it is of another log, {other}") for name in anchored]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_anchor_that_was_taken_away(gone: int, db: Database, folder: Path, anchored: list[str]) -> None:
    (folder / anchored[gone]).unlink()
    says = dict(faults(checked(db, folder)))
    assert "says that it was written, and it is not there" in says[anchored[gone]]
    if gone < 2:
        assert says[anchored[gone + 1]].startswith("there is a gap")


def test_what_is_no_anchor_is_named(db: Database, folder: Path, anchored: list[str]) -> None:
    (folder / "000000000099-x.anchor").write_text("{}\n00\n")
    assert ("000000000099-x.anchor", "it is not an anchor") in faults(checked(db, folder))
    with pytest.raises(Unreadable):
        checked(db, folder / "none")


def test_since_the_newest_anchor_that_holds(
    db: Database, owner: Owner, folder: Path, anchored: list[str]
) -> None:
    newest = read_anchor(folder / anchored[-1])
    found = checked(db, folder, since_anchor=True)
    assert (found.whole, found.first) == (True, newest.seq)
    with audit_unguarded(owner):
        owner.execute("update audit.event set actor = 'leo' where seq = 2")
    assert checked(db, folder, since_anchor=True).whole, "what lies before is not looked at again"
    assert checked(db, folder).seq == 2
    with audit_unguarded(owner):
        owner.execute("update audit.event set actor = 'leo' where seq = %s", (newest.seq,))
    assert checked(db, folder, since_anchor=True).seq == newest.seq
    _replace(folder / anchored[-1], (folder / anchored[-1]).read_text().replace(newest.hash, "0" * 64))
    assert checked(db, folder, since_anchor=True).first < newest.seq, "a forged one stands for nothing"


def test_an_empty_log_can_be_anchored(db: Database, owner: Owner, folder: Path) -> None:
    written_anew(owner, "delete from audit.event")
    anchor(db, folder)
    assert checked(db, folder).whole


def test_anchors_written_at_once_name_one_another(db: Database, folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: anchor(db, folder, n), range(4)))
    assert checked(db, folder).whole


def test_an_anchor_is_written_when_it_is_due(db: Database, owner: Owner, folder: Path) -> None:
    def due(now: Any) -> str | None:
        with db.tx(KEEPER, "worker") as tx:
            return write_if_due(tx, folder, lambda: KEY, now, HOUR)

    (now,) = owner.execute("select now()").fetchone() or (NOON,)
    assert due(now) is not None
    assert due(now + 0.9 * HOUR) is None
    assert due(now + 1.1 * HOUR) is not None
    with db.tx(KEEPER, "worker") as tx:
        last = last_anchored(tx)
    assert (
        last and not overdue(last, last.at + 1.9 * HOUR, HOUR) and overdue(last, last.at + 2.1 * HOUR, HOUR)
    )
    assert overdue(None, now, HOUR)


def test_a_place_that_cannot_be_written_leaves_no_word_of_it(db: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AnchorsUnwritable), db.tx(KEEPER, "worker") as tx:
        write(tx, tmp_path / "file", KEY, NOON)
    with db.tx(KEEPER, "worker") as tx:
        assert last_anchored(tx) is None


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    put(tmp_path / "a", b"first", mode=0o444)
    with pytest.raises(FileExistsError):
        put(tmp_path / "a", b"second", mode=0o444)
    assert (tmp_path / "a").read_bytes() == b"first" and len(list(tmp_path.iterdir())) == 1


def _replace(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)
