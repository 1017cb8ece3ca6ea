"""The copilot as the desk sees it: conversations read from the database, turns and tools asked of the process
that answers. What that process says is checked before it goes on: it can only say what an event or a problem
can hold."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

import httpx
import structlog
from pydantic import TypeAdapter, ValidationError

from agents.conversations import Conversations
from agents.events import Event, Failed
from api.auth.passes import Passes
from api.copilot.wire import Call, ToolView, Turn, events
from api.problems import ProblemDetails
from api.telemetry import outgoing, span
from models.access import Principal
from models.errors import ChargehandError, Retry
from store.db import Database
from tools.registry import ToolResult

CONNECT_S = 2.0
SILENCE_S = 180.0  # the longest that a turn or a call may say nothing: budgets end them earlier
HEALTH_S = 1.0
START_S = 30.0
CONNECTIONS = 128
PASSED_ON = frozenset(
    {403, 404, 409, 422, 500, 503, 504}
)  # not 401: that is between the desk and the copilot

log = structlog.get_logger(__name__)
_TOOLS: TypeAdapter[list[ToolView]] = TypeAdapter(list[ToolView])


class CopilotUnavailable(ChargehandError):
    """The copilot does not answer at the moment. Everything else goes on without it; try
    again in a minute."""

    status = 503
    retry: ClassVar[Retry] = "later"


class CopilotLost(ChargehandError):
    """The copilot broke off in the middle of its answer. Nothing was written to a system of record; ask
    again."""

    status = 503
    retry: ClassVar[Retry] = "later"


class CopilotSays(ChargehandError):
    """A problem that the copilot answered with, handed on as it is."""

    def __init__(self, problem: ProblemDetails) -> None:
        super().__init__(problem.detail)
        self.status = problem.status  # type: ignore[misc]
        self.retry = problem.retry  # type: ignore[misc]
        self._said = problem.model_dump(mode="json", exclude={"request_id"})

    def problem(self) -> dict[str, Any]:
        return self._said


@dataclass(frozen=True)
class Address:
    """Where a copilot listens: at an http address, or on a socket of this machine."""

    url: str = "http://copilot"
    socket: str | None = None

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url,
            transport=httpx.HTTPTransport(
                uds=self.socket,
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=16),
            ),
            timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S, pool=CONNECT_S),
            trust_env=False,
        )


class RemoteCopilot(Conversations):
    """Use it from any thread."""

    def __init__(self, db: Database, address: Address) -> None:
        super().__init__(db)
        self._passes = Passes(db)
        self._http = address.client()
        self._known = False  # to have answered
        self._may_start_until = time.monotonic() + START_S

    def close(self) -> None:
        self._http.close()

    def answers(self) -> bool:
        """Whether it can be asked now."""
        try:
            up = self._http.get("/healthz", timeout=HEALTH_S).is_success
        except httpx.HTTPError:
            return False
        self._known = self._known or up
        return up

    def is_expected(self) -> bool:
        """Whether what is asked now should be answered: it is up, or may still be starting."""
        return self._may_be_starting() or self.answers()

    def _may_be_starting(self) -> bool:
        return not self._known and time.monotonic() < self._may_start_until

    def turn(self, principal: Principal, thread_id: UUID, text: str) -> Iterator[Event]:
        """Also raises CopilotUnavailable. An answer that breaks off ends with Failed."""
        pass_token = self._passes.make(principal)
        with span("chargehand.turn"):
            request = self._http.build_request(
                "POST",
                f"/v1/threads/{thread_id}/turns",
                json=Turn.model_construct(text=text).model_dump(),
                headers=_headers(pass_token),
            )
            reply = self._sent(request, pass_token)
        happening = self._events(reply, pass_token)
        next(happening)  # begun, so that it lets go of the reply also when nobody reads it
        return (event for event in happening if event is not None)

    def tools(self, principal: Principal) -> list[ToolView]:
        """The governed tools that the principal may use. Raises CopilotUnavailable."""
        with self._asked("GET", "/v1/tools", self.admit(principal)) as reply:
            return _TOOLS.validate_json(reply.read())

    def call(self, principal: Principal, name: str, asked: Call) -> ToolResult:
        """Run a tool. Raises CopilotUnavailable, and as CopilotSays what the registry raises."""
        return self.call_admitted(self.admit(principal), name, asked)

    def admit(self, principal: Principal) -> str:
        """A pass for one call, for a caller that may want to end it from another thread."""
        return self._passes.make(principal)

    def dismiss(self, pass_token: str) -> None:
        """End a pass: what still runs under it reads and proposes nothing more."""
        self._passes.end(pass_token)

    def call_admitted(self, pass_token: str, name: str, asked: Call) -> ToolResult:
        """Run a tool under a pass, and end the pass. Raises what `call` raises."""
        path = f"/v1/tools/{quote(name, safe='')}/calls"
        with self._asked("POST", path, pass_token, asked.model_dump(mode="json")) as reply:
            return ToolResult.model_validate_json(reply.read())

    @contextmanager
    def _asked(self, method: str, path: str, pass_token: str, body: Any = None) -> Iterator[httpx.Response]:
        try:
            with span(f"chargehand.copilot {method}"):
                request = self._http.build_request(method, path, json=body, headers=_headers(pass_token))
                reply = self._sent(request, pass_token)
            try:
                yield reply
            finally:
                reply.close()
        except (httpx.HTTPError, ValidationError) as e:
            log.warning("copilot.lost", reason=type(e).__name__)
            raise CopilotLost from e
        finally:
            self._passes.end(pass_token)

    def _sent(self, request: httpx.Request, pass_token: str) -> httpx.Response:
        while self._may_be_starting() and not self.answers():
            time.sleep(0.1)
        try:
            reply = self._http.send(request, stream=True)
            if reply.is_error:
                said = reply.read()
        except httpx.HTTPError as e:
            log.warning("copilot.unavailable", reason=f"{type(e).__name__}: {e}")
            self._passes.end(pass_token)
            raise CopilotUnavailable from e
        if reply.is_error:
            self._passes.end(pass_token)
            raise _problem(said)
        return reply

    def _events(self, reply: httpx.Response, pass_token: str) -> Iterator[Event | None]:
        """Nothing once, then what happens."""
        ended = False
        try:
            yield None
            for event in events(reply.iter_lines()):
                ended = event.event in ("answered", "asked", "failed")
                yield event
        except (httpx.HTTPError, ValidationError) as e:
            log.warning("copilot.lost", reason=type(e).__name__)
        finally:
            reply.close()
            if ended:  # else the turn goes on without us
                self._passes.end(pass_token)
        if not ended:
            yield Failed(problem=CopilotLost().problem())


def _headers(pass_token: str) -> dict[str, str]:
    said = structlog.contextvars.get_contextvars().get("request_id")
    known = {"X-Request-ID": str(said)} if said else {}
    return outgoing({"Authorization": f"Bearer {pass_token}", **known})


def _problem(said: bytes) -> ChargehandError:
    try:
        problem = ProblemDetails.model_validate_json(said)
    except ValidationError:
        return CopilotUnavailable()
    return CopilotSays(problem) if problem.status in PASSED_ON else CopilotUnavailable()
