"""Ledgers, and of the newest part of each the invoices that are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evals.cases import Case, GroupName
from evals.demo_firms import FirmFiles
from evals.quality import records
from evals.quality.invoices import BATCHES, KINDS, seen_before
from evals.suite import Setting
from evals.tabular.firms import DEMO, OWN, evenly, firms
from models.predict.ledger import NEVER, to_days

EPOCH = date(1970, 1, 1)


class Invoice(Case):
    """An invoice and what became of it."""

    ledger: str
    batch: int
    invoice_id: str
    late: bool
    days: int | None  # from issue to payment; None: it was unpaid when the ledger ends
    open_days: int  # from issue to payment or to the ledger's end


@dataclass(frozen=True)
class Book:
    """A ledger that invoices are judged of."""

    name: str
    source: str
    table: pd.DataFrame  # with the columns of `chargehand score invoices`
    today: int  # the day it was taken, counted from 1970-01-01
    groups: Mapping[str, Mapping[GroupName, str]]  # more of each invoice, by its id

    @property
    def batches(self) -> list[npt.NDArray[np.intp]]:
        """The rows of the newest invoices, in chronological parts."""
        return records.batches(self.table["issued_on"], BATCHES)

    def rows(self, batch: int) -> pd.DataFrame:
        return self.table.iloc[self.batches[batch]]

    def first_day(self, batch: int) -> date:
        """Of the invoices of a batch: nothing is known of it or of what came after."""
        return EPOCH + timedelta(days=int(to_days(self.rows(batch)["issued_on"]).min()))

    def known(self, batch: int) -> pd.DataFrame:
        """What may be learnt from for a batch: the ledger as it was in the morning of its first day."""
        return seen_before(self.table, (self.first_day(batch) - EPOCH).days)


def books(within: Setting) -> Sequence[Book]:
    """The ledgers of the generated firms and of own records."""
    return within.once("ledgers", lambda: tuple(_books(within)))


def cases(within: Setting) -> Sequence[Invoice]:
    """Invoices whose due date had passed when the ledger was taken. Of one that was not due yet only a prompt
    payment could be known: to judge those would flatter whoever says that all pay in time."""
    return [case for book in books(within) for case in _cases(book)]


def _books(within: Setting) -> Sequence[Book]:
    found = [_of_firm(firm) for firm in firms(within)]
    if within.data is not None:
        found += [
            _own(path.stem, records.table(path, KINDS))
            for path in sorted((within.data / "invoices").glob("*.csv"))
        ]
    return found


def _of_firm(firm: FirmFiles) -> Book:
    invoices, projects = firm.table("invoices"), firm.table("projects")
    practices = dict(zip(projects["project_id"], projects["practice"], strict=True))
    groups: dict[str, Mapping[GroupName, str]] = {
        str(i): {"client": c, "project": p, "practice": practices[p]}
        for i, c, p in invoices[["invoice_id", "customer_id", "project_id"]].itertuples(index=False)
    }
    return Book(firm.name, DEMO, invoices[list(KINDS)], (firm.today - EPOCH).days, groups)


def _own(name: str, table: pd.DataFrame) -> Book:
    issued, paid = to_days(table["issued_on"]), to_days(table["paid_on"])
    newest = max(int(issued.max()), int(paid[paid != NEVER].max(initial=0)))
    groups: dict[str, Mapping[GroupName, str]] = {
        str(i): {"client": str(c)} for i, c in table[["invoice_id", "customer_id"]].itertuples(index=False)
    }
    return Book(name, OWN, table, newest, groups)


def _cases(book: Book) -> list[Invoice]:
    found = [
        _case(book, batch, row)
        for batch in range(len(book.batches))
        for row in _due(book, batch).to_dict("records")
    ]
    return [found[n] for n in evenly(len(found))]


def _due(book: Book, batch: int) -> pd.DataFrame:
    rows = book.rows(batch)
    return rows[to_days(rows["due_on"]) < book.today]


def _case(book: Book, batch: int, row: Mapping[Any, Any]) -> Invoice:
    issued, due, paid = row["issued_on"], row["due_on"], row["paid_on"]
    is_paid = pd.notna(paid)
    end = paid if is_paid else EPOCH + timedelta(days=book.today)
    open_days, late = (end - issued).days, not is_paid or paid > due
    when = f"paid after {open_days} days" if is_paid else f"unpaid after {open_days} days"
    return Invoice(
        id=f"{book.name}/{row['invoice_id']}",
        text=f"{row['customer_id']}: {row['currency']} {row['amount']:,.2f} issued {issued}, due {due}",
        expected=f"{when}, {'late' if late else 'in time'}",
        groups={"source": book.source, "organisation": book.name, **book.groups[row["invoice_id"]]},
        cluster=f"{book.name}/{row['customer_id']}",
        ledger=book.name,
        batch=batch,
        invoice_id=row["invoice_id"],
        late=late,
        days=open_days if is_paid else None,
        open_days=open_days,
    )
