"""The subject: the reader of reports, the tool that people call, and the model of ratings."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from evals.cases import Answer, Case, Step, Usage
from evals.suite import Setting
from evals.suites.risk.cases import Rated, Sentence, Told, Whole, Written
from evals.suites.risk.ratings import chances
from models.evidence import QuoteCitation
from models.text.risks import RiskCategory, Severity, read_reports
from tools.registry import ToolResult

READS = "delivery_director"  # may see every project


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Quoted(_View):
    """Words of a report, as they were cited."""

    report_id: str
    quote: str
    start: int
    end: int


class Statement(Quoted):
    """A risk that was stated, with the words it rests on."""

    category: RiskCategory
    severity: Severity


class Heard(_View):
    """A sentence as the reader took it."""

    start: int
    end: int
    probability: float  # that it names a risk


class Read(Answer):
    """What was read out of a report."""

    statements: tuple[Statement, ...] = ()
    cited: tuple[Quoted, ...] = ()  # whatever else was quoted
    sentences: tuple[Heard, ...] = ()
    chances: tuple[float, ...] = ()  # of green, amber and red


def answer(within: Setting, case: Case) -> Read:
    """By the kind of case; a written report is read once for all its cases."""
    match case:
        case Sentence() | Whole():
            report = case.report
            return within.once(f"risk/{report.id}", lambda: read(report))
        case Told():
            return told(within, case)
        case Rated():
            return _rated(within, case)
    raise TypeError(f"no case of this suite: {case.id}")


def read(report: Written) -> Read:
    """The reader on a text."""
    started = time.monotonic()
    (reading,) = read_reports([report.text])
    statements = tuple(
        Statement(
            report_id=report.id,
            quote=evidence.quote,
            start=evidence.start,
            end=evidence.end,
            category=risk.category,
            severity=risk.severity,
        )
        for risk in reading.risks()
        for evidence in risk.evidence
    )
    heard = zip(reading.spans, reading.probabilities, strict=True)
    return Read(
        text=_words(statements),
        trace=(
            Step(kind="said", by="report", text=report.text),
            *(Step(kind="found", by="read_reports", text=s.quote, data=s.model_dump()) for s in statements),
        ),
        usage=Usage(seconds=time.monotonic() - started),
        statements=statements,
        sentences=tuple(Heard(start=s.start, end=s.end, probability=float(p)) for s, p in heard),
    )


def told(within: Setting, case: Told) -> Read:
    """The tool's summary of the project on the day of the report."""
    day = case.reported_on.isoformat()
    arguments = {"project": case.project_id, "since": day, "until": day}
    started = time.monotonic()
    with within.sandbox.firm(within.subject.policy_set()) as firm:
        result = firm.call(READS, "summarise_status", **arguments)
    seconds = time.monotonic() - started
    quotes = [c for c in result.citations if isinstance(c, QuoteCitation)]
    statements = tuple(_statements(result, quotes))
    return Read(
        text=result.text,
        trace=(
            Step(kind="called", by="summarise_status", data=arguments),
            Step(
                kind="found",
                by="summarise_status",
                text=result.text,
                data=dict(result.data),
                milliseconds=int(seconds * 1000),
            ),
        ),
        usage=Usage(seconds=seconds),
        statements=statements,
        cited=tuple(
            Quoted(report_id=c.id, quote=c.quote, start=c.start, end=c.end) for c in quotes[len(statements) :]
        ),
    )


def _statements(result: ToolResult, quotes: Sequence[QuoteCitation]) -> Iterator[Statement]:
    """The risks shown, each with the citation of its words; the summary's citations come after theirs."""
    risks: Sequence[Mapping[str, Any]] = (result.data or {}).get("risks", [])
    for risk, citation in zip(risks, quotes, strict=False):
        yield Statement(
            report_id=citation.id,
            quote=risk["quote"],
            start=citation.start,
            end=citation.end,
            category=risk["category"],
            severity=risk["severity"],
        )


def _rated(within: Setting, case: Rated) -> Read:
    found = chances(within, case.groups["source"])[case.report_id]
    green, amber, red = found
    text = f"green {green:.0%}, amber {amber:.0%}, red {red:.0%}"
    return Read(text=text, trace=(Step(kind="found", by="ratings", text=text),), chances=found)


def _words(statements: Sequence[Statement]) -> str:
    return "\n".join(f"{s.category}, {s.severity}: {s.quote}" for s in statements) or "No risk is named."
