"""The shelf of models: what is put there is what is served, the newest one only."""

import psycopg
import pytest

from models.access import service
from store.db import Database
from store.shelf import Refused, Shelf, Shelved, put

FITTER = service("model-fitting")
ANYONE = service("reader")


def keep(db: Database, model: object, state: str, **metrics: float) -> int:
    with db.tx(FITTER, "worker") as tx:
        return put(tx, "invoice-delay", model, {"metrics": metrics}, state)  # type: ignore[arg-type]


def served(db: Database, shelf: Shelf) -> Shelved | Refused | None:
    with db.tx(ANYONE, "agent") as tx:
        return shelf.serving(tx, "invoice-delay")


def test_nothing_is_served_before_anything_was_fitted(db: Database) -> None:
    assert served(db, Shelf()) is None


def test_a_model_is_served_as_it_was_put_there(db: Database) -> None:
    assert keep(db, {"mean": 31.5}, "serving", mae_days=4.2) == 1
    found = served(db, Shelf())
    assert isinstance(found, Shelved)
    assert (found.version, found.model, found.card) == (1, {"mean": 31.5}, {"metrics": {"mae_days": 4.2}})


def test_a_shelf_that_has_loaded_one_notices_the_next(db: Database) -> None:
    shelf = Shelf()
    keep(db, "first", "serving")
    first = served(db, shelf)
    assert first is not None and served(db, shelf) is first  # not loaded again
    keep(db, "second", "serving")
    found = served(db, shelf)
    assert isinstance(found, Shelved) and (found.version, found.model) == (2, "second")


def test_one_that_failed_takes_no_place(db: Database) -> None:
    """The good one before it goes on serving; with none before it, the failure is told."""
    shelf = Shelf()
    keep(db, "worse than naive", "refused", mae_days=9.0)
    refused = served(db, shelf)
    assert isinstance(refused, Refused) and refused.card["metrics"] == {"mae_days": 9.0}
    keep(db, "good", "serving")
    keep(db, "worse again", "refused")
    found = served(db, shelf)
    assert isinstance(found, Shelved) and found.model == "good"


def test_exactly_one_version_serves(db: Database, admin_dsn: str) -> None:
    for n in range(3):
        keep(db, n, "serving")
    with psycopg.connect(admin_dsn) as owner:
        states = owner.execute("select version, state from predict.model order by version").fetchall()
    assert states == [(1, "retired"), (2, "retired"), (3, "serving")]


def test_every_model_put_there_is_in_the_audit_log(db: Database) -> None:
    keep(db, "x", "serving", auc=0.9)
    with db.tx(ANYONE, "worker") as tx:
        (entry,) = tx.records("audit.of_subject", subject="model:invoice-delay")
    assert entry["actor"] == FITTER.person_id
    assert entry["body"] == {"version": 1, "state": "serving", "metrics": {"auc": 0.9}}


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (
            "agent",
            "insert into predict.model select 'm', 9, 'serving', '{}', 'x', encode(sha256('x'), 'hex')",
        ),
        ("agent", "update predict.model set state = 'serving'"),
        ("worker", "update predict.model set artifact = 'x'"),
        ("steward", "delete from predict.model"),
    ],
)
def test_a_pickle_is_not_smuggled_in(db: Database, role: str, statement: str) -> None:
    """Loading one runs code: only who fits may add, and nobody may alter."""
    keep(db, "good", "serving")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), db.tx(ANYONE, role) as tx:  # type: ignore[arg-type]
        tx.connection.execute(statement.encode())


def test_an_artifact_that_is_not_what_its_sum_says_is_refused(db: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), db.tx(FITTER, "worker") as tx:
        tx.connection.execute(
            "insert into predict.model values ('m', 1, 'serving', '{}', 'x', repeat('0', 64))"
        )
