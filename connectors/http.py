"""Systems of record over HTTP: plain REST resources, a bearer token, an `Idempotency-Key` header, and every
way of failing told apart by one question: can the write have happened?"""

import math
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import httpx
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.errors import (
    ConnectorError,
    NoSuchRecord,
    OutcomeUnknown,
    Refused,
    SignInRefused,
    SlowDown,
    SystemDown,
)
from connectors.ports import Connectors, Resource, Transport, Verb, Written
from models.actions import ActionKind, System

EXTERNAL_REF = "external_ref"  # the field that holds our key, so that a record can be found by it
REPLAYED = "Idempotent-Replayed"  # header of an answer that repeats an earlier one

_RETRY_AFTER = 5.0  # seconds, where a system asks to slow down and does not say for how long
_LONGEST_RETRY_AFTER = 3600.0
_LONGEST_REASON = 300  # characters
_KEEP_ALIVE = (
    3.0  # seconds: shorter than servers keep an idle connection (uvicorn: 5), so that they hang up last
)

# Never sent, or not yet taken up: the write cannot have happened.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NOT_DONE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.SERVICE_UNAVAILABLE}

_trace = TraceContextTextMapPropagator()


class SystemSettings(BaseModel):
    """Where a system of record is, and how it behaves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^/\s]+")  # resources are below it
    token: SecretStr
    supports_idempotency_keys: bool = False
    connect_seconds: float = Field(default=3.0, gt=0)
    read_seconds: float = Field(default=10.0, gt=0)  # then an answer counts as lost
    max_write_seconds: float = Field(default=30.0, gt=0)  # how long a lost write may still happen

    @model_validator(mode="after")
    def _writes_end_after_reading_does(self) -> Self:
        if self.max_write_seconds < self.read_seconds:
            raise ValueError("max_write_seconds is shorter than read_seconds")
        return self


def connect(settings: Mapping[System, SystemSettings]) -> Connectors:
    """The firm's systems of record over HTTP. Connects when first used; `close` when done."""
    return Connectors.over(lambda system: HttpTransport(system, settings[system]))


