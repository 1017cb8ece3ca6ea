"""Sign-in links and cookie sessions. Only hashes are stored: who reads the tables can sign in as nobody.

A link signs in once and only by a POST, because scanners of mail and chat open every link they see. Signing
in always makes a new session, so that a cookie planted beforehand is worth nothing. A session's secret
changes every so often, and as soon as what its person may do has changed: one that was copied ends soon."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from api.auth.people import GATE, PersonRow, find_person
from api.auth.secrets import new_secret, sha256
from api.settings import Settings
from models.access import NotFound, Principal
from models.errors import ChargehandError
from store.db import Database, Tx

LINK_LIFETIME = timedelta(minutes=30)
GRACE = timedelta(minutes=1)  # for requests that were under way when the secret changed


class LinkSpent(ChargehandError):
    """This sign-in link was used already, or its time is over. Ask for a new one."""

    status = 410
    retry = "with a fix"


@dataclass(frozen=True)
class Limits:
    """When a session ends, and how often its secret changes."""

    idle: timedelta = timedelta(hours=8)
    lifetime: timedelta = timedelta(hours=120)
    renewal: timedelta = timedelta(hours=1)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            idle=timedelta(minutes=settings.session_idle_minutes),
            lifetime=timedelta(hours=settings.session_hours),
            renewal=timedelta(minutes=settings.session_renew_minutes),
        )


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
    renewed: str | None = None  # the new secret that the browser must be given


@dataclass(frozen=True)
class SessionView:
    """A session as its person sees it."""

    session_id: UUID
    browser: str
    issuer: str  # of the provider that vouched; "" for a link
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    here: bool  # the one that asks


@dataclass(frozen=True)
class _Row:
    person_id: str
    csrf: str
    rights: bytes
    current: bool  # by its secret of now, not the one before
    stale: bool
    due: bool


class Sessions:
    """Links and sessions of the people of one installation."""

    def __init__(self, db: Database, limits: Limits | None = None) -> None:
        self._db = db
        self.limits = limits or Limits()

    # --- links
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

    def sign_in(self, link_token: str, before: str = "", browser: str = "") -> str:
        """Use a link up; the new session's cookie. The session that the browser had `before` ends.

        Raises LinkSpent."""
        with self._db.tx(GATE, "gate") as tx:
            person = _of_link(tx, link_token)
        if person is None:
            raise LinkSpent
        with self._db.tx(person.principal("web"), "gate") as tx:
            if not tx.execute("access.use_link", sha256=sha256(link_token)):
                raise LinkSpent
            return self.begin(tx, person, before=before, browser=browser)

    # --- sessions
    def begin(
        self, tx: Tx, person: PersonRow, *, before: str = "", browser: str = "", issuer: str = ""
    ) -> str:
        """A new session for a person who was verified; its cookie. `browser`: what its owner knows it by.
        `issuer`: of the provider that vouched. Role: gate."""
        cookie = new_secret()
        tx.execute("access.sweep_sessions", idle_seconds=self.limits.idle.total_seconds())
        tx.execute("access.drop_session", sha256=sha256(before))
        tx.execute(
            "access.add_session",
            sha256=sha256(cookie),
            person_id=person.person_id,
            csrf=new_secret(),
            seconds=self.limits.lifetime.total_seconds(),
            rights=_rights(person),
            browser=browser,
            issuer=issuer,
        )
        tx.audit("access.signed_in", f"person:{person.person_id}", by="provider" if issuer else "link")
        return cookie

    def of(self, cookie: str) -> Session | None:
        """The session of a cookie, or None where it is over. Renews the secret where it is time; the one
        before stays good for a moment, for what the browser sent meanwhile."""
        hashed = sha256(cookie)
        with self._db.tx(GATE, "gate") as tx:
            row = tx.row(
                "access.session",
                _Row,
                sha256=hashed,
                idle_seconds=self.limits.idle.total_seconds(),
                renewal_seconds=self.limits.renewal.total_seconds(),
            )
            person = find_person(tx, row.person_id) if row else None
            if row is None or person is None:
                return None
            if row.stale:
                tx.execute("access.touch_session", sha256=hashed)
            wanted = row.current and (row.due or row.rights != _rights(person))
            renewed = self._renewed(tx, hashed, person) if wanted else None
        return Session(person.principal("web"), row.csrf, renewed)

    def _renewed(self, tx: Tx, hashed: bytes, person: PersonRow) -> str | None:
        """The session's new secret; None where another request was faster."""
        cookie = new_secret()
        done = tx.execute(
            "access.renew_session",
            sha256=hashed,
            new_sha256=sha256(cookie),
            rights=_rights(person),
            grace_seconds=GRACE.total_seconds(),
        )
        return cookie if done else None

    def all(self, principal: Principal, cookie: str) -> list[SessionView]:
        """The person's sessions, the one used last first. `cookie`: of the browser that asks."""
        with self._db.tx(principal, "gate") as tx:
            return tx.rows(
                "access.sessions",
                SessionView,
                person_id=principal.person_id,
                sha256=sha256(cookie),
                idle_seconds=self.limits.idle.total_seconds(),
            )

    def end(self, principal: Principal, session_id: UUID) -> None:
        """End one of the person's sessions. Raises NotFound."""
        with self._db.tx(principal, "gate") as tx:
            if not tx.execute("access.end_session", session_id=session_id, person_id=principal.person_id):
                raise NotFound(what="session", id=str(session_id))
            tx.audit("access.session_ended", f"person:{principal.person_id}", session=str(session_id))

    def end_all(self, principal: Principal) -> int:
        """End all of the person's sessions, this one too; how many there were."""
        with self._db.tx(principal, "gate") as tx:
            ended = tx.execute("access.end_sessions", person_id=principal.person_id)
            tx.audit("access.signed_out_everywhere", f"person:{principal.person_id}", sessions=ended)
        return ended

    def sign_out(self, cookie: str, principal: Principal) -> str:
        """End the session of a cookie; the issuer that vouched for it, or ""."""
        with self._db.tx(principal, "gate") as tx:
            issuer: str | None = tx.value("access.drop_session", sha256=sha256(cookie))
            if issuer is not None:
                tx.audit("access.signed_out", f"person:{principal.person_id}")
        return issuer or ""


def _rights(person: PersonRow) -> bytes:
    """What the person holds, as a hash: it changes when that changes."""
    held = sorted(json.dumps(grant, sort_keys=True) for grant in person.grants)
    return hashlib.sha256("\n".join(held).encode()).digest()


def _of_link(tx: Tx, link_token: str) -> PersonRow | None:
    person_id = tx.value("access.link", sha256=sha256(link_token))
    return find_person(tx, person_id) if person_id else None
