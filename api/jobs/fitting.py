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
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from models.access import service
from models.predict.base import Progress, silent
from store.db import Database, Tx
from store.shelf import ModelState, put

FITTER = service("model-fitting")
Floats = npt.NDArray[np.float64]

LEAST_INVOICES = 200
LEAST_ENTRIES = 2_000
LEAST_PEOPLE = 30
LEAST_REPORTS = 100
TIME_HISTORY = timedelta(days=182)
BENCH_MONTHS = 12
BENCH_BELOW = 80.0  # hours a month
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


def fit_missing(db: Database, now: datetime) -> list[Outcome]:
    """Fit the models that were never fitted, such as those of a firm that was just imported."""
    with db.tx(FITTER, "worker") as tx:
        never = {name: r for name, r in RECIPES.items() if tx.value("shelf.versions", name=name) == 0}
    return fit_all(db, now, never)


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


def time_anomaly(tx: Tx, now: datetime) -> Fitted | None:
    """Strange time entries. Nobody labels them, so the last weeks are altered on purpose, and a model fitted
    on what was before must find the altered ones; judged against the share of the plan that was used."""
    from models.predict.time_simulation import simulate
    from models.predict.timesheets import fit

    today = now.date()
    history = pd.DataFrame(
        tx.records("timesheets.history", since=today - TIME_HISTORY, until=today + timedelta(days=1))
    )
    if len(history) < LEAST_ENTRIES:
        return None
    history["planned_minutes"] = history["planned_minutes"].astype(float)
    cut = pd.Timestamp(today - timedelta(days=28), tz="UTC")
    before, recent = history[history["started_at"] < cut], history[history["started_at"] >= cut]
    if min(len(before), len(recent)) < LEAST_ENTRIES // 4:
        return None
    altered, labels, _ = simulate(recent, 0.05, np.random.default_rng(0))
    altered.insert(0, "entry_id", [f"test-{n}" for n in range(len(altered))])
    scored = fit(before).predict(altered)
    naive = (altered["minutes"] / altered["planned_minutes"].clip(lower=1)).fillna(0)
    strange = labels >= 0
    metrics = {
        "average_precision": _precision(strange, scored["score"]),
        "auc": _auc(strange, scored["score"]),
    }
    baseline = {"average_precision": _precision(strange, naive), "auc": _auc(strange, naive)}
    return Fitted(
        model=fit(history),
        data=history,
        first=history["started_at"].min().date(),
        last=history["started_at"].max().date(),
        split=f"fitted on entries before {cut.date()}, judged on the later ones, 5% altered on purpose",
        metrics=metrics,
        baseline=baseline,
        beats=metrics["average_precision"] > baseline["average_precision"],
    )


def bench(tx: Tx, now: datetime) -> Fitted | None:
    """Who comes to the bench next month, from the hours of the months before; judged against the last month's
    hours going on."""
    from models.predict.bench import fit

    rows = pd.DataFrame(tx.records("bench.all_monthly_hours", today=now.date(), months=BENCH_MONTHS))
    if rows.empty or rows["person_id"].nunique() < LEAST_PEOPLE:
        return None
    months = sorted(rows["month"].unique())
    if len(months) < 4:
        return None
    rows["period"] = rows["month"].map({m: i + 1 for i, m in enumerate(months)})
    rows["hours"] = rows["hours"].astype(float)
    table = rows[["person_id", "period", "hours"]]
    last = table["period"] == len(months)
    everyone = table[last].set_index("person_id")["hours"]
    known = table[~last & table["person_id"].isin(everyone.index)]
    predicted = fit(known).predict(known).set_index("person_id")
    truth = everyone.reindex(predicted.index)
    before = known[known["period"] == len(months) - 1].set_index("person_id")["hours"]
    naive = before.reindex(predicted.index).fillna(0.0)
    idle = truth < BENCH_BELOW
    metrics = {
        "mae_hours": _mae(predicted["expected_hours"], truth),
        "auc_bench": _auc(idle, predicted["p_bench"]),
    }
    baseline = {"mae_hours": _mae(naive, truth), "auc_bench": _auc(idle, -naive)}
    return Fitted(
        model=fit(table),
        data=rows,
        first=months[0],
        last=months[-1],
        split=f"fitted on the months before {months[-1]:%B %Y}, judged on that month's {len(truth)} people",
        metrics=metrics,
        baseline=baseline,
        beats=metrics["mae_hours"] <= baseline["mae_hours"],
    )


