"""The subject: the invoice model, fitted on what was known on the first day of each batch, or pinned. Beside
it what the customer's own payments so far say."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from evals.cases import Answer, Step, Usage
from evals.quality.invoices import customer_means
from evals.suite import Setting
from evals.suites.invoices.cases import Book, Invoice, books
from evals.tabular.pinned import pinned
from models.predict.invoices import VERSION, Payments, fit
from models.predict.ledger import to_days

SUITE = "invoices"
BY = "models.predict.invoices"
FEW = 8  # payments from which a customer has an interval of its own
TAILS = (0.05, 0.95)


class Days(Answer):
    """What was predicted for an invoice, and what the naive answer is."""

    p: float
    days: float
    low: float
    high: float
    p_naive: float
    days_naive: float
    low_naive: float
    high_naive: float


def predict(within: Setting, case: Invoice) -> Days:
    """The case's row of its batch's predictions."""
    name = f"{case.ledger}, batch {case.batch}"
    row = within.once(f"invoices of {name}", lambda: _batch(within, case))[case.invoice_id]
    p, days, low, high = (float(row[c]) for c in ("p_late", "days_expected", "days_low", "days_high"))
    said = f"late with {p:.0%}, {days:.0f} days ({low:.0f} to {high:.0f}): {row['reasons']}"
    return Days(
        text=said,
        trace=(
            Step(kind="called", by=BY, text=str(row["fitted"]), data={"invoice": case.invoice_id}),
            Step(kind="found", by=BY, text=said),
        ),
        usage=Usage(seconds=float(row["seconds"])),
        p=p,
        days=days,
        low=low,
        high=high,
        **{name: float(row[name]) for name in ("p_naive", "days_naive", "low_naive", "high_naive")},
    )


def model_of(within: Setting, of: Sequence[Book]) -> Payments | None:
    """The pinned model, which must not have seen any invoice that is judged."""
    first = min(book.first_day(0) for book in of)
    found: Payments | None = pinned(within, SUITE, SUITE, VERSION, first)
    return found


def _batch(within: Setting, case: Invoice) -> Mapping[str, Mapping[str, Any]]:
    """By invoice what is said of it, beside the naive answer."""
    started = time.monotonic()
    book = next(b for b in books(within) if b.name == case.ledger)
    known, rows = book.known(case.batch), book.rows(case.batch)
    model = model_of(within, books(within))
    says = "pinned" if model else f"fitted on {len(known)} invoices known on {book.first_day(case.batch)}"
    asked = rows.drop(columns="paid_on")
    predicted = (model or fit(known)).predict(asked).set_index("invoice_id")
    naive = _naive(known, rows).set_index(rows["invoice_id"])
    seconds = (time.monotonic() - started) / len(rows)
    found = predicted.join(naive).assign(fitted=says, seconds=seconds)
    return cast("dict[str, dict[str, Any]]", found.to_dict("index"))


def _naive(known: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The customer's mean days and share late so far, and the days that 9 of 10 of their payments took; of
    all payments where the customer has too few."""
    means = customer_means(known, rows)
    paid = known[known["paid_on"].notna()]
    days = pd.Series(to_days(paid["paid_on"]) - to_days(paid["issued_on"]), dtype=float)
    of_all = days.quantile(list(TAILS)).to_numpy()
    of_each = {
        customer: own.quantile(list(TAILS)).to_numpy()
        for customer, own in days.groupby(paid["customer_id"].to_numpy())
        if len(own) >= FEW
    }
    bounds = np.array([of_each.get(customer, of_all) for customer in rows["customer_id"]])
    return pd.DataFrame(
        {
            "p_naive": means[:, 1],
            "days_naive": means[:, 0],
            "low_naive": bounds[:, 0],
            "high_naive": bounds[:, 1],
        }
    )
