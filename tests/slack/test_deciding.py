"""Deciding in Slack: as whoever presses, at the press, about what the card showed; seen wherever it was."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from api.wiring import Application
from tests.slack.people import Slack, buttons, member, until, words
from tests.slack.sent import sent
from tests.workflow.firm import assignment, draft, principal
from workflow.cards import ProposalCard

Work = Callable[[], None]


@pytest.fixture
def card(desk: Application, work: Work) -> ProposalCard:
    """Waits for rita, or rolf, who hear it as soon as the worker works."""
    return desk.workflow.propose(principal("paula"), draft(assignment()))


def shown(slack: Slack, user: str, card: ProposalCard) -> dict[str, Any]:
    """The message that shows the card to its reader."""
    found = told(slack, user, card)
    assert len(found) == 1, "it is told once"
    return found[0]


def told(slack: Slack, user: str, card: ProposalCard) -> list[dict[str, Any]]:
    return [m for m in slack.messages(slack.chat_of(user)) if str(card.proposal_id) in words(m)]


def actions(message: dict[str, Any]) -> set[str]:
    return {b["action_id"] for b in buttons(message)}


def state(desk: Application, card: ProposalCard) -> str:
    return desk.workflow.card(principal("dora"), card.proposal_id).state


def test_a_card_comes_to_who_must_sign_and_is_approved_there(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    work()
    before = shown(slack, "URITA", card)
    assert {"card.approve", "card.reject"} <= actions(before) and "Carl Cole" in words(before)
    assert slack.presses("URITA", slack.chat_of("URITA"), before, "card.approve").status_code == 200
    assert state(desk, card) == "approved", "decided when the press is acknowledged"
    signature = desk.workflow.card(principal("rita"), card.proposal_id).steps[0].signatures[0]
    assert (signature.person.person_id, signature.surface) == ("rita", "slack")
    work()
    for user in ("URITA", "UROLF"):
        after = shown(slack, user, card)
        assert not {"card.approve", "card.reject"} & actions(after), "also before the colleague"
        assert "Rita Roth" in words(after)
    assert any("approved" in words(m).lower() for m in slack.messages(slack.chat_of("UPAULA")))


def test_a_decision_on_the_web_takes_the_buttons_away(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    work()
    desk.workflow.decide(
        principal("rolf"), card.proposal_id, content_hash=card.content_hash, verdict="reject", reason="no"
    )
    work()
    after = shown(slack, "URITA", card)
    assert not {"card.approve", "card.reject"} & actions(after)
    assert "Rolf Rau" in words(after)


def test_of_two_who_press_at_once_one_decides_and_the_other_hears_who(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    work()
    messages = {user: shown(slack, user, card) for user in ("URITA", "UROLF")}
    threads = [
        threading.Thread(target=slack.presses, args=(user, slack.chat_of(user), message, "card.approve"))
        for user, message in messages.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    signed = desk.workflow.card(principal("dora"), card.proposal_id).steps[0].signatures
    assert len(signed) == 1
    [whispered] = slack.look()["ephemeral"]
    assert whispered["text"] == f"Already approved by {signed[0].person.name}."
    assert whispered["user"] != f"U{signed[0].person.person_id.upper()}"


@pytest.mark.parametrize(
    ("user", "says", "reason"),
    [
        ("UPAULA", "You proposed", "who proposed it"),
        ("UCARL", "no proposal", "who may not see it, and hears nothing of it"),
        ("UGUEST", "full members", "a guest of the workspace"),
        ("UOTHER", "full members", "somebody of another company, by a shared channel"),
        ("UNOBODY", "/link/", "a member whom the firm does not know"),
    ],
)
def test_who_may_not_decide_is_told_so_alone(
    slack: Slack,
    desk: Application,
    card: ProposalCard,
    work: Work,
    user: str,
    says: str,
    reason: str,
) -> None:
    slack.seed(
        users=[
            member("guest", is_restricted=True),
            member("other", team="T7", profile={"email": "rita@example.com"}),
            member("nobody"),
        ],
        channels=[
            {
                "channel": "C2",
                "team_id": "T1",
                "members": ["UPAULA", "UCARL", "UGUEST", "UOTHER", "UNOBODY", "UBOT1"],
            }
        ],
    )
    work()
    assert slack.presses(user, "C2", shown(slack, "URITA", card), "card.approve").status_code == 200
    [whispered] = slack.look()["ephemeral"]
    assert whispered["user"] == user and says in whispered["text"], reason
    assert state(desk, card) == "pending"


def test_a_rejection_says_why_and_the_form_says_what_is_missing(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    work()
    slack.presses("URITA", slack.chat_of("URITA"), shown(slack, "URITA", card), "card.reject")
    form = slack.look()["views"][-1]
    refused = slack.submits("URITA", sent(form, {"_text": " "}))
    assert refused["response_action"] == "errors" and "reason" in refused["errors"]["_text"]
    assert state(desk, card) == "pending"
    assert slack.submits("URITA", sent(form, {"_text": "Carl is on leave"})) == {}
    assert state(desk, card) == "rejected"
    late = slack.submits("UROLF", sent(form, {"_text": "Nor do I like it"}))
    assert late["response_action"] == "update" and "Rita Roth" in words(late["view"])


def test_an_edit_makes_a_version_that_somebody_else_signs(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    work()
    slack.presses("URITA", slack.chat_of("URITA"), shown(slack, "URITA", card), "card.edit")
    form = slack.look()["views"][-1]
    wrong = slack.submits("URITA", sent(form, {"hours_per_week": "-4", "_text": "less"}))
    assert wrong["response_action"] == "errors" and "hours_per_week" in wrong["errors"]
    assert slack.submits("URITA", sent(form, {"hours_per_week": "16", "_text": "less"})) == {}
    work()
    edited = desk.workflow.card(principal("dora"), card.proposal_id)
    assert (edited.version, edited.state) == (2, "pending")
    cards = told(slack, "UROLF", card)
    assert len(cards) == 2, "there is something new to sign"
    assert all("16 h a week" in words(m) for m in cards), "and nothing old is shown"


def test_what_was_read_before_an_edit_cannot_be_approved(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    work()
    before = shown(slack, "UROLF", card)
    action = card.action.model_copy(update={"hours_per_week": Decimal(12)})
    desk.workflow.edit(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, action=action, note="less"
    )
    slack.presses("UROLF", slack.chat_of("UROLF"), before, "card.approve")
    [whispered] = slack.look()["ephemeral"]
    assert "version 2" in whispered["text"] and state(desk, card) == "pending"


def test_a_question_goes_to_who_asked_for_it_and_is_answered_there(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    work()
    slack.presses("URITA", slack.chat_of("URITA"), shown(slack, "URITA", card), "card.ask")
    slack.submits("URITA", sent(slack.look()["views"][-1], {"_text": "Who covers April?"}))
    work()
    asked = shown(slack, "UPAULA", card)
    assert "Who covers April?" in words(asked)
    slack.presses("UPAULA", slack.chat_of("UPAULA"), asked, "card.answer")
    assert slack.submits("UPAULA", sent(slack.look()["views"][-1], {"_text": "Cleo does"})) == {}
    work()
    card_of_hers, answer = told(slack, "URITA", card)
    assert "Cleo does" in words(card_of_hers) and "Cleo does" in words(answer)


def test_a_message_that_was_deleted_is_let_go(
    slack: Slack, desk: Application, card: ProposalCard, work: Work, owner: psycopg.Connection[Any]
) -> None:
    work()
    slack.seed(faults={"chat.update": {"kind": "message_not_found", "times": 1}})
    desk.workflow.decide(
        principal("rolf"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    work()
    gone = owner.execute("select count(*) filter (where gone_at is not null), count(*) from workflow.post")
    assert gone.fetchone() == (1, 2), "one is gone, and the other was drawn"


def test_the_queue_on_app_home_is_filtered_and_follows_decisions(
    slack: Slack, desk: Application, card: ProposalCard, work: Work
) -> None:
    slack.event({"type": "app_home_opened", "user": "URITA", "channel": "D1", "tab": "home"})
    first = until(lambda: homes(slack, "URITA"))[-1]
    assert card.title in words(first)
    other = {"type": "button", "action_id": "home.box.asked", "value": "asked"}
    slack.presses_home("URITA", first, other)
    assert "proposed nothing" in words(homes(slack, "URITA")[-1])
    show = next(b for b in buttons(first) if b["action_id"] == "home.show")
    slack.presses_home("URITA", first, show)
    message = until(lambda: slack.messages(slack.chat_of("URITA")))[0]
    slack.presses("URITA", slack.chat_of("URITA"), message, "card.approve")
    until(lambda: "Nothing waits" in words(homes(slack, "URITA")[-1]))


def homes(slack: Slack, user: str) -> list[dict[str, Any]]:
    return [v for v in slack.look()["views"] if v["type"] == "home" and v["user_id"] == user]
