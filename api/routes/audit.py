"""The audit log, for who may read it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from api.auth.callers import Auditor, Wired
from api.routes.base import Limit, resource
from models.access import Principal
from store.db import Database
from workflow.verify import ChainVerdict
from workflow.verify import verify as verify_chain

router = resource("audit")

NEWEST = 2**62


class AuditEvent(BaseModel):
    seq: int
    at: datetime
    actor: str
    surface: str
    action: str
    subject: str
    body: dict[str, Any]
    hash: str


class AuditPage(BaseModel):
    items: list[AuditEvent]
    before: int | None  # hand it in for the next page; None: there is none


class ChainView(BaseModel):
    """Whether the log is whole. Keep `seq` and `hash` of the head outside the database as an anchor."""

    whole: bool
    head_seq: int | None
    head_hash: str | None
    fault_seq: int | None
    fault: str | None


def read_page(
    db: Database,
    principal: Principal,
    *,
    before: int | None,
    action: str | None,
    subject: str | None,
    limit: int,
) -> AuditPage:
    with db.tx(principal, "agent") as tx:
        found = tx.rows(
            "pages.audit",
            AuditEvent,
            before=before if before is not None else NEWEST,
            action=action,
            subject=subject,
            limit=limit + 1,
        )
    return AuditPage(items=found[:limit], before=found[limit - 1].seq if len(found) > limit else None)


def check_chain(db: Database, principal: Principal) -> ChainVerdict:
    with db.tx(principal, "agent") as tx:
        return verify_chain(tx)


@router.get("/audit", summary="What happened, newest first")
def audit(
    principal: Auditor,
    app: Wired,
    before: Annotated[int | None, Query(ge=1, le=NEWEST, description="`before` of the page before")] = None,
    action: Annotated[str | None, Query(description="e.g. proposal.decided")] = None,
    subject: Annotated[str | None, Query(description="e.g. proposal:ID")] = None,
    limit: Limit = 50,
) -> AuditPage:
    return read_page(app.db, principal, before=before, action=action, subject=subject, limit=limit)


@router.get("/audit/verification", summary="Is the log whole?")
def verification(principal: Auditor, app: Wired) -> ChainView:
    found = check_chain(app.db, principal)
    return ChainView(
        whole=found.whole,
        head_seq=found.head.seq if found.head else None,
        head_hash=found.head.hash if found.head else None,
        fault_seq=found.seq,
        fault=found.fault,
    )
