"""Whose account wrote: the one that is linked, or that Teams vouches for. A display name proves nothing."""

import asyncio
from typing import Any

import jwt
import structlog
from microsoft_teams.api.models.account import TeamsChannelAccount
from microsoft_teams.apps.auth import TokenValidator

from api.chat.accounts import Account
from api.teams.arrivals import Sender
from api.teams.connector import Chat, Connector, ConversationGone, TeamsRefused
from api.teams.registration import Registration
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError

log = structlog.get_logger(__name__)


class DirectoryTokenRefused(ChargehandError):
    """This sign-in is not of your account here: {reason}."""

    status = 403


class Identity:
    """Accounts of one tenant to people of the firm. Guests of the tenant are nobody."""

    def __init__(self, app: Application, connector: Connector, registration: Registration) -> None:
        self._app, self._connector, self._registration = app, connector, registration
        self._validator = TokenValidator.for_entra(
            registration.client_id,
            registration.tenant_id,
            application_id_uri=registration.resource_at(app.public_host),
            cloud=registration.cloud,
        )

    def of(self, sender: Sender, chat: Chat) -> Principal | None:
        """Whom the account acts for; None where nobody linked it and its address is nobody's, or Teams does
        not tell it, e.g. of a chat that we are not in. Raises SurfaceDown."""
        if found := self._app.accounts.of(sender.account):
            return found
        try:
            member = self._connector.member(chat, sender.user_id)
        except (ConversationGone, TeamsRefused):
            return None
        if not _vouched(member, sender.account):
            return None
        for address in dict.fromkeys(filter(None, (member.user_principal_name, member.email))):
            if found := self._app.accounts.link_by_email(sender.account, address):
                return found
        return None

    def sign_in(self, sender: Sender, token: str) -> Principal | None:
        """Link by a token of the firm's directory, got by single sign-on for this very account. Raises
        DirectoryTokenRefused."""
        try:
            claims: dict[str, Any] = asyncio.run(self._validator.validate_token(token))
        except jwt.PyJWTError as e:
            log.warning("teams.sign_in_refused", reason=type(e).__name__)
            raise DirectoryTokenRefused(reason="the token is not good") from e
        if claims.get("tid") != self._registration.tenant_id:
            raise DirectoryTokenRefused(reason="it is of another organization")
        if str(claims.get("oid", "")).lower() != sender.account.account:
            raise DirectoryTokenRefused(reason="it is of another account")
        if claims.get("acct") == 1 or _is_guest(str(claims.get("preferred_username", ""))):
            raise DirectoryTokenRefused(reason="guests are not served")
        for name in ("preferred_username", "upn", "email"):
            address = claims.get(name)
            if address and (found := self._app.accounts.link_by_email(sender.account, str(address))):
                return found
        return None


def _vouched(member: TeamsChannelAccount, account: Account) -> bool:
    """Whether Teams says that this is a member of our tenant, and the one who wrote."""
    return (
        (member.aad_object_id or "").lower() == account.account
        and (member.tenant_id or account.workspace) == account.workspace
        and member.user_role != "guest"
        and not _is_guest(member.user_principal_name or "")
    )


def _is_guest(user_principal_name: str) -> bool:
    """The name that the directory gives to guests, whatever else it says of them."""
    return "#ext#" in user_principal_name.lower()
