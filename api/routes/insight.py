"""How the work on proposals goes: queues, flow through the gates, hours and billing, approvers, and the
ledger of returns, as JSON."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status
from pydantic import BaseModel, Field

from api.auth.callers import Auditor, Reader, Watcher, Wired
from api.routes.base import Body, resource
from api.settings import Settings
from models.access import Principal
from models.actions import Action
from models.roi import Assumptions, default_assumptions, parse_assumptions
from store.db import Database
from tools.billing import Billing
from tools.billing import billing as find_readiness
from workflow.insight import approvers
from workflow.insight import flow as insight
from workflow.insight import returns as ledger
from workflow.insight.approvers import Quality
from workflow.insight.returns import Returns
from workflow.insight.views import Days, Flow, PracticeWeek, Queues

router = resource("operations", problems=(404, 422))

Practice = Annotated[str | None, Query(max_length=100, description="Only this practice")]


class Consent(Body):
    agrees: bool


class Plant(Body):
    """A proposal to show again, to one person who agreed to be tested."""

    source_id: Annotated[UUID, Field(description="A rejected proposal, or any with another `action`")]
    person_id: Annotated[str, Field(min_length=1, max_length=200)]
    flaw: Annotated[str, Field(min_length=1, max_length=4_000, description="What is wrong with it")]
    action: Annotated[Action | None, Field(description="Its action made wrong; as it was if not said")] = None


class Planted(BaseModel):
    proposal_id: UUID


@router.get("/operations/waiting", summary="What waits for signatures, by rule, step and person")
def waiting(principal: Watcher, app: Wired, practice: Practice = None) -> Queues:
    return find_queues(app.db, principal, practice)


@router.get("/operations/flow", summary="How proposals went through the gates in the last days")
def flow(principal: Watcher, app: Wired, days: Days = 30, practice: Practice = None) -> Flow:
    return find_flow(app.db, principal, days, practice)


@router.get("/operations/hours", summary="Booked and worked hours by practice and week")
def hours(principal: Watcher, app: Wired, practice: Practice = None) -> list[PracticeWeek]:
    return find_hours(app.db, principal, practice)


@router.get("/operations/billing", summary="What of the last month is ready to be invoiced, by practice")
def billing(principal: Watcher, app: Wired, practice: Practice = None) -> Billing:
    return find_billing(app.db, principal, practice)


@router.get("/operations/approvers", summary="How approvers decide: oneself, or everybody with audit.read")
def quality(principal: Reader, app: Wired, days: Days = 30) -> Quality:
    return find_quality(app.db, principal, days)


@router.get("/operations/return", summary="What the audit log is worth, under stated assumptions")
def returns(principal: Auditor, app: Wired, days: Days = 30, practice: Practice = None) -> Returns:
    return find_returns(app.db, app.settings, principal, days, practice)


@router.post(
    "/operations/plants/consent",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Agree to be shown planted items, or no longer",
)
def consent(body: Consent, principal: Reader, app: Wired) -> Response:
    app.workflow.consent_to_plants(principal, agrees=body.agrees)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/operations/plants",
    status_code=status.HTTP_201_CREATED,
    summary="Show somebody a proposal that is known to be bad; it can never be carried out",
)
def plant(body: Plant, principal: Auditor, app: Wired) -> Planted:
    proposal_id = app.workflow.plant(
        principal, body.source_id, person_id=body.person_id, flaw=body.flaw, action=body.action
    )
    return Planted(proposal_id=proposal_id)


def find_queues(db: Database, principal: Principal, practice: str | None) -> Queues:
    with db.tx(principal, "agent") as tx:
        return insight.queues(tx, practice)


def find_flow(db: Database, principal: Principal, days: Days, practice: str | None) -> Flow:
    with db.tx(principal, "agent") as tx:
        return insight.flow(tx, datetime.now(UTC), days, practice)


def find_hours(db: Database, principal: Principal, practice: str | None) -> list[PracticeWeek]:
    with db.tx(principal, "agent") as tx:
        return insight.hours(tx, datetime.now(UTC), practice)


def find_practices(db: Database, principal: Principal) -> list[str]:
    with db.tx(principal, "agent") as tx:
        return insight.practices(tx)


def find_billing(db: Database, principal: Principal, practice: str | None) -> Billing:
    with db.tx(principal, "agent") as tx:
        return find_readiness(tx, datetime.now(UTC).date(), practice)


def find_quality(db: Database, principal: Principal, days: Days) -> Quality:
    with db.tx(principal, "agent") as tx:
        return approvers.quality(tx, datetime.now(UTC), days)


def find_returns(
    db: Database, settings: Settings, principal: Principal, days: Days, practice: str | None
) -> Returns:
    """Raises BadInput for assumptions that do not hold."""
    with db.tx(principal, "agent") as tx:
        return ledger.ledger(tx, datetime.now(UTC), days, assumptions(settings.roi_assumptions), practice)


def assumptions(file: Path | None) -> Assumptions:
    return parse_assumptions(file.read_text("utf-8"), str(file)) if file else default_assumptions()
