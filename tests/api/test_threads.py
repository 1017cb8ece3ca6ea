"""Conversations over REST, and the stream of a turn."""

import json

from tests.api.small_firm import Program


def test_a_turn_as_json_holds_every_event(program: Program) -> None:
    paula = program("paula")
    thread_id = paula.post("/v1/threads", json={"title": "Queue"}).json()["thread_id"]
    reply = paula.post(
        f"/v1/threads/{thread_id}/turns",
        json={"text": "What waits for my decision?"},
        headers={"Accept": "application/json"},
    )
    events = reply.json()["events"]
    assert [e["event"] for e in events][:1] == ["tool_started"]
    assert events[-1]["event"] == "answered" and events[-1]["text"]
    said = paula.get(f"/v1/threads/{thread_id}/messages").json()
    assert [m["author"] for m in said] == ["person", "copilot"]
    assert said[1]["message_id"] == events[-1]["message_id"]


def test_a_turn_is_streamed_as_server_sent_events(program: Program) -> None:
    paula = program("paula")
    thread_id = paula.post("/v1/threads", json={}).json()["thread_id"]
    reply = paula.post(f"/v1/threads/{thread_id}/turns", json={"text": "What waits for my decision?"})
    assert reply.headers["content-type"].startswith("text/event-stream")
    blocks = [b for b in reply.text.split("\n\n") if b]
    for block in blocks:
        name, data = block.split("\n")
        assert json.loads(data.removeprefix("data: "))["event"] == name.removeprefix("event: ")
    assert "event: answered" in blocks[-1]


def test_what_cannot_be_said_is_a_problem_before_the_stream(program: Program) -> None:
    paula = program("paula")
    thread_id = paula.post("/v1/threads", json={}).json()["thread_id"]
    for text in ("", "   ", "x" * 40_001):
        reply = paula.post(f"/v1/threads/{thread_id}/turns", json={"text": text})
        assert reply.status_code == 422 and reply.headers["content-type"] == "application/problem+json"


def test_conversations_are_listed_the_last_used_first(program: Program) -> None:
    paula = program("paula")
    first, second = (paula.post("/v1/threads", json={"title": t}).json()["thread_id"] for t in ("a", "b"))
    paula.post(f"/v1/threads/{first}/turns", json={"text": "What waits for me?"})
    assert [t["thread_id"] for t in paula.get("/v1/threads").json()] == [first, second]
