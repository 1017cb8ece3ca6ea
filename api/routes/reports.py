"""Nightly reports."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from api.auth.callers import Me, Wired
from api.routes.base import Limit, resource
from models.access import NotFound, Principal, require
from store.db import Database

router = resource("reports", problems=(404,))

# The page of a report stands alone, without scripts, and may be framed by our own pages only.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'self'; sandbox"
)


class ReportLine(BaseModel):
    report_id: UUID
    kind: str
    for_date: date
    practice: str
    created_at: datetime


class Report(ReportLine):
    data: dict[str, Any]


class StoredReport(Report):
    html: str


def find_report(db: Database, principal: Principal, report_id: UUID) -> StoredReport:
    """Raises NotAllowed, NotFound."""
    require(principal, "bench.read")
    with db.tx(principal, "agent") as tx:
        found = tx.row("pages.report", StoredReport, report_id=report_id)
    if found is None:
        raise NotFound(what="report", id=str(report_id))
    return found


def list_reports(db: Database, principal: Principal, limit: int) -> list[ReportLine]:
    """Raises NotAllowed."""
    require(principal, "bench.read")
    with db.tx(principal, "agent") as tx:
        return tx.rows("pages.reports", ReportLine, limit=limit)


@router.get("/reports", summary="Nightly reports, the newest first")
def reports(principal: Me, app: Wired, limit: Limit = 50) -> list[ReportLine]:
    return list_reports(app.db, principal, limit)


@router.get("/reports/{report_id}", summary="The figures of a report")
def report(report_id: UUID, principal: Me, app: Wired) -> Report:
    return Report.model_validate(find_report(app.db, principal, report_id).model_dump(exclude={"html"}))


@router.get("/reports/{report_id}/page", summary="A report as a page", response_class=HTMLResponse)
def report_page(report_id: UUID, principal: Me, app: Wired) -> HTMLResponse:
    found = find_report(app.db, principal, report_id)
    return HTMLResponse(found.html, headers={"Content-Security-Policy": REPORT_POLICY})
