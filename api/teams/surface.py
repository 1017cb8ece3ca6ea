"""What the worker says in Teams without being asked: cards, outcomes and reminders in people's own chats, and
cards that were posted, drawn anew when their proposal moves."""

from datetime import UTC, datetime

from microsoft_teams.api.activities.message.message import MessageActivityInput

from api.chat import posts
from api.chat.accounts import ChatSurface, LinkedAccount, reach
from api.chat.places import Place, place_of
from api.chat.posts import Post, PostGone
from api.settings import Settings
from api.teams.arrivals import chat_at
from api.teams.cards import View, gone_card, proposal_card
from api.teams.connector import Chat, Connector, ConversationGone, TeamsRefused, UntrustedService
from api.teams.registration import registration
from api.teams.speech import message as words
from api.teams.speech import with_card
from api.wiring import public_url
from models.access import NotFound, Principal, service
from store.db import Database
from workflow.cards import ProposalCard
from workflow.deliveries import Message, SurfaceName, Undeliverable, Unreachable
from workflow.service import Workflow

CLERK = service("messages")
DEFAULT_SERVICE = "https://smba.trafficmanager.net/teams"  # for whom we have not met in a chat yet
CARDS = frozenset({"card", "reminder", "escalation", "question", "answer"})  # that the proposal comes with


def teams_surface(settings: Settings, db: Database) -> "TeamsSurface":
    """Raises SettingMissing, TokenCheckRequired."""
    return TeamsSurface(
        db,
        _connector(settings),
        public_url(settings),
        answers_open=settings.answers_in_channels == "open",
    )


def teams_poster(settings: Settings) -> "TeamsPoster":
    """Raises as `teams_surface`."""
    return TeamsPoster(_connector(settings), public_url(settings))


def _connector(settings: Settings) -> Connector:
    found = registration(settings)
    assert found is not None, "it is asked for where there is a client id"
    return Connector(found)


class TeamsSurface:
    """The `workflow.deliveries.Surface` of Teams."""

    def __init__(
        self,
        db: Database,
        connector: Connector,
        public_url: str,
        *,
        answers_open: bool = False,
    ) -> None:
        self._db, self._connector = db, connector
        self._public_url, self._open = public_url, answers_open

    @property
    def name(self) -> SurfaceName:
        return "teams"

    def send(self, message: Message) -> str:
        try:
            return self._sent(message)
        except ConversationGone as e:
            raise Unreachable(person_id=message.person_id, surface="Teams") from e
        except (TeamsRefused, UntrustedService) as e:
            raise Undeliverable(surface="Teams", person_id=message.person_id, reason=e.sentence) from e

    def find(self, message: Message) -> str | None:
        return None  # Teams cannot be asked what it shows

    def _sent(self, message: Message) -> str:
        with self._db.tx(CLERK, "worker") as tx:
            linked = reach(tx, message.person_id, "teams")
            reader = posts.reader(tx, message.person_id, "teams")
            asked = place_of(tx, message.thread_id, "teams") if message.thread_id else None
        if linked is None or reader is None:
            raise Unreachable(person_id=message.person_id, surface="Teams")
        chat = self._place(asked) or self._own_chat(linked)
        if message.proposal_id and message.kind in CARDS:
            return self._card(message, linked, reader, self._own_chat(linked))
        return self._connector.send(chat, words(f"{message.text}\n\n{self._link(message)}"))

    def _place(self, asked: Place | None) -> Chat | None:
        """The conversation that asked; not where others read, unless that is this installation's way."""
        return chat_at(asked) if asked and (self._open or not asked.shared) else None

    def _own_chat(self, linked: LinkedAccount) -> Chat:
        url = linked.service_url or DEFAULT_SERVICE
        if linked.channel:
            return Chat(url, linked.channel)
        opened = self._connector.open_chat(url, linked.account)
        with self._db.tx(CLERK, "worker") as tx:
            tx.execute("chat.note_channel", channel=opened, service_url=url, **linked.address.key)
        return Chat(url, opened)

    def _card(self, message: Message, linked: LinkedAccount, reader: Principal, chat: Chat) -> str:
        """Raises Undeliverable where the reader may not see the proposal any more."""
        assert message.proposal_id
        drawn_at = datetime.now(UTC)
        try:
            card = Workflow(self._db).card(reader, message.proposal_id)
        except NotFound as e:
            raise Undeliverable(surface="Teams", person_id=message.person_id, reason=e.sentence) from e
        view = View(reader.timezone, self._public_url, reader.person_id, notice=_notice(message))
        drawn = proposal_card(card, view)
        sent = self._connector.send(chat, with_card(drawn, message.text))
        with self._db.tx(CLERK, "worker") as tx:
            posts.record(
                tx,
                card,
                drawn_at=drawn_at,
                surface="teams",
                workspace=linked.workspace,
                channel=chat.conversation,
                reference=sent,
                reader_id=message.person_id,
                service_url=chat.service_url,
            )
        return sent

    def _link(self, message: Message) -> str:
        return self._public_url + (f"/proposals/{message.proposal_id}" if message.proposal_id else "/news")


class TeamsPoster:
    """The `api.chat.posts.Poster` of Teams."""

    def __init__(self, connector: Connector, public_url: str) -> None:
        self._connector, self._public_url = connector, public_url

    @property
    def name(self) -> ChatSurface:
        return "teams"

    def update(self, post: Post, reader: Principal | None, card: ProposalCard | None) -> None:
        zone, reader_id = (reader.timezone, reader.person_id) if reader else ("UTC", "")
        view = View(zone, self._public_url, reader_id)
        drawn = proposal_card(card, view) if card else gone_card(view)
        sent: MessageActivityInput = with_card(drawn, card.title if card else "Chargehand")
        try:
            self._connector.update(
                Chat(post.service_url or DEFAULT_SERVICE, post.channel), post.reference, sent
            )
        except (ConversationGone, UntrustedService) as e:
            raise PostGone(surface="Teams", reason=e.sentence) from e


def _notice(message: Message) -> str:
    """Why it comes again; a card that is new says so itself."""
    return "" if message.kind == "card" else message.text
