"""Sign-in links and cookie sessions. Only hashes are stored: who reads the tables can sign in as nobody.

A link signs in once and only by a POST, because scanners of mail and chat open every link they see. Signing
in always makes a new session, so that a cookie planted beforehand is worth nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.auth.people import GATE, PersonRow, find_person
from api.auth.secrets import new_secret, sha256
from models.access import NotFound, Principal
from models.errors import ChargehandError
from store.db import Database, Tx

IDLE = timedelta(hours=8)
LIFETIME = timedelta(days=5)
LINK_LIFETIME = timedelta(minutes=30)


class LinkSpent(ChargehandError):
    """This sign-in link was used already, or its time is over. Ask for a new one."""

    status = 410
    retry = "with a fix"


@dataclass(frozen=True)
class Link:
    token: str
    person_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Session:
    """A signed-in browser."""

    principal: Principal
    csrf: str  # must come back with everything that changes something


@dataclass(frozen=True)
class _Row:
    person_id: str
    csrf: str
    stale: bool


class Sessions:
    """Links and sessions of the people of one installation."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def make_link(self, by: Principal, person_id: str, lifetime: timedelta = LINK_LIFETIME) -> Link:
        """A link that signs the person in once. `by` must have been checked. Raises NotFound."""
        token = new_secret()
        with self._db.tx(by, "gate") as tx:
            if find_person(tx, person_id) is None:
                raise NotFound(what="person", id=person_id)
            expires_at: datetime = tx.value(
                "access.add_link",
                sha256=sha256(token),
                person_id=person_id,
                seconds=int(lifetime.total_seconds()),
            )
            tx.audit("access.link_made", f"person:{person_id}", expires_at=expires_at.isoformat())
        return Link(token, person_id, expires_at)

    def is_open(self, link_token: str) -> bool:
        """Whether a link can still be used. Looking does not use it."""
        with self._db.tx(GATE, "gate") as tx:
            return _of_link(tx, link_token) is not None

    def sign_in(self, link_token: str, before: str = "") -> str:
        """Use a link up; the new session's cookie. The session that the browser had `before` ends.

        Raises LinkSpent."""
        cookie = new_secret()
        with self._db.tx(GATE, "gate") as tx:
            person = _of_link(tx, link_token)
        if person is None:
            raise LinkSpent
        with self._db.tx(person.principal("web"), "gate") as tx:
            if not tx.execute("access.use_link", sha256=sha256(link_token)):
                raise LinkSpent
            tx.execute("access.sweep_sessions", idle_seconds=IDLE.total_seconds())
            tx.execute("access.drop_session", sha256=sha256(before))
            tx.execute(
                "access.add_session",
                sha256=sha256(cookie),
                person_id=person.person_id,
                csrf=new_secret(),
                seconds=LIFETIME.total_seconds(),
            )
            tx.audit("access.signed_in", f"person:{person.person_id}")
        return cookie

    def of(self, cookie: str) -> Session | None:
        """The session of a cookie, or None where it is over."""
        hashed = sha256(cookie)
        with self._db.tx(GATE, "gate") as tx:
            row = tx.row("access.session", _Row, sha256=hashed, idle_seconds=IDLE.total_seconds())
            person = find_person(tx, row.person_id) if row else None
            if row is None or person is None:
                return None
            if row.stale:
                tx.execute("access.touch_session", sha256=hashed)
        return Session(person.principal("web"), row.csrf)

    def sign_out(self, cookie: str, principal: Principal) -> None:
        with self._db.tx(principal, "gate") as tx:
            if tx.execute("access.drop_session", sha256=sha256(cookie)):
                tx.audit("access.signed_out", f"person:{principal.person_id}")


def _of_link(tx: Tx, link_token: str) -> PersonRow | None:
    person_id = tx.value("access.link", sha256=sha256(link_token))
    return find_person(tx, person_id) if person_id else None
