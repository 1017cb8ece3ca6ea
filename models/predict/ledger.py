"""What a ledger of invoices says about an invoice on a given day, and nothing that became known later."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Days = npt.NDArray[np.int64]  # days since 1970-01-01
Floats = npt.NDArray[np.float64]

NEVER = np.iinfo(np.int64).max  # the day on which what is still unpaid was paid
RECENT = 200  # invoices of one group that its figures are taken from, newest first
LAST_FEW = 8  # payments that count as a customer's latest habit
PRIOR_WEIGHT = 3.0  # invoices that the whole ledger counts for in a group's figures

LEAST_REPEATED = 1.5  # invoices a group, on average, for the groups of a column to say anything

FIGURES = ("days", "delay", "late", "after_month_end")


def to_days(dates: "pd.Series[Any]") -> Days:
    """Dates as days since 1970-01-01, missing ones as `NEVER`."""
    stamps = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(stamps), NEVER, stamps.astype(np.int64))


def month_end(days: Days) -> Days:
    """The last day of the month that each day lies in."""
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return (months + 1).astype("datetime64[D]").astype(np.int64) - 1


@dataclass(frozen=True)
class Ledger:
    """Invoices in the order of their issue, as arrays; `paid` is `NEVER` for what was unpaid on day
    `until`."""

    frame: pd.DataFrame
    order: npt.NDArray[np.intp]  # where each invoice stood in the table that the ledger was taken from
    issued: Days
    due: Days
    paid: Days
    amount: Floats
    until: int  # the newest date in the ledger: an invoice without payment was still unpaid then

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Ledger":
        """The ledger in a table with the columns of `chargehand score invoices`, of one row at least."""
        order = np.argsort(to_days(frame["issued_on"]), kind="stable")
        frame = frame.iloc[order]
        issued, due = to_days(frame["issued_on"]), to_days(frame["due_on"])
        paid = to_days(frame["paid_on"]) if "paid_on" in frame else np.full(len(frame), NEVER)
        until = int(max(issued.max(), paid[paid != NEVER].max(initial=issued.max())))
        return cls(frame, order, issued, due, paid, frame["amount"].to_numpy(dtype=np.float64), until)

    @property
    def is_paid(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.paid != NEVER)

    @property
    def days(self) -> Days:
        """Days from issue to payment, or to `until` for what was unpaid then."""
        return np.where(self.is_paid, self.paid, self.until) - self.issued

    def seen_from(self, day: int) -> "Ledger":
        """What of the ledger was known at the end of a day; at least one invoice must have been issued by
        then."""
        known = self.issued <= day
        paid = np.where(self.paid[known] <= day, self.paid[known], NEVER)
        return Ledger(
            self.frame[known],
            self.order[known],
            self.issued[known],
            self.due[known],
            paid,
            self.amount[known],
            day,
        )

    def keys(self) -> dict[str, npt.NDArray[Any]]:
        """What puts invoices into groups: the whole ledger, the customer, the amount, the term, each `x_`
        column."""
        extra = {str(c): self.frame[c] for c in self.frame if str(c).startswith("x_")}
        return {
            "ledger": np.zeros(len(self.frame)),
            "customer": self.frame["customer_id"].to_numpy(),
            "amount": self.amount,
            "term": self.due - self.issued,
            **{name: column.astype("str").fillna("").to_numpy() for name, column in extra.items()},
        }


def features(history: Ledger, target: Ledger, known_before: Days) -> pd.DataFrame:
    """What was known of each target invoice at the start of a day that is not after its issue.

    For each group that the invoice belongs to: how many days its invoices took from issue, from the due date
    and from the month's end, and what share was late, each drawn towards the whole ledger's figure where the
    group is small. For its customer also the latest habit, how steady it is, and what lies unpaid."""
    term = target.due - target.issued
    to_month_end = month_end(target.issued) - target.issued
    columns: dict[str, Any] = {
        "term": term,
        "log_amount": np.log(np.maximum(np.abs(target.amount), 0.01)),
        "issued_weekday": (target.issued + 3) % 7,
        "due_weekday": (target.due + 3) % 7,
        "to_month_end": to_month_end,
        "due_to_month_end": month_end(target.due) - target.due,
    }
    for name in map(str, target.frame):
        if name.startswith("x_") and pd.api.types.is_numeric_dtype(target.frame[name]):
            columns[name] = target.frame[name].to_numpy(float)
    of_target = target.keys()
    for name, keys in history.keys().items():
        repeated = name in of_target and len(keys) >= LEAST_REPEATED * len(set(keys))
        if name not in ("ledger", "customer") and (not repeated or len(set(keys)) == 1):
            continue  # the groups are single invoices, or all of them one
        groups = _Groups(history, keys, of_target[name], known_before)
        totals, counts = groups.totals()
        for figure in FIGURES:
            drawn_to = columns.get(f"ledger_{figure}", _START[figure])
            weight = counts[figure] + PRIOR_WEIGHT
            columns[f"{name}_{figure}"] = (totals[figure] + PRIOR_WEIGHT * drawn_to) / weight
        if name != "ledger":
            columns[f"{name}_count"] = counts["late"]
            columns[f"{name}_by_month_end"] = columns[f"{name}_after_month_end"] + to_month_end
        if name == "customer":
            columns |= groups.habit()
    # How the whole ledger stands moves with time, and so would stand for the time rather than for the
    # invoice.
    return pd.DataFrame({n: c for n, c in columns.items() if not n.startswith("ledger_")}, dtype=float)


# What the whole ledger's figures are drawn towards while it has next to nothing in it.
_START = {"days": 30.0, "delay": 0.0, "late": 0.5, "after_month_end": 15.0}


@dataclass(frozen=True)
class _Groups:
    """The invoices of history that share a key with each target and were issued before its day."""

    history: Ledger
    keys: npt.NDArray[Any]
    target_keys: npt.NDArray[Any]
    known_before: Days

    def __iter__(self) -> Iterator[tuple[int, npt.NDArray[np.intp], int]]:
        """Each target's number, the positions of its group in the history, oldest first, and its day."""
        codes, _ = pd.factorize(np.concatenate([self.keys, self.target_keys]))
        of_history, of_target = np.split(codes, [len(self.keys)])
        order = np.argsort(of_history, kind="stable")
        bounds = np.searchsorted(of_history[order], np.arange(codes.max(initial=0) + 2))
        for number, (code, day) in enumerate(zip(of_target, self.known_before, strict=True)):
            rows = order[bounds[code] : bounds[code + 1]]
            end = np.searchsorted(self.history.issued[rows], day)
            yield number, rows[max(0, end - RECENT) : end], int(day)

    def totals(self) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """The sum of each of `FIGURES` over each target's group, and over how many invoices that is."""
        size = len(self.target_keys)
        totals = {figure: np.zeros(size) for figure in FIGURES}
        counts = {figure: np.zeros(size) for figure in FIGURES}
        issued, due, paid = self.history.issued, self.history.due, self.history.paid
        ends = month_end(issued)
        for number, rows, day in self:
            done = rows[paid[rows] < day]
            overdue = np.count_nonzero((paid[rows] >= day) & (due[rows] < day))
            totals["days"][number] = (paid[done] - issued[done]).sum()
            totals["delay"][number] = (paid[done] - due[done]).sum()
            totals["after_month_end"][number] = (paid[done] - ends[done]).sum()
            totals["late"][number] = np.count_nonzero(paid[done] > due[done]) + overdue
            for figure in FIGURES:
                counts[figure][number] = len(done) + (overdue if figure == "late" else 0)
        return totals, counts

    def habit(self) -> dict[str, Floats]:
        """A customer's latest habit, how steady it is, and what lies unpaid; NaN where nothing is known."""
        names = (
            "few", "few_days", "few_delay", "few_late", "last_days", "longest", "spread",
            "spread_after_month_end", "open", "overdue", "oldest_open", "since_issue", "since_payment",
            "usual_log_amount",
        )  # fmt: skip
        found = np.full((len(self.target_keys), len(names)), np.nan)
        issued, due, paid = self.history.issued, self.history.due, self.history.paid
        ends = month_end(issued)
        log_amount = np.log(np.maximum(np.abs(self.history.amount), 0.01))
        for number, rows, day in self:
            if not len(rows):
                continue
            is_done = paid[rows] < day
            done, unpaid = rows[is_done], rows[~is_done]
            done = done[np.argsort(paid[done], kind="stable")]
            days = paid[done] - issued[done]
            found[number, 8:] = (
                len(unpaid),
                np.count_nonzero(due[unpaid] < day),
                day - issued[unpaid].min(initial=day),
                day - issued[rows[-1]],
                day - paid[done[-1]] if len(done) else np.nan,
                log_amount[rows].mean(),
            )
            few = done[-LAST_FEW:]
            found[number, 0] = len(few)
            if len(done):
                delays = paid[few] - due[few]
                found[number, 1:4] = days[-LAST_FEW:].mean(), delays.mean(), (delays > 0).mean()
                found[number, 4:6] = days[-1], days.max()
            if len(done) > 1:
                found[number, 6:8] = days.std(), (paid[done] - ends[done]).std()
        return {f"customer_{name}": found[:, n] for n, name in enumerate(names)}
