"""The caller itself, and what they want to hear where."""

from pydantic import BaseModel

from api.auth.callers import Me, Wired
from api.problems import documented
from api.routes.base import Body, resource
from models.access import Permission, Role, ScopeKind
from workflow import subscriptions
from workflow.deliveries import SurfaceName
from workflow.subscriptions import Subject, Subscription

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


class Choice(Body):
    kinds: frozenset[Subject]  # at once; empty: nothing at once
    digest: frozenset[Subject] = frozenset()  # once a day, by mail
    weekends: bool = False  # on Saturdays and Sundays too


@router.get("/me/subscriptions", summary="What do I hear where, and when?")
def my_subscriptions(principal: Me, app: Wired) -> list[Subscription]:
    with app.db.tx(principal, "agent") as tx:
        return subscriptions.mine(tx)


@router.put(
    "/me/subscriptions/{surface}",
    summary="Hear this there from now on, and nothing else",
    responses=documented(422),
)
def subscribe(surface: SurfaceName, body: Choice, principal: Me, app: Wired) -> list[Subscription]:
    with app.db.tx(principal, "agent") as tx:
        subscriptions.choose(tx, surface, kinds=body.kinds, digest=body.digest, weekends=body.weekends)
        return subscriptions.mine(tx)
