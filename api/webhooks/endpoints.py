"""The endpoints of one installation, as an administrator keeps them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from api.settings import Settings
from api.webhooks.addresses import checked_url
from api.webhooks.sending import WebhookSettings
from api.webhooks.signing import message_id, secret_of
from models.access import Permission, Principal, require
from models.errors import ChargehandError
from store.db import Database
from workflow import webhooks
from workflow.webhooks import SUBSCRIBABLE, EventType, Webhook, WebhookAttempt, WebhookDelivery

KEEPS: Permission = "access.manage"


class NoSuchEventType(ChargehandError):
    """There is no event {type} to subscribe to. Choose from: {choices}."""

    status = 422
    retry = "with a fix"


class NewSecret(Webhook):
    """An endpoint with its secret, as it is shown once."""

    secret: str


class Sent(webhooks.WebhookDelivery):
    """One event for one endpoint, under the id that the receiver knows it by."""

    webhook_message_id: str


def sending(settings: Settings, public_url: str) -> WebhookSettings:
    """How this installation sends. Raises SettingMissing where there is no key to sign with."""
    return WebhookSettings(
        key=settings.webhook_signing_key(), public_url=public_url, allow_loopback=loopback(settings)
    )


def loopback(settings: Settings) -> bool:
    """Whether endpoints on this very machine are allowed."""
    return settings.environment != "production"


class Webhooks:
    """Everything is for who holds access.manage. Raises NotAllowed for all others."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    def add(self, by: Principal, *, url: str, name: str, types: Sequence[str] = ()) -> NewSecret:
        """An endpoint that hears of `types` from now on; of everything if none is named. Raises
        AddressNotAllowed, NoSuchEventType, SettingMissing."""
        require(by, KEEPS)
        wanted = tuple(map(_event_type, types)) or SUBSCRIBABLE
        checked_url(url, allow_loopback=loopback(self._settings))
        self._settings.webhook_signing_key()  # before anything is stored
        with self._db.tx(by, "workflow") as tx:
            return self._with_secret(webhooks.add(tx, url=url, name=name, types=wanted))

    def every(self, by: Principal) -> list[Webhook]:
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return webhooks.every(tx)

    def rotate(self, by: Principal, webhook_id: UUID) -> NewSecret:
        """Another secret; for a day what is sent is signed with the one before too. Raises NotFound."""
        require(by, KEEPS)
        self._settings.webhook_signing_key()
        with self._db.tx(by, "workflow") as tx:
            return self._with_secret(webhooks.rotate(tx, webhook_id))

    def enable(self, by: Principal, webhook_id: UUID) -> Webhook:
        """Raises NotFound."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return webhooks.enable(tx, webhook_id)

    def disable(self, by: Principal, webhook_id: UUID) -> Webhook:
        """Raises NotFound."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return webhooks.disable(tx, webhook_id)

    def remove(self, by: Principal, webhook_id: UUID) -> None:
        """Raises NotFound."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            webhooks.remove(tx, webhook_id)

    def test(self, by: Principal, webhook_id: UUID) -> UUID:
        """Enter an event that says nothing; its id. Raises NotFound, WebhookIsOff."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return webhooks.test(tx, webhook_id)

    def replay_one(self, by: Principal, webhook_id: UUID, event_id: UUID) -> int:
        """Raises NotFound, WebhookIsOff."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return webhooks.replay(tx, webhook_id, event_id=event_id)

    def replay(self, by: Principal, webhook_id: UUID, *, since: datetime, until: datetime) -> int:
        """Send what happened in a time again; how many events. Raises NotFound, WebhookIsOff."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return webhooks.replay(tx, webhook_id, since=since, until=until)

    def deliveries(self, by: Principal, webhook_id: UUID, limit: int) -> list[Sent]:
        """Newest first. Raises NotFound."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return [_sent(d) for d in webhooks.deliveries(tx, webhook_id, limit)]

    def attempts(self, by: Principal, webhook_id: UUID, event_id: UUID) -> list[WebhookAttempt]:
        """Newest first. Raises NotFound."""
        require(by, KEEPS)
        with self._db.tx(by, "workflow") as tx:
            return webhooks.attempts(tx, webhook_id, event_id)

    def _with_secret(self, webhook: Webhook) -> NewSecret:
        key = self._settings.webhook_signing_key()
        secret = secret_of(key, webhook.webhook_id, webhook.generation)
        return NewSecret(secret=secret, **webhook.model_dump())


def _sent(delivery: WebhookDelivery) -> Sent:
    return Sent(webhook_message_id=message_id(delivery.event_id), **delivery.model_dump())


def _event_type(said: str) -> EventType:
    found = next((t for t in SUBSCRIBABLE if t == said), None)
    if found is None:
        raise NoSuchEventType(type=said, choices=", ".join(SUBSCRIBABLE))
    return found
