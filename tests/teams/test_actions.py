"""Presses on cards: decided as on our pages, with the card as it is then for an answer."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.wiring import Application
from tests.teams.conftest import Say, eventually, post
from tests.teams.peer import CLIENT, TENANT, Peer, activity, object_id
from tests.workflow import firm
from workflow.cards import ProposalCard

NOT_THERE = str(UUID(int=7))
PEOPLE = ("paula", "rita", "rolf", "leo", "cleo")


@pytest.fixture
def card(application: Application, peer: Peer) -> ProposalCard:
    """Waits for rita, or rolf."""
    for person in PEOPLE:
        peer.member(person)
    return application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def press(say: Say, person: str, verb: str, card: ProposalCard, **typed: Any) -> dict[str, Any]:
    """The answer to a press: the card that stands there then."""
    about = {"proposal_id": str(card.proposal_id), "content_hash": card.content_hash, "version": 1}
    action = {"type": "Action.Execute", "verb": verb, "data": {**about, "verb": verb, **typed}}
    reply = say(person, type="invoke", name="adaptiveCard/action", value={"action": action})
    assert reply.status_code == 200
    answer: dict[str, Any] = reply.json()
    return answer


def state(application: Application, card: ProposalCard) -> str:
    return application.workflow.card(firm.principal("paula"), card.proposal_id).state


def test_it_is_approved_by_a_press(application: Application, say: Say, card: ProposalCard) -> None:
    answer = press(say, "rita", "approve", card)
    assert answer["statusCode"] == 200 and answer["type"] == "application/vnd.microsoft.card.adaptive"
    assert "You signed it." in str(answer)
    assert [a["title"] for a in answer["value"]["actions"]] == ["Open the page"], "its buttons are gone"
    signed = application.workflow.card(firm.principal("paula"), card.proposal_id)
    assert signed.state == "approved" and signed.steps[0].signatures[0].surface == "teams"


def test_the_loser_sees_who_decided(application: Application, say: Say, card: ProposalCard) -> None:
    press(say, "rita", "approve", card)
    answer = press(say, "rolf", "approve", card)
    assert "Rita Roth" in str(answer) and "Already" in str(answer)
    assert "'verb': 'approve'" not in str(answer)


def test_nobody_signs_their_own_and_strangers_sign_nothing(
    application: Application, say: Say, card: ProposalCard
) -> None:
    for person in ("paula", "cleo"):
        press(say, person, "approve", card)
        assert state(application, card) == "pending", person
    assert card.title not in str(press(say, "cleo", "refresh", card)), "what may not be seen is not there"


def test_what_was_changed_since_it_was_read_is_not_signed(
    application: Application, say: Say, card: ProposalCard
) -> None:
    stale = card.model_copy(update={"content_hash": "0" * 64})
    assert "Read it again" in str(press(say, "rita", "approve", stale))
    assert state(application, card) == "pending"


def test_a_rejection_needs_a_reason_which_is_asked_for_in_the_card(
    application: Application, say: Say, card: ProposalCard
) -> None:
    assert "'id': 'reason'" in str(press(say, "rita", "reject_form", card))
    assert "Say why" in str(press(say, "rita", "reject", card, reason="  "))
    assert state(application, card) == "pending"
    press(say, "rita", "reject", card, reason="She is on leave.")
    rejected = application.workflow.card(firm.principal("paula"), card.proposal_id)
    assert rejected.state == "rejected"
    assert rejected.steps[0].signatures[0].reason == "She is on leave."


def test_an_edit_is_a_new_version_and_its_faults_stand_beside_their_fields(
    application: Application, say: Say, card: ProposalCard
) -> None:
    wrong = press(say, "rita", "edit", card, **{"edit:hours_per_week": "many"})
    assert "'value': 'many'" in str(wrong) and "decimal" in str(wrong)
    press(say, "rita", "edit", card, **{"edit:hours_per_week": "16", "note": "Half of it."})
    edited = application.workflow.card(firm.principal("rolf"), card.proposal_id)
    assert edited.version == 2 and edited.versions[-1].author.person_id == "rita"
    assert edited.writes[0].body["hours_per_week"] == "16"


def test_a_question_is_asked_and_answered(application: Application, say: Say, card: ProposalCard) -> None:
    press(say, "rita", "ask", card, question="Does the client know?")
    found = application.workflow.card(firm.principal("paula"), card.proposal_id).questions[0]
    assert "Does the client know?" in str(press(say, "paula", "answer_form", card))
    press(say, "paula", "answer", card, answer="Yes.", question_id=str(found.question_id))
    answered = application.workflow.card(firm.principal("rita"), card.proposal_id)
    assert answered.questions[0].answer == "Yes."


def test_a_part_of_a_batch_is_approved(application: Application, say: Say, peer: Peer) -> None:
    for person in PEOPLE:
        peer.member(person)
    batch = application.workflow.propose(
        firm.principal("paula"), firm.draft(firm.returned_time("t-1", "t-2"))
    )
    signer = next(a.person.person_id for a in batch.steps[0].approvers)
    peer.member(signer)
    assert "Choose at least one" in str(press(say, signer, "accept_part", batch, keep="", reason="x"))
    press(say, signer, "accept_part", batch, keep="t-1", reason="The other is right.")
    found = application.workflow.card(firm.principal("paula"), batch.proposal_id)
    assert [d.item_id for d in found.declined_items] == ["t-2"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"proposal_id": "x", "verb": "approve"},
        {"proposal_id": NOT_THERE, "verb": "approve"},
        {"proposal_id": NOT_THERE, "verb": "drop_tables"},
        {"proposal_id": NOT_THERE, "verb": "reject", "reason": "x" * 5_000},
    ],
    ids=["nothing", "no id", "of nothing", "unknown", "too long"],
)
def test_a_press_that_is_none_does_nothing(say: Say, card: ProposalCard, data: dict[str, Any]) -> None:
    action = {"type": "Action.Execute", "verb": data.get("verb", "approve"), "data": data}
    reply = say("rita", type="invoke", name="adaptiveCard/action", value={"action": action})
    assert reply.status_code == 200 and "Open Chargehand" in str(reply.json())


def test_a_client_without_execute_sends_a_message_and_its_card_is_drawn_anew(
    application: Application, say: Say, peer: Peer, card: ProposalCard
) -> None:
    about = {"proposal_id": str(card.proposal_id), "content_hash": card.content_hash, "verb": "approve"}
    say("rita", value=about, replyToId="77")
    drawn = eventually(lambda: [s for s in peer.said() if s["how"] == "update" and s["id"] == "77"])
    assert "You signed it." in str(drawn) and state(application, card) == "approved"


# --- who is not known


def test_who_is_unknown_is_asked_to_sign_in_and_then_acts(
    application: Application, teams: TestClient, peer: Peer, card: ProposalCard
) -> None:
    """Teams tells nothing of this account; a token of the firm's directory does."""
    about = {"proposal_id": str(card.proposal_id), "content_hash": card.content_hash}
    who = {"from": {"id": "29:unlisted", "aadObjectId": object_id("rita")}}

    def pressed(token: str | None) -> dict[str, Any]:
        value: dict[str, Any] = {"action": {"type": "Action.Execute", "verb": "approve", "data": about}}
        if token:
            value["authentication"] = {"id": "1", "connectionName": "chargehand", "token": token}
        asked = activity(peer, "rita", type="invoke", name="adaptiveCard/action", value=value, **who)
        answer: dict[str, Any] = post(teams, asked, peer.token()).json()
        return answer

    asked = pressed(None)
    assert (asked["statusCode"], asked["type"]) == (401, "application/vnd.microsoft.activity.loginRequest")
    assert asked["value"]["tokenExchangeResource"]["uri"] == f"api://testserver/botid-{CLIENT}"
    mine = {"object_id": object_id("rita"), "address": "rita@example.com"}
    for why, token in {
        "another audience": peer.entra(**mine, aud="https://graph.microsoft.com"),
        "another tenant": peer.entra(**mine, tid="another"),
        "another issuer": peer.entra(**mine, iss=f"{peer.url}/another/v2.0"),
        "another account": peer.entra(object_id("rolf"), "rolf@example.com"),
        "a guest": peer.entra(**mine, acct=1),
        "over": peer.entra(**mine, exp=1),
    }.items():
        assert "not of your account" in str(pressed(token)), why
        assert state(application, card) == "pending", why
    assert "You signed it." in str(pressed(peer.entra(**mine)))
    assert state(application, card) == "approved"
    assert peer.registration.tenant_id == TENANT
