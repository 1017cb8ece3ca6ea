"""Whose Slack account it is. The workspace vouches for a member's confirmed e-mail address; for anybody
else, the person says so on our page, signed in. Guests, bots and members of other companies, who meet us in
shared channels, are nobody here."""

from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from api.chat.accounts import Account
from api.chat.commands import NotLinked, link_url
from api.slack.clients import Workspace, reason
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError


class NotAMember(ChargehandError):
    """Chargehand works for full members of this workspace: not for guests, bots, or people of other
    companies."""

    status = 403


def find(app: Application, workspace: Workspace, user_id: str, client: WebClient) -> Principal | None:
    """Whose account it is, linked now where the workspace vouches for the address; None where nobody is
    known. Raises NotAMember."""
    account = account_of(workspace, user_id)
    if (found := app.accounts.of(account)) is not None:
        return found
    email = confirmed_email(workspace, user_id, client)
    return app.accounts.link_by_email(account, email) if email else None


def require(app: Application, workspace: Workspace, user_id: str, client: WebClient) -> Principal:
    """Whose account it is. Raises NotAMember, and NotLinked with a link for that member's eyes only."""
    found = find(app, workspace, user_id, client)
    if found is None:
        raise NotLinked(url=link_url(app, account_of(workspace, user_id)))
    return found


def account_of(workspace: Workspace, user_id: str) -> Account:
    return Account("slack", workspace.team_id, user_id)


def confirmed_email(workspace: Workspace, user_id: str, client: WebClient) -> str | None:
    """The address that the workspace vouches for; None where it vouches for none. Raises NotAMember."""
    try:
        user: dict[str, Any] = client.users_info(user=user_id)["user"]
    except SlackApiError as e:
        if reason(e) in ("user_not_found", "user_not_visible"):
            raise NotAMember from e
        raise
    if not is_full_member(user, workspace.team_id):
        raise NotAMember
    profile = user.get("profile", {})
    return profile.get("email") if user.get("is_email_confirmed") is True else None


def by_email(workspace: Workspace, email: str) -> str | None:
    """The full member whose confirmed address it is."""
    try:
        user: dict[str, Any] = workspace.client.users_lookupByEmail(email=email)["user"]
    except SlackApiError as e:
        if reason(e) == "users_not_found":
            return None
        raise
    confirmed = is_full_member(user, workspace.team_id) and user.get("is_email_confirmed") is True
    return str(user["id"]) if confirmed else None


def is_full_member(user: dict[str, Any], team_id: str) -> bool:
    """Whether it is a person who belongs to the workspace."""
    others = ("is_bot", "is_stranger", "deleted", "is_restricted", "is_ultra_restricted", "is_invited_user")
    return user.get("team_id") == team_id and not any(user.get(flag) for flag in others)
