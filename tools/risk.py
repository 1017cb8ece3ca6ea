"""Delivery risk: what last week's status reports say, every statement cited, and proposing risks for the
register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from models.actions import RegisterRisk
from models.evidence import QuoteCitation, check_quote
from models.text.risks import ReadReport, Risk, RiskCategory, Severity, read_reports
from store.shelf import Shelved
from tools.confidence import probability
from tools.lookup import find_project
from tools.registry import Ask, Question, Tool, ToolContext, ToolResult
from tools.staffing import must_sign
from workflow.propose import Draft, propose_once

MODEL = "risk"
REPORTS = 150  # read at once; the newest of each project
NAMED = 10  # risks in the answer
REVIEW_AFTER = timedelta(days=14)
WEIGHT: Mapping[Severity, int] = {"high": 3, "medium": 2, "low": 1}

# What is suggested first for each kind of risk; the approver edits it.
MITIGATIONS: Mapping[RiskCategory, str] = {
    "schedule": "Re-plan the affected milestones with the client this week and agree what moves.",
    "budget": "Forecast the cost to complete and agree with the client what is paid for.",
    "scope": "Compare the work with the contract and raise a change order for what lies outside it.",
    "resourcing": "Name the people missing, ask staffing for them, and plan the weeks until they come.",
    "quality": "Agree acceptance criteria and put the defects in order with the client.",
    "stakeholder": "Bring the open decision to the steering committee with a date by which it is needed.",
    "supplier": "Get a dated commitment from the supplier and plan for its being missed.",
    "dependency": "Agree a date with whoever delivers the input, and what is done if it passes.",
    "technical": "Have the technical lead size the problem and propose a way round it.",
    "governance": "Bring the matter to the next review with a recommendation.",
}


class Reports(BaseModel):
    """Which status reports."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str | None, Field(description="All visible projects if not said")] = None
    since: Annotated[date | None, Field(description="First day; last week if not said")] = None
    until: date | None = None


class ProposeRisks(Reports):
    numbers: Annotated[
        list[int], Field(max_length=10, description="Numbers of the risks in the summary of the same reports")
    ] = []


@dataclass(frozen=True)
class Named:
    """A risk that a report names."""

    report: Mapping[str, Any]
    risk: Risk

    def citation(self) -> QuoteCitation:
        found = self.risk.evidence[0]
        citation = QuoteCitation(
            document="status_report",
            id=self.report["report_id"],
            quote=found.quote,
            start=found.start,
            end=found.end,
        )
        check_quote(citation, self.report["text"])
        return citation


def summarise_status(ctx: ToolContext, asked: Reports) -> ToolResult:
    """What the reports say, worst first; each sentence is a quote with its place."""
    reports, since, until = _reports(ctx, asked)
    if not reports:
        return ToolResult(text="There are no status reports from those days that you may see.", data={})
    read = read_reports([r["text"] for r in reports])
    chances, says_model = _chances(ctx, reports)
    named = _ranked(reports, read)
    summary = _summary(reports, read, chances)
    return ToolResult(
        text=_text(since, until, reports, named, says_model),
        data={
            "since": since.isoformat(),
            "until": until.isoformat(),
            "projects": [_project_shown(r, chances) for r in reports],
            "rated": _rated(reports),
            "risks": [_risk_shown(n, number) for number, n in enumerate(named[:NAMED], 1)],
            "further_risks": max(0, len(named) - NAMED),
            "summary": [{"report_id": c.id, "sentence": c.quote} for c in summary],
            "model": says_model,
        },
        citations=(*(n.citation() for n in named[:NAMED]), *summary),
    )


def propose_risks(ctx: ToolContext, asked: ProposeRisks) -> ToolResult:
    """Propose risks of the summary for their projects' registers, one proposal each."""
    reports, _, _ = _reports(ctx, asked)
    named = _ranked(reports, read_reports([r["text"] for r in reports]))[:NAMED]
    if not named:
        return ToolResult(text="No status report of those days that you may see names a risk.", data={})
    wrong = [n for n in asked.numbers if not 1 <= n <= len(named)]
    if wrong or not asked.numbers:
        options = tuple(f"{i}. {n.report['project']}: {n.risk.statement}" for i, n in enumerate(named, 1))
        raise Ask(Question(argument="numbers", text="Which of the risks?", options=options))
    known = {
        (r["project_id"], r["statement"])
        for r in ctx.tx.records("risk.on_register", projects=[r["project_id"] for r in reports])
    }
    chosen = [named[n - 1] for n in dict.fromkeys(asked.numbers)]
    fresh = [n for n in chosen if (n.report["project_id"], n.risk.statement) not in known]
    cards = [_propose(ctx, n) for n in fresh]
    lines = [f"- {card.title}. {must_sign(card)}" for card in cards]
    lines += [f"- Already on the register: {n.risk.statement}" for n in chosen if n not in fresh]
    return ToolResult(
        text="\n".join([f"Proposed {len(cards)} for the register:", *lines]),
        data={"proposal_ids": [str(c.proposal_id) for c in cards]},
        citations=tuple(n.citation() for n in fresh),
        proposals=tuple(c.proposal_id for c in cards),
    )


