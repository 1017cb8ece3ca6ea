"""A mail server of its own for a test: real SMTP on a free port."""

import asyncio
import email
import email.policy
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from api.mail import Mail, MailSettings
from store.db import Database
from workflow.deliveries import enable


class Mailbox:
    """A mail server that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.lose_answers = 0
        self.refuses: set[str] = set()
        self.connections: set[int] = set()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.connections.add(id(session))
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self.lose_answers:
            self.lose_answers -= 1
            transport = server.transport
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
        return "250 OK"

    def to(self, person_id: str) -> list[EmailMessage]:
        return [m for m in self.mails if m["To"] == f"{person_id}@example.com"]


def plain(mail: EmailMessage) -> str:
    """What a reader of plain text sees."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html(mail: EmailMessage) -> str:
    """What everybody else's program draws."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


class OnFreePort(Controller):
    """A mail server on a port that nobody else takes."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        super().__init__(mailbox, hostname="127.0.0.1", port=self._listening.getsockname()[1])

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    yield Mailbox()


@pytest.fixture
def mail(db: Database, mail_server: Controller, owner: psycopg.Connection[Any]) -> Iterator[Mail]:
    """Switched on, and sent at once."""
    surface = Mail(
        MailSettings(
            f"smtp://127.0.0.1:{mail_server.port}",
            "Chargehand <no-reply@example.com>",
            "https://c.example.com",
        ),
        db,
    )
    enable(db, [surface])
    owner.execute("update workflow.surface set delay_seconds = 0")
    yield surface
    surface.close()


@pytest.fixture
def mail_server(mailbox: Mailbox) -> Iterator[Controller]:
    controller = OnFreePort(mailbox)
    controller.start()
    yield controller
    controller.stop()
