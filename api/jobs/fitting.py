"""Fitting the predictive models on the firm's own records, and serving only those that beat the naive answer
on the firm's own last months."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score

from models.access import service
from models.predict.base import Progress, silent
from store.db import Database, Tx
from store.shelf import ModelState, put

FITTER = service("model-fitting")
Floats = npt.NDArray[np.float64]

LEAST_INVOICES = 200
TEST_SHARE = 0.2  # of the invoices, the newest, that the model is judged on


@dataclass(frozen=True)
class Fitted:
    """A model fitted on everything, and how one fitted on all but the last part did on that part."""

    model: object
    data: pd.DataFrame  # what it was fitted on
    first: date
    last: date
    split: str  # in words
    metrics: Mapping[str, float]
    baseline: Mapping[str, float]  # the naive answer, by the same names
    beats: bool


@dataclass(frozen=True)
class Outcome:
    """What became of fitting one model."""

    name: str
    state: ModelState | None  # None: too little data to fit it
    says: str


Recipe = Callable[[Tx, datetime], "Fitted | None"]


def fit_all(
    db: Database, now: datetime, recipes: Mapping[str, Recipe] | None = None, progress: Progress = silent
) -> list[Outcome]:
    """Fit every model, each in its own transaction; what became of each."""
    recipes = RECIPES if recipes is None else recipes
    outcomes = []
    for done, (name, recipe) in enumerate(recipes.items()):
        progress(f"fitting {name}", done, len(recipes))
        with db.tx(FITTER, "worker") as tx:
            fitted = recipe(tx, now)
            if fitted is None:
                outcomes.append(Outcome(name, None, "too little data"))
                continue
            state: ModelState = "serving" if fitted.beats else "refused"
            put(tx, name, fitted.model, _card(fitted, now), state)
            outcomes.append(Outcome(name, state, _says(fitted)))
    progress("fitting models", len(recipes), len(recipes))
    return outcomes


def invoice_delay(tx: Tx, now: datetime) -> Fitted | None:
    """Days to payment; judged against each customer's mean days so far."""
    from models.predict.invoices import fit

    history = pd.DataFrame(tx.records("invoices.history"))
    if len(history) < LEAST_INVOICES:
        return None
    cut = history["issued_on"].sort_values().iloc[int(len(history) * (1 - TEST_SHARE))]
    # Only invoices old enough that all but the very latest payers have paid: else the test favours the quick.
    settled = history["issued_on"] < now.date() - timedelta(days=120)
    if not (settled & (history["issued_on"] >= cut)).any():
        cut = history.loc[settled, "issued_on"].quantile(1 - TEST_SHARE, interpolation="lower")
    known = history[history["issued_on"] < cut].copy()
    known.loc[known["paid_on"].notna() & (known["paid_on"] >= cut), "paid_on"] = None
    test = history[settled & (history["issued_on"] >= cut) & history["paid_on"].notna()]
    if len(known) < LEAST_INVOICES // 2 or test.empty:
        return None
    predicted = fit(known).predict(test.drop(columns="paid_on")).set_index("invoice_id")
    days = _days(test, "paid_on")
    late = days > _days(test, "due_on")
    ours = predicted.loc[test["invoice_id"]]
    naive = _mean_days(known, test)
    metrics = {
        "mae_days": _mae(ours["days_expected"], days),
        "coverage": float(((ours["days_low"] <= days) & (days <= ours["days_high"])).mean()),
        "auc_late": _auc(late, ours["p_late"]),
    }
    baseline = {"mae_days": _mae(naive, days), "auc_late": _auc(late, naive - _days(test, "due_on"))}
    return Fitted(
        model=fit(history),
        data=history,
        first=history["issued_on"].min(),
        last=history["issued_on"].max(),
        split=f"fitted on what was known on {cut}, judged on {len(test)} paid invoices issued since",
        metrics=metrics,
        baseline=baseline,
        beats=metrics["mae_days"] <= baseline["mae_days"],
    )


RECIPES: Mapping[str, Recipe] = {"invoice-delay": invoice_delay}


def _days(invoices: pd.DataFrame, until: str) -> Floats:
    days = pd.to_datetime(invoices[until]) - pd.to_datetime(invoices["issued_on"])
    return np.asarray(days.dt.days, dtype=np.float64)


def _mean_days(known: pd.DataFrame, test: pd.DataFrame) -> Floats:
    """Each customer's mean days to payment so far; the firm's where it has none."""
    paid = known[known["paid_on"].notna()]
    by_customer = pd.Series(_days(paid, "paid_on")).groupby(paid["customer_id"].to_numpy()).mean()
    firm = float(_days(paid, "paid_on").mean())
    return np.asarray(test["customer_id"].map(by_customer).fillna(firm), dtype=np.float64)


def _mae(predicted: Any, actual: Any) -> float:
    return float(np.abs(np.asarray(predicted, dtype=float) - np.asarray(actual, dtype=float)).mean())


def _auc(truth: Any, score: Any) -> float:
    truth = np.asarray(truth, dtype=bool)
    return float(roc_auc_score(truth, score)) if 0 < truth.sum() < len(truth) else float("nan")


def _card(fitted: Fitted, now: datetime) -> dict[str, Any]:
    return {
        "rows": len(fitted.data),
        "data_sha256": _sha256(fitted.data),
        "from": fitted.first.isoformat(),
        "to": fitted.last.isoformat(),
        "split": fitted.split,
        "metrics": {k: round(v, 4) for k, v in fitted.metrics.items()},
        "baseline": {k: round(v, 4) for k, v in fitted.baseline.items()},
        "beats_baseline": fitted.beats,
        "code_version": version("chargehand"),
        "fitted_at": now.isoformat(),
    }


def _sha256(frame: pd.DataFrame) -> str:
    rows = pd.util.hash_pandas_object(frame.astype(str), index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()


def _says(fitted: Fitted) -> str:
    parts = []
    for name, value in fitted.metrics.items():
        beside = f" (naive {fitted.baseline[name]:.3g})" if name in fitted.baseline else ""
        parts.append(f"{name.replace('_', ' ')} {value:.3g}{beside}")
    verdict = "in service" if fitted.beats else "not served: it does not beat the naive answer"
    return f"{', '.join(parts)}; {verdict}"
