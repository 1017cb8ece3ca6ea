"""What we send to Teams, from any thread. The SDK is asynchronous and our clerks are threads: its client
lives on an event loop of its own, in a thread of its own, and calls from elsewhere wait for it."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from microsoft_teams.api.activities.message.message import MessageActivityInput
from microsoft_teams.api.activities.typing import TypingActivityInput
from microsoft_teams.api.clients.api_client import ApiClient
from microsoft_teams.api.clients.conversation.params import CreateConversationParams
from microsoft_teams.api.models.account import Account, ConversationAccount, TeamsChannelAccount
from microsoft_teams.api.models.card.card_action import CardAction
from microsoft_teams.api.models.channel_data.channel_data import ChannelData
from microsoft_teams.api.models.conversation.conversation_reference import ConversationReference
from microsoft_teams.api.models.suggested_actions import SuggestedActions
from microsoft_teams.apps import App, HttpStream
from microsoft_teams.common import ClientOptions

from api.teams.registration import Registration
from models.errors import ChargehandError
from workflow.deliveries import SurfaceDown

TIMEOUT_S = 20.0
ATTEMPTS = 3  # where Teams asks us to wait a moment
LONGEST_WAIT_S = 8.0  # that a thread is held; what is told to wait longer is put back

R = TypeVar("R")


class TeamsRefused(ChargehandError):
    """Teams refuses it: code {code}."""

    status = 502


class ConversationGone(ChargehandError):
    """Teams knows no such conversation, or we are no longer in it."""

    status = 502


class UntrustedService(ChargehandError):
    """Teams is not reached at {service_url}."""

    status = 422


@dataclass(frozen=True)
class Chat:
    """A conversation, and where it is reached."""

    service_url: str
    conversation: str


class Connector:
    """The Bot Connector service, for one registration. Use it from any thread, and close it."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="teams", daemon=True)
        self._thread.start()
        self._api = self._wait(self._client())

    def close(self) -> None:
        self._wait(self._api.http.http.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(self, chat: Chat, activity: MessageActivityInput) -> str:
        """The id of the new message. Raises SurfaceDown where it certainly did not arrive, ConversationGone,
        TeamsRefused; any other error means that it may have arrived."""
        sent = self._called(
            chat.service_url, lambda api: api.conversations.create_activity(chat.conversation, activity)
        )
        return sent.id

    def update(self, chat: Chat, message_id: str, activity: MessageActivityInput) -> None:
        """Put something else in the place of a message of ours. Raises as `send`."""
        self._called(
            chat.service_url,
            lambda api: api.conversations.update_activity(chat.conversation, message_id, activity),
        )

    def typing(self, chat: Chat) -> None:
        """Say that an answer is on its way. Raises as `send`."""
        self._called(
            chat.service_url,
            lambda api: api.conversations.create_activity(chat.conversation, TypingActivityInput()),
        )

    def member(self, chat: Chat, member_id: str) -> TeamsChannelAccount:
        """What Teams knows of a member of a conversation. Raises as `send`."""
        found: TeamsChannelAccount = self._called(
            chat.service_url, lambda api: api.conversations.get_member_by_id(chat.conversation, member_id)
        )
        return found

    def open_chat(self, service_url: str, member_id: str) -> str:
        """The id of our private conversation with somebody, which is made if need be. Raises as `send`."""
        wanted = CreateConversationParams(
            members=[Account(id=member_id)],
            tenant_id=self._registration.tenant_id,
            channel_data={"tenant": {"id": self._registration.tenant_id}},
        )
        return self._called(service_url, lambda api: api.conversations.create(wanted)).id

    @contextmanager
    def stream(self, chat: Chat, reply_to: str) -> Iterator["Stream"]:
        """An answer to a message that is written while it is read; sent whole where that cannot be."""
        self._check(chat.service_url)
        reference = ConversationReference(
            channel_id="msteams",
            service_url=chat.service_url,
            activity_id=reply_to,
            bot=Account(id=f"28:{self._registration.client_id}"),
            conversation=ConversationAccount(id=chat.conversation),
        )
        stream = Stream(self._wait, HttpStream(self._api, reference))
        yield stream
        if not stream.close() and stream.text:
            self.send(chat, MessageActivityInput(text=stream.text, text_format="plain"))

    def _wait(self, what: Coroutine[Any, Any, R]) -> R:
        """What comes of it on the loop."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _client(self) -> ApiClient:
        """Made on the loop that it lives on."""
        app = App(
            client_id=self._registration.client_id,
            client_secret=self._registration.secret,
            tenant_id=self._registration.tenant_id,
            token=self._registration.source(),
            cloud=self._registration.cloud,
            client=ClientOptions(timeout=TIMEOUT_S),
            dangerously_allow_unauthenticated_requests=False,
        )
        return app.api

    def _called(self, service_url: str, call: Callable[[ApiClient], Coroutine[Any, Any, R]]) -> R:
        self._check(service_url)
        api = self._api.from_service_url(service_url)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._wait(call(api))
            except httpx.HTTPStatusError as e:
                wait = _wait(e.response)
                if e.response.status_code != httpx.codes.TOO_MANY_REQUESTS or wait > LONGEST_WAIT_S:
                    raise _problem(e.response) from e
                if attempt == ATTEMPTS:
                    raise SurfaceDown(surface="Teams", reason="it asks us to slow down") from e
                time.sleep(wait)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as e:
                raise SurfaceDown(surface="Teams", reason=type(e).__name__) from e
        raise AssertionError("unreachable")

    def _check(self, service_url: str) -> None:
        if not self._registration.trusts(service_url):
            raise UntrustedService(service_url=service_url)


class Stream:
    """The SDK's stream, from a thread."""

    def __init__(self, wait: Callable[[Coroutine[Any, Any, Any]], Any], stream: HttpStream) -> None:
        self._wait, self._stream = wait, stream
        self.text = ""  # so far

    def status(self, text: str) -> None:
        """What is done at the moment, before the first words."""
        informative = ChannelData(stream_type="informative")
        self._wait(self._emit(TypingActivityInput(text=text).with_channel_data(informative)))

    def write(self, text: str, options: Sequence[CardAction] = ()) -> None:
        """The next words; with the last of them, what may be answered by a press."""
        self.text += text
        message = MessageActivityInput(text=text, text_format="plain")
        if options:
            message = message.with_suggested_actions(SuggestedActions(to=[], actions=list(options)))
        self._wait(self._emit(message))

    def close(self) -> bool:
        """Whether it is all there, or the reader stopped it."""
        try:
            return self._wait(self._stream.close()) is not None or self._stream.canceled
        except httpx.HTTPError:
            return False

    async def _emit(self, activity: MessageActivityInput | TypingActivityInput) -> None:
        """On the loop, which the SDK's `emit` wants to be on."""
        if not self._stream.canceled:
            self._stream.emit(activity)


def _problem(response: httpx.Response) -> ChargehandError:
    code = response.status_code
    if code == httpx.codes.TOO_MANY_REQUESTS or code >= httpx.codes.INTERNAL_SERVER_ERROR:
        return SurfaceDown(surface="Teams", reason=f"code {code}")
    if code in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        return ConversationGone()
    return TeamsRefused(code=code)


def _wait(response: httpx.Response) -> float:
    """Seconds that Teams asks us to wait."""
    try:
        return max(float(response.headers.get("retry-after", 1)), 0.1)
    except ValueError:  # a date
        return LONGEST_WAIT_S + 1
