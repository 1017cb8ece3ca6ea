"""The audit log, for who may read it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel

from api.auth.callers import Auditor, Wired
from api.jobs.audit import anchor_every
from api.routes.base import Limit, resource
from api.settings import Settings
from models.access import Principal
from store.db import Database
from workflow.anchors import Anchored, last_anchored, overdue
from workflow.verify import ChainVerdict, Tip
from workflow.verify import verify as verify_chain

router = resource("audit")

NEWEST = 2**62
GLANCE = 20_000  # the newest entries, which a page checks: about a third of a second


class AuditEvent(BaseModel):
    seq: int
    at: datetime
    actor: str
    surface: str
    action: str
    subject: str
    body: dict[str, Any]
    hash: str
    personal: dict[str, str | None]  # what people wrote, by field; null: redacted


class AuditPage(BaseModel):
    items: list[AuditEvent]
    before: int | None  # hand it in for the next page; None: there is none


class AnchorView(BaseModel):
    """A signed anchor, as the log tells of it; the file itself lies outside the database."""

    name: str
    seq: int
    hash: str
    at: datetime


class ChainView(BaseModel):
    """Whether the log is whole, as far as its database alone can show; `chargehand audit verify` holds it
    against the anchors."""

    whole: bool
    head_seq: int | None
    head_hash: str | None
    fault_seq: int | None
    fault: str | None
    last_anchor: AnchorView | None
    anchor_overdue: bool


@dataclass(frozen=True)
class Glance:
    """What the audit page says above the entries."""

    chain: ChainVerdict
    anchor: Anchored | None
    overdue: bool


@dataclass(frozen=True)
class Wanted:
    """Which entries: what is None does not count."""

    action: str | None = None  # 'proposal.decided', or 'proposal' for all of its kind
    subject: str | None = None
    who: str | None = None  # a part of a name, or an id
    since: datetime | None = None
    until: datetime | None = None


def read_page(
    db: Database, principal: Principal, wanted: Wanted, *, before: int | None, limit: int
) -> AuditPage:
    with db.tx(principal, "agent") as tx:
        who = wanted.who
        found = tx.rows(
            "trail.page",
            AuditEvent,
            before=before if before is not None else NEWEST,
            action=wanted.action,
            subject=wanted.subject,
            actors=[who, *(row["person_id"] for row in tx.records("trail.named", said=who))] if who else None,
            since=wanted.since,
            until=wanted.until,
            limit=limit + 1,
        )
    return AuditPage(items=found[:limit], before=found[limit - 1].seq if len(found) > limit else None)


def check_all(db: Database, principal: Principal, settings: Settings) -> Glance:
    """Check the whole log."""
    with db.tx(principal, "agent") as tx:
        last = last_anchored(tx)
        return Glance(verify_chain(tx), last, overdue(last, datetime.now(UTC), anchor_every(settings)))


def glance(db: Database, principal: Principal, settings: Settings) -> Glance:
    """Check the newest entries: quick, however long the log."""
    with db.tx(principal, "agent") as tx:
        last = last_anchored(tx)
        (tip,) = tx.rows("audit.tip", Tip)
        chain = verify_chain(tx, first=max(1, tip.last_seq - GLANCE + 1))
        return Glance(chain, last, overdue(last, datetime.now(UTC), anchor_every(settings)))


@router.get("/audit", summary="What happened, newest first")
def audit(
    principal: Auditor,
    app: Wired,
    before: Annotated[int | None, Query(ge=1, le=NEWEST, description="`before` of the page before")] = None,
    action: Annotated[str | None, Query(description="e.g. proposal.decided, or proposal")] = None,
    subject: Annotated[str | None, Query(description="e.g. proposal:ID")] = None,
    who: Annotated[str | None, Query(description="an id, or a part of a name")] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Limit = 50,
) -> AuditPage:
    wanted = Wanted(action, subject, who, since, until)
    return read_page(app.db, principal, wanted, before=before, limit=limit)


@router.get("/audit/verification", summary="Is the log whole?")
def verification(principal: Auditor, app: Wired) -> ChainView:
    seen = check_all(app.db, principal, app.settings)
    found = seen.chain
    return ChainView(
        whole=found.whole,
        head_seq=found.head.seq if found.head else None,
        head_hash=found.head.hash if found.head else None,
        fault_seq=found.seq,
        fault=found.fault,
        last_anchor=AnchorView.model_validate(seen.anchor, from_attributes=True) if seen.anchor else None,
        anchor_overdue=seen.overdue,
    )
