"""Whatever a language model's endpoint does, a turn ends in time, says what stands in records, writes nothing
by itself, and tells the person that the rules took over."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock

from agents.budget import Budget
from agents.endpoint import ModelSettings
from agents.events import Answered, Asked, Event, Remark, TextDelta, ToolFinished

ASKED = "Who could be the data engineer on Lighthouse?"
BY_RULES = "For Data Engineer on Lighthouse:"
PATIENCE_S = 5.0  # the turn's budget in seconds
SLACK_S = 5.0  # for a busy machine

Turn = Callable[[ModelSettings], list[Event]]


@pytest.fixture
def turn(make_copilot, maria) -> Turn:
    """One turn about a shortlist through a language model; it ends in time."""

    def take(settings: ModelSettings, text: str = ASKED) -> list[Event]:
        copilot = make_copilot(model=settings, budget=Budget(seconds=PATIENCE_S))
        started = time.monotonic()
        events = list(copilot.turn(maria, copilot.open_thread(maria), text))
        assert time.monotonic() - started < PATIENCE_S + SLACK_S
        return events

    return take


def settings_of(base_url: str) -> ModelSettings:
    return ModelSettings("m", base_url, timeout_s=0.5, first_wait_s=0.01, retries=1)


def remarks(events: list[Event]) -> str:
    return " ".join(e.text for e in events if isinstance(e, Remark))


def tools(events: list[Event]) -> list[tuple[str, str]]:
    return [(e.tool, e.outcome) for e in events if isinstance(e, ToolFinished)]


def shown(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, TextDelta))


def by_rules(events: list[Event], reason: str) -> None:
    assert reason in remarks(events) and "fixed rules" in remarks(events)
    assert tools(events) == [("find_people", "ok")]
    assert isinstance(events[-1], Answered) and events[-1].text.startswith(BY_RULES)
    assert not events[-1].proposals


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        pytest.param(lambda m: m.outage(status=503), "HTTP 503", id="the provider is down"),
        pytest.param(
            lambda m: m.rate_limit(times=None, retry_after=30), "HTTP 429", id="told to wait too long"
        ),
        pytest.param(lambda m: m.context_overflow(times=None), "HTTP 4", id="the prompt is too long for it"),
        pytest.param(lambda m: m.disconnect(times=None), "not reachable", id="hangs up within the stream"),
        pytest.param(lambda m: m.truncate(times=None), "broke off", id="ends the stream without its end"),
        pytest.param(lambda m: m.corrupt(times=None), "not understood", id="a frame that is no JSON"),
        pytest.param(lambda m: m.stall(seconds=20, times=None), "in time", id="stops within the stream"),
        pytest.param(lambda m: m.slow_first_token(20, times=None), "in time", id="never begins"),
        pytest.param(lambda m: m.delay(20, times=None), "in time", id="answers nothing at all"),
    ],
)
def test_faults_of_providers(
    turn: Turn, llmock: LLMock, break_it: Callable[[LLMock], Any], reason: str
) -> None:
    llmock.reply("Ana Silva fits best.", times=None)
    break_it(llmock)
    by_rules(turn(settings_of(llmock.base_url())), reason)


def test_a_model_that_only_calls_what_is_not_there_is_left(turn: Turn, llmock: LLMock) -> None:
    llmock.tool_mode("auto")
    llmock.break_tool_call("unknown_tool", times=None)
    events = turn(settings_of(llmock.base_url()))
    assert [outcome for _, outcome in tools(events)][:2] == ["invalid", "invalid"]
    assert "arguments that do not fit" in remarks(events)
    assert isinstance(events[-1], Answered | Asked)


def frame(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(chunk | more)}\n\n".encode()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
Peer = Callable[[socket.socket], None]


def drips(peer: socket.socket) -> None:
    peer.sendall(HEAD)
    while True:  # comments keep a read timeout from ever running out
        peer.sendall(b": still thinking\n\n")
        time.sleep(0.1)


def drips_words(peer: socket.socket) -> None:
    peer.sendall(HEAD)
    while True:
        peer.sendall(frame({"content": "well, "}))
        time.sleep(0.1)


def one_endless_line(peer: socket.socket) -> None:
    peer.sendall(HEAD + b"data: ")
    while True:
        peer.sendall(b"x" * 65_536)


def says(*frames: bytes) -> Peer:
    return lambda peer: peer.sendall(HEAD + b"".join(frames) + b"data: [DONE]\n\n")


def call(name: str | None, arguments: str) -> bytes:
    function = {"name": name, "arguments": arguments}
    return frame({"tool_calls": [{"index": 0, "id": "1", "type": "function", "function": function}]})


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        pytest.param(drips, "too slow", id="comments for ever"),
        pytest.param(drips_words, "too slow", id="a word now and then"),
        pytest.param(one_endless_line, "far too long", id="a line without end"),
        pytest.param(
            says(frame({"content": "word " * 10_000}), frame(finish="stop")), "far too long", id="a huge text"
        ),
        pytest.param(
            says(frame({"content": "Ana"}), frame(finish="content_filter")), "stopped", id="filtered away"
        ),
        pytest.param(
            lambda p: p.sendall(b"HTTP/1.1 200 OK\r\n\r\n<html>Login"), "not understood", id="a login page"
        ),
        pytest.param(lambda p: p.sendall(b"SSH-2.0-x\r\n"), "not reachable", id="another protocol"),
        pytest.param(
            lambda p: p.sendall(HEAD + b'data: {"error": {"message": "quota"}}\n\n'),
            "not understood",
            id="an error within the stream",
        ),
        pytest.param(
            lambda p: p.sendall(b"HTTP/1.1 429 x\r\nretry-after: nan\r\ncontent-length: 0\r\n\r\n"),
            "HTTP 429",
            id="told to wait for no number",
        ),
        pytest.param(
            lambda p: p.sendall(b"HTTP/1.1 503 x\r\nretry-after: -9\r\ncontent-length: 0\r\n\r\n"),
            "HTTP 503",
            id="told to wait for less than nothing",
        ),
        pytest.param(says(frame(choices=[])), "broke off", id="no choice in it"),
        pytest.param(says(b"data: \xff\xfe\n\n"), "not understood", id="no text"),
    ],
)
def test_faults_of_the_wire(turn: Turn, peer: Peer, reason: str) -> None:
    with listening(peer) as base_url:
        by_rules(turn(settings_of(base_url)), reason)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(call("find_people", '{"project": ' + "[" * 5_000), id="nested without end"),
        pytest.param(call("find_people", json.dumps({"project": "x" * 300_000, "role": "y"})), id="huge"),
        pytest.param(call(None, "{}"), id="without a name"),
        pytest.param(call("find_people", "[1, 2]"), id="a list"),
        pytest.param(call("find_people", '"Lighthouse"'), id="a text"),
        pytest.param(call("decide_proposal", '{"verdict": "approve"}'), id="of a tool that nobody has"),
        pytest.param(call("find_people\u202e", '{"project": "Lighthouse"}'), id="with a hidden character"),
    ],
)
def test_calls_of_no_sense(turn: Turn, asked: bytes) -> None:
    """Nothing of them is run; the person has the rules' answer or a sentence that says what was not found."""
    with listening(says(asked, frame(finish="tool_calls"))) as base_url:
        events = turn(settings_of(base_url))
    assert isinstance(events[-1], Answered | Asked)
    assert {outcome for name, outcome in tools(events) if name not in ("find_people",)} <= {"invalid"}
    assert not any("propose" in name for name, _ in tools(events))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param("I have booked Ana Silva on Lighthouse.", "I have booked", id="a deed"),
        pytest.param("Done! Ana Silva is on Lighthouse.", "Done", id="done"),
        pytest.param("Your change was approved.", "was approved", id="a decision"),
        pytest.param("Ich habe Ana Silva auf Lighthouse gebucht.", "Ich habe Ana", id="a deed in German"),
        pytest.param("J'ai réservé Ana Silva.", "J'ai réservé", id="a deed in French"),
        pytest.param("He reservado a Ana Silva.", "He reservado", id="a deed in Spanish"),
        pytest.param("Ana Kowalska fits best.", "Ana Kowalska", id="somebody who was not found"),
        pytest.param("Harbour Analytics needs her more.", "Harbour Analytics", id="another project"),
        pytest.param("安娜·席尔瓦最适合这个项目，她有空。", "another language", id="Chinese"),
        pytest.param(
            "Ana Silva sopii parhaiten, koska hän on vapaana ja osaa tämän työn hyvin.",
            "another language",
            id="Finnish",
        ),
    ],
)
def test_lies_are_not_shown(turn: Turn, endpoint, words: str, reason: str) -> None:
    endpoint.calls("find_people", {"project": "Lighthouse", "role": "data engineer"})
    endpoint.says(words)
    events = turn(endpoint.settings)
    assert "wording is left out" in remarks(events) and reason in remarks(events)
    assert words not in shown(events)
    assert events[-1].text.startswith("For data engineer on Lighthouse:")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param(ASKED, "Ana Silva and Jonas Weber are free.", id="who was found"),
        pytest.param(ASKED, "I checked who is free: Ana Silva is.", id="a deed that it may do"),
        pytest.param(
            "Wer könnte Data Engineer auf Lighthouse sein?",
            "Ana Silva passt am besten, danach kommt Jonas Weber, der weniger kostet.",
            id="the person's own language",
        ),
        pytest.param(
            "Wer könnte Data Engineer auf Lighthouse sein?", "Ana Silva is the best fit for it.", id="English"
        ),
        pytest.param(ASKED, "Nobody has been booked yet; Ana Silva is free.", id="not done is no claim"),
    ],
)
def test_honest_words_are_shown(turn: Turn, endpoint, asked: str, words: str) -> None:
    endpoint.calls("find_people", {"project": "Lighthouse", "role": "data engineer"})
    endpoint.says(words)
    events = turn(endpoint.settings, asked)
    assert events[-1].text == words and not remarks(events)


@contextmanager
def listening(answer: Peer) -> Iterator[str]:
    """A server of bytes; each connection is answered alike."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):  # closed, at the end
                while True:
                    peer, _ = server.accept()
                    threading.Thread(target=talk, args=(peer,), daemon=True).start()

        def talk(peer: socket.socket) -> None:
            with peer, suppress(OSError):  # the client has given up
                peer.recv(1_000_000)
                answer(peer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        server.shutdown(socket.SHUT_RDWR)
