"""What Slack sends is believed where Slack signed it, kept before it is acknowledged, and worked once."""

import json
import time
from typing import Any

import pytest

from api.wiring import Application
from tests.slack.people import Slack, member, until


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"secret": "another"}, "signed with another secret"),
        ({"ago": 6 * 60}, "recorded six minutes ago and replayed"),
        ({"ago": -6 * 60}, "from the future"),
    ],
)
def test_what_is_not_signed_now_by_slack_does_not_get_in(
    slack: Slack, desk: Application, how: dict[str, Any], reason: str
) -> None:
    said = slack.said("UPAULA", "who is free next week?")
    assert slack.event(said, **how).status_code == 401, reason
    assert kept(desk) == []


def test_what_was_changed_on_the_way_does_not_get_in(slack: Slack, desk: Application) -> None:
    assert slack.ours
    body = json.dumps(slack.envelope(slack.said("UPAULA", "hello")))
    genuine = slack.send(body, "application/json").request
    altered = slack.ours.post(
        "/slack/events", content=body.replace("hello", "hallo"), headers=genuine.headers
    )
    assert altered.status_code == 401


def test_the_address_is_confirmed_when_slack_asks(slack: Slack, desk: Application) -> None:
    asked = json.dumps({"type": "url_verification", "challenge": "c-1", "token": "x"})
    reply = slack.send(asked, "application/json")
    assert (reply.status_code, reply.json()) == (200, {"challenge": "c-1"})


def test_a_workspace_that_is_not_ours_is_refused(slack: Slack, desk: Application) -> None:
    said = slack.said("UPAULA", "hello")
    assert slack.event(said, team="T9").status_code >= 400
    assert kept(desk) == []


def test_what_slack_hands_in_again_is_worked_once(slack: Slack, desk: Application) -> None:
    slack.seed(users=[member("stranger")])
    said = slack.said("USTRANGER", "What waits for my decision?")
    for attempt in range(3):
        again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"} if attempt else {}
        assert slack.event(said, event_id="Ev1", **again).status_code == 200
    until(lambda: [state for _, state in kept(desk)] == ["done"])
    assert len(answers(slack, "USTRANGER", said["ts"])) == 1


def test_it_is_acknowledged_within_three_seconds_although_slack_itself_is_slow(
    slack: Slack, desk: Application
) -> None:
    slack.seed(faults={"users.info": {"kind": "ratelimited", "times": 2}})
    began = time.monotonic()
    slack.seed(users=[member("stranger")])
    assert slack.writes("USTRANGER", "What waits for my decision?").status_code == 200
    assert time.monotonic() - began < 3.0


def kept(desk: Application) -> list[tuple[str, str]]:
    from api.auth.people import GATE

    with desk.db.tx(GATE, "gate") as tx:
        return [
            (key, state)
            for key, state in tx.connection.execute("select key, state from talk.inbound order by inbound_id")
        ]


def answers(slack: Slack, user: str, root: str) -> list[dict[str, Any]]:
    return [m for m in slack.messages(slack.chat_of(user)) if m.get("thread_ts") == root and m.get("bot_id")]
