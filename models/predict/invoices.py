"""When will an invoice be paid, and will that be late? Learnt from the firm's own ledger.

Three unlike classifiers share the verdict on lateness; a forest gives the distribution of the days to
payment, and boosting on the absolute error steadies its median. An invoice that is still unpaid counts: as
late once its due date has passed, and its days are drawn from what the forest says of longer ones (Little
and Rubin, Statistical Analysis with Missing Data, ch. 10). Probabilities and intervals are then calibrated
on the ledger's last part, as it is predicted by a model that has seen only what was known before."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.base import ClassifierMixin
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.predict.base import Progress, silent
from models.predict.forest import WeightingForest, missing_apart
from models.predict.ledger import LAST_FEW, Days, Floats, Ledger, features

VERSION = 1
COVERAGE = (
    0.915  # of the 90% interval in calibration: habits drift, and what comes later is a little less sure
)
CALIBRATION_SHARE = 0.2  # of the ledger, the newest, that calibration is done on
FEW = 60  # invoices; what needs more evidence than that is left alone
NEWEST = 30_000  # invoices that are learnt from; older ones still speak through the figures of their groups
HALF_LIFE = 90  # days after which an invoice counts half in calibration
HABITS = (0.0, 0.15, 0.3, 0.45)  # how far the expected days may go towards the customer's latest payments
PRIOR = 50.0  # how firmly the log odds are held where they are, in nats a unit squared
GRID = 400  # most steps that the distribution of days is kept in

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Raw:
    """Predictions before calibration."""

    late: Floats  # probability
    days: Floats  # median
    cumulative: Floats  # (invoices, grid): the distribution of days
    grid: Floats


@dataclass(frozen=True)
class Calibration:
    """The log odds of lateness are stretched and shifted; the interval holds this much of the distribution of
    days on either side of its median; the expected days go `habit` of the way to the customer's latest
    payments."""

    slope: float = 1.0
    intercept: float = 0.0
    reach: float = 0.49
    habit: float = 0.0

    def late(self, raw: Floats) -> Floats:
        return np.asarray(expit(self.intercept + self.slope * logit(raw)))

    def days(self, raw: Floats, known: pd.DataFrame) -> Floats:
        """A customer with fewer than `LAST_FEW` payments counts less."""
        share = (self.habit * known["customer_few"].fillna(0) / LAST_FEW).to_numpy()
        habit = known["customer_few_days"].to_numpy()
        return np.asarray(np.where(np.isnan(habit), raw, raw + share * (habit - raw)))


class Payments:
    """What a ledger says about when invoices are paid."""

    def __init__(self, learners: "_Learners", calibration: Calibration) -> None:
        self._learners = learners
        self._calibration = calibration

    def predict(self, invoices: pd.DataFrame) -> pd.DataFrame:
        """For each invoice, in the order given: `invoice_id`, `p_late` (paid after the due date),
        `days_expected` (median, from issue to payment), `days_low` and `days_high` (a 90% interval),
        `reasons` (joined by `; `)."""
        raw, known, order = self._learners.predict(invoices)
        reach = self._calibration.reach
        days = self._calibration.days(raw.days, known).round(1)
        frame = pd.DataFrame(
            {
                "invoice_id": invoices["invoice_id"].to_numpy()[order],
                "p_late": self._calibration.late(raw.late).round(4),
                "days_expected": days,
                "days_low": np.minimum(_quantile(raw, 0.5 - reach), days),
                "days_high": np.maximum(_quantile(raw, 0.5 + reach), days),
                "reasons": reasons(known),
            }
        )
        return frame.iloc[np.argsort(order)].reset_index(drop=True)


def fit(history: pd.DataFrame, *, seed: int = 0, progress: Progress = silent) -> Payments:
    """Learns from invoices with the columns of `chargehand score invoices`, `paid_on` missing where unpaid.

    Args:
        history: one row at least.
        seed: the same history and seed give the same model.
        progress: told of each step.
    """
    ledger = Ledger.of(history)
    progress("learning when invoices are paid", 0, 2)
    calibration = _calibrate(ledger, seed)
    progress("learning when invoices are paid", 1, 2)
    learners = _Learners(ledger, seed)
    progress("learning when invoices are paid", 2, 2)
    return Payments(learners, calibration)


class _Learners:
    """The classifiers and the distribution, fitted on one ledger."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        known = features(ledger, ledger, ledger.issued).iloc[-NEWEST:]
        self._columns = list(known.columns)
        term = (ledger.due - ledger.issued)[-NEWEST:]
        paid, days = ledger.is_paid[-NEWEST:], ledger.days[-NEWEST:].astype(float)
        # Of invoices that are not due yet only the prompt payments are known: to learn from those would
        # flatter.
        fair = ledger.due[-NEWEST:] < ledger.until
        late = np.where(paid, days > term, True)[fair]
        self._base_rate = (late.sum() + 1) / (len(late) + 2)
        self._classifiers = _classifiers(seed) if 0 < late.sum() < len(late) else []
        for classifier in self._classifiers:
            classifier.fit(known[fair], late)
        days = _completed(known, days, paid, term, seed)
        self._days = days
        self._forest = _forest(known, days, term, seed)
        boosted = HistGradientBoostingRegressor(
            loss="absolute_error", max_iter=120, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=20,
            l2_regularization=5, max_features=0.3, early_stopping=False, random_state=seed,
        )  # fmt: skip
        self._median = make_pipeline(missing_apart(), boosted).fit(known, days)

    def predict(self, invoices: pd.DataFrame) -> tuple[Raw, pd.DataFrame, npt.NDArray[np.intp]]:
        """Predictions and what they rest on, in the order of issue, and that order as positions in
        `invoices`."""
        target = Ledger.of(invoices)
        known_before = np.minimum(target.issued, self.ledger.until + 1)
        known = features(self.ledger, target, known_before).reindex(columns=self._columns)
        chances = [c.predict_proba(known)[:, 1] for c in self._classifiers]
        late = np.mean(chances, axis=0) if chances else np.full(len(known), self._base_rate)
        grid, cumulative = self._distribution(known)
        median = grid[(cumulative >= 0.5).argmax(axis=1)]
        raw = Raw(np.clip(late, 0.001, 0.999), (median + self._median.predict(known)) / 2, cumulative, grid)
        return raw, known, target.order

    def _distribution(self, known: pd.DataFrame) -> tuple[Floats, Floats]:
        grid = np.unique(self._days)
        if len(grid) > GRID:
            grid = np.unique(np.quantile(self._days, np.linspace(0, 1, GRID), method="higher"))
        steps = sparse.csr_matrix(
            (np.ones(len(self._days)), (np.arange(len(self._days)), np.searchsorted(grid, self._days))),
            shape=(len(self._days), len(grid)),
        )
        cumulative = (self._forest.weights(known) @ steps).toarray().cumsum(axis=1)
        cumulative[:, -1] = 1.0  # whatever rounding has left of it
        return grid, cumulative


