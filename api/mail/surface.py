"""Mail as a surface where people hear things.

A server that dies between taking a message and saying so leaves its outcome unknown, and mail cannot be
looked up: it is sent again under the same Message-ID, which mailboxes take for the same message."""

from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

from api.mail.digest import digest_of
from api.mail.letters import digest_letter, letter
from api.mail.server import MailRefused, MailServer, ServerDown
from store.db import Database
from workflow.deliveries import Message, NothingToSay, SurfaceDown, SurfaceName, Undeliverable


@dataclass(frozen=True)
class MailSettings:
    url: str  # smtp://user:password@host:port, or smtps://
    sender: str
    public_url: str  # without a slash at the end


class Mail:
    """The `workflow.deliveries.Surface` of a mail server."""

    def __init__(self, settings: MailSettings, db: Database) -> None:
        """`db`: what digests are read from, as their readers."""
        self._settings = settings
        self._db = db
        self._server = MailServer(settings.url, urlsplit(settings.public_url).hostname or "localhost")

    @property
    def name(self) -> SurfaceName:
        return "mail"

    def send(self, message: Message) -> str:
        if not message.email:
            raise Undeliverable(surface="Mail", person_id=message.person_id, reason="no address is known")
        composed = self.compose(message)
        try:
            self._server.send(composed)
        except ServerDown as e:
            raise SurfaceDown(surface="Mail", reason=str(e)) from e
        except MailRefused as e:
            raise Undeliverable(surface="Mail", person_id=message.person_id, reason=str(e)) from e
        return str(composed["Message-ID"])

    def find(self, message: Message) -> str | None:
        return None  # mail cannot be looked up

    def compose(self, message: Message) -> EmailMessage:
        """The mail as it is sent. Raises NothingToSay for a digest of a day without anything."""
        if message.kind != "digest":
            return letter(message, self._settings.sender, self._settings.public_url)
        digest = digest_of(self._db, message)
        if digest.is_empty:
            raise NothingToSay(person_id=message.person_id)
        return digest_letter(message, digest, self._settings.sender, self._settings.public_url)

    def close(self) -> None:
        self._server.close()
