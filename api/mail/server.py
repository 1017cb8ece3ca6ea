"""The mail server: one connection, kept from message to message, on an event loop of its own."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from email.message import EmailMessage
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)

TIMEOUT_SECONDS = 20.0
FOR_GOOD = 500  # answers from here on are; those below are for now


class ServerDown(Exception):
    """The mail certainly did not leave, and may later."""


class MailRefused(Exception):
    """The mail did not leave, and never will."""


class MailServer:
    """Where mail is handed in: smtp://user:password@host:port, encrypted where the server offers it, or
    smtps://. Any number of threads may use one; they take turns."""

    def __init__(self, url: str, own_name: str) -> None:
        """`own_name`: what this machine calls itself to the server."""
        self._place = urlsplit(url)
        self._own_name = own_name
        self._turn = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail", daemon=True)
        self._client: SMTP | None = None

    def send(self, mail: EmailMessage) -> None:
        """Raises ServerDown, MailRefused; any other exception means that it may have left."""
        self._run(self._send(mail))

    def close(self) -> None:
        """Take leave of the server."""
        self._run(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        with self._turn:
            if not self._thread.is_alive():
                self._thread.start()
            asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _send(self, mail: EmailMessage) -> None:
        try:
            client = await self._connected()
        except (OSError, SMTPException) as e:  # aiosmtplib's timeouts are both
            raise ServerDown(str(e)) from e
        try:
            await client.send_message(mail)
        except SMTPRecipientsRefused as e:
            _refused(max(r.code for r in e.recipients), e)
        except (SMTPSenderRefused, SMTPDataError) as e:
            _refused(e.code, e)
        except SMTPNotSupported as e:
            raise MailRefused("the server takes no such address") from e
        except BaseException:
            client.close()  # nobody knows what it waits for now
            raise

    async def _connected(self) -> SMTP:
        """The connection of the last message where it still stands, or a new one."""
        if self._client is not None and self._client.is_connected:
            try:
                await self._client.noop()
                return self._client
            except SMTPException:
                self._client.close()
        self._client = await self._connect()
        return self._client

    async def _connect(self) -> SMTP:
        """Raises SMTPException also where a password would travel unencrypted over a network."""
        client = SMTP(
            hostname=self._place.hostname or "localhost",
            port=self._place.port,
            local_hostname=self._own_name,
            use_tls=self._place.scheme == "smtps",
            timeout=TIMEOUT_SECONDS,
            tls_context=ssl.create_default_context(),
        )
        try:
            await client.connect()  # and upgrades where the server offers it
            if self._place.username:
                if client.get_transport_info("sslcontext") is None:
                    raise SMTPNotSupported("the server offers no encryption for the password")
                await client.login(unquote(self._place.username), unquote(self._place.password or ""))
        except BaseException:
            client.close()
            raise
        return client

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            try:
                await client.quit()
            except SMTPException:
                client.close()


def _refused(code: int, error: SMTPException) -> NoReturn:
    if code >= FOR_GOOD:
        raise MailRefused(f"code {code}") from error
    raise ServerDown(f"code {code}") from error
