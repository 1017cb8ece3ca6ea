"""Which roles people hold in Chargehand, and over what: read off what they do in the firm."""

from __future__ import annotations

from dataclasses import dataclass

from demo.records import Client, Person, Project
from models.access import Role, ScopeKind

_FIRM_WIDE: dict[str, Role] = {
    "Delivery Director": "delivery_director",
    "Managing Partner": "delivery_director",
    "Business Data Scientist": "data_scientist",
    "Internal Auditor": "auditor",
    "Systems Administrator": "admin",
}


@dataclass(frozen=True)
class Held:
    """A role held by a person over a scope."""

    person_id: str
    role: Role
    scope_kind: ScopeKind
    scope_id: str


def grant(people: list[Person], projects: list[Project], clients: list[Client]) -> list[Held]:
    """Everybody is a consultant, but for the data scientist, who sees no names; more comes from title, from
    running projects and from owning clients."""
    runs = {p.manager_id for p in projects}
    owns = {c.account_owner_id for c in clients}
    found: list[Held] = []
    for person in people:
        if _FIRM_WIDE.get(person.title) != "data_scientist":
            found.append(Held(person.person_id, "consultant", "none", ""))
        found += _by_title(person)
        if person.person_id in runs:
            found.append(Held(person.person_id, "project_manager", "none", ""))
        if person.person_id in owns:
            found.append(Held(person.person_id, "account_owner", "none", ""))
    return found


def _by_title(person: Person) -> list[Held]:
    """The roles that come with a title, over what the holder answers for."""
    who = person.person_id
    if person.title == "Practice Lead":
        return [Held(who, "practice_lead", "practice", person.practice)]
    if person.title == "Resource Manager":
        return [Held(who, "resource_manager", "practice", person.part.removeprefix("resources:"))]
    if person.title == "Finance Controller":
        return [Held(who, "finance", "office", person.office.city)]
    if role := _FIRM_WIDE.get(person.title):
        return [Held(who, role, "firm", "")]
    return []
