"""The thread that asked hears what became of it; what others read there says nothing of it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.chat import places
from api.chat.places import Place
from api.wiring import Application
from tests.slack.people import Slack, member, words
from tests.workflow.firm import assignment, draft, principal
from workflow.cards import ProposalCard

Work = Callable[[], None]


def asked_at(desk: Application, *spots: Place) -> UUID:
    """A conversation of paula's that takes place there."""
    first, *others = spots
    thread_id = places.thread_for(desk.db, desk.copilot, principal("paula").on("slack"), first)
    for other in others:
        places.also_at(desk.db, principal("paula"), thread_id, other)
    return thread_id


def decided(slack: Slack, desk: Application, work: Work, thread_id: UUID) -> ProposalCard:
    card = desk.workflow.propose(principal("paula"), draft(assignment(), thread_id=thread_id))
    work()
    desk.workflow.decide(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    work()
    return card


def thread(slack: Slack, channel: str, root: str) -> list[dict[str, Any]]:
    return [m for m in slack.messages(channel) if m.get("thread_ts") == root and m.get("bot_id")]


def test_the_thread_that_asked_hears_the_outcome(slack: Slack, desk: Application, work: Work) -> None:
    root = slack.said("UPAULA", "Book Carl on Aurora")["ts"]
    chat = slack.chat_of("UPAULA")
    card = decided(slack, desk, work, asked_at(desk, Place("slack", "T1", chat, root)))
    [heard] = thread(slack, chat, root)
    assert "approved" in words(heard) and str(card.proposal_id) in words(heard)


def test_where_others_read_the_thread_hears_that_there_is_news(
    slack: Slack, desk: Application, work: Work
) -> None:
    public = slack.said("UPAULA", "<@UBOT1> book Carl on Aurora", channel="C1")["ts"]
    root = slack.said("UPAULA", "(the bot's note that it was asked in C1)")["ts"]
    chat = slack.chat_of("UPAULA")
    shared = Place("slack", "T1", "C1", public, shared=True)
    decided(slack, desk, work, asked_at(desk, shared, Place("slack", "T1", chat, root)))
    [line] = thread(slack, "C1", public)
    assert "news" in words(line) and "Carl" not in words(line) and "approved" not in words(line)
    [heard] = thread(slack, chat, root)
    assert "approved" in words(heard)


def test_a_person_of_the_second_workspace_is_reached_there(
    slack: Slack, desk: Application, work: Work
) -> None:
    """Each workspace has its own token, and accounts of its own."""
    slack.seed(users=[{"id": "URITA", "team_id": "T1", "profile": {}}, member("rita", "T2") | {"id": "W2"}])
    card = desk.workflow.propose(principal("paula"), draft(assignment()))
    work()
    [message] = slack.messages(slack.chat_of("W2", "T2"))
    assert message["user"] == "UBOT2"
    slack.presses("W2", slack.chat_of("W2", "T2"), message, "card.approve", team="T2")
    assert desk.workflow.card(principal("dora"), card.proposal_id).state == "approved"
