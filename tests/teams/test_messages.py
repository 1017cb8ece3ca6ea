"""What people write to the bot: kept, acknowledged, worked, and answered to whom it may be told."""

from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.chat.accounts import Account
from api.wiring import Application
from tests.teams.conftest import Say, eventually
from tests.teams.peer import BOT, TENANT, Peer, object_id

CHANNEL = {"id": "19:general@thread.tacv2;messageid=77", "conversationType": "channel", "tenantId": TENANT}
GROUP = {"id": "19:group@thread.v2", "conversationType": "groupChat", "tenantId": TENANT}
MENTION = [{"type": "mention", "text": "<at>Chargehand</at>", "mentioned": {"id": BOT, "name": "Chargehand"}}]


def texts(peer: Peer, chat: str) -> str:
    return "\n".join(m.get("text", "") for m in peer.messages(chat))


def test_help_is_there_for_anybody(say: Say, peer: Peer) -> None:
    assert say("stranger", "help").status_code == 200
    assert "inbox" in eventually(lambda: texts(peer, "a:stranger"))


def test_an_account_is_linked_by_the_address_that_teams_vouches_for(
    say: Say, peer: Peer, application: Application
) -> None:
    peer.member("paula")
    say("paula", "mine")
    assert "You have proposed nothing yet" in eventually(lambda: texts(peer, "a:paula"))
    found = application.accounts.of(Account("teams", TENANT, object_id("paula")))
    assert found and found.person_id == "paula" and found.surface == "teams"
    assert "access.chat_linked" in _audited(application)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"userRole": "guest"}, "a guest of the tenant"),
        ({"userPrincipalName": "paula_example.com#EXT#@firm.onmicrosoft.com"}, "a guest by its name"),
        ({"tenantId": "another"}, "a member of another tenant"),
        ({"aadObjectId": object_id("rita")}, "another account than the one that wrote"),
        ({"userPrincipalName": "p@example.com", "email": "p@example.com"}, "an address of nobody here"),
        ({"userPrincipalName": None, "email": None, "name": "Paula"}, "a name alone"),
    ],
)
def test_nobody_is_linked_who_is_not_vouched_for(
    say: Say, peer: Peer, application: Application, changes: dict[str, Any], why: str
) -> None:
    peer.member("paula", **changes)
    say("paula", "inbox")
    said = eventually(lambda: texts(peer, "a:paula"))
    assert "I do not know whose account this is" in said and "/link/" in said, why
    assert application.accounts.of(Account("teams", TENANT, object_id("paula"))) is None


def test_a_question_is_answered_while_it_is_read(say: Say, peer: Peer) -> None:
    peer.member("paula")
    say("paula", "Who are you?")
    assert eventually(lambda: texts(peer, "a:paula"), 60)
    kinds = [one["activity"]["type"] for one in peer.said()]
    assert kinds[0] == "typing", "that an answer is on its way comes first"
    whole = peer.messages("a:paula")[-1]
    assert whole["textFormat"] == "plain", "nothing in it is read as markup"
    assert any(e.get("streamType") == "final" for e in whole["entities"])


@pytest.mark.parametrize("where", [CHANNEL, GROUP], ids=["channel", "group chat"])
def test_what_is_asked_where_others_read_is_answered_in_a_chat_of_ones_own(
    say: Say, peer: Peer, where: dict[str, Any]
) -> None:
    peer.member("paula")
    say("paula", "<at>Chargehand</at> Who are you?", conversation=where, entities=MENTION)
    assert eventually(lambda: texts(peer, where["id"]), 60) == (
        "I answered Paula Pohl in a chat of their own: what I say is what they may see."
    )
    own = "a:with-29:paula"
    assert texts(peer, own)
    share = next(m for m in peer.messages(own) if m.get("attachments"))["attachments"][0]["content"]
    assert share["actions"][0]["verb"] == "share"


def test_an_answer_is_shared_by_its_asker_alone(
    say: Say, peer: Peer, application: Application, teams: TestClient
) -> None:
    peer.member("paula")
    peer.member("rita")
    say("paula", "<at>Chargehand</at> Who are you?", conversation=CHANNEL, entities=MENTION)
    own = "a:with-29:paula"
    card = eventually(lambda: [m for m in peer.messages(own) if m.get("attachments")], 60)[0]
    data = card["attachments"][0]["content"]["actions"][0]["data"]
    answer = texts(peer, own).strip()

    def press(person: str) -> str:
        asked = {"action": {"type": "Action.Execute", "verb": "share", "data": data}}
        reply = say(person, type="invoke", name="adaptiveCard/action", value=asked)
        return str(reply.json())

    assert "There is no" in press("rita")
    assert answer not in texts(peer, CHANNEL["id"])
    assert "You shared this answer" in press("paula")
    assert answer in texts(peer, CHANNEL["id"])
    assert "chat.answer_shared" in _audited(application)


def test_who_adds_the_bot_is_greeted_and_their_chat_is_known(
    say: Say, peer: Peer, application: Application
) -> None:
    peer.member("paula")
    say("paula", type="installationUpdate", action="add")
    assert "I am Chargehand" in eventually(lambda: texts(peer, "a:paula"))
    account = eventually(lambda: _row(application, "select channel, service_url from access.chat_account"))
    assert account == ("a:paula", peer.url)


def test_a_bot_is_nobody(say: Say, peer: Peer, application: Application) -> None:
    """Another bot has no account of the directory."""
    say("paula", "inbox", **{"from": {"id": "28:other", "name": "Paula"}})
    eventually(lambda: _row(application, "select 1 from talk.inbound where attempts > 0"))
    assert not _row(application, "select 1 from access.chat_account")


def test_what_cannot_be_sent_now_is_sent_later(say: Say, peer: Peer) -> None:
    peer.fail({"status": 429, "headers": {"Retry-After": "0"}})
    say("stranger", "help")
    assert "inbox" in eventually(lambda: texts(peer, "a:stranger"))


def _audited(application: Application) -> set[str]:
    with psycopg.connect(application.place.admin) as connection:
        return {row[0] for row in connection.execute("select action from audit.event").fetchall()}


def _row(application: Application, sql: str) -> Any:
    with psycopg.connect(application.place.admin) as connection:
        return connection.execute(sql).fetchone()  # type: ignore[call-overload]
