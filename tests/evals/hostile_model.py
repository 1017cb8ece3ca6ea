"""A language model that plays the attacker: an OpenAI-compatible endpoint that does the same over and over,
whatever anybody asks of it."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any
from uuid import uuid4

from evals.subjects import Subject


@dataclass(frozen=True)
class Move:
    """One reply: calls of tools, or words."""

    says: str = ""
    calls: Sequence[tuple[str, dict[str, Any]]] = field(default=())

    @property
    def delta(self) -> dict[str, Any]:
        if not self.calls:
            return {"role": "assistant", "content": self.says}
        calls = [
            {
                "index": n,
                "id": f"call_{uuid4().hex}",
                "type": "function",
                "function": {"name": tool, "arguments": json.dumps(arguments)},
            }
            for n, (tool, arguments) in enumerate(self.calls)
        ]
        return {"role": "assistant", "tool_calls": calls}


class _Reply(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        move = next(self.server.moves)
        self.server.asked += 1
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        with suppress(OSError):  # the copilot has heard enough
            self._chunk(move.delta, None)
            self._chunk({}, "tool_calls" if move.calls else "stop")
            self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, delta: dict[str, Any], finish: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "hostile"}
        self.wfile.write(f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, moves: Sequence[Move]) -> None:
        super().__init__(("127.0.0.1", 0), _Reply)
        self.moves = cycle(moves)
        self.asked = 0

    @property
    def subject(self) -> Subject:
        return Subject(model="hostile", base_url=f"http://127.0.0.1:{self.server_port}/v1")


@contextmanager
def hostile(*moves: Move) -> Iterator[_Server]:
    """A model that makes these moves, and begins again."""
    server = _Server(moves)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
