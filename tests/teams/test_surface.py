"""What the worker says in Teams: to whom, once, and drawn anew when it is decided elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from api.auth.people import GATE
from api.chat.accounts import Account, link
from api.chat.posts import draw_once
from api.teams.connector import Connector
from api.teams.surface import TeamsPoster, TeamsSurface
from api.wiring import Application
from models.access import service
from store.db import Database
from tests.teams.peer import TENANT, Peer, object_id
from tests.workflow import firm
from workflow.cards import ProposalCard
from workflow.deliveries import Message, SurfaceDown, Undeliverable, Unreachable

URL = "https://chargehand.example"


@pytest.fixture
def connector(peer: Peer) -> Iterator[Connector]:
    found = Connector(peer.registration)
    yield found
    found.close()


@pytest.fixture
def db(application: Application) -> Iterator[Database]:
    opened = Database(application.place.roles)
    yield opened
    opened.close()


@pytest.fixture
def surface(db: Database, connector: Connector) -> TeamsSurface:
    return TeamsSurface(db, connector, URL)


@pytest.fixture
def card(application: Application, peer: Peer) -> ProposalCard:
    return application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def known(application: Application, peer: Peer, person: str, channel: str | None = "a:own") -> None:
    """The person's account is linked, and perhaps their chat with us is known."""
    account = Account("teams", TENANT, object_id(person))
    with application.db.tx(GATE, "gate") as tx:
        link(tx, account, person, "page")
    if channel:
        application.accounts.note_channel(account, channel, peer.url)


def news(card: ProposalCard | None, person: str = "rita", **changes: Any) -> Message:
    return Message(
        **{
            "key": "notice-1",
            "person_id": person,
            "name": person,
            "email": None,
            "timezone": "Europe/Madrid",
            "kind": "card",
            "title": "A title",
            "text": "Paula Pohl asks for your signature.",
            "proposal_id": card.proposal_id if card else None,
            "thread_id": None,
            "created_at": datetime.now(UTC),
            **changes,
        }
    )


def test_a_card_comes_to_the_approvers_own_chat(
    application: Application, surface: TeamsSurface, peer: Peer, card: ProposalCard
) -> None:
    known(application, peer, "rita")
    reference = surface.send(news(card))
    shown = peer.messages("a:own")[0]["attachments"][0]["content"]
    assert [a["title"] for a in shown["actions"]][:2] == ["Approve", "Reject"]
    assert _posts(application) == [("a:own", reference, "rita", peer.url)]


def test_a_decision_elsewhere_takes_the_buttons_away(
    application: Application, surface: TeamsSurface, connector: Connector, db: Database, peer: Peer,
    card: ProposalCard,
) -> None:  # fmt: skip
    known(application, peer, "rita")
    surface.send(news(card))
    with psycopg.connect(application.place.admin) as connection:
        connection.execute("update workflow.surface set enabled = true where surface = 'teams'")
    application.workflow.decide(
        firm.principal("rolf"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    assert draw_once(db, TeamsPoster(connector, URL))
    (shown,) = peer.messages("a:own")
    drawn = shown["attachments"][0]["content"]
    assert [a["title"] for a in drawn["actions"]] == ["Open the page"]
    assert "Rolf Rau" in str(drawn), "everybody reads who decided"
    assert not draw_once(db, TeamsPoster(connector, URL)), "once"


def test_who_has_no_chat_yet_gets_one(
    application: Application, surface: TeamsSurface, peer: Peer, card: ProposalCard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("api.teams.surface.DEFAULT_SERVICE", peer.url)
    known(application, peer, "rita", channel=None)
    surface.send(news(card))
    surface.send(news(None, text="Something else."))
    assert len(peer.messages(f"a:with-{object_id('rita')}")) == 2


def test_who_has_no_account_is_not_reached_there(
    surface: TeamsSurface, peer: Peer, card: ProposalCard
) -> None:
    with pytest.raises(Unreachable):
        surface.send(news(card))
    assert peer.said() == []


def test_a_proposal_is_shown_to_nobody_who_may_not_see_it(
    application: Application, surface: TeamsSurface, peer: Peer, card: ProposalCard
) -> None:
    known(application, peer, "cleo")
    with pytest.raises(Undeliverable):
        surface.send(news(card, "cleo"))
    assert peer.messages("a:own") == []


@pytest.mark.parametrize(
    ("failures", "raised"),
    [
        ([{"status": 429, "headers": {"Retry-After": "0.1"}}], None),
        ([{"status": 429, "headers": {"Retry-After": "0.1"}}] * 3, SurfaceDown),
        ([{"status": 429, "headers": {"Retry-After": "3600"}}], SurfaceDown),
        ([{"status": 503}], SurfaceDown),
        ([{"status": 403}], Unreachable),
        ([{"status": 404}], Unreachable),
        ([{"status": 400}], Undeliverable),
    ],
    ids=lambda f: str(f and f[0]) if isinstance(f, list) else "",
)
def test_what_teams_answers_is_told_apart(
    application: Application,
    surface: TeamsSurface,
    peer: Peer,
    failures: list[dict[str, Any]],
    raised: type[Exception] | None,
) -> None:
    known(application, peer, "rita")
    peer.fail(*failures)
    if raised:
        with pytest.raises(raised):
            surface.send(news(None))
    else:
        assert surface.send(news(None))


def test_nothing_is_sent_where_nobody_listens(
    application: Application, surface: TeamsSurface, peer: Peer
) -> None:
    known(application, peer, "rita")
    with psycopg.connect(application.place.admin) as connection:
        connection.execute("update access.chat_account set service_url = 'https://127.0.0.1:1'")
    with pytest.raises(SurfaceDown):
        surface.send(news(None))
    with psycopg.connect(application.place.admin) as connection:
        connection.execute("update access.chat_account set service_url = 'http://elsewhere.example'")
    with pytest.raises(Undeliverable):
        surface.send(news(None))
    assert peer.said() == [] and surface.name == "teams" and service("messages")


def _posts(application: Application) -> list[Any]:
    with psycopg.connect(application.place.admin) as connection:
        return connection.execute(
            "select channel, reference, reader_id, service_url from workflow.post"
        ).fetchall()
