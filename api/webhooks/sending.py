"""Sending an event to its endpoint, once: signed, to a checked address, following nobody elsewhere."""

import asyncio
import json
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import httpx

from api.webhooks.addresses import Address, AddressNotAllowed, checked_url, resolve
from api.webhooks.signing import message_id, secret_of, signatures
from workflow.webhook_outbox import Answer, Parcel

SECONDS = 15.0  # for everything, from the name's address to the answer
_PAGES = {"proposal_id": "proposals", "report_id": "reports"}


@dataclass(frozen=True)
class WebhookSettings:
    """How this installation sends webhooks."""

    key: bytes
    public_url: str  # without a slash at the end
    allow_loopback: bool  # in development: http to this machine
    seconds: float = SECONDS


class HttpSender:
    """The `workflow.webhook_outbox.Sender` over HTTP. Any number of threads may use one."""

    def __init__(self, settings: WebhookSettings, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls = tls or ssl.create_default_context()

    def post(self, parcel: Parcel) -> Answer:
        began = time.monotonic()
        status: int | None = None
        retry_after: float | None = None
        try:
            status, retry_after = asyncio.run(self._in_time(parcel))
            error = None if 200 <= status < 300 else f"it answered {status}"
        except TimeoutError:
            error = f"no answer within {self._settings.seconds:g} s"
        except AddressNotAllowed as e:
            error = e.sentence
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as e:
            error = f"it could not be reached: {type(e).__name__}"
        spent = round((time.monotonic() - began) * 1000)
        return Answer(status=status, milliseconds=spent, error=error, retry_after=retry_after)

    async def _in_time(self, parcel: Parcel) -> tuple[int, float | None]:
        async with asyncio.timeout(self._settings.seconds):
            loopback = self._settings.allow_loopback
            url = checked_url(parcel.url, allow_loopback=loopback)
            addresses = await resolve(url, allow_loopback=loopback)
            for address in addresses[:-1]:
                with suppress(httpx.ConnectError):  # nothing was sent: the next one is tried
                    return await self._exchange(parcel, url, address)
            return await self._exchange(parcel, url, addresses[-1])

    async def _exchange(self, parcel: Parcel, url: httpx.URL, address: Address) -> tuple[int, float | None]:
        """Connect to the address, for the host of the URL: its certificate is the one that counts. The
        answer's body is not read."""
        body = self._body(parcel)
        headers = {"host": url.netloc.decode("ascii")} | self._headers(parcel, body)
        async with (
            httpx.AsyncClient(
                verify=self._tls, trust_env=False, follow_redirects=False, timeout=None
            ) as client,
            client.stream(
                "POST",
                url.copy_with(host=str(address)),
                content=body,
                headers=headers,
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            return response.status_code, _seconds(response.headers.get("retry-after"))

    def _headers(self, parcel: Parcel, body: bytes) -> dict[str, str]:
        generations = [parcel.generation]
        if parcel.rotated_lately:
            generations.append(parcel.generation - 1)
        secrets = [secret_of(self._settings.key, parcel.webhook_id, g) for g in generations]
        message, timestamp = message_id(parcel.event_id), int(time.time())
        return {
            "content-type": "application/json",
            "user-agent": "Chargehand-Webhooks/1",
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(secrets, message, timestamp, body),
        }

    def _body(self, parcel: Parcel) -> bytes:
        """The same bytes at every attempt, by the Standard Webhooks form: type, timestamp, data."""
        occurred = parcel.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds")
        data = dict(parcel.data) | {"links": self._links(parcel)}
        event: dict[str, Any] = {"type": parcel.type, "timestamp": occurred, "data": data}
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    def _links(self, parcel: Parcel) -> dict[str, str]:
        for field, where in _PAGES.items():
            if field in parcel.data:
                path, url = f"/{where}/{parcel.data[field]}", self._settings.public_url
                return {"page": url + path, "api": f"{url}/v1{path}"}
        return {}


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; a date is not honoured, as clocks differ."""
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else None
