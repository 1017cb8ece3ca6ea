"""Payments are predicted from what the ledger knew, with honest probabilities and intervals."""

import pickle
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from models.predict.invoices import fit
from models.predict.ledger import NEVER, Ledger, features

START = date(2023, 1, 2)


def ledger(rows: int, seed: int = 0, customers: int = 12) -> pd.DataFrame:
    """Invoices of customers of whom half pay about a week early and half about two weeks late."""
    random = np.random.default_rng(seed)
    records = []
    for n in range(rows):
        customer = int(random.integers(customers))
        issued = START + timedelta(days=n * 400 // rows)
        habit = 44 if customer % 2 else 23
        days = max(0, round(habit + random.normal(0, 4)))
        records.append(
            {
                "invoice_id": f"i{n}",
                "customer_id": f"c{customer}",
                "issued_on": issued,
                "due_on": issued + timedelta(days=30),
                "amount": Decimal(int(random.integers(100, 9000))),
                "currency": "EUR",
                "paid_on": issued + timedelta(days=days),
                "x_country": "NL" if customer % 3 else "DE",
            }
        )
    return pd.DataFrame(records)


def known_on(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    known = frame[frame["issued_on"] < day].copy()
    known.loc[known["paid_on"] >= day, "paid_on"] = None
    return known


def test_predictions_of_later_invoices_are_good_and_calibrated() -> None:
    frame = ledger(900)
    day = START + timedelta(days=330)
    later = frame[frame["issued_on"] >= day].reset_index(drop=True)
    predicted = fit(known_on(frame, day)).predict(later.drop(columns="paid_on"))
    days = (pd.to_datetime(later["paid_on"]) - pd.to_datetime(later["issued_on"])).dt.days
    late = later["paid_on"] > later["due_on"]
    assert list(predicted["invoice_id"]) == list(later["invoice_id"])
    assert roc_auc_score(late, predicted["p_late"]) > 0.95
    assert (predicted["days_expected"] - days).abs().mean() < 0.7 * (days - days.median()).abs().mean()
    assert 0.84 <= days.between(predicted["days_low"], predicted["days_high"]).mean() <= 0.98
    assert (predicted["p_late"] - late).abs().mean() < 0.15
    assert (predicted["days_low"] <= predicted["days_expected"]).all()
    assert (predicted["days_expected"] <= predicted["days_high"]).all()


def test_reasons_say_what_the_customer_did() -> None:
    frame = ledger(300)
    model = fit(known_on(frame, START + timedelta(days=390)))
    wanted = frame.tail(2).assign(customer_id=["c1", "never seen"]).drop(columns="paid_on")
    habit, stranger = model.predict(wanted)["reasons"]
    assert "days late on average over its last 8 invoices" in habit
    assert "no earlier payment by this customer is known" in stranger
    assert "of earlier invoices due in 30 days" not in stranger  # every invoice here is due in 30 days


def test_an_unpaid_invoice_counts_as_not_paid_yet() -> None:
    """The same prompt payments, with and without many old invoices that nobody has paid."""
    paid = ledger(200, customers=1).assign(customer_id=lambda f: "c0")
    unpaid = ledger(200, seed=1, customers=1).assign(
        invoice_id=lambda f: "u" + f["invoice_id"], customer_id="c0", paid_on=None
    )
    wanted = (
        ledger(1, seed=2).drop(columns="paid_on").assign(customer_id="c0", issued_on=START + timedelta(405))
    )
    wanted["due_on"] = wanted["issued_on"] + timedelta(days=30)
    without = fit(paid).predict(wanted).iloc[0]
    with_unpaid = fit(pd.concat([paid, unpaid], ignore_index=True)).predict(wanted).iloc[0]
    assert with_unpaid["p_late"] > without["p_late"] + 0.3
    assert with_unpaid["days_high"] > without["days_high"]


def test_nothing_known_only_later_is_used() -> None:
    """What is paid on or after the day of issue may change nothing in the features of an invoice."""
    frame = ledger(200)
    told, blanked = Ledger.of(frame), Ledger.of(frame.assign(paid_on=frame["paid_on"]))
    target = Ledger.of(frame.iloc[[150]])
    day = target.issued[0]
    blanked.paid[told.paid >= day] = NEVER
    first, second = (features(known, target, target.issued) for known in (told, blanked))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (ledger(1), "one invoice"),
        (ledger(5), "five invoices"),
        (ledger(5).assign(paid_on=None), "none was ever paid"),
        (ledger(40).assign(amount=Decimal(0)), "amounts of nothing"),
        (ledger(40).assign(x_country=None), "a column without values"),
        (ledger(80, customers=1).assign(paid_on=lambda f: f["due_on"]), "nobody is ever late"),
    ],
)
def test_any_history_gives_predictions(history: pd.DataFrame, why: str) -> None:
    wanted = ledger(10, seed=3).drop(columns=["paid_on", "x_country"])
    predicted = fit(history).predict(wanted)
    assert len(predicted) == 10, why
    assert predicted["p_late"].between(0, 1).all(), why
    assert predicted[["days_expected", "days_low", "days_high"]].notna().all(axis=None), why


def test_same_seed_same_predictions_also_when_kept() -> None:
    frame = ledger(120)
    wanted = ledger(20, seed=4).drop(columns="paid_on")
    one, other = fit(frame), pickle.loads(pickle.dumps(fit(frame)))
    pd.testing.assert_frame_equal(one.predict(wanted), other.predict(wanted))
