"""`chargehand score risk`: how projects stand by their status reports, and the risks those name."""

from pathlib import Path
from typing import Annotated

from api.cli.score.common import (
    AsJson,
    ModelDirectory,
    OutFile,
    RejectsFile,
    ending,
    fitted,
    input_file,
    reading,
    report,
    telling,
    write_jsonl,
)
from models.formats.table import Column, TableSpec

_RAGS = ("green", "amber", "red")
_ID = Column("report_id", "text")
_COLUMNS = (
    _ID,
    Column("project_id", "text"),
    Column("organisation", "text"),
    Column("reported_on", "date"),
    Column("text", "text"),
)
LABELLED = TableSpec(
    "labelled reports", (*_COLUMNS, Column("rag", "text", choices=_RAGS)), key=("report_id",)
)
REPORTS = TableSpec(
    "reports",
    (*_COLUMNS, Column("rag", "text", choices=_RAGS, required=False, optional=True)),
    key=("report_id",),
)
TRUTH = TableSpec("ratings", (_ID, Column("rag", "text", choices=_RAGS)), key=("report_id",))


def command(
    reports: Annotated[Path, input_file("--reports", "Status reports to assess (CSV).")],
    out: OutFile,
    labelled: Annotated[Path | None, input_file("--labelled", "Reports with their rag (CSV).")] = None,
    truth: Annotated[Path | None, input_file("--truth", "report_id,rag of the reports (CSV).")] = None,
    model: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """How do projects stand by their status reports, and which risks do those name?

    Writes report_id, rag, p_green, p_amber, p_red, a summary, and the risks, each with verbatim quotes."""
    from models.predict import risk

    with ending(rejects):
        with reading() as read:
            known = read.table(labelled, LABELLED) if labelled else None
            if labelled and known is not None:
                read.rows_needed(labelled, known, 2)
            wanted = read.table(reports, REPORTS)
            read.rows_needed(reports, wanted)
            actual = read.table(truth, TRUTH) if truth else None
        with telling() as progress:

            def learn() -> risk.RiskModel:
                assert known is not None  # nothing is learnt without sources
                return risk.fit(known, progress)

            rater = fitted(model, "risk", risk.VERSION, [labelled] if labelled else [], learn)
            assessments = rater.predict(wanted, progress)
        write_jsonl(out, assessments)
        if actual is None and "rag" in wanted:
            actual = wanted.loc[wanted["rag"].notna(), ["report_id", "rag"]]
        if actual is not None and len(actual):
            texts = wanted[["report_id", "text"]]
            report(risk.evaluate(assessments, actual.merge(texts, on="report_id")), as_json)
