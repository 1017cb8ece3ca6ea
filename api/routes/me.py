"""The caller itself."""

from pydantic import BaseModel

from api.auth.callers import Me
from api.routes.base import resource
from models.access import Permission, Role, ScopeKind

router = resource("me")


class GrantView(BaseModel):
    role: Role
    scope_kind: ScopeKind
    scope_id: str | None


class MeView(BaseModel):
    """Who you are to Chargehand, and what you may do."""

    person_id: str
    name: str
    email: str
    timezone: str
    grants: tuple[GrantView, ...]
    permissions: tuple[Permission, ...]  # of this session or token


@router.get("/me", summary="Who am I, and what may I do?")
def me(principal: Me) -> MeView:
    return MeView(
        person_id=principal.person_id,
        name=principal.name,
        email=principal.email,
        timezone=principal.timezone,
        grants=tuple(
            GrantView(role=g.role, scope_kind=g.scope_kind, scope_id=g.scope_id) for g in principal.grants
        ),
        permissions=tuple(sorted(principal.permissions)),
    )
