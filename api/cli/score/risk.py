"""`chargehand score risk`: how projects stand by their status reports, and the risks those name."""

from pathlib import Path
from typing import Annotated

import pandas as pd

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
from models.predict import risk

VERSION = 1
"""Of the fitting code: a kept model of another version is fitted again."""

_COLUMNS = (
    Column("report_id", "text"),
    Column("project_id", "text"),
    Column("organisation", "text"),
    Column("reported_on", "date"),
    Column("text", "text"),
)
_RAG = Column("rag", "text", choices=risk.RAGS)
LABELLED = TableSpec("labelled reports", (*_COLUMNS, _RAG), key=("report_id",))
REPORTS = TableSpec("reports", _COLUMNS, key=("report_id",))
TRUTH = TableSpec("true ratings", (*_COLUMNS, _RAG), key=("report_id",))


def command(
    reports: Annotated[Path, input_file("--reports", "Status reports to assess (CSV).")],
    out: OutFile,
    labelled: Annotated[Path | None, input_file("--labelled", "Reports with their rag (CSV).")] = None,
    truth: Annotated[Path | None, input_file("--truth", "The same reports with their rag (CSV).")] = None,
    model: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Rate status reports green, amber or red, and quote the risks they name."""
    with ending(rejects), telling() as progress:
        with reading() as read:
            new = read.table(reports, REPORTS)
            known = read.table(labelled, LABELLED) if labelled else pd.DataFrame()
            actual = read.table(truth, TRUTH) if truth else None
            if labelled:
                read.rows_needed(labelled, known, 2)
        sources = [labelled] if labelled else []
        fitted_model = fitted(model, "risk", VERSION, sources, lambda: risk.fit(known, progress))
        assessments = fitted_model.predict(new, progress)
        write_jsonl(out, assessments)
        if actual is not None:
            report(risk.evaluate(assessments, actual), as_json)
