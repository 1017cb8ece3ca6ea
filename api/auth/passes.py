"""Passes: what the desk hands to the copilot with each request, so that the database knows who asks.

A pass is a random reference, kept only as a hash. The desk makes it with the rights of the gate, which the
copilot does not hold; the database looks it up whenever the copilot's role asks who is asking. So the copilot
can act for those who are talking with it, as long as they are, and for nobody else
(docs/decisions/0006-the-copilot-holds-no-pen.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.auth.people import GATE, PersonRow
from api.auth.secrets import new_secret, sha256
from models.access import Permission, Principal, Surface, service
from models.errors import ChargehandError
from store.db import Database

LIFETIME_S = 300  # a turn has a budget of 60 s, and what it started may take a while longer
NOBODY: Principal = service("copilot")  # until the database has said whom a pass admits


class NotAdmitted(ChargehandError):
    """The pass is not or no longer good."""

    status = 401
    retry = "later"


@dataclass(frozen=True)
class _Admitted(PersonRow):
    surface: Surface
    scopes: Sequence[Permission] | None


class Passes:
    """Made by the desk."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def make(self, principal: Principal) -> str:
        """A pass for the verified caller, from where and as far as it may act. Removes what is over."""
        token = new_secret()
        scopes = sorted(principal.narrowed_to) if principal.narrowed_to is not None else None
        with self._db.tx(GATE, "gate") as tx:
            tx.execute(
                "access.add_pass",
                sha256=sha256(token),
                person_id=principal.person_id,
                surface=principal.surface,
                scopes=scopes,
                seconds=LIFETIME_S,
            )
        return token

    def end(self, token: str) -> None:
        """The pass admits nobody from now on."""
        with self._db.tx(GATE, "gate") as tx:
            tx.execute("access.end_pass", sha256=sha256(token))


def admitted(db: Database, token: str) -> Principal:
    """Whom the database admits by a pass. Role: copilot, as the process's `agent`. Raises NotAdmitted."""
    with db.tx(replace(NOBODY, pass_token=token), "agent") as tx:
        row = tx.row("access.admitted", _Admitted)
    if row is None:
        raise NotAdmitted
    narrowed = frozenset(row.scopes) if row.scopes is not None else None
    return replace(row.principal(row.surface, narrowed), pass_token=token)
