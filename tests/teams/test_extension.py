"""The message extension: what is found, what others see of it, and a change request of a message."""

from typing import Any

import pytest

from api.wiring import Application
from tests.teams.conftest import Say, eventually
from tests.teams.peer import Peer
from tests.workflow import firm
from workflow.cards import ProposalCard


@pytest.fixture
def card(application: Application, peer: Peer) -> ProposalCard:
    for person in ("paula", "rita", "cleo"):
        peer.member(person)
    return application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def search(say: Say, person: str, text: str) -> dict[str, Any]:
    value = {"commandId": "proposals", "parameters": [{"name": "text", "value": text}]}
    answer: dict[str, Any] = say(person, type="invoke", name="composeExtension/query", value=value).json()
    return answer["composeExtension"]


def test_who_may_see_a_proposal_finds_it(say: Say, card: ProposalCard) -> None:
    (found,) = search(say, "rita", card.title[:8])["attachments"]
    assert found["preview"]["content"]["title"] == card.title
    assert search(say, "rita", "no such words").get("attachments", []) == []
    assert search(say, "cleo", card.title[:8]).get("attachments", []) == []


def test_what_is_brought_to_others_says_nothing_and_each_gets_a_view_of_their_own(
    say: Say, card: ProposalCard
) -> None:
    (found,) = search(say, "rita", "")["attachments"]
    assert card.title not in str(found["content"])
    refresh = found["content"]["refresh"]["action"]

    def view(person: str) -> str:
        value = {"action": {"type": "Action.Execute", "verb": "refresh", "data": refresh["data"]}}
        return str(say(person, type="invoke", name="adaptiveCard/action", value=value).json())

    assert "'verb': 'approve'" in view("rita")
    assert card.title in view("paula") and "'verb': 'approve'" not in view("paula")
    assert card.title not in view("cleo")


def test_who_is_unknown_is_asked_to_link(say: Say, card: ProposalCard) -> None:
    answer = search(say, "nobody", "")
    assert answer["type"] == "auth" and "/link/" in answer["suggestedActions"]["actions"][0]["value"]


def test_a_message_is_made_a_change_request_of(say: Say, peer: Peer, card: ProposalCard) -> None:
    said = {
        "id": "1",
        "body": {"contentType": "html", "content": "<p>Two more <b>dashboards</b>, please.</p>"},
    }
    asked = {"commandId": "change_request", "commandContext": "message", "messagePayload": said}
    form = say("paula", type="invoke", name="composeExtension/fetchTask", value=asked).json()["task"]
    card_shown = form["value"]["card"]["content"]
    fields = {p["id"]: p for p in card_shown["body"] if p["type"].startswith("Input.")}
    assert fields["text"]["value"] == "Two more dashboards, please."
    project = next(c for c in fields["project"]["choices"] if c["value"] == "aurora")
    sent = asked | {"data": {"project": project["value"], "text": fields["text"]["value"]}}
    told = say("paula", type="invoke", name="composeExtension/submitAction", value=sent).json()["task"]
    assert "The answer comes to your chat" in told["value"]
    chat = "a:with-29:paula"
    first = eventually(lambda: [m["text"] for m in peer.messages(chat) if "text" in m], 60)[0]
    assert project["title"] in first and "Two more dashboards" in first
    assert len(eventually(lambda: peer.messages(chat)[1:], 60)) >= 1


@pytest.mark.parametrize(
    ("person", "data", "answer"),
    [
        ("cleo", {}, "permission"),
        ("nobody", {}, "I do not know whose account this is"),
    ],
)
def test_a_change_request_is_for_who_may_ask_for_one(
    say: Say, card: ProposalCard, person: str, data: dict[str, Any], answer: str
) -> None:
    asked = {"commandId": "change_request", "commandContext": "message", "data": data}
    opened = say(person, type="invoke", name="composeExtension/fetchTask", value=asked).json()
    assert answer in opened["task"]["value"]


def test_a_project_that_one_may_not_see_is_none(
    say: Say, application: Application, card: ProposalCard
) -> None:
    asked = {
        "commandId": "change_request",
        "commandContext": "message",
        "data": {"project": "no-such-project", "text": "More."},
    }
    told = say("paula", type="invoke", name="composeExtension/submitAction", value=asked).json()["task"]
    assert told["value"] == "Choose a project."
