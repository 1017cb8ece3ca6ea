"""Whose chat account it is. A display name proves nothing: an account is linked because the workspace vouches
for its e-mail address, because its owner, signed in, says so on our page, or because the firm's own sign-in
did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from api.auth.people import GATE, find_person
from api.auth.secrets import new_secret, sha256
from models.access import NotFound, Principal
from models.errors import ChargehandError
from store.db import Database, Tx

ChatSurface = Literal["slack", "teams"]
LinkedBy = Literal["email", "page", "sso"]

INVITATION_LIFETIME = timedelta(minutes=30)


class InvitationSpent(ChargehandError):
    """This link was used already, or its time is over. Write 'link' to Chargehand in chat for a new one."""

    status = 410
    retry = "with a fix"


@dataclass(frozen=True)
class Account:
    """A member of a chat workspace."""

    surface: ChatSurface
    workspace: str  # Slack: the team's id; Teams: the tenant's
    account: str  # Slack: the user's id; Teams: the object id in the directory

    @property
    def key(self) -> dict[str, str]:
        return {"surface": self.surface, "workspace": self.workspace, "account": self.account}


@dataclass(frozen=True)
class LinkedAccount:
    """An account and whose it is."""

    surface: ChatSurface
    workspace: str
    account: str
    person_id: str
    channel: str | None  # the private chat with it, once it is known
    service_url: str | None  # Teams: where that chat is reached

    @property
    def address(self) -> Account:
        return Account(self.surface, self.workspace, self.account)


@dataclass(frozen=True)
class AccountView:
    """One of a person's own accounts."""

    surface: ChatSurface
    workspace: str
    account: str
    person_id: str
    linked_by: LinkedBy
    linked_at: datetime


class Accounts:
    """The accounts of one installation's people, for the desk. Role: gate."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, account: Account) -> Principal | None:
        """Whom the account acts for now: None where it is not linked, or its person works here no more."""
        with self._db.tx(GATE, "gate") as tx:
            linked = tx.row("chat.account", LinkedAccount, **account.key)
            person = find_person(tx, linked.person_id) if linked else None
        return person.principal(account.surface) if person else None

    def link_by_email(self, account: Account, email: str) -> Principal | None:
        """Link an account whose workspace vouches for the address; None where nobody has
        it, and where the account was unlinked before: then only the page links it again."""
        with self._db.tx(GATE, "gate") as tx:
            link_by_email(tx, account, email)
        return self.of(account)

    def invite(self, account: Account) -> str:
        """A token for /link/{token}, where whoever is signed in is asked whether the account is theirs."""
        token = new_secret()
        with self._db.tx(GATE, "gate") as tx:
            tx.execute(
                "chat.add_invitation",
                sha256=sha256(token),
                seconds=INVITATION_LIFETIME.total_seconds(),
                **account.key,
            )
        return token

    def invited(self, token: str) -> Account:
        """The account that an invitation asks about. Raises InvitationSpent."""
        with self._db.tx(GATE, "gate") as tx:
            return _invited(tx, token)

    def confirm(self, principal: Principal, token: str) -> Account:
        """The account of an invitation is the principal's from now on. Raises InvitationSpent."""
        with self._db.tx(principal, "gate") as tx:
            account = _invited(tx, token)
            if not tx.execute("chat.use_invitation", sha256=sha256(token)):
                raise InvitationSpent
            link(tx, account, principal.person_id, "page")
        return account

    def link_by_sign_in(self, account: Account, person_id: str) -> None:
        """The firm's sign-in says whose account it is."""
        with self._db.tx(GATE, "gate") as tx:
            link(tx, account, person_id, "sso")

    def mine(self, principal: Principal) -> list[AccountView]:
        with self._db.tx(principal, "gate") as tx:
            return tx.rows("chat.accounts", AccountView, person_id=principal.person_id)

    def unlink(self, principal: Principal, account: Account) -> None:
        """Raises NotFound where it is not the principal's."""
        with self._db.tx(principal, "gate") as tx:
            if not tx.execute("chat.unlink", person_id=principal.person_id, **account.key):
                raise NotFound(what="chat account", id=account.account)
            tx.audit("access.chat_unlinked", f"person:{principal.person_id}", account=account.key)

    def note_channel(self, account: Account, channel: str, service_url: str | None = None) -> None:
        """Remember where the private chat with an account is."""
        with self._db.tx(GATE, "gate") as tx:
            tx.execute("chat.note_channel", channel=channel, service_url=service_url, **account.key)


def reach(tx: Tx, person_id: str, surface: ChatSurface) -> LinkedAccount | None:
    """The account by which a person is reached. Role: worker or gate."""
    return tx.row("chat.reach", LinkedAccount, person_id=person_id, surface=surface)


def link_by_email(tx: Tx, account: Account, email: str) -> bool:
    """As Accounts.link_by_email, in a transaction: whether it was linked now. Role: worker or gate."""
    person_id = tx.value("chat.person_by_email", email=email.strip())
    if person_id is None or not tx.execute("chat.link_by_email", person_id=person_id, **account.key):
        return False
    tx.audit("access.chat_linked", f"person:{person_id}", by="email", account=account.key)
    return True


def link(tx: Tx, account: Account, person_id: str, by: LinkedBy) -> None:
    """The account is proved to be the person's. Role: gate."""
    tx.execute("chat.link", person_id=person_id, linked_by=by, **account.key)
    tx.audit("access.chat_linked", f"person:{person_id}", by=by, account=account.key)


def _invited(tx: Tx, token: str) -> Account:
    account = tx.row("chat.invitation", Account, sha256=sha256(token))
    if account is None:
        raise InvitationSpent
    return account