def _classifiers(seed: int) -> list[ClassifierMixin]:
    """Trees, boosted trees and a line err in different places, and so do better together than any of them."""
    boosted = HistGradientBoostingClassifier(
        max_iter=120, learning_rate=0.05, max_leaf_nodes=6, min_samples_leaf=20, l2_regularization=5,
        max_features=0.3, early_stopping=False, random_state=seed,
    )  # fmt: skip
    trees = ExtraTreesClassifier(200, min_samples_leaf=5, max_features=0.3, random_state=seed)
    line = LogisticRegression(C=0.03, max_iter=1000)
    return [
        make_pipeline(missing_apart(), trees),
        make_pipeline(missing_apart(), boosted),
        make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), line),
    ]


def _forest(known: pd.DataFrame, days: Floats, term: Days, seed: int, trees: int = 200) -> WeightingForest:
    return WeightingForest(trees=trees, seed=seed).fit(known, np.column_stack([days, days > term]))


def _completed(known: pd.DataFrame, days: Floats, paid: Bools, term: Days, seed: int) -> Floats:
    """Days to payment, those of unpaid invoices drawn from what lies beyond the days they have been unpaid.

    They are drawn first from all paid invoices, then from those that a forest on the first draw says are
    alike."""
    random = np.random.default_rng(seed)
    unpaid = np.flatnonzero(~paid)
    pool = np.sort(days[paid])
    drawn = days.copy()
    for row in unpaid:
        longer = pool[np.searchsorted(pool, days[row], side="right") :]
        drawn[row] = random.choice(longer) if len(longer) else days[row] + 1
    if not len(unpaid):
        return drawn
    weights = _forest(known, drawn, term, seed, trees=50).weights(known.iloc[unpaid])
    completed = drawn.copy()
    for number, row in enumerate(unpaid):
        like, share = weights[[number]].indices, weights[[number]].data
        longer = drawn[like] > days[row]
        if longer.any():
            completed[row] = random.choice(drawn[like][longer], p=share[longer] / share[longer].sum())
    return completed


