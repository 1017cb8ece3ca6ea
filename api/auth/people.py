"""From a row of the firm's directory to the principal that transactions run under."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.access import Grant, NotFound, Permission, Principal, Surface, service
from store.db import Database, Tx

GATE: Principal = service("gate")  # signs people in; nobody is known yet


@dataclass(frozen=True)
class PersonRow:
    """What a principal is made of."""

    person_id: str
    name: str
    email: str
    timezone: str
    grants: Sequence[Mapping[str, Any]]

    def principal(self, surface: Surface, narrowed_to: frozenset[Permission] | None = None) -> Principal:
        return Principal(
            person_id=self.person_id,
            name=self.name,
            grants=tuple(Grant(**grant) for grant in self.grants),
            surface=surface,
            timezone=self.timezone,
            email=self.email,
            narrowed_to=narrowed_to,
        )


def find_person(tx: Tx, person_id: str) -> PersonRow | None:
    """One person who works here. Role: gate."""
    return tx.row("access.person", PersonRow, person_id=person_id)


def principal_of(db: Database, said: str, surface: Surface) -> Principal:
    """The person of an id, an e-mail address or a full name. For callers who were verified otherwise: the
    operator's command line, a chat surface that knows the address. Raises NotFound."""
    with db.tx(GATE, "gate") as tx:
        person_id = tx.value("access.person_said", said=said.strip())
        row = find_person(tx, person_id) if person_id else None
    if row is None:
        raise NotFound(what="person", id=said)
    return row.principal(surface)
