"""Who may do what: roles, the permissions they carry, and the principal every transaction runs under.

A principal is a person (or a service of Chargehand), never an account: Slack and the web are one person.
What rows a principal may see is decided in the database by row-level security from the same grants; the
permissions here decide which tools and routes it may use at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self, get_args

from models.errors import ChargehandError

Role = Literal[
    "consultant",  # own time, own projects
    "project_manager",  # delivers projects
    "resource_manager",  # decides who works where
    "practice_lead",  # answers for a practice: people, margin, bench
    "account_owner",  # answers for a client
    "delivery_director",  # answers for delivery across the firm
    "finance",  # invoices, budgets and write-offs of a legal entity
    "data_scientist",  # evals, models, prompts; no names, no rates
    "auditor",  # reads everything that was decided, decides nothing
    "admin",  # set-up, circuits and parked effects; decides no proposal
    "service",  # Chargehand itself on a clock
]
ROLES: tuple[Role, ...] = get_args(Role)

ScopeKind = Literal["firm", "practice", "office", "none"]
Surface = Literal["web", "api", "cli", "slack", "teams", "mcp", "mail", "job"]

Permission = Literal[
    "staffing.read",
    "staffing.propose",
    "change.read",
    "change.propose",
    "risk.read",
    "risk.propose",
    "time.read",
    "time.propose",
    "invoices.read",
    "invoices.propose",
    "bench.read",
    "bench.propose",
    "chat.use",
    "proposals.read",
    "proposals.decide",
    "operations.read",  # queues, circuits, parked effects
    "operations.manage",  # pause and resume circuits, retry parked effects
    "audit.read",
    "audit.redact",  # forget what people wrote in it
    "evals.run",
    "policy.propose",  # another approval policy; who signs it is the policy's say
    "versions.propose",  # another version of a prompt, or another baseline of a suite
    "access.manage",  # tokens and sign-in links for others
]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

_TALK: frozenset[Permission] = frozenset({"chat.use", "proposals.read"})
_DELIVERY: frozenset[Permission] = frozenset(
    {
        "staffing.read",
        "staffing.propose",
        "change.read",
        "change.propose",
        "risk.read",
        "risk.propose",
        "time.read",
        "time.propose",
        "invoices.read",
        "bench.read",
        "proposals.decide",
    }
)
_MONEY: frozenset[Permission] = frozenset({"invoices.read", "invoices.propose", "time.read", "time.propose"})

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "consultant": _TALK,
    "project_manager": _TALK | _DELIVERY,
    "resource_manager": _TALK | _DELIVERY | {"bench.propose", "operations.read"},
    "practice_lead": _TALK | _DELIVERY | {"bench.propose", "invoices.propose", "operations.read"},
    "account_owner": _TALK
    | {"change.read", "change.propose", "risk.read", "invoices.read", "proposals.decide"},
    "delivery_director": _TALK
    | _DELIVERY
    | _MONEY
    | {
        "bench.propose",
        "operations.read",
        "operations.manage",
        "audit.read",
        "policy.propose",
        "versions.propose",
    },
    "finance": _TALK | _MONEY | {"change.read", "proposals.decide", "operations.read", "policy.propose"},
    # row-level security shows them no proposal but their own
    "data_scientist": _TALK | {"evals.run", "versions.propose"},
    "auditor": frozenset({"proposals.read", "audit.read", "operations.read"}),
    "admin": _TALK
    | {
        "operations.read",
        "operations.manage",
        "access.manage",
        "audit.read",
        "audit.redact",
        "policy.propose",
        "versions.propose",
    },
    "service": frozenset({"bench.read", "bench.propose", "time.read", "risk.read", "invoices.read"}),
}


@dataclass(frozen=True)
class Grant:
    """A role held over a part of the firm."""

    role: Role
    scope_kind: ScopeKind = (
        "none"  # "none": only what the person's own relations give (own projects, own time)
    )
    scope_id: str | None = None  # practice or office name; None for firm and none

    @classmethod
    def parse(cls, said: str) -> Self:
        """From how files write it: 'auditor@firm', 'practice_lead@practice:Data', 'consultant'. Without a
        scope it is held for what the person's own relations give. Raises ValueError."""
        name, at, scope = said.strip().partition("@")
        role = next((r for r in ROLES if r == name and r != "service"), None)
        if role is None:
            raise ValueError(f"{name!r} is not a role")
        if not at:
            return cls(role)
        kind, _, scope_id = scope.partition(":")
        if scope == "firm":
            return cls(role, "firm")
        if kind in ("practice", "office") and scope_id:
            return cls(role, "practice" if kind == "practice" else "office", scope_id)
        raise ValueError(f"{scope!r} is not firm, practice:NAME or office:NAME")

    def __str__(self) -> str:
        scope = {"none": "", "firm": "@firm"}.get(self.scope_kind, f"@{self.scope_kind}:{self.scope_id}")
        return f"{self.role}{scope}"


@dataclass(frozen=True)
class Principal:
    """A verified caller. Made by sign-in, a bearer token, or a job; never from a request body."""

    person_id: str  # "service:..." for a service
    name: str
    grants: tuple[Grant, ...]
    surface: Surface
    timezone: str = "UTC"  # IANA name, for showing times
    email: str = ""
    narrowed_to: frozenset[Permission] | None = None  # a token's scopes: they narrow, never widen
    pass_token: str = field(default="", repr=False)  # what the database knows the copilot's callers by

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(g.role for g in self.grants)

    @property
    def permissions(self) -> frozenset[Permission]:
        held = frozenset[Permission]().union(*(ROLE_PERMISSIONS[r] for r in self.roles))
        return held if self.narrowed_to is None else held & self.narrowed_to

    def over_firm(self, permission: Permission) -> bool:
        """Whether one of the roles that carry the permission is held over the whole firm."""
        return permission in self.permissions and any(
            g.scope_kind == "firm" and permission in ROLE_PERMISSIONS[g.role] for g in self.grants
        )

    def on(self, surface: Surface) -> Self:
        """The same person on another surface."""
        return replace(self, surface=surface)


def service(name: str) -> Principal:
    """Chargehand's own principal for a clock-driven job, e.g. `service("nightly-bench")`. It sees the firm
    and may propose; it can never decide."""
    return Principal(
        person_id=f"service:{name}",
        name=f"Chargehand ({name.replace('-', ' ')})",
        grants=(Grant(role="service", scope_kind="firm"),),
        surface="job",
    )


class NotAllowed(ChargehandError):
    """You do not hold the permission {permission}. Ask an administrator for a role that carries it."""

    status = 403
    retry = "with a fix"


class NotFound(ChargehandError):
    """There is no {what} {id} that you may see.

    Also the answer for what exists but may not be seen: its existence is not given away."""

    status = 404
    retry = "never"


def require(principal: Principal, permission: Permission) -> None:
    """Raises NotAllowed unless the principal holds the permission."""
    if permission not in principal.permissions:
        raise NotAllowed(permission=permission, person_id=principal.person_id)
