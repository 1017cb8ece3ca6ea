"""Bearer tokens for programs. A token acts as a person, narrowed to its scopes: it can never do more than the
person may at the moment of the call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from api.auth.people import GATE, find_person
from api.auth.secrets import new_secret, sha256
from models.access import NotAllowed, NotFound, Permission, Principal
from store.db import Database

PREFIX = "cht_"  # so that scanners of leaked secrets can know one
MANAGE: Permission = "access.manage"


class TokenView(BaseModel):
    """A bearer token, without its secret."""

    token_id: UUID
    name: str
    person_id: str
    scopes: tuple[Permission, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None  # within a minute


class NewToken(TokenView):
    """A bearer token as it is shown once."""

    token: str


@dataclass(frozen=True)
class _Row:
    person_id: str
    scopes: Sequence[Permission]
    stale: bool  # its last use was noted more than a minute ago


class Tokens:
    """The tokens of one installation."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(
        self,
        by: Principal,
        *,
        name: str,
        scopes: Sequence[Permission],
        days: int,
        person_id: str | None = None,
    ) -> NewToken:
        """A token for oneself with scopes one holds, or, with access.manage, for anyone.

        A token without access.manage makes no tokens: one that leaked could outlive itself.
        Raises NotAllowed, NotFound."""
        holder = person_id or by.person_id
        if MANAGE not in by.permissions:
            if holder != by.person_id or by.narrowed_to is not None:
                raise NotAllowed(permission=MANAGE, person_id=by.person_id)
            for scope in scopes:
                if scope not in by.permissions:
                    raise NotAllowed(permission=scope, person_id=by.person_id)
        secret = new_secret(PREFIX)
        with self._db.tx(by, "gate") as tx:
            if find_person(tx, holder) is None:
                raise NotFound(what="person", id=holder)
            made = tx.records(
                "access.add_token",
                sha256=sha256(secret),
                name=name,
                person_id=holder,
                scopes=sorted(set(scopes)),
                days=days,
            )[0]
            tx.audit(
                "access.token_made", f"person:{holder}", token=str(made["token_id"]), scopes=made["scopes"]
            )
        return NewToken(token=secret, **made)

    def all(self, by: Principal) -> list[TokenView]:
        """One's own tokens; with access.manage everyone's."""
        with self._db.tx(by, "gate") as tx:
            return tx.rows("access.tokens", TokenView, person_id=_whose(by))

    def revoke(self, by: Principal, token_id: UUID) -> TokenView:
        """Raises NotFound, also for a token of someone else."""
        with self._db.tx(by, "gate") as tx:
            revoked = tx.row("access.revoke_token", TokenView, token_id=token_id, person_id=_whose(by))
            if revoked is None:
                raise NotFound(what="token", id=str(token_id))
            tx.audit("access.token_revoked", f"person:{revoked.person_id}", token=str(token_id))
        return revoked

    def of(self, secret: str) -> Principal | None:
        """Whom a token acts for, or None where it is not or no longer good."""
        hashed = sha256(secret)
        with self._db.tx(GATE, "gate") as tx:
            row = tx.row("access.token", _Row, sha256=hashed)
            person = find_person(tx, row.person_id) if row else None
            if row is None or person is None:
                return None
            if row.stale:
                tx.execute("access.touch_token", sha256=hashed)
        return person.principal("api", frozenset(row.scopes))


def _whose(by: Principal) -> str | None:
    return None if MANAGE in by.permissions else by.person_id
