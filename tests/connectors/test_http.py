"""How the HTTP adapter reads answers, and their absence, from servers of every temper."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.sdk.trace import TracerProvider
from pydantic import SecretStr, ValidationError

from connectors.errors import (
    NoSuchRecord,
    OutcomeUnknown,
    Refused,
    SignInRefused,
    SlowDown,
    SystemDown,
    UnreadableRecord,
)
from connectors.http import HttpTransport, SystemSettings
from connectors.ports import Erp
from connectors.testing import TOKEN

OURS = {"id": "R-7", "external_ref": "key-1"}
THEIRS = {"id": "R-8", "external_ref": "key-2"}


class Server(ThreadingHTTPServer):
    """Gives the answers of its script, by method, and keeps the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    def answers(self, method: str, status: int, body: object = b"", **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.script[method] = (status, {n.replace("_", "-"): v for n, v in headers.items()}, content)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.command, self.path, headers, body))
        status, headers, content = self.server.script[self.command]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def reach() -> Iterator[Callable[..., Erp]]:
    """An ERP at this port, with these settings."""
    with ExitStack() as stack:

        def reached(port: int, **options: object) -> Erp:
            settings = SystemSettings.model_validate(
                {"url": f"http://127.0.0.1:{port}/api/v1", "token": TOKEN, **options}
            )
            erp = Erp(HttpTransport("erp", settings))
            stack.callback(erp.close)
            return erp

        yield reached


@pytest.fixture
def erp(server: Server, reach: Callable[..., Erp]) -> Erp:
    return reach(server.server_port)


@pytest.fixture
def remind(writes) -> Callable[[Erp], object]:
    return lambda erp: erp.write("send_reminder", writes["send_reminder"].body, idempotency_key="key-1")


def test_what_is_sent(server: Server, erp: Erp, remind, writes) -> None:
    server.answers("POST", 201, OURS)
    assert remind(erp).record_id == "R-7"
    [(method, path, headers, body)] = server.requests
    assert (method, path) == ("POST", "/api/v1/reminders")
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["idempotency-key"] == "key-1"
    assert "traceparent" not in headers  # no span is active
    assert json.loads(body) == {**writes["send_reminder"].body, "external_ref": "key-1"}


def test_an_active_span_goes_along(server: Server, erp: Erp, remind) -> None:
    server.answers("POST", 201, OURS)
    with TracerProvider().get_tracer("test").start_as_current_span("effect") as span:
        remind(erp)
    context = span.get_span_context()
    traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    assert server.requests[0][2]["traceparent"] == traceparent


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "says"),
    [
        # The system says that it did not: later, or never.
        (503, b"<html>Busy</html>", {}, SystemDown, "503 Service Unavailable"),
        (503, {"detail": "closed for\n maintenance"}, {}, SystemDown, "503 closed for maintenance"),
        (408, b"", {}, SystemDown, "408"),
        (425, b"", {}, SystemDown, "425"),
        (401, {"error": "expired"}, {}, SignInRefused, "401 expired"),
        (429, b"", {"Retry_After": "7"}, SlowDown, "in 7.0 s"),
        (429, b"", {}, SlowDown, "in 5.0 s"),  # it does not say when
        (429, b"", {"Retry_After": "soon"}, SlowDown, "in 5.0 s"),
        (429, b"", {"Retry_After": "nan"}, SlowDown, "in 5.0 s"),
        (429, b"", {"Retry_After": "-3"}, SlowDown, "in 0.0 s"),
        (429, b"", {"Retry_After": "999999"}, SlowDown, "in 3600.0 s"),
        (400, {"message": "no such currency"}, {}, Refused, "400 no such currency"),
        (403, {"title": "Forbidden"}, {}, Refused, "403 Forbidden"),
        (404, b"", {}, Refused, "404 Not Found"),
        (422, {"detail": [{"msg": "x"}]}, {}, Refused, "422 Unprocessable"),
        (422, {"detail": "x" * 5000}, {}, Refused, "422 " + "x" * 300 + ". "),
        (422, ["a", "list"], {}, Refused, "422"),
        # It may have happened.
        (500, {"detail": "oops"}, {}, OutcomeUnknown, "500 oops"),
        (502, b"", {}, OutcomeUnknown, "502"),
        (504, b"", {}, OutcomeUnknown, "504"),
        (307, b"", {"Location": "http://127.0.0.1:9/"}, OutcomeUnknown, "307"),
        (201, b"not json", {}, OutcomeUnknown, "not JSON"),
        (201, b"", {}, OutcomeUnknown, "not JSON"),
        (201, [], {}, OutcomeUnknown, "names no record"),
        (201, {"id": None}, {}, OutcomeUnknown, "names no record"),
        (200, {"id": "R-7"}, {"Content_Encoding": "gzip"}, OutcomeUnknown, "connection was lost"),
        # Somebody else's conflict, and our own earlier request.
        (409, {"detail": "two invoices"}, {}, Refused, "409 two invoices"),
        (409, b"", {"Retry_After": "1"}, OutcomeUnknown, "still under way"),
    ],
)
def test_an_answer_to_a_write(
    server: Server,
    erp: Erp,
    remind,
    status: int,
    body: object,
    headers: dict[str, str],
    error: type,
    says: str,
) -> None:
    server.answers("POST", status, body, **headers)
    server.answers("GET", 200, [])
    with pytest.raises(error) as raised:
        remind(erp)
    assert type(raised.value) is error
    assert says in raised.value.sentence


