"""`chargehand score invoices`: when open invoices will be paid, learnt from a ledger."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from api.cli.score.common import (
    AsJson,
    ModelDirectory,
    OutFile,
    RejectsFile,
    ending,
    fitted,
    input_file,
    last_day,
    reading,
    report,
    telling,
    write_csv,
)
from models.formats.table import Column, TableSpec

if TYPE_CHECKING:
    import pandas as pd

_KNOWN_AT_ISSUE = (
    Column("invoice_id", "text"),
    Column("customer_id", "text"),
    Column("issued_on", "date"),
    Column("due_on", "date"),
    Column("amount", "decimal"),
    Column("currency", "currency"),
)
HISTORY = TableSpec(
    "invoices", (*_KNOWN_AT_ISSUE, Column("paid_on", "date", required=False)), key=("invoice_id",)
)
OPEN = TableSpec(
    "open invoices",
    (*_KNOWN_AT_ISSUE, Column("paid_on", "date", required=False, optional=True)),
    key=("invoice_id",),
)
TRUTH = TableSpec("payments", (Column("invoice_id", "text"), Column("paid_on", "date")), key=("invoice_id",))


def command(
    open_invoices: Annotated[Path, input_file("--open", "Invoices to predict, without paid_on.")],
    out: OutFile,
    history: Annotated[
        Path | None, input_file("--history", "Past invoices; paid_on blank if unpaid.")
    ] = None,
    truth: Annotated[Path | None, input_file("--truth", "invoice_id,paid_on of predicted invoices.")] = None,
    model: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """When will open invoices be paid, and will that be late?

    Writes invoice_id, p_late, days_expected, days_low, days_high (a 90% interval; days run from issue to
    payment) and reasons."""
    from models.predict import invoices

    with ending(rejects):
        with reading() as read:
            past = read.table(history, HISTORY)
            read.rows_needed(history, past)
            wanted = read.table(open_invoices, OPEN)
            read.rows_needed(open_invoices, wanted)
            paid = read.table(truth, TRUTH) if truth else None
        with telling() as progress:
            payments = fitted(
                model,
                "invoices",
                invoices.VERSION,
                [history] if history else [],
                lambda: invoices.fit(past, progress=progress),
                last_day(past["issued_on"], past["paid_on"]),
            )
            predicted = payments.predict(wanted)
        write_csv(out, predicted)
        if paid is None and "paid_on" in wanted:
            paid = wanted.loc[wanted["paid_on"].notna(), ["invoice_id", "paid_on"]]
        if paid is not None and len(paid):
            report(_metrics(predicted, wanted.drop(columns="paid_on", errors="ignore"), paid), as_json)


def _metrics(
    predicted: "pd.DataFrame", wanted: "pd.DataFrame", paid: "pd.DataFrame"
) -> dict[str, float | int]:
    from models.predict.ledger import to_days
    from models.predict.metrics import of_intervals, of_probabilities

    known = predicted.merge(wanted, on="invoice_id").merge(paid, on="invoice_id")
    issued, due, paid_on = (to_days(known[name]) for name in ("issued_on", "due_on", "paid_on"))
    days = (paid_on - issued).astype(float)
    columns = {
        name: known[name].to_numpy(float) for name in ("p_late", "days_expected", "days_low", "days_high")
    }
    return {
        "invoices": len(known),
        **of_probabilities(paid_on > due, columns["p_late"]),
        "mean_absolute_error": float(abs(columns["days_expected"] - days).mean()),
        **of_intervals(days, columns["days_low"], columns["days_high"]),
    }
