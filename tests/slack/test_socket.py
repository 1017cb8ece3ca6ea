"""Socket Mode carries what requests carry, and is opened anew when Slack asks for it."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from api.database import Place
from api.wiring import Application
from tests.slack.conftest import serving
from tests.slack.people import Slack, member, until, words
from tests.workflow.firm import assignment, draft, principal


@pytest.fixture
def desk(place: Place, slack: Slack) -> Iterator[Application]:
    with serving(place, slack, slack_signing_secret=None, slack_app_token="xapp-1") as found:
        until(lambda: slack.look()["sockets"] == 1)
        yield found


def push(slack: Slack, kind: str, payload: dict[str, Any], *, answers: bool = True) -> dict[str, Any]:
    """What is acknowledged; empty where nothing was within three seconds."""
    sent = {"envelope_id": uuid4().hex, "type": kind, "payload": payload, "accepts_response_payload": answers}
    reply = slack.peer.post("/_peer/envelope", json=sent)
    return dict(reply.json()) if reply.is_success else {}


def test_events_and_commands_come_through_the_socket(slack: Slack, desk: Application) -> None:
    slack.seed(users=[member("stranger")])
    said = slack.said("USTRANGER", "hello")
    event = slack.envelope(said, event_id="Ev1")
    assert push(slack, "events_api", event, answers=False)
    assert push(slack, "events_api", event, answers=False), "also when it comes again"
    until(lambda: len(slack.messages(slack.chat_of("USTRANGER"))) == 2)
    card = desk.workflow.propose(principal("paula"), draft(assignment()))
    asked = {"command": "/chargehand", "text": "inbox", "team_id": "T1", "user_id": "URITA"}
    body = asked | {"channel_id": "C1", "trigger_id": slack.trigger(), "response_url": slack.api_url}
    assert card.title in words(push(slack, "slash_commands", body)["payload"])
    assert len(slack.messages(slack.chat_of("USTRANGER"))) == 2, "answered once"


def test_a_workspace_that_is_not_ours_is_refused_there_too(slack: Slack, desk: Application) -> None:
    event = slack.envelope(slack.said("UPAULA", "hello"), team="T9")
    assert push(slack, "events_api", event, answers=False) == {}


def test_a_socket_that_slack_takes_down_is_opened_anew(slack: Slack, desk: Application) -> None:
    push(slack, "disconnect", {})
    slack.peer.post("/_peer/hang_up")
    time.sleep(0.2)
    until(lambda: slack.look()["sockets"] == 1)
    slack.seed(users=[member("stranger")])
    assert push(slack, "events_api", slack.envelope(slack.said("USTRANGER", "hello")), answers=False)


def test_without_a_signing_secret_nothing_is_received_by_http(slack: Slack, desk: Application) -> None:
    assert slack.event(slack.said("UPAULA", "hello")).status_code == 404