def _calibrate(ledger: Ledger, seed: int) -> Calibration:
    """Replays the newest part of the ledger, as predicted on the day before it, newer invoices counting
    more."""
    cut = int(ledger.issued[int(len(ledger.issued) * (1 - CALIBRATION_SHARE))]) - 1
    later = ledger.issued > cut
    if (ledger.issued <= cut).sum() < FEW or later.sum() < FEW:
        return Calibration()
    learners = _Learners(ledger.seen_from(cut), seed)
    raw, known, _ = learners.predict(ledger.frame[later])
    weight = 0.5 ** ((ledger.until - ledger.issued[later]) / HALF_LIFE)
    paid, days = ledger.is_paid[later], ledger.days[later]
    fair = ledger.due[later] < ledger.until
    late = np.where(paid, days > (ledger.due - ledger.issued)[later], True)
    slope, intercept = _platt(raw.late[fair], late[fair], weight[fair])
    reach = _reach(raw, days, paid, weight)
    choices = [Calibration(slope, intercept, reach, habit) for habit in HABITS]
    settled = paid & fair
    missed = [(weight * np.abs(c.days(raw.days, known) - days))[settled].sum() for c in choices]
    return choices[int(np.argmin(missed))]


def _platt(chance: Floats, late: Bools, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of the log odds that fit what happened, held near 1 and 0 by a prior, since the
    replay looks further ahead than predictions do (Platt 1999)."""
    odds = logit(chance)

    def loss(parameters: Floats) -> float:
        slope, intercept = parameters
        chances = np.clip(expit(intercept + slope * odds), 1e-9, 1 - 1e-9)
        missed = -(weight * np.where(late, np.log(chances), np.log1p(-chances))).sum()
        return float(missed + PRIOR * ((slope - 1) ** 2 + intercept**2))

    slope, intercept = minimize(loss, np.array([1.0, 0.0])).x
    return max(float(slope), 0.1), float(intercept)


def _reach(raw: Raw, days: Days, paid: Bools, weight: Floats) -> float:
    """How far from the median an interval must go to hold `COVERAGE` of the invoices (Chernozhukov, Wuthrich
    and Zhu, Distributional conformal prediction, PNAS 2021), weighted as in Tibshirani et al. 2019.

    An unpaid invoice counts once its interval would have to end before today; before that it says nothing."""
    rows = np.arange(len(days))
    position = np.searchsorted(raw.grid, days, side="right") - 1
    at = np.where(position >= 0, raw.cumulative[rows, np.maximum(position, 0)], 0.0)
    below_position = np.searchsorted(raw.grid, days, side="left") - 1
    below = np.where(below_position >= 0, raw.cumulative[rows, np.maximum(below_position, 0)], 0.0)
    needed = np.maximum(np.where(paid, np.maximum(0.5 - at, below - 0.5), at - 0.5), 0.0)
    telling = paid | (at > 0.5 + COVERAGE / 2)
    order = np.argsort(needed[telling])
    share = weight[telling][order].cumsum() / (weight[telling].sum() + 1.0)
    enough = np.flatnonzero(share >= COVERAGE)
    return float(min(needed[telling][order][enough[0]], 0.499)) if len(enough) else 0.499


def _quantile(raw: Raw, level: float) -> Floats:
    return np.asarray(raw.grid[(raw.cumulative >= level - 1e-9).argmax(axis=1)])


def reasons(known: pd.DataFrame) -> list[str]:
    """Why each invoice is judged as it is, in words, from what `features` says is known of it."""
    return ["; ".join(_reasons_of(row)) for row in cast("list[dict[str, float]]", known.to_dict("records"))]


def _reasons_of(row: dict[str, float]) -> list[str]:
    said = []
    few = row["customer_few"]
    if few > 0:
        delay = round(row["customer_few_delay"])
        payments = f"its last {few:.0f} invoices" if few > 1 else "its one earlier invoice"
        how = (
            f"{_days(delay)} late"
            if delay > 0
            else f"{_days(-delay)} early"
            if delay < 0
            else "on the due date"
        )
        said.append(f"paid {how}{' on average' if few > 1 else ''} over {payments}")
    else:
        said.append("no earlier payment by this customer is known: judged by invoices like it")
        for name, what in (("amount", "of the same amount"), ("term", f"due in {_days(round(row['term']))}")):
            if row.get(f"{name}_count", 0) >= 5:
                said.append(f"{row[f'{name}_late']:.0%} of earlier invoices {what} were paid late")
    if row["customer_overdue"] > 0:
        count = round(row["customer_overdue"])
        what = "1 invoice is" if count == 1 else f"{count} invoices are"
        said.append(
            f"{what} overdue; the oldest has been open for {_days(round(row['customer_oldest_open']))}"
        )
    steady = row["customer_spread_after_month_end"]
    if few >= 4 and steady < 0.7 * row["customer_spread"]:
        said.append(f"usually pays {_days(round(row['customer_after_month_end']))} after the month's end")
    return said


def _days(count: int) -> str:
    return f"{count} day" if abs(count) == 1 else f"{count} days"
