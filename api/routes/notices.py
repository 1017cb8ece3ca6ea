"""What people were told: outcomes of what they proposed, reminders, escalations, reports."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response, status
from pydantic import BaseModel, Field

from api.auth.callers import Me, Wired
from api.routes.base import Body, Limit, resource
from models.access import Principal
from store.db import Database

router = resource("notices")

NEWEST = 2**63 - 1
NoticeId = Annotated[int, Field(ge=1, le=NEWEST)]


class Notice(BaseModel):
    notice_id: int
    kind: Literal[
        "outcome", "reminder", "escalation", "report", "question", "answer", "delegation", "operations"
    ]
    text: str
    proposal_id: UUID | None
    thread_id: UUID | None
    created_at: datetime
    read_at: datetime | None


class Reading(Body):
    up_to: Annotated[NoticeId, Field(description="The newest notice that was read")]


def my_notices(
    db: Database, principal: Principal, *, before: int = NEWEST, unread_only: bool = False, limit: int = 100
) -> list[Notice]:
    """The principal's notices, newest first."""
    with db.tx(principal, "agent") as tx:
        return tx.rows("notices.mine", Notice, before=before, unread_only=unread_only, limit=limit)


def mark_read(db: Database, principal: Principal, up_to: int) -> None:
    with db.tx(principal, "agent") as tx:
        tx.execute("notices.mark_read", up_to=up_to)


@router.get("/notices", summary="What I was told, newest first")
def notices(
    principal: Me,
    app: Wired,
    before: Annotated[
        int, Query(ge=1, le=NEWEST, description="The last `notice_id` of the page before")
    ] = NEWEST,
    unread: Annotated[bool, Query(description="Only what I have not read")] = False,
    limit: Limit = 50,
) -> list[Notice]:
    return my_notices(app.db, principal, before=before, unread_only=unread, limit=limit)


@router.post("/notices/readings", status_code=status.HTTP_204_NO_CONTENT, summary="I have read them")
def read(body: Reading, principal: Me, app: Wired) -> Response:
    mark_read(app.db, principal, body.up_to)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