def risk(tx: Tx, now: datetime) -> Fitted | None:
    """How a project is rated by its report; judged against its last rating going on."""
    from models.predict.risk import RAGS, fit

    labelled = pd.DataFrame(tx.records("risk.labelled"))
    if len(labelled) < LEAST_REPORTS:
        return None
    cut = labelled["reported_on"].sort_values().iloc[int(len(labelled) * (1 - TEST_SHARE))]
    before, test = labelled[labelled["reported_on"] < cut], labelled[labelled["reported_on"] >= cut]
    if before["rag"].nunique() < 2 or test["rag"].nunique() < 2:
        return None
    probabilities = fit(before).probabilities(test)
    said = np.array(RAGS)[probabilities.argmax(axis=1)]
    newest = before.sort_values("reported_on").groupby("project_id")["rag"].last()
    naive = test["project_id"].map(newest).fillna(before["rag"].mode()[0]).to_numpy()
    truth = test["rag"].to_numpy()
    metrics = {
        "macro_f1": float(f1_score(truth, said, average="macro")),
        "auc_red": _auc(truth == "red", probabilities[:, RAGS.index("red")]),
    }
    baseline = {
        "macro_f1": float(f1_score(truth, naive, average="macro")),
        "auc_red": _auc(truth == "red", naive == "red"),
    }
    return Fitted(
        model=fit(labelled),
        data=labelled,
        first=labelled["reported_on"].min(),
        last=labelled["reported_on"].max(),
        split=f"fitted on reports before {cut}, judged on {len(test)} later ones",
        metrics=metrics,
        baseline=baseline,
        beats=metrics["macro_f1"] >= baseline["macro_f1"],
    )


RECIPES: Mapping[str, Recipe] = {
    "invoice-delay": invoice_delay,
    "time-anomaly": time_anomaly,
    "bench": bench,
    "risk": risk,
}


def _precision(truth: Any, score: Any) -> float:
    return float(average_precision_score(np.asarray(truth, dtype=bool), np.asarray(score, dtype=float)))


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


_FINDING = {"average_precision": _precision, "auc": _auc}


def _card(fitted: Fitted, now: datetime) -> dict[str, Any]:
    return {
        "rows": len(fitted.data),
        "data_sha256": _sha256(fitted.data),
        "from": fitted.first.isoformat(),
        "to": fitted.last.isoformat(),
        "split": fitted.split,
        "metrics": _defined(fitted.metrics),
        "baseline": _defined(fitted.baseline),
        "beats_baseline": fitted.beats,
        "code_version": version("chargehand"),
        "fitted_at": now.isoformat(),
    }


def _defined(metrics: Mapping[str, float]) -> dict[str, float]:
    """Without those that the test rows leave undefined, such as an AUC of one class."""
    return {name: round(value, 4) for name, value in metrics.items() if np.isfinite(value)}


def _sha256(frame: pd.DataFrame) -> str:
    rows = pd.util.hash_pandas_object(frame.astype(str), index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()


def _says(fitted: Fitted) -> str:
    parts = []
    baseline = _defined(fitted.baseline)
    for name, value in _defined(fitted.metrics).items():
        beside = f" (naive {baseline[name]:.3g})" if name in baseline else ""
        parts.append(f"{name.replace('_', ' ')} {value:.3g}{beside}")
    verdict = "in service" if fitted.beats else "not served: it does not beat the naive answer"
    return f"{', '.join(parts)}; {verdict}"
