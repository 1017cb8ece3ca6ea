"""Who may do what: grants give, tokens only narrow, and nobody who must not decide can."""

import pytest

from models.access import (
    PERMISSIONS,
    ROLE_PERMISSIONS,
    ROLES,
    Grant,
    NotAllowed,
    Principal,
    Role,
    require,
    service,
)


def holding(*roles: Role, **more: frozenset[str]) -> Principal:
    return Principal("P-1", "Pat", tuple(Grant(r) for r in roles), "web", **more)  # type: ignore[arg-type]


def test_every_role_is_defined_and_every_permission_held_by_somebody() -> None:
    assert set(ROLE_PERMISSIONS) == set(ROLES)
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == set(PERMISSIONS)


@pytest.mark.parametrize(
    ("role", "why"),
    [
        ("consultant", "asks and reads"),
        ("data_scientist", "measures"),
        ("auditor", "must not be part of what is audited"),
        ("admin", "keeps the system and could grant themselves anything"),
        ("service", "is nobody"),
    ],
)
def test_these_never_sign(role: Role, why: str) -> None:
    assert "proposals.decide" not in ROLE_PERMISSIONS[role], why


def test_an_auditor_proposes_nothing_and_a_data_scientist_only_what_was_measured() -> None:
    def asks(role: Role) -> set[str]:
        return {p for p in ROLE_PERMISSIONS[role] if p.endswith((".propose", ".manage"))}

    assert not asks("auditor")
    assert asks("data_scientist") == {"versions.propose"}


def test_only_an_administrator_gives_access() -> None:
    assert {r for r in ROLES if "access.manage" in ROLE_PERMISSIONS[r]} == {"admin"}


def test_roles_add_up() -> None:
    both = holding("consultant", "auditor").permissions
    assert both == ROLE_PERMISSIONS["consultant"] | ROLE_PERMISSIONS["auditor"]
    assert holding().permissions == frozenset()


def test_a_token_narrows_and_never_widens() -> None:
    token = holding("consultant", narrowed_to=frozenset({"chat.use", "access.manage"}))
    assert token.permissions == {"chat.use"}
    assert token.on("api").permissions == {"chat.use"}, "on whatever surface"


def test_requiring_a_permission_names_it() -> None:
    require(holding("admin"), "access.manage")
    with pytest.raises(NotAllowed, match=r"access\.manage") as caught:
        require(holding("consultant"), "access.manage")
    assert caught.value.status == 403


def test_a_service_says_that_it_is_one() -> None:
    job = service("nightly-bench")
    assert (job.person_id, job.name, job.surface) == (
        "service:nightly-bench",
        "Chargehand (nightly bench)",
        "job",
    )
