"""Slack that is slow, down, or takes a message and does not say so: nobody misses anything, or hears it
twice."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from api.slack.clients import UnknownWorkspace, Workspaces
from api.wiring import Application
from tests.slack.people import Slack, words
from tests.workflow.firm import assignment, draft, principal
from workflow.deliveries import SurfaceDown

Work = Callable[[], None]


def due(owner: psycopg.Connection[Any]) -> None:
    """Let what waits for a moment be due now."""
    owner.execute("update workflow.delivery set not_before = now()")
    owner.execute("update workflow.surface set resume_at = now()")


def cards(slack: Slack, user: str) -> list[dict[str, Any]]:
    return [m for m in slack.messages(slack.chat_of(user)) if "Carl Cole" in words(m)]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("ratelimited", "a pause that Slack asks for is waited for"),
        ("drop", "what may have left is looked up"),
        ("service_unavailable", "an outage loses nothing"),
        ("token_revoked", "nor does a token that must be replaced"),
    ],
)
def test_each_hears_it_once(
    slack: Slack, desk: Application, work: Work, owner: psycopg.Connection[Any], fault: str, reason: str
) -> None:
    desk.workflow.propose(principal("paula"), draft(assignment()))
    slack.seed(faults={"chat.postMessage": {"kind": fault, "times": 1}})
    work()
    for _ in range(2):
        due(owner)
        work()
    assert [len(cards(slack, user)) for user in ("URITA", "UROLF")] == [1, 1], reason
    left = owner.execute("select count(*) from workflow.delivery where state <> 'sent'").fetchone()
    assert left == (0,)
    shown = owner.execute("select count(*) from workflow.post").fetchone()
    assert shown == (2,), "both are known, and drawn anew when it moves"


def test_who_is_not_in_slack_holds_nobody_back(
    slack: Slack, desk: Application, work: Work, owner: psycopg.Connection[Any]
) -> None:
    desk.workflow.propose(principal("paula"), draft(assignment()))
    slack.seed(users=[{"id": "URITA", "team_id": "T1", "profile": {"email": "x@example.com"}}])
    work()
    assert (cards(slack, "URITA"), len(cards(slack, "UROLF"))) == ([], 1)
    states = owner.execute("select state, count(*) from workflow.delivery group by 1 order by 1").fetchall()
    assert states == [("dropped", 1), ("sent", 1)]


def test_a_token_tells_its_workspace(slack: Slack) -> None:
    both = Workspaces(["xoxb-1", "xoxb-2"], slack.api_url)
    assert [both.find(team).bot_user for team in ("T1", "T2")] == ["UBOT1", "UBOT2"]
    with pytest.raises(UnknownWorkspace):
        both.find("T9")
    assert "xoxb" not in repr(both.find("T1")), "a token is in no log"


def test_a_slack_that_is_down_at_the_start_is_asked_again(slack: Slack) -> None:
    with pytest.raises(SurfaceDown):
        Workspaces(["xoxb-1"], "http://127.0.0.1:9/api/").find("T1")
    half = Workspaces(["xoxb-1", "xoxb-revoked"], slack.api_url)
    assert half.find("T1").team_id == "T1", "a token that is not taken stops no other"
    with pytest.raises(SurfaceDown):
        half.find("T2")
