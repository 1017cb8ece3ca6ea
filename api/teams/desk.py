"""Teams as the desk serves it: activities come in by one route; what people write is kept before it is
acknowledged and worked after it, what they press is answered at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from microsoft_teams.api.activities.conversation.conversation_update import ConversationUpdateActivity
from microsoft_teams.api.activities.install_update import InstalledActivity
from microsoft_teams.api.activities.invoke.adaptive_card.action import AdaptiveCardInvokeActivity
from microsoft_teams.api.activities.invoke.message_extension.fetch_task import (
    MessageExtensionFetchTaskInvokeActivity,
)
from microsoft_teams.api.activities.invoke.message_extension.query import (
    MessageExtensionQueryInvokeActivity,
)
from microsoft_teams.api.activities.invoke.message_extension.submit_action import (
    MessageExtensionSubmitActionInvokeActivity,
)
from microsoft_teams.api.activities.message.message import MessageActivity
from microsoft_teams.api.models.activity import Activity
from microsoft_teams.api.models.adaptive_card import (
    AdaptiveCardActionCardResponse,
    AdaptiveCardActionLoginResponse,
)
from microsoft_teams.api.models.messaging_extension import (
    MessagingExtensionActionResponse,
    MessagingExtensionResponse,
)
from microsoft_teams.apps import ActivityContext, App

from api.chat.accounts import ChatSurface
from api.chat.inbound import Inbound, Received
from api.teams.arrivals import chat_of, stored
from api.teams.connector import Connector
from api.teams.entrance import Entrance
from api.teams.extension import Extension
from api.teams.identity import Identity
from api.teams.invokes import Invokes
from api.teams.messages import Messages
from api.teams.registration import Registration, registration
from api.wiring import Application

log = structlog.get_logger(__name__)


def teams_desk(application: Application, inbound: Inbound) -> "TeamsDesk":
    """The desk of the settings. Raises SettingMissing, TokenCheckRequired."""
    found = registration(application.settings)
    assert found is not None, "it is asked for where there is a client id"
    return TeamsDesk(application, inbound, found)


class TeamsDesk:
    """The `api.chat.desks.ChatDesk` of Teams."""

    def __init__(self, application: Application, inbound: Inbound, bot: Registration) -> None:
        self._inbound, self._registration = inbound, bot
        self._connector = Connector(bot)
        identity = Identity(application, self._connector, bot)
        self._messages = Messages(application, self._connector, bot, identity)
        self._invokes = Invokes(application, self._connector, bot, identity)
        self._extension = Extension(application, inbound, bot, identity)

    @property
    def name(self) -> ChatSurface:
        return "teams"

    def install(self, app: FastAPI) -> None:
        self._sdk = App(
            client_id=self._registration.client_id,
            client_secret=self._registration.secret,
            tenant_id=self._registration.tenant_id,
            token=self._registration.source(),
            cloud=self._registration.cloud,
            http_server_adapter=Entrance(app, self._registration),
            dangerously_allow_unauthenticated_requests=self._registration.skip_token_check,
            fetch_user_token=False,
            state=False,
            telemetry={"agent365": False},  # it would hand on names and addresses with every call
        )
        self._listen(self._sdk)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self._sdk.initialize()
        try:
            yield
        finally:
            await run_in_threadpool(self._connector.close)

    def handle(self, received: Received) -> None:
        self._messages.handle(received)

    def _listen(self, sdk: App) -> None:
        @sdk.on_message
        async def heard(context: ActivityContext[MessageActivity]) -> None:
            await run_in_threadpool(self._take, context.activity, "message")

        @sdk.on_install_add
        async def added(context: ActivityContext[InstalledActivity]) -> None:
            await run_in_threadpool(self._take, context.activity, "installed")

        @sdk.on_conversation_update
        async def changed(context: ActivityContext[ConversationUpdateActivity]) -> None:
            if context.activity.members_added:
                await run_in_threadpool(self._take, context.activity, "joined")

        @sdk.on_card_action
        async def pressed(
            context: ActivityContext[AdaptiveCardInvokeActivity],
        ) -> AdaptiveCardActionCardResponse | AdaptiveCardActionLoginResponse:
            return await run_in_threadpool(self._invokes.press, context.activity)

        @sdk.on_message_ext_query
        async def sought(
            context: ActivityContext[MessageExtensionQueryInvokeActivity],
        ) -> MessagingExtensionResponse:
            return await run_in_threadpool(self._extension.query, context.activity)

        @sdk.on_message_ext_open
        async def opened(
            context: ActivityContext[MessageExtensionFetchTaskInvokeActivity],
        ) -> MessagingExtensionActionResponse:
            return await run_in_threadpool(self._extension.open, context.activity)

        @sdk.on_message_ext_submit
        async def submitted(
            context: ActivityContext[MessageExtensionSubmitActionInvokeActivity],
        ) -> MessagingExtensionActionResponse:
            return await run_in_threadpool(self._extension.submit, context.activity)

    def _take(self, activity: Activity, kind: str) -> None:
        self._inbound.take(
            "teams",
            self._registration.tenant_id,
            f"{activity.conversation.id}/{activity.id}",
            kind,
            stored(activity),
            ordering=chat_of(activity).conversation,
        )
