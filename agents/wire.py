"""The connection to a language model, bounded: an answer that drips, never ends or is far too long is given
up, whatever the endpoint sends to keep it alive.

A client's own timeouts are between two bytes, so that a line of comment every second holds it for ever."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx2
import openai

ANSWER_BYTES = 2_000_000  # of one answer with all its frames; a thousand words take some 200,000

_deadline: ContextVar[float] = ContextVar("deadline")  # of the answer that this thread waits for, monotonic


class AnswerTooSlow(Exception):
    """Time is over."""


class AnswerTooLong(Exception):
    """More than ANSWER_BYTES."""


def client() -> httpx2.Client:
    """An HTTP client with the library's own settings, for requests made `within` a deadline."""
    return openai.DefaultHttpxClient(event_hooks={"request": [_hasten], "response": [_bind]})


@contextmanager
def within(deadline: float) -> Iterator[None]:
    """`deadline`: on the monotonic clock, for the requests of this thread."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def _hasten(request: httpx2.Request) -> None:
    """Wait for no byte longer than there is time."""
    left = max(_deadline.get() - time.monotonic(), 0.001)
    timeouts = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {
        name: left if (given := timeouts.get(name)) is None else min(given, left)
        for name in ("connect", "read", "write", "pool")
    }


def _bind(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.SyncByteStream)
    response.stream = _Bounded(response.stream, _deadline.get())


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._stream:
            size += len(part)
            if size > ANSWER_BYTES:
                raise AnswerTooLong
            if time.monotonic() >= self._deadline:
                raise AnswerTooSlow
            yield part

    def close(self) -> None:
        self._stream.close()
