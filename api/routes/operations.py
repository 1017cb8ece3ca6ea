"""Running it: queues, circuits of the systems of record, and effects that wait for a person."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response, status
from pydantic import BaseModel, Field

from api.auth.callers import Operator, Reader, Watcher, Wired
from api.routes.base import Body, resource
from models.access import Principal
from models.actions import ActionKind, System
from models.proposal import EffectState
from store.db import Database
from workflow.cards import CircuitView, ProposalCard, QueueLine

router = resource("operations", problems=(404, 409, 422))

MOST_PARKED = 500

EffectId = Annotated[int, Path(ge=1, le=2**63 - 1)]


class ParkedEffect(BaseModel):
    """A write that stopped until a person decides."""

    effect_id: int
    proposal_id: UUID
    title: str
    system: System
    operation: ActionKind
    item: str
    state: EffectState
    attempts: int
    last_error: str | None
    idempotency_key: str
    created_at: datetime
    parked_since: datetime
    body: dict[str, Any]


class ByHand(Body):
    reason: Annotated[str, Field(min_length=1, max_length=4_000)]


class SeenDone(ByHand):
    external_ref: Annotated[str, Field(min_length=1, max_length=200, description="The record's id there")]


def parked_effects(db: Database, principal: Principal) -> list[ParkedEffect]:
    with db.tx(principal, "agent") as tx:
        return tx.rows("pages.parked", ParkedEffect, limit=MOST_PARKED)


@router.get("/queues", summary="How long proposals wait, by rule and step")
def queues(principal: Watcher, app: Wired) -> list[QueueLine]:
    return app.workflow.queue_health(principal)


@router.get("/circuits", summary="Whether each system of record is being written to")
def circuits(principal: Watcher, app: Wired) -> list[CircuitView]:
    return app.workflow.circuits(principal)


@router.post(
    "/circuits/{system}/pauses", status_code=status.HTTP_204_NO_CONTENT, summary="Write nothing to a system"
)
def pause(system: System, body: ByHand, principal: Operator, app: Wired) -> Response:
    app.workflow.pause(principal, system, body.reason)
    return _done()


@router.post(
    "/circuits/{system}/resumptions", status_code=status.HTTP_204_NO_CONTENT, summary="Let writes go on"
)
def resume(system: System, body: ByHand, principal: Operator, app: Wired) -> Response:
    app.workflow.resume(principal, system, body.reason)
    return _done()


@router.get("/effects/parked", summary="Writes that wait for a person's hand")
def parked(principal: Watcher, app: Wired) -> list[ParkedEffect]:
    return parked_effects(app.db, principal)


@router.post(
    "/effects/{effect_id}/retries",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Let a parked write go on: it is looked up first where it may have been sent",
)
def retry(effect_id: EffectId, body: ByHand, principal: Operator, app: Wired) -> Response:
    app.workflow.retry(principal, effect_id, body.reason)
    return _done()


@router.post(
    "/effects/{effect_id}/confirmations",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="I saw its record in the system of record",
)
def mark_done(effect_id: EffectId, body: SeenDone, principal: Operator, app: Wired) -> Response:
    app.workflow.mark_done(principal, effect_id, body.external_ref, body.reason)
    return _done()


@router.post(
    "/effects/{effect_id}/abandonments",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="It will not be written any more",
)
def give_up(effect_id: EffectId, body: ByHand, principal: Operator, app: Wired) -> Response:
    app.workflow.give_up(principal, effect_id, body.reason)
    return _done()


@router.post(
    "/effects/{effect_id}/undo",
    status_code=status.HTTP_201_CREATED,
    summary="Propose to take back a write that was carried out; others sign it",
)
def undo(effect_id: EffectId, body: ByHand, principal: Reader, app: Wired) -> ProposalCard:
    return app.workflow.undo(principal, effect_id, body.reason)


def _done() -> Response:
    return Response(status_code=status.HTTP_204_NO_CONTENT)
