"""Which person an account is: by what the workspace vouches for, or by what the person said, signed in."""

from typing import Any

import pytest
from slack_sdk import WebClient

from api.chat.commands import NotLinked
from api.slack import members
from api.slack.clients import Workspaces
from api.slack.members import NotAMember
from api.wiring import Application
from tests.slack.people import Slack, member
from tests.workflow.firm import principal


def client(slack: Slack) -> WebClient:
    return WebClient("xoxb-1", slack.api_url)


@pytest.mark.parametrize(
    ("flags", "refused", "reason"),
    [
        ({}, None, "a full member whose address is confirmed"),
        ({"profile": {"email": "RITA@Example.com"}}, None, "addresses have no case"),
        ({"is_email_confirmed": False}, NotLinked, "anybody can type an address"),
        ({"profile": {"real_name": "Rita Roth", "display_name": "rita"}}, NotLinked, "a name proves nothing"),
        ({"profile": {"email": "rita@elsewhere.example"}}, NotLinked, "not the firm's address"),
        ({"is_restricted": True}, NotAMember, "a guest"),
        ({"is_ultra_restricted": True}, NotAMember, "a guest of one channel"),
        ({"is_bot": True}, NotAMember, "a bot"),
        ({"deleted": True}, NotAMember, "deactivated"),
        ({"team_id": "T9"}, NotAMember, "of another company, in a shared channel"),
    ],
)
def test_whom_the_workspace_vouches_for(
    slack: Slack, desk: Application, flags: dict[str, Any], refused: type[Exception] | None, reason: str
) -> None:
    slack.seed(users=[member("rita") | {"id": "UX"} | flags])
    workspace = Workspaces(["xoxb-1"], slack.api_url).find("T1")
    if refused is None:
        assert members.require(desk, workspace, "UX", client(slack)).person_id == "rita", reason
    else:
        with pytest.raises(refused):
            members.require(desk, workspace, "UX", client(slack))


def test_an_account_that_was_linked_on_the_page_stays_so(slack: Slack, desk: Application) -> None:
    slack.seed(users=[member("boss", profile={"email": "other@example.com"})])
    workspace = Workspaces(["xoxb-1"], slack.api_url).find("T1")
    with pytest.raises(NotLinked) as asked:
        members.require(desk, workspace, "UBOSS", client(slack))
    desk.accounts.confirm(principal("dora"), asked.value.facts["url"].rsplit("/", 1)[1])
    assert members.require(desk, workspace, "UBOSS", client(slack)).person_id == "dora"
    assert (
        desk.accounts.of(members.account_of(Workspaces(["xoxb-2"], slack.api_url).find("T2"), "UBOSS"))
        is None
    )
