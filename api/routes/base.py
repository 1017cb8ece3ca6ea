"""What the routes of the REST API share."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from api.copilot.wire import Body
from api.idempotency import IdempotentRoute
from api.problems import documented

__all__ = ["Body", "Limit", "resource"]

Limit = Annotated[int, Query(ge=1, le=200, description="The most items of a page")]


def resource(tag: str, *, problems: tuple[int, ...] = (), keeps_replies: bool = True) -> APIRouter:
    """A router for one resource. `problems`: what its routes may answer beyond 401 and 403. `keeps_replies`:
    whether a POST honours Idempotency-Key; replies that hold a secret must not be kept."""
    responses: dict[int | str, dict[str, Any]] = documented(401, 403, *problems)
    route = IdempotentRoute if keeps_replies else APIRoute
    return APIRouter(prefix="/v1", tags=[tag], route_class=route, responses=responses)