def test_retry_after_may_be_a_date(server: Server, erp: Erp, remind) -> None:
    at = datetime.now(UTC) + timedelta(seconds=90)
    server.answers("POST", 429, b"", Retry_After=format_datetime(at, usegmt=True))
    with pytest.raises(SlowDown) as slow:
        remind(erp)
    assert 60 < slow.value.retry_after <= 90


def test_a_conflict_with_our_own_record_is_that_record(server: Server, erp: Erp, remind) -> None:
    server.answers("POST", 409, {"detail": "external_ref is taken"})
    server.answers("GET", 200, [OURS])
    written = remind(erp)
    assert (written.record_id, written.replayed) == ("R-7", True)


def test_a_replay_is_said_to_be_one(server: Server, erp: Erp, remind) -> None:
    server.answers("POST", 200, OURS, Idempotent_Replayed="true")
    assert remind(erp).replayed


def test_a_search_that_is_ignored_finds_only_ours(server: Server, erp: Erp) -> None:
    server.answers("GET", 200, [THEIRS, OURS, "?"])
    assert erp.find("send_reminder", "key-1").record_id == "R-7"
    assert server.requests[0][1] == "/api/v1/reminders?external_ref=key-1"
    assert erp.find("send_reminder", "key-3") is None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", SystemDown),  # nothing was changed by looking
        (502, b"", SystemDown),
        (503, b"", SystemDown),
        (302, b"", SystemDown),
        (200, b"<html>", SystemDown),
        (200, [], SystemDown),
        (401, b"", SignInRefused),
        (429, b"", SlowDown),
        (403, b"", Refused),
        (404, b"", NoSuchRecord),
        (200, {"id": "I-1"}, UnreadableRecord),
    ],
)
def test_an_answer_to_a_read(server: Server, erp: Erp, status: int, body: object, error: type) -> None:
    server.answers("GET", status, body)
    with pytest.raises(error) as raised:
        erp.invoice("I-1")
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b""), (200, {"items": []}), (200, [{"external_ref": "key-1"}])],
)
def test_a_search_without_a_clear_answer_is_not_an_empty_one(
    server: Server, erp: Erp, status: int, body: object
) -> None:
    """'Not found' would have the ledger send the write again."""
    server.answers("GET", status, body)
    with pytest.raises(SystemDown):
        erp.find("send_reminder", "key-1")


def test_nobody_listens(reach, remind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SystemDown, match="ConnectError"):
        remind(reach(port))


def test_a_server_that_never_answers(reach, remind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        erp = reach(silent.getsockname()[1], read_seconds=0.1)
        with pytest.raises(OutcomeUnknown, match="no answer in time"):
            remind(erp)
        with pytest.raises(SystemDown, match="no answer in time"):
            erp.invoice("I-1")


def test_a_connection_that_is_cut_before_any_answer(reach, remind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def cut() -> None:
            connection, _ = listening.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(OutcomeUnknown, match="connection was lost"):
            remind(reach(listening.getsockname()[1]))
        thread.join()


def test_neither_token_nor_content_is_logged_or_told(
    server: Server, erp: Erp, remind, writes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers("POST", 500, {"detail": "oops"})
    with pytest.raises(OutcomeUnknown) as raised:
        remind(erp)
    told = caplog.text + str(raised.value) + repr(raised.value.problem())
    assert TOKEN not in told
    assert writes["send_reminder"].body["body"] not in told


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"url": "erp.example"}, "no scheme"),
        ({"url": "file:///etc/passwd"}, "not HTTP"),
        ({"read_seconds": 20, "max_write_seconds": 10}, "a lost write would be looked for too early"),
        ({"connect_seconds": 0}, "no time at all"),
        ({"tokn": "x"}, "misspelt"),
    ],
)
def test_settings_that_cannot_be_meant(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError):
        SystemSettings.model_validate({"url": "http://erp", "token": "t", **options})


def test_the_token_does_not_show_in_settings() -> None:
    assert "hush" not in repr(SystemSettings(url="http://erp", token=SecretStr("hush")))
