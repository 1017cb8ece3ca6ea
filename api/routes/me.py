"""The caller itself, and what they want to hear where."""

from pydantic import BaseModel

from api.auth.callers import Me, Wired
from api.routes.base import Body, resource
from models.access import Permission, Role, ScopeKind
from workflow.deliveries import Heard, SurfaceName

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


class Subscription(BaseModel):
    """What you hear on one surface besides these pages."""

    surface: SurfaceName
    kinds: frozenset[Heard]
    chosen: bool  # by you; else it is what the installation does


class Choice(Body):
    kinds: frozenset[Heard]  # empty: nothing at all


@router.get("/me/subscriptions", summary="What do I hear where?")
def subscriptions(principal: Me, app: Wired) -> list[Subscription]:
    with app.db.tx(principal, "agent") as tx:
        return tx.rows("deliveries.choices", Subscription)


@router.put("/me/subscriptions/{surface}", summary="Hear this there from now on, and nothing else")
def subscribe(surface: SurfaceName, body: Choice, principal: Me, app: Wired) -> list[Subscription]:
    with app.db.tx(principal, "agent") as tx:
        tx.execute("deliveries.choose", surface=surface, kinds=sorted(body.kinds))
        return tx.rows("deliveries.choices", Subscription)