def _propose(ctx: ToolContext, named: Named) -> Any:
    report, risk = named.report, named.risk
    action = RegisterRisk(
        project_id=report["project_id"],
        project_name=report["project"],
        category=risk.category,
        statement=risk.statement,
        severity=risk.severity,
        mitigation=MITIGATIONS[risk.category],
        owner_id=report["manager_id"],
        review_on=ctx.now.date() + REVIEW_AFTER,
    )
    return propose_once(
        ctx.tx,
        Draft(
            action=action,
            evidence=(named.citation(),),
            explanation={"reported_on": report["reported_on"].isoformat(), "rag": report["rag"]},
            tool=PROPOSE.name,
            tool_version=PROPOSE.version,
            thread_id=ctx.thread_id,
            confidence=probability(risk.probability),
        ),
    )


def _reports(ctx: ToolContext, asked: Reports) -> tuple[list[dict[str, Any]], date, date]:
    """The newest report of each project in the days asked for. Without days: the week up to the newest report
    there is, so that a Monday's question is about last week."""
    project_id = find_project(ctx, asked.project).id if asked.project else None
    until = asked.until or ctx.tx.value("risk.newest_day", project_id=project_id) or ctx.now.date()
    since = asked.since or until - timedelta(days=6)
    rows = ctx.tx.records("risk.reports", project_id=project_id, since=since, until=until, limit=REPORTS)
    return rows, since, until


def _ranked(reports: Sequence[Mapping[str, Any]], read: Sequence[ReadReport]) -> list[Named]:
    """The risks of all reports: the graver first, those of red and amber projects before others."""
    rag = {"red": 2, "amber": 1}
    found = [Named(r, risk) for r, reading in zip(reports, read, strict=True) for risk in reading.risks()]
    return sorted(
        found,
        key=lambda n: (-WEIGHT[n.risk.severity], -rag.get(n.report["rag"], 0), n.report["project_id"]),
    )


def _summary(
    reports: Sequence[Mapping[str, Any]], read: Sequence[ReadReport], chances: Mapping[str, float]
) -> list[QuoteCitation]:
    """The telling sentences of the reports most likely to be red."""
    order = sorted(range(len(reports)), key=lambda i: -chances.get(reports[i]["report_id"], 0.0))
    return [
        QuoteCitation(
            document="status_report",
            id=reports[i]["report_id"],
            quote=span.of(reports[i]["text"]),
            start=span.start,
            end=span.end,
        )
        for i in order[:5]
        for span in read[i].summary(2)
    ]


def _chances(ctx: ToolContext, reports: Sequence[Mapping[str, Any]]) -> tuple[dict[str, float], str]:
    """The chance that a project is rated red, by the model of past ratings, and in words which that was."""
    shelved = ctx.shelf.serving(ctx.tx, MODEL)
    if not isinstance(shelved, Shelved):
        return {}, "No model of past ratings is in service: the order is by what the reports say."
    frame = pd.DataFrame(reports).rename(columns={"practice": "organisation"})
    probabilities = shelved.model.probabilities(frame)
    chances = dict(zip(frame["report_id"], probabilities[:, 2].astype(float), strict=True))
    return chances, f"Chances of a red rating by model {shelved.version}."


def _project_shown(report: Mapping[str, Any], chances: Mapping[str, float]) -> dict[str, Any]:
    chance = chances.get(report["report_id"])
    return {
        "project_id": report["project_id"],
        "project": report["project"],
        "report_id": report["report_id"],
        "reported_on": report["reported_on"].isoformat(),
        "rag": report["rag"],
        "p_red": round(chance, 3) if chance is not None else None,
    }


def _risk_shown(named: Named, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "project_id": named.report["project_id"],
        "project": named.report["project"],
        "report_id": named.report["report_id"],
        "category": named.risk.category,
        "severity": named.risk.severity,
        "statement": named.risk.statement,
        "quote": named.risk.evidence[0].quote,
        "probability": round(named.risk.probability, 3),
    }


def _rated(reports: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many projects were rated how."""
    return {rag: sum(r["rag"] == rag for r in reports) for rag in ("red", "amber", "green")}


def _text(
    since: date, until: date, reports: Sequence[Mapping[str, Any]], named: Sequence[Named], says_model: str
) -> str:
    rated = ", ".join(f"{n} {rag}" for rag, n in _rated(reports).items() if n)
    head = (
        f"{len(reports)} projects reported from {since:%-d %b} to {until:%-d %b %Y}: {rated or 'none rated'}."
    )
    lines = []
    for number, n in enumerate(named[:NAMED], 1):
        kind = f"{n.risk.category}, {n.risk.severity}"
        lines.append(f'{number}. {n.report["project"]} ({kind}): "{n.risk.evidence[0].quote}"')
    if not lines:
        return f"{head} None of them names a risk."
    more = f"{len(named) - NAMED} more are in the reports." if len(named) > NAMED else ""
    return "\n".join(filter(None, [head, *lines, more, says_model]))


SUMMARISE = Tool(
    name="summarise_status",
    version="1",
    description="Summarise status reports: which projects are at risk and why, every statement quoted.",
    permission="risk.read",
    effect="read",
    arguments=Reports,
    run=summarise_status,
)
PROPOSE = Tool(
    name="propose_risks",
    version="1",
    description="Propose risks found in status reports for the projects' risk registers.",
    permission="risk.propose",
    effect="propose",
    arguments=ProposeRisks,
    run=propose_risks,
)
TOOLS = (SUMMARISE, PROPOSE)
