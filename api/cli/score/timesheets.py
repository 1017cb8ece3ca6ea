"""`chargehand score time`: time entries that are worth a second look."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

ENTRIES = TableSpec(
    "time entries",
    (
        Column("entry_id", "text"),
        Column("person_id", "text"),
        Column("project_id", "text"),
        Column("work_item_id", "text", required=False),
        Column("activity", "text", required=False),
        Column("started_at", "timestamp"),
        Column("ended_at", "timestamp"),
        Column("minutes", "number", low=0),
        Column("planned_minutes", "number", required=False, low=0),
    ),
    key=("entry_id",),
)
TRUTH = TableSpec(
    "altered entries", (Column("entry_id", "text"), Column("kind", "text", required=False)), key=("entry_id",)
)


def command(
    entries: Annotated[Path, input_file("--entries", "Time entries to score.")],
    out: OutFile,
    history: Annotated[Path | None, input_file("--history", "Earlier entries, of anybody.")] = None,
    truth: Annotated[
        Path | None, input_file("--truth", "entry_id,kind of the entries; kind blank where nothing is wrong.")
    ] = None,
    model: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Which time entries are worth a second look, and why?

    Writes entry_id, score (0 to 1, higher is stranger), flagged, kinds (joined by ;) and reason. Without a
    history the entries are compared with one another."""
    from models.predict import timesheets

    with ending(rejects):
        with reading() as read:
            past = read.table(history, ENTRIES)
            wanted = read.table(entries, ENTRIES)
            read.rows_needed(entries, wanted)
            labels = read.table(truth, TRUTH) if truth else None
        with telling() as progress:
            if history is None and model is None:
                scored = timesheets.score(wanted, progress=progress)
            else:
                detector: Any = fitted(
                    model,
                    "time",
                    timesheets.VERSION,
                    [history] if history else [],
                    lambda: timesheets.fit(past, progress=progress),
                    last_day(past["ended_at"]),
                )
                scored = detector.predict(wanted)
        write_csv(out, scored.assign(flagged=scored["flagged"].map({True: "true", False: "false"})))
        if labels is not None:
            report(_metrics(scored, labels), as_json)


def _metrics(scored: "pd.DataFrame", labels: "pd.DataFrame") -> dict[str, Any]:
    from models.predict.metrics import of_ranking, recall_by_kind

    known = scored.merge(labels, on="entry_id")
    kinds = known["kind"].fillna("").tolist()
    scores = known["score"].to_numpy(float)
    wanted = (known["kind"].fillna("") != "").to_numpy(bool)
    return {
        "entries": len(known),
        "altered": int(wanted.sum()),
        **of_ranking(wanted, scores),
        "recall_at_k": recall_by_kind(kinds, scores),
    }
