"""Mail: a short text and a link to the page where the reader decides, signed in. Nothing is decided by
opening a link, and no answer by mail is read.

A server that dies between taking a message and saying so leaves its outcome unknown, and mail cannot be
looked up: it is sent again under the same Message-ID, which mailboxes take for the same message."""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from workflow.deliveries import Heard, Message, SurfaceDown, SurfaceName, Undeliverable

TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class MailSettings:
    url: str  # smtp://user:password@host:port, or smtps://
    sender: str
    public_url: str  # without a slash at the end


class Mail:
    """The `workflow.deliveries.Surface` of a mail server."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._place = urlsplit(settings.url)

    @property
    def name(self) -> SurfaceName:
        return "mail"

    def send(self, message: Message) -> str:
        if not message.email:
            raise Undeliverable(surface="Mail", person_id=message.person_id, reason="no address is known")
        composed = self.compose(message)
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as e:
            raise SurfaceDown(surface="Mail", reason=str(e)) from e
        with server:
            try:
                server.send_message(composed)
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as e:
                self._refused(message, e)
        return str(composed["Message-ID"])

    def find(self, message: Message) -> str | None:
        return None  # mail cannot be looked up

    def compose(self, message: Message) -> EmailMessage:
        """The mail as it is sent: plain text, one link, in the reader's time zone."""
        composed = EmailMessage()
        composed["From"] = self._settings.sender
        composed["To"] = message.email
        composed["Subject"] = _SUBJECTS[message.kind].format(title=message.title or "Chargehand")
        composed["Message-ID"] = f"<{message.key}@{urlsplit(self._settings.public_url).hostname}>"
        composed["Date"] = format_datetime(message.created_at)
        composed["Auto-Submitted"] = "auto-generated"
        if message.proposal_id:  # one conversation a proposal
            composed["References"] = f"<proposal-{message.proposal_id}@chargehand>"
        when = message.created_at.astimezone(ZoneInfo(message.timezone))
        composed.set_content(
            f"{message.text}\n\n{self._link(message)}\n\n{when:%d %B %Y, %H:%M} ({message.timezone})."
            " You decide on the page, signed in; answers to this mail are not read.\n"
        )
        return composed

    def _link(self, message: Message) -> str:
        path = f"/proposals/{message.proposal_id}" if message.proposal_id else "/news"
        return self._settings.public_url + path

    def _connect(self) -> smtplib.SMTP:
        """Raises SMTPException also where a password would travel unencrypted over a network."""
        host, port = self._place.hostname or "localhost", self._place.port
        secure = ssl.create_default_context()
        if self._place.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port or 465, timeout=TIMEOUT_SECONDS, context=secure
            )
            encrypted = True
        else:
            server = smtplib.SMTP(host, port or 25, timeout=TIMEOUT_SECONDS)
            server.ehlo()
            if encrypted := server.has_extn("starttls"):
                server.starttls(context=secure)
        if self._place.username:
            if not encrypted:
                raise smtplib.SMTPNotSupportedError("the server offers no encryption for the password")
            server.login(unquote(self._place.username), unquote(self._place.password or ""))
        return server

    def _refused(self, message: Message, error: smtplib.SMTPException) -> None:
        """4xx is for now, 5xx for good."""
        code = _code(error)
        if code >= 500:
            raise Undeliverable(surface="Mail", person_id=message.person_id, reason=f"code {code}") from error
        raise SurfaceDown(surface="Mail", reason=f"code {code}") from error


_SUBJECTS: Mapping[Heard, str] = {
    "card": "For you to decide: {title}",
    "outcome": "{title}",
    "reminder": "Still waits for you: {title}",
    "escalation": "Nobody has signed yet: {title}",
    "report": "{title}",
    "delegation": "Signing for somebody else",
    "question": "A question for you: {title}",
    "answer": "Answered: {title}",
}


def _code(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max(code for code, _ in error.recipients.values())
    return int(getattr(error, "smtp_code", 0))
