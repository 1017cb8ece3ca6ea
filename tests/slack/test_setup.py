"""What an operator is told of the Slack app."""

from pathlib import Path

import pytest
import yaml

from api.cli.doctor_checks import Finding, Installation, examine
from api.cli.doctor_slack import SCOPES
from api.settings import Settings
from api.slack.desk import CHANGE_REQUEST, PATH
from tests.slack.people import SECRET, Slack

MANIFEST = Path(__file__).parents[2] / "docs" / "slack-manifest.yaml"


def findings(**settings: object) -> list[Finding]:
    return list(examine(Installation(Settings.model_validate(settings), None), ("slack",)))


@pytest.mark.parametrize(
    ("tokens", "scopes", "secret", "levels", "says"),
    [
        ("xoxb-1", ",".join(SCOPES), SECRET, ["ok"], "answers for T1"),
        ("xoxb-1", "chat:write", SECRET, ["warn"], "lacks scopes: app_mentions:read"),
        ("xoxb-1,xoxb-7", ",".join(SCOPES), SECRET, ["ok", "fail"], "bot token 2: invalid_auth"),
        ("xoxb-1", ",".join(SCOPES), None, ["fail", "ok"], "no way in"),
    ],
)
def test_the_doctor_says_what_is_missing(
    slack: Slack, tokens: str, scopes: str, secret: str | None, levels: list[str], says: str
) -> None:
    slack.seed(scopes=scopes)
    found = findings(slack_bot_tokens=tokens, slack_signing_secret=secret, slack_api_url=slack.api_url)
    assert [f.level for f in found] == levels and any(says in f.says for f in found)
    assert not any("xoxb" in f.says for f in found), "a token is told nobody"


def test_the_manifest_asks_for_what_is_served() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES
    assert [s["callback_id"] for s in manifest["features"]["shortcuts"]] == [CHANGE_REQUEST]
    addresses = [
        manifest["features"]["slash_commands"][0]["url"],
        manifest["settings"]["interactivity"]["request_url"],
        manifest["settings"]["event_subscriptions"]["request_url"],
    ]
    assert all(address.endswith(PATH) for address in addresses)


def test_every_scope_has_its_reason() -> None:
    told = MANIFEST.with_name("slack.md").read_text(encoding="utf-8")
    assert all(f"`{scope}`" in told for scope in SCOPES)
