"""Whether the Slack app is set up: each bot token tells its workspace, and holds the scopes of its
manifest."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.cli.doctor_checks import Installation, Level

# As docs/slack-manifest.yaml asks for them.
SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "chat:write",
        "commands",
        "files:read",
        "groups:history",
        "im:history",
        "im:write",
        "metadata.message:read",
        "users:read",
        "users:read.email",
    }
)


def slack(of: "Installation") -> "Iterator[tuple[Level, str, str]]":
    """Slack is set up, or not at all."""
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

    from api.slack.clients import SECONDS_BEFORE, reason

    settings = of.settings
    if not settings.slack_bot_tokens:
        yield "ok", "Slack is not connected", ""
        return
    if settings.slack_signing_secret is None and settings.slack_app_token is None:
        says = "Slack has no way in: neither a signing secret nor an app-level token is set"
        yield (
            "fail",
            says,
            "Set CHARGEHAND_SLACK_SIGNING_SECRET, or CHARGEHAND_SLACK_APP_TOKEN for Socket Mode.",
        )
    for number, token in enumerate(settings.slack_bot_tokens, 1):
        client = WebClient(token.get_secret_value(), str(settings.slack_api_url), SECONDS_BEFORE)
        try:
            told = client.auth_test()
        except (SlackApiError, OSError) as error:
            says = f"Slack does not take bot token {number}: {reason(error)}"
            yield "fail", says, "Check CHARGEHAND_SLACK_BOT_TOKENS: one xoxb token for each workspace."
            continue
        held = {name.lower(): value for name, value in told.headers.items()}.get("x-oauth-scopes", "")
        missing = sorted(SCOPES - {scope.strip() for scope in held.split(",")})
        if missing:
            says = f"the Slack app of {told['team']} lacks scopes: {', '.join(missing)}"
            yield "warn", says, "Take docs/slack-manifest.yaml for the app, and install it again."
        else:
            yield "ok", f"Slack answers for {told['team']}", ""
