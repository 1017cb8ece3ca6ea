"""Bearer tokens and sign-in links. Replies that hold a secret are not kept: a repeated POST makes another."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import status
from pydantic import BaseModel, Field

from api.auth.callers import Keeper, Me, Wired
from api.auth.tokens import NewToken, TokenView
from api.routes.base import Body, resource
from models.access import Permission

router = resource("access", problems=(404, 422), keeps_replies=False)


class TokenWanted(Body):
    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for")]
    scopes: Annotated[frozenset[Permission], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=365)] = 30
    person_id: Annotated[str | None, Field(description="Whom it acts for; yourself if not said")] = None


class LinkWanted(Body):
    person_id: str


class LinkMade(BaseModel):
    url: str  # shown once
    person_id: str
    expires_at: datetime


@router.get("/tokens", summary="My tokens; with access.manage everyone's")
def tokens(principal: Me, app: Wired) -> list[TokenView]:
    return app.tokens.all(principal)


@router.post("/tokens", status_code=status.HTTP_201_CREATED, summary="Make a token; its secret is shown once")
def create(body: TokenWanted, principal: Me, app: Wired) -> NewToken:
    return app.tokens.create(
        principal, name=body.name, scopes=sorted(body.scopes), days=body.days, person_id=body.person_id
    )


@router.delete("/tokens/{token_id}", summary="Revoke a token")
def revoke(token_id: UUID, principal: Me, app: Wired) -> TokenView:
    return app.tokens.revoke(principal, token_id)


@router.post(
    "/sign-in-links", status_code=status.HTTP_201_CREATED, summary="Make a link that signs a person in once"
)
def sign_in_link(body: LinkWanted, principal: Keeper, app: Wired) -> LinkMade:
    link = app.sessions.make_link(principal, body.person_id)
    return LinkMade(url=app.sign_in_url(link.token), person_id=link.person_id, expires_at=link.expires_at)
