"""Models are fitted on the firm's records, and only one that beats the naive answer is served."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from api.jobs.fitting import RECIPES, Fitted, Recipe, fit_all, fit_missing
from models.access import service
from store.db import Database, Tx
from store.shelf import Refused, Shelf, Shelved

NOW = datetime(2026, 3, 18, 9, tzinfo=UTC)
READER = service("reader")


def recipe(model: str, error: float, naive: float, rows: int = 3) -> Recipe:
    """A model that is off by `error` where the naive answer is off by `naive`."""

    def fitted(_: Tx, __: datetime) -> Fitted:
        return Fitted(
            model=model,
            data=pd.DataFrame({"x": range(rows)}),
            first=date(2025, 1, 1),
            last=date(2026, 1, 1),
            split="by hand",
            metrics={"mae_days": error},
            baseline={"mae_days": naive},
            beats=error <= naive,
        )

    return fitted


def serving(db: Database, name: str = "invoice-delay") -> Shelved | Refused | None:
    with db.tx(READER, "agent") as tx:
        return Shelf().serving(tx, name)


def fit(db: Database, **recipes: Recipe) -> list[tuple[str, str | None]]:
    named: Mapping[str, Recipe] = {k.replace("_", "-"): v for k, v in recipes.items()}
    return [(o.name, o.state) for o in fit_all(db, NOW, named)]


def test_one_that_beats_the_naive_answer_is_served_with_its_card(db: Database) -> None:
    (outcome,) = fit_all(db, NOW, {"invoice-delay": recipe("ours", 4.0, 6.5)})
    assert (outcome.state, outcome.says) == ("serving", "mae days 4 (naive 6.5); in service")
    found = serving(db)
    assert isinstance(found, Shelved) and found.model == "ours"
    assert found.card["metrics"] == {"mae_days": 4.0} and found.card["baseline"] == {"mae_days": 6.5}
    assert (found.card["from"], found.card["to"], found.card["rows"]) == ("2025-01-01", "2026-01-01", 3)
    assert len(found.card["data_sha256"]) == 64 and found.card["code_version"]


def test_one_that_does_not_is_refused_and_says_so(db: Database) -> None:
    (outcome,) = fit_all(db, NOW, {"invoice-delay": recipe("worse", 7.0, 6.5)})
    assert outcome.state == "refused" and "does not beat the naive answer" in outcome.says
    assert isinstance(serving(db), Refused)


def test_the_next_good_one_takes_the_place_and_a_bad_one_does_not(db: Database) -> None:
    for model, error in (("first", 5.0), ("second", 4.0), ("bad", 9.0)):
        fit(db, invoice_delay=recipe(model, error, 6.5))
    found = serving(db)
    assert isinstance(found, Shelved) and (found.version, found.model) == (2, "second")


def test_the_card_tells_the_data_apart(db: Database) -> None:
    sums = []
    for rows in (3, 3, 4):
        fit(db, invoice_delay=recipe("m", 1, 2, rows))
        found = serving(db)
        assert isinstance(found, Shelved)
        sums.append(found.card["data_sha256"])
    assert sums[0] == sums[1] != sums[2]


def test_each_model_is_fitted_for_itself(db: Database) -> None:
    """One that breaks undoes none before it."""

    def breaks(_: Tx, __: datetime) -> Fitted | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(db, bench=recipe("kept", 1, 2), risk=breaks)
    assert isinstance(serving(db, "bench"), Shelved)
    assert serving(db, "risk") is None


def test_progress_is_told(db: Database) -> None:
    told: list[tuple[Any, ...]] = []
    fit_all(db, NOW, {"bench": recipe("m", 1, 2)}, lambda *step: told.append(step))
    assert told == [("fitting bench", 0, 1), ("fitting models", 1, 1)]


def test_a_firm_without_records_gets_no_model(db: Database) -> None:
    assert [(o.name, o.state) for o in fit_all(db, NOW)] == [(name, None) for name in RECIPES]
    assert all(serving(db, name) is None for name in RECIPES)


def test_only_what_was_never_fitted_is_fitted_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A firm that was just imported has no models; one whose model was refused waits for the weekly fit."""
    recipes = {"tried": recipe("a", error=9, naive=5), "new": recipe("b", error=4, naive=5)}
    monkeypatch.setattr("api.jobs.fitting.RECIPES", recipes)
    fit_all(db, NOW, {"tried": recipes["tried"]})
    assert [outcome.name for outcome in fit_missing(db, NOW)] == ["new"]
    assert fit_missing(db, NOW) == []
