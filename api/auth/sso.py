"""Signing in through the identity provider: from whom it vouches for to a session of one of the firm's.

Nobody is created by signing in. A person is found by a verified address once, and by issuer and subject from
then on (docs/decisions/0011-signing-in-creates-nobody.md)."""

from collections.abc import Mapping

import structlog

from api.auth.groups import GroupRoles, follow
from api.auth.oidc import Attempt, Provider, Vouched
from api.auth.people import GATE, PersonRow, find_person
from api.auth.secrets import sha256
from api.auth.sessions import Sessions
from models.errors import ChargehandError
from store.db import Database, Tx

ATTEMPT_SECONDS = 600

log = structlog.get_logger(__name__)


class NotBegunHere(ChargehandError):
    """This sign-in was not begun in this browser, was used already, or took more than ten minutes. Start
    again."""

    status = 400
    retry = "with a fix"


class NotOnRecord(ChargehandError):
    """You are signed in with {provider}, but nobody who works here has that account, and signing in adds
    nobody. Ask {contact}."""

    status = 403
    retry = "with a fix"


class AddressNotVerified(ChargehandError):
    """{provider} does not say that your e-mail address is verified, so it cannot tell who you are. Ask
    {contact}."""

    status = 403
    retry = "with a fix"


class LinkedElsewhere(ChargehandError):
    """Your e-mail address belongs to somebody who signs in with another account of {provider}. If that one
    was replaced by yours, ask {contact} to have it forgotten."""

    status = 403
    retry = "with a fix"


class SingleSignOn:
    """Sign-ins through one provider."""

    def __init__(
        self, db: Database, provider: Provider, sessions: Sessions, groups: GroupRoles, contact: str
    ) -> None:
        """`contact`: whom somebody asks who is not let in."""
        self.provider = provider
        self._db = db
        self._sessions = sessions
        self._groups = groups
        self._facts = {"provider": provider.name, "contact": contact}

    def begin(self, *, again: bool = False) -> tuple[str, Attempt]:
        """Where the browser goes, and the attempt whose secret it keeps. `again`: the provider asks anew who
        it is, for people with several accounts. Raises ProviderDown."""
        attempt = Attempt.new()
        url = self.provider.authorization_url(attempt, again=again)
        with self._db.tx(GATE, "gate") as tx:
            tx.execute("identities.begin_attempt", sha256=sha256(attempt.state), seconds=ATTEMPT_SECONDS)
        return url, attempt

    def finish(
        self, attempt: Attempt | None, answer: Mapping[str, str], *, before: str = "", browser: str = ""
    ) -> str:
        """The cookie of the new session of whom the provider's answer vouches for. `attempt`: what this
        browser kept. An attempt is used up, whatever comes of it.

        Raises NotBegunHere, ProviderDown, NotVouched, NotOnRecord, AddressNotVerified, LinkedElsewhere."""
        if attempt is None or answer.get("state") != attempt.state:
            raise NotBegunHere
        with self._db.tx(GATE, "gate") as tx:
            if not tx.execute("identities.use_attempt", sha256=sha256(attempt.state)):
                raise NotBegunHere
        vouched = self.provider.vouched(attempt, answer)
        with self._db.tx(GATE, "gate") as tx:
            known = _known(tx, vouched)
            account = None if known else self._account(tx, vouched)
            person = known or find_person(tx, account or "")
        if person is None:
            raise NotOnRecord(**self._facts)
        with self._db.tx(person.principal("web"), "gate") as tx:
            if account:
                self._link(tx, vouched, account)
            follow(tx, person.person_id, self._groups.of(vouched.groups))
            now = find_person(tx, person.person_id) or person
            return self._sessions.begin(tx, now, before=before, browser=browser, issuer=vouched.issuer)

    def _account(self, tx: Tx, vouched: Vouched) -> str:
        """The account on the firm's records that has the verified address."""
        if tx.value("identities.linked", issuer=vouched.issuer, subject=vouched.subject):
            raise NotOnRecord(**self._facts)  # who it was linked to does not work here any more
        if not vouched.email:
            raise AddressNotVerified(**self._facts)
        account: str | None = tx.value("identities.account_of_address", email=vouched.email)
        if account is None:
            raise NotOnRecord(**self._facts)
        return account

    def _link(self, tx: Tx, vouched: Vouched, account: str) -> None:
        linked = tx.execute(
            "identities.link", issuer=vouched.issuer, subject=vouched.subject, person_id=account
        )
        if not linked:
            log.warning("sso.linked_elsewhere", person_id=account)
            raise LinkedElsewhere(**self._facts)
        tx.audit("access.identity_linked", f"person:{account}", issuer=vouched.issuer)


def _known(tx: Tx, vouched: Vouched) -> PersonRow | None:
    return tx.row("identities.person", PersonRow, issuer=vouched.issuer, subject=vouched.subject)
