"""A persona at Chargehand's REST API: what the day's people use to talk, read and sign."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import httpx

Json = dict[str, Any]


class Refused(Exception):
    """The API said no: an HTTP status and its problem details."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True)
class Persona:
    """Someone signed in with a bearer token."""

    part: str  # "project_manager", ...
    person_id: str
    name: str
    http: httpx.Client

    @classmethod
    def at(cls, base_url: str, part: str, person_id: str, name: str, token: str) -> Self:
        headers = {"Authorization": f"Bearer {token}"}
        http = httpx.Client(base_url=base_url, headers=headers, timeout=httpx.Timeout(60.0))
        return cls(part, person_id, name, http)

    def get(self, path: str, **query: str | int) -> Any:
        """Raises Refused."""
        return _answer(self.http.get(path, params=query))

    def page(self, path: str) -> str:
        """The text of a page. Raises Refused."""
        reply = self.http.get(path)
        if reply.is_error:
            _answer(reply)
        return reply.text

    def post(self, path: str, body: Json) -> Any:
        """With an idempotency key of its own. Raises Refused."""
        return _answer(self.http.post(path, json=body, headers={"Idempotency-Key": str(uuid4())}))

    def thread(self, title: str) -> str:
        """Open a conversation; its id."""
        return str(self.post("/v1/threads", {"title": title})["thread_id"])

    def say(self, thread_id: str, text: str) -> Json:
        """One turn of a conversation; the event it ended with. Raises Refused when it failed."""
        last: Json = {}
        with self.http.stream(
            "POST",
            f"/v1/threads/{thread_id}/turns",
            json={"text": text},
            headers={"Accept": "text/event-stream", "Idempotency-Key": str(uuid4())},
        ) as reply:
            if reply.is_error:
                reply.read()
                _answer(reply)
            for event in _events(reply.iter_lines()):
                last = event
        if last.get("event") == "failed":
            raise Refused(int(last["problem"]["status"]), last["problem"])
        return last

    def history(self, thread_id: str) -> list[Json]:
        """All that was said in a conversation, outcomes that it was told of included."""
        return list(self.get(f"/v1/threads/{thread_id}/messages"))

    def card(self, proposal_id: str) -> Json:
        return dict(self.get(f"/v1/proposals/{proposal_id}"))

    def decide(self, proposal_id: str, verdict: str, reason: str = "I looked at the evidence.") -> Json:
        """Sign what the card shows now."""
        shown = self.card(proposal_id)
        body = {"content_hash": shown["content_hash"], "verdict": verdict, "reason": reason}
        return dict(self.post(f"/v1/proposals/{proposal_id}/decisions", body))

    def wait(self, proposal_id: str, *states: str, seconds: float = 60.0) -> Json:
        """The card once it is in one of the states. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while True:
            card = self.card(proposal_id)
            if card["state"] in states:
                return card
            if time.monotonic() > deadline:
                raise TimeoutError(f"proposal {proposal_id} is {card['state']} after {seconds:.0f} s")
            time.sleep(0.2)


def _answer(reply: httpx.Response) -> Any:
    if reply.is_error:
        try:
            problem = reply.json()
        except ValueError:
            problem = {"detail": reply.text[:300]}
        raise Refused(reply.status_code, problem)
    return reply.json() if reply.content else None


def _events(lines: Iterator[str]) -> Iterator[Json]:
    """The JSON of each server-sent event."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").strip())
        elif not line and data:
            yield json.loads("\n".join(data))
            data = []
