"""Presses on cards, answered at once: with the card as it is then, or with the request to sign in."""

from typing import Any

import structlog
from microsoft_teams.api.activities.invoke.adaptive_card.action import AdaptiveCardInvokeActivity
from microsoft_teams.api.models.adaptive_card import (
    AdaptiveCardActionCardResponse,
    AdaptiveCardActionLoginResponse,
)
from microsoft_teams.api.models.card.card_action import CardAction
from microsoft_teams.api.models.card.card_action_type import CardActionType
from microsoft_teams.api.models.oauth import OAuthCard
from microsoft_teams.api.models.token_exchange.resource import TokenExchangeResource
from microsoft_teams.cards.core import AdaptiveCard

from api.chat.commands import link_url
from api.teams.actions import act, pressed
from api.teams.arrivals import Sender, chat_of, sender
from api.teams.cards import View, notice_card
from api.teams.connector import Connector
from api.teams.identity import Identity
from api.teams.registration import Registration
from api.teams.sharing import VERB as SHARE
from api.teams.sharing import share
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError

CONNECTION = "chargehand"  # the name that comes back with a token; no connection of the Bot Framework is used
SIGN_IN = "Sign in, so that I know whose account this is."

log = structlog.get_logger(__name__)

Response = AdaptiveCardActionCardResponse | AdaptiveCardActionLoginResponse


class Invokes:
    """Blocking, from any thread."""

    def __init__(
        self, app: Application, connector: Connector, registration: Registration, identity: Identity
    ) -> None:
        self._app, self._connector = app, connector
        self._registration, self._identity = registration, identity

    def press(self, activity: AdaptiveCardInvokeActivity) -> Response:
        """Never raises a ChargehandError: who pressed reads it on the card."""
        try:
            who = sender(activity, self._registration.tenant_id)
            principal = self._principal(activity, who)
            if principal is None:
                return self._sign_in(who)
            return AdaptiveCardActionCardResponse(value=self._pressed(activity, principal))
        except ChargehandError as error:
            said = notice_card(error.sentence, View("UTC", self._app.public_url))
            return AdaptiveCardActionCardResponse(value=said)

    def _principal(self, activity: AdaptiveCardInvokeActivity, who: Sender) -> Principal | None:
        token = activity.value.authentication
        if token and (
            found := self._app.accounts.of(who.account) or self._identity.sign_in(who, token.token)
        ):
            return found
        return self._identity.of(who, chat_of(activity))

    def _pressed(self, activity: AdaptiveCardInvokeActivity, principal: Principal) -> AdaptiveCard:
        action = activity.value.action
        data: dict[str, Any] = action.data
        if (action.verb or data.get("verb")) == SHARE:
            return share(self._app, self._connector, principal, data)
        view = View(principal.timezone, self._app.public_url, principal.person_id)
        return act(self._app, principal, pressed(data, action.verb), view)

    def _sign_in(self, who: Sender) -> AdaptiveCardActionLoginResponse:
        """Ask Teams for a token of the firm's directory; where that is not set up, a button leads to our
        page."""
        resource = self._registration.resource_at(self._app.public_host)
        asked = OAuthCard(
            text=SIGN_IN,
            connection_name=CONNECTION,
            token_exchange_resource=TokenExchangeResource(id=who.account.account, uri=resource),
            buttons=[
                CardAction(
                    type=CardActionType.OPEN_URL, title="Sign in", value=link_url(self._app, who.account)
                )
            ],
        )
        return AdaptiveCardActionLoginResponse(value=asked)