class HttpTransport(Transport):
    """One system of record over HTTP. Threads may share it; they share its pool of connections.

    Creates with `POST {url}/{resource}`, reads `GET {url}/{resource}/{id}`, finds `GET {url}/{resource}
    ?external_ref=...` (an array), takes back with `POST {url}/{resource}/{id}/{verb}`. A record is an object
    with an `id`, and with `undone_ref` once it was taken back."""

    def __init__(self, system: System, settings: SystemSettings) -> None:
        self.system = system
        self.supports_idempotency_keys = settings.supports_idempotency_keys
        self.max_write_seconds = settings.max_write_seconds
        self._client = httpx.Client(
            base_url=settings.url,
            headers={
                "Authorization": f"Bearer {settings.token.get_secret_value()}",
                "Accept": "application/json",
                "User-Agent": "chargehand",
            },
            timeout=httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds),
            verify=_trust(),
            limits=httpx.Limits(max_connections=16, keepalive_expiry=_KEEP_ALIVE),
        )

    def create(
        self, resource: Resource, body: Mapping[str, Any], *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        answer, lost = self._post(
            f"/{resource}", {**body, EXTERNAL_REF: idempotency_key}, operation, idempotency_key
        )
        if answer.status_code == HTTPStatus.CONFLICT:
            return self._conflict(answer, resource, operation, idempotency_key)
        self._check(answer, operation, lost)
        replayed = answer.headers.get(REPLAYED, "").lower() == "true"
        return _written(_json(answer, lost), lost, replayed=replayed)

    def undo(
        self, resource: Resource, record_id: str, verb: Verb, *, operation: ActionKind, idempotency_key: str
    ) -> Written:
        path = f"/{resource}/{quote(record_id, safe='')}/{verb}"
        answer, lost = self._post(path, {EXTERNAL_REF: idempotency_key}, operation, idempotency_key)
        if answer.status_code == HTTPStatus.CONFLICT and "Retry-After" in answer.headers:
            raise lost("an earlier request with this key is still under way")
        self._check(answer, f"undo {operation}", lost)
        replayed = answer.headers.get(REPLAYED, "").lower() == "true"
        return _written(_json(answer, lost), lost, replayed=replayed)

    def created(self, resource: Resource, idempotency_key: str) -> tuple[Written, ...]:
        found = self._get(f"/{resource}", f"find among {resource}", {EXTERNAL_REF: idempotency_key})
        if not isinstance(found, list):
            raise self._down("it answered a search with something other than an array")
        # A system that does not know the parameter answers with everything it has.
        ours = [r for r in found if isinstance(r, dict) and r.get(EXTERNAL_REF) == idempotency_key]
        return tuple(_written(record, self._down, replayed=True) for record in ours)

    def read(self, resource: Resource, record_id: str) -> dict[str, Any]:
        record = self._get(f"/{resource}/{quote(record_id, safe='')}", f"read {resource}")
        if record is None:
            raise NoSuchRecord(system=self.system, resource=resource, record_id=record_id)
        if not isinstance(record, dict):
            raise self._down("it answered with something other than an object")
        return record

    def close(self) -> None:
        self._client.close()

    def _conflict(
        self, answer: httpx.Response, resource: Resource, operation: ActionKind, idempotency_key: str
    ) -> Written:
        """409: an earlier request with this key is still under way (then the system says when to come again),
        or has made its record, or the record contradicts another one."""
        if "Retry-After" in answer.headers:
            reason = "an earlier request with this key is still under way"
            raise OutcomeUnknown(system=self.system, operation=operation, reason=reason)
        if earlier := self.created(resource, idempotency_key):
            return earlier[0]
        raise Refused(system=self.system, operation=operation, reason=_reason(answer))

    def _post(
        self, path: str, body: Mapping[str, Any], operation: ActionKind, idempotency_key: str
    ) -> tuple[httpx.Response, Callable[[str], ConnectorError]]:
        """The answer to a change, whatever it says, and what to raise where its outcome cannot be known."""

        def lost(reason: str) -> ConnectorError:
            return OutcomeUnknown(system=self.system, operation=operation, reason=reason)

        request = self._client.build_request(
            "POST",
            path,
            json=body,
            headers={"Idempotency-Key": quote(idempotency_key, safe=":")},  # headers are ASCII
        )
        return self._send(request, lost), lost

    def _get(self, path: str, doing: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON at this path; None where there is nothing. A read that fails has changed nothing, whatever
        the reason: the system counts as down."""
        answer = self._send(self._client.build_request("GET", path, params=params), self._down)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        self._check(answer, doing, self._down)
        return _json(answer, self._down)

    def _send(self, request: httpx.Request, lost: Callable[[str], ConnectorError]) -> httpx.Response:
        """The answer, whatever it says. Raises SystemDown where the request cannot have arrived, and what
        `lost` makes of the reason where it may have."""
        context: dict[str, str] = {}
        _trace.inject(context)  # nothing, where no span is active
        request.headers.update(context)
        try:
            return self._client.send(request)
        except _NOT_SENT as error:
            raise self._down(f"no connection ({type(error).__name__})") from error
        except httpx.TimeoutException as error:
            raise lost("no answer in time") from error
        except httpx.RequestError as error:
            raise lost(f"the connection was lost ({type(error).__name__})") from error

    def _check(self, answer: httpx.Response, doing: str, lost: Callable[[str], ConnectorError]) -> None:
        """Raises unless the answer is a success."""
        status = answer.status_code
        if answer.is_success:
            return
        if status == HTTPStatus.UNAUTHORIZED:
            raise SignInRefused(system=self.system, reason=_reason(answer))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SlowDown(system=self.system, retry_after=_retry_after(answer))
        if status in _NOT_DONE:
            raise self._down(_reason(answer))
        if answer.is_client_error:
            raise Refused(system=self.system, operation=doing, reason=_reason(answer))
        raise lost(f"it answered {_reason(answer)}")

    def _down(self, reason: str) -> SystemDown:
        return SystemDown(system=self.system, reason=reason)


@cache
def _trust() -> ssl.SSLContext:
    """The certificate authorities, read once for all systems."""
    return httpx.create_ssl_context()


def _json(answer: httpx.Response, lost: Callable[[str], ConnectorError]) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise lost("its answer is not JSON") from error


def _written(record: Any, lost: Callable[[str], ConnectorError], *, replayed: bool) -> Written:
    if not isinstance(record, dict) or record.get("id") in (None, ""):
        raise lost("its answer names no record")
    return Written(record_id=str(record["id"]), record=record, replayed=replayed)


def _reason(answer: httpx.Response) -> str:
    """What the system says is wrong: its text on one line and cut short, or the name of the status."""
    said = ""
    try:
        problem = answer.json()
    except ValueError:  # a page for people
        problem = None
    if isinstance(problem, dict):
        for name in ("detail", "message", "error", "title"):
            if isinstance(problem.get(name), str) and problem[name].strip():
                said = " ".join(problem[name].split())[:_LONGEST_REASON]
                break
    return f"{answer.status_code} {said or answer.reason_phrase}".strip()


def _retry_after(answer: httpx.Response) -> float:
    """Seconds until the system wants to be called again: RFC 9110, 10.2.3, seconds or a date."""
    value = answer.headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return _RETRY_AFTER
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if math.isfinite(seconds) else _RETRY_AFTER
