"""`chargehand score staffing`: who will do each request."""

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

KNOWN = (
    Column("requested_on", "date"),
    Column("project_id", "text"),
    Column("role_or_category", "text"),
    Column("summary", "text"),
    Column("priority", "number"),
    Column("hours_estimate", "number", low=0),
)
KEY, DOER = Column("request_id", "text"), Column("person_id", "text")
HISTORY = TableSpec("requests done", (KEY, *KNOWN, DOER), ("request_id",))
REQUESTS = TableSpec("requests", (KEY, *KNOWN, Column("person_id", "text", optional=True)), ("request_id",))
TRUTH = TableSpec(
    "true doers",
    (KEY, DOER, *(Column(c.name, c.kind, optional=True) for c in KNOWN)),
    ("request_id",),
)


def command(
    requests_path: Annotated[Path, input_file("--requests", "Requests to staff (CSV).")],
    out: OutFile,
    history_path: Annotated[Path | None, input_file("--history", "Requests done, and by whom (CSV).")] = None,
    truth_path: Annotated[
        Path | None, input_file("--truth", "Who did the requests in the end (CSV: request_id, person_id).")
    ] = None,
    model_directory: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Rank the ten likeliest people for each request, with reasons."""
    with ending(rejects), telling() as progress:
        with reading() as read:
            history = read.table(history_path, HISTORY) if history_path else None
            if history_path and history is not None:
                read.rows_needed(history_path, history)
            requests = read.table(requests_path, REQUESTS)
            truth = read.table(truth_path, TRUTH) if truth_path else None
        if truth is None and "person_id" in requests:
            truth = requests

        from models.predict.staffing import VERSION, StaffingModel, fit

        def fit_history() -> StaffingModel:
            assert history is not None  # `fitted` calls this only where there are sources
            return fit(history, progress=progress)

        sources = [history_path] if history_path else []
        until = last_day(history["requested_on"]) if history is not None else None
        model = fitted(model_directory, "staffing", VERSION, sources, fit_history, until)
        ranked = model.rank(requests)
        write_csv(out, ranked)
        if truth is not None and len(truth):
            report(metrics(ranked, truth), as_json)


def metrics(ranked: "pd.DataFrame", truth: "pd.DataFrame") -> dict[str, float]:
    """Share of requests whose doer is first or among the first three, and the mean reciprocal rank; 0 for a
    doer who is not ranked. Requests of unknown doers are left out."""
    asked = truth.loc[truth["request_id"].isin(ranked["request_id"]), ["request_id", "person_id"]]
    ranks = asked.merge(ranked, on=["request_id", "person_id"], how="left")["rank"]
    return {
        "requests": len(asked),
        "hit_at_1": float((ranks == 1).mean()),
        "hit_at_3": float((ranks <= 3).mean()),
        "mean_reciprocal_rank": float((1 / ranks).fillna(0).mean()),
    }
