"""What people write to Chargehand in Teams, worked after it was acknowledged. A handler may run again after a
kill: the turn of the copilot is found, not repeated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from microsoft_teams.api.activities.message.message import MessageActivity
from microsoft_teams.api.models.activity import Activity

from agents.events import Answered
from api.auth.people import GATE
from api.chat import commands, posts, talk
from api.chat.accounts import reach
from api.chat.inbound import Received
from api.chat.places import Place, thread_for
from api.teams.actions import act, pressed
from api.teams.arrivals import Sender, chat_at, chat_of, is_personal, place_of, sender, words
from api.teams.cards import View, proposal_card
from api.teams.connector import Chat, Connector
from api.teams.identity import Identity
from api.teams.registration import Registration
from api.teams.sharing import answer_card
from api.teams.speech import Voice, Whole, message, with_card
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError
from workflow.deliveries import SurfaceDown

GREETING = (
    "Hello. I am Chargehand: I find, compute and propose, and people sign. Ask me who is free next week, or "
    "write 'help'. What waits for your signature comes to this chat."
)
ELSEWHERE = "I answered {name} in a chat of their own: what I say is what they may see."
STRANGER = "I do not know whose account this is. Write to me in a chat of your own, and I say how to link it."

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Turn:
    """Words for the copilot, and where its answer goes."""

    principal: Principal
    place: Place  # where they were said
    chat: Chat  # where the answer goes
    said: str
    reply_to: str = ""  # the message in the same private chat, which the answer may be streamed to


class Messages:
    """Works what was received. Blocking, from any thread."""

    def __init__(
        self, app: Application, connector: Connector, registration: Registration, identity: Identity
    ) -> None:
        self._app, self._connector, self._identity = app, connector, identity
        self._tenant = registration.tenant_id

    def handle(self, received: Received) -> None:
        """Raises SurfaceDown for later."""
        match received.kind:
            case "message":
                self._message(received, MessageActivity.model_validate(received.payload))
            case "change_request":
                self._asked(received, Activity.model_validate(received.payload))
            case _:
                self._joined(Activity.model_validate(received.payload), greet=received.kind == "installed")

    def view(self, principal: Principal) -> View:
        return View(principal.timezone, self._app.public_url, principal.person_id)

    def show(self, chat: Chat, principal: Principal, proposal_id: UUID) -> None:
        """A card in somebody's private chat, and a note that it is there."""
        drawn_at = datetime.now(UTC)
        card = self._app.workflow.card(principal, proposal_id)
        drawn = proposal_card(card, self.view(principal))
        sent = self._connector.send(chat, with_card(drawn, card.title))
        with self._app.db.tx(principal, "agent") as tx:
            posts.record(
                tx,
                card,
                drawn_at=drawn_at,
                surface="teams",
                workspace=self._tenant,
                channel=chat.conversation,
                reference=sent,
                reader_id=principal.person_id,
                service_url=chat.service_url,
            )

    def _joined(self, activity: Activity, *, greet: bool) -> None:
        """We are in somebody's private chat: remember where that is, and say hello."""
        if not is_personal(activity) or not activity.from_.aad_object_id:
            return
        who, chat = sender(activity, self._tenant), chat_of(activity)
        if self._identity.of(who, chat):
            self._app.accounts.note_channel(who.account, chat.conversation, chat.service_url)
        if greet:
            self._connector.send(chat, message(GREETING))

    def _message(self, received: Received, activity: MessageActivity) -> None:
        who, chat = sender(activity, self._tenant), chat_of(activity)
        principal = self._identity.of(who, chat)
        personal = is_personal(activity)
        if principal and personal:
            self._app.accounts.note_channel(who.account, chat.conversation, chat.service_url)
        said = words(activity)
        if isinstance(activity.value, dict) and not said:
            self._pressed(activity, activity.value, principal)
        elif not personal:
            self._overheard(received, activity, who, principal, said)
        else:
            self._told(received, activity, who, principal, said)

    def _told(
        self,
        received: Received,
        activity: MessageActivity,
        who: Sender,
        principal: Principal | None,
        said: str,
    ) -> None:
        """In a private chat: a command, or words for the copilot."""
        chat, command = chat_of(activity), commands.parse(said)
        try:
            if principal and command.name == "ask" and command.rest:
                place = place_of(activity, self._tenant)
                turn = _Turn(principal, place, chat, command.rest, activity.id)
                self._converse(received, turn)
                return
            if command.name == "ask" and not principal:
                raise commands.NotLinked(url=commands.link_url(self._app, who.account))
            reply = commands.run(self._app, principal, who.account, command)
        except SurfaceDown:
            raise
        except ChargehandError as error:
            self._connector.send(chat, message(error.sentence))
            return
        self._reply(chat, principal, reply)

    def _reply(self, chat: Chat, principal: Principal | None, reply: commands.Reply) -> None:
        listed = [f"- {found.title}" for found in reply.lines]
        more = [f"{self._app.public_url}{reply.path}"] if reply.path else []
        self._connector.send(chat, message("\n".join([reply.text.replace("`", ""), *listed, *more])))
        if reply.card and principal:
            self.show(chat, principal, reply.card.proposal_id)

    def _overheard(
        self,
        received: Received,
        activity: MessageActivity,
        who: Sender,
        principal: Principal | None,
        said: str,
    ) -> None:
        """Where others read too: the answer goes to a chat of the asker's own."""
        here = chat_of(activity)
        if principal is None:
            self._connector.send(here, message(STRANGER))
            return
        place = place_of(activity, self._tenant)
        if self._app.settings.answers_in_channels == "open":
            self._converse(received, _Turn(principal, place, here, said))
            return
        self._converse(received, _Turn(principal, place, self._own_chat(who, principal, here), said))
        self._connector.send(here, message(ELSEWHERE.format(name=principal.name)))

    def _asked(self, received: Received, activity: Activity) -> None:
        """By the form of the message extension: answered in a chat of the asker's own."""
        who, here = sender(activity, self._tenant), chat_of(activity)
        principal = self._app.accounts.of(who.account)
        if principal is None:
            return  # unlinked meanwhile
        own = self._own_chat(who, principal, here)
        said = str((activity.model_extra or {}).get("text", ""))
        place = Place("teams", self._tenant, own.conversation, service_url=own.service_url)
        self._connector.send(own, message(f"You asked: {said}"))
        self._converse(received, _Turn(principal, place, own, said))

    def _own_chat(self, who: Sender, principal: Principal, here: Chat) -> Chat:
        with self._app.db.tx(GATE, "gate") as tx:
            linked = reach(tx, principal.person_id, "teams")
        if linked and linked.channel and linked.address == who.account:
            return Chat(linked.service_url or here.service_url, linked.channel)
        opened = self._connector.open_chat(here.service_url, who.user_id)
        self._app.accounts.note_channel(who.account, opened, here.service_url)
        return Chat(here.service_url, opened)

    def _converse(self, received: Received, turn: _Turn) -> None:
        """A turn of the copilot. Raises SurfaceDown."""
        thread_id = thread_for(self._app.db, self._app.copilot, turn.principal, turn.place)
        self._connector.typing(turn.chat)
        with self._voice(turn) as voice:
            try:
                for event in talk.converse(self._app, turn.principal, thread_id, received, turn.said):
                    voice.hear(event)
            except ChargehandError as error:
                voice.say(error.sentence)
            voice.finish()
        if isinstance(voice.ended, Answered):
            for proposal_id in voice.ended.proposals:
                self.show(turn.chat, turn.principal, proposal_id)
            if turn.place.shared and turn.chat.conversation != chat_at(turn.place).conversation:
                shared = answer_card(thread_id, voice.ended.message_id)
                self._connector.send(turn.chat, with_card(shared, "Share this answer"))

    @contextmanager
    def _voice(self, turn: _Turn) -> Iterator[Voice]:
        """Written while it is read in a private chat that was written in; whole elsewhere."""
        if turn.reply_to:
            with self._connector.stream(turn.chat, turn.reply_to) as stream:
                yield Voice(stream)
        else:
            whole = Whole()
            yield Voice(whole)
            self._connector.send(turn.chat, whole.message())

    def _pressed(self, activity: MessageActivity, data: dict[str, Any], principal: Principal | None) -> None:
        """A press in a client that knows no Action.Execute: its card is drawn anew in its place."""
        chat = chat_of(activity)
        if principal is None or not activity.reply_to_id:
            self._connector.send(chat, message(STRANGER))
            return
        try:
            press = pressed(data, None)
        except ChargehandError as error:
            self._connector.send(chat, message(error.sentence))
            return
        drawn = act(self._app, principal, press, self.view(principal))
        self._connector.update(chat, activity.reply_to_id, with_card(drawn, "Chargehand"))
