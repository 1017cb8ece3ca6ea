"""The cases: sentences of written reports, those reports as a whole, the demo firm's reports, and ratings."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict

from evals.cases import Case
from evals.demo_firms import DemoFirm
from models.predict.risk import Rag
from models.text.risks import RiskCategory, Severity
from models.text.spans import Span

HERE = Path(__file__).parent
LANGUAGES: Mapping[str, str] = {
    "german": "de",
    "french": "fr",
    "spanish": "es",
}  # parts; the others are English
SMALL_OF_PART = 2  # written reports of each part that the small part has
SMALL_OF_FIRM = 2  # of the demo firm's reports of each stage
QUIET = 8  # every so-manieth of the demo firm's reports without planted trouble is read


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Strict):
    """A sentence, and the risk it names."""

    says: str
    risk: tuple[RiskCategory, ...] = ()  # any of them is right; none: no risk
    severity: tuple[Severity, ...] = ()  # any of them is right, the first is the fittest
    start: int = 0  # in the report's text
    end: int = 0

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def grave(self) -> bool:
        """It may be called high."""
        return "high" in self.severity


class Written(_Strict):
    """A report that was written for the suite."""

    id: str
    part: str
    text: str
    lines: tuple[Line, ...]


class Sentence(Case):
    """Does the sentence name a risk, and which?"""

    report: Written
    line: Line


class Whole(Case):
    """Is every statement about the report carried by its words?"""

    report: Written


class Told(Case):
    """A report of the demo firm, summarised by the tool."""

    report_id: str
    project_id: str
    reported_on: date
    report: str
    planted: tuple[str, ...]  # sentences that speak of planted trouble


class Rated(Case):
    """A report and the rating that its project got."""

    report_id: str
    rag: Rag


@cache
def written() -> tuple[Written, ...]:
    """By part, in the order of the file."""
    read: Mapping[str, list[list[Any]]] = yaml.safe_load((HERE / "reports.yaml").read_text(encoding="utf-8"))
    return tuple(
        _laid_out(
            part,
            number,
            [Line.model_validate(line if isinstance(line, dict) else {"says": line}) for line in lines],
        )
        for part, reports in read.items()
        for number, lines in enumerate(reports, 1)
    )


def of_written(*, small: bool) -> Iterator[Case]:
    """A case for each sentence, and one for each report as a whole."""
    for report in written():
        if small and int(report.id.rpartition("-")[2]) > SMALL_OF_PART:
            continue
        groups = {
            "source": "written",
            "difficulty": report.part,
            "language": LANGUAGES.get(report.part, "en"),
        }
        for number, line in enumerate(report.lines, 1):
            yield Sentence(
                id=f"{report.id}/{number}",
                text=line.says,
                expected=_words(line),
                groups={**groups, "kind": "sentence"},
                cluster=report.id,
                report=report,
                line=line,
            )
        yield Whole(
            id=f"{report.id}/whole",
            text=report.text,
            expected="only statements that a sentence carries, word for word",
            groups={**groups, "kind": "faithful"},
            cluster=report.id,
            report=report,
        )


def of_firm(firm: DemoFirm, *, small: bool) -> Iterator[Told]:
    """The reports that planted trouble shows in, and some of the others."""
    reports = firm.table("status_reports")
    planted = {
        told["report_id"]: (told["stage"], tuple(told["quotes"]))
        for story in firm.truth("at_risk")
        for told in story["reports"]
    }
    quiet = reports[~reports["report_id"].isin(list(planted))]["report_id"].tolist()[::QUIET]
    seen: dict[str, int] = {}
    for row in reports.to_dict("records"):
        stage, quotes = planted.get(row["report_id"], ("quiet", ()))
        if not quotes and row["report_id"] not in quiet:
            continue
        seen[stage] = seen.get(stage, 0) + 1
        if small and seen[stage] > SMALL_OF_FIRM:
            continue
        yield Told(
            id=f"firm/{row['report_id']}",
            text=row["text"],
            expected=f"a quote of: {' | '.join(quotes)}"
            if quotes
            else "nothing that the report does not say",
            groups={"source": "demo firm", "kind": "told", "difficulty": stage, "project": row["project_id"]},
            cluster=row["project_id"],
            report_id=row["report_id"],
            project_id=row["project_id"],
            reported_on=row["reported_on"],
            report=row["text"],
            planted=quotes,
        )


def of_ratings(reports: pd.DataFrame, source: str) -> Iterator[Rated]:
    """The reports whose rating is judged, of a table in the format of docs/formats.md."""
    for row in reports.to_dict("records"):
        yield Rated(
            id=f"{source}/{row['report_id']}/rating".replace(" ", "-"),
            text=f"{row['project_id']}, {row['reported_on']}: {' '.join(str(row['text']).split())[:300]}",
            expected=row["rag"],
            groups={
                "source": source,
                "kind": "rating",
                "project": row["project_id"],
                **({"organisation": row["organisation"]} if row["organisation"] else {}),
            },
            cluster=f"{source}/{row['project_id']}",
            report_id=row["report_id"],
            rag=row["rag"],
        )


def _laid_out(part: str, number: int, lines: list[Line]) -> Written:
    """Every other report is a list of bullets, the others are prose."""
    lead, gap = ("- ", "\n") if number % 2 == 0 else ("", " ")
    text, placed = "", []
    for line in lines:
        text += gap + lead if text else lead
        placed.append(line.model_copy(update={"start": len(text), "end": len(text) + len(line.says)}))
        text += line.says
    return Written(id=f"{part}-{number}", part=part, text=text, lines=tuple(placed))


def _words(line: Line) -> str:
    if not line.risk:
        return "no risk"
    return f"a risk: {' or '.join(line.risk)}, {' or '.join(line.severity)}"
