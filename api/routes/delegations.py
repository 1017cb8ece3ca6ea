"""Delegations: who may sign for whom, for what and until when."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from fastapi import status
from pydantic import Field, model_validator

from api.auth.callers import Reader, Wired
from api.routes.base import Body, resource
from models.actions import ActionKind
from workflow.delegations import DelegationView, Wanted

router = resource("delegations", problems=(404, 422))

Names = Annotated[frozenset[Annotated[str, Field(max_length=200)]], Field(max_length=500)]
Limit = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=2)]


class DelegationWanted(Body):
    """Let somebody sign for you: between two days, or whenever you are on leave. They may sign what you may
    sign by yourself, as far as the scope goes; what names nothing is all of it."""

    delegate_id: str
    reason: Annotated[str, Field(min_length=1, max_length=200, description="Shown to who reads the card")]
    first_day: Annotated[date | None, Field(description="Included, in your office's time zone")] = None
    last_day: Annotated[date | None, Field(description="Included")] = None
    when_on_leave: Annotated[bool, Field(description="Instead of days, where the policy allows it")] = False
    kinds: frozenset[ActionKind] = frozenset()
    practices: Names = frozenset()
    client_ids: Names = frozenset()
    amount_limit: Annotated[Limit | None, Field(description="In the policy's currency")] = None
    delegator_id: Annotated[
        str | None, Field(description="Somebody absent, for whoever holds access.manage; else yourself")
    ] = None

    @model_validator(mode="after")
    def _days_or_leave(self) -> Self:
        if (self.first_day is None) != (self.last_day is None) or self.when_on_leave == bool(self.first_day):
            raise ValueError("name first_day and last_day, or when_on_leave")
        return self

    def wanted(self) -> Wanted:
        days = (self.first_day, self.last_day) if self.first_day and self.last_day else None
        return Wanted(
            delegate_id=self.delegate_id,
            reason=self.reason,
            days=days,
            kinds=tuple(sorted(self.kinds)),
            practices=tuple(sorted(self.practices)),
            client_ids=tuple(sorted(self.client_ids)),
            amount_limit=self.amount_limit,
            delegator_id=self.delegator_id,
        )


@router.get("/delegations", summary="Delegations that I gave or was given; with access.manage everybody's")
def delegations(principal: Reader, app: Wired) -> list[DelegationView]:
    return app.workflow.delegations(principal)


@router.post("/delegations", status_code=status.HTTP_201_CREATED, summary="Let somebody sign for me")
def delegate(body: DelegationWanted, principal: Reader, app: Wired) -> DelegationView:
    return app.workflow.delegate(principal, body.wanted())


@router.delete("/delegations/{delegation_id}", summary="Revoke a delegation at once")
def revoke(delegation_id: UUID, principal: Reader, app: Wired) -> DelegationView:
    return app.workflow.revoke_delegation(principal, delegation_id)
