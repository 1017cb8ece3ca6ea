"""When invoices are paid, predicted on the first day of each of four batches from what was known then."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score

from evals.demo_firms import DemoFirm
from evals.quality import records
from evals.quality.results import Judged, Result, Rows
from models.formats.table import Kind
from models.predict.base import Progress
from models.predict.invoices import fit
from models.predict.ledger import NEVER, to_days

NAME = "invoices"
AGAINST = "the customer's mean days and share paid late so far"
PRIOR = 2.0  # invoices that the whole ledger counts for in a customer's means
BATCHES = 4
KINDS: Mapping[str, Kind] = {
    "invoice_id": "text",
    "customer_id": "text",
    "issued_on": "date",
    "due_on": "date",
    "amount": "decimal",
    "currency": "currency",
    "paid_on": "date",
}

Floats = npt.NDArray[np.float64]


def on_firm(firm: DemoFirm, progress: Progress) -> list[Result]:
    """On the firm's own ledger."""
    return judge(firm.name, firm.table("invoices")[list(KINDS)], progress)


def on_records(data: Path, progress: Progress) -> list[Result]:
    """On each ledger of `invoices/`."""
    found = sorted((data / "invoices").glob("*.csv"))
    return [r for path in found for r in judge(path.stem, records.table(path, KINDS), progress)]


def judge(group: str, ledger: pd.DataFrame, progress: Progress) -> list[Result]:
    """The newest invoices that were paid, in batches: each predicted with payments known before its first
    day only."""
    predictions, baselines, actual = [], [], []
    parts = records.batches(ledger["issued_on"], BATCHES)
    for number, rows in enumerate(parts):
        progress(f"invoices of {group}", number, len(parts))
        batch = ledger.iloc[rows]
        known = seen_before(ledger, to_days(batch["issued_on"]).min())
        batch = batch[batch["paid_on"].notna()]
        predictions.append(fit(known).predict(batch.drop(columns="paid_on")))
        baselines.append(customer_means(known, batch))
        actual.append(batch)
    progress(f"invoices of {group}", len(parts), len(parts))
    truth = pd.concat(actual)
    return _measured(group, truth, pd.concat(predictions), np.vstack(baselines))


def seen_before(ledger: pd.DataFrame, day: int) -> pd.DataFrame:
    """What of a ledger was known on the morning of a day (counted from 1970-01-01)."""
    known = ledger[to_days(ledger["issued_on"]) < day].copy()
    known.loc[to_days(known["paid_on"]) >= day, "paid_on"] = None
    return known


def customer_means(known: pd.DataFrame, batch: pd.DataFrame) -> Floats:
    """For each invoice of a batch the mean days to payment and the share paid late of its customer so far,
    the whole ledger counting for `PRIOR` invoices: shape (invoices, 2)."""
    paid = known[known["paid_on"].notna()]
    issued, due, settled = (to_days(paid[c]) for c in ("issued_on", "due_on", "paid_on"))
    figures = pd.DataFrame({"days": settled - issued, "late": (settled > due).astype(float)})
    groups = figures.groupby(paid["customer_id"].to_numpy())
    overall = figures.mean()
    sums, counts = groups.sum(), groups.size()
    means = (sums + PRIOR * overall).div(counts + PRIOR, axis=0)
    return means.reindex(batch["customer_id"]).fillna(overall).to_numpy(float)


def _measured(group: str, truth: pd.DataFrame, predicted: pd.DataFrame, means: Floats) -> list[Result]:
    issued, due, paid = (to_days(truth[c]) for c in ("issued_on", "due_on", "paid_on"))
    assert (paid != NEVER).all()
    days, late = (paid - issued).astype(float), paid > due
    chance, expected, low, high = (
        predicted[c].to_numpy(float) for c in ("p_late", "days_expected", "days_low", "days_high")
    )

    def auc(score: Floats, rows: Rows) -> float:
        return float(roc_auc_score(late[rows], score[rows])) if 0 < late[rows].sum() < len(rows) else np.nan

    judged = Judged(NAME, group, AGAINST, truth["customer_id"].to_numpy())
    return [
        judged.measure("auc late", lambda r: auc(chance, r), lambda r: auc(means[:, 1], r)),
        judged.measure(
            "mean absolute error, days",
            lambda r: float(np.abs(expected - days)[r].mean()),
            lambda r: float(np.abs(means[:, 0] - days)[r].mean()),
            aim="low",
        ),
        judged.measure(
            "brier",
            lambda r: float(((chance - late) ** 2)[r].mean()),
            lambda r: float(((means[:, 1] - late) ** 2)[r].mean()),
            aim="low",
        ),
        judged.measure(
            "coverage of 90% interval", lambda r: float(((low <= days) & (days <= high))[r].mean()), aim=0.9
        ),
    ]
