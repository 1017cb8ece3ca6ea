"""A repeated POST gets the same reply, and the work is done once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.wiring import Application
from store.db import DatabaseUnavailable
from tests.api.small_firm import Program
from tests.workflow import firm
from workflow.cards import ProposalCard

KEY = {"Idempotency-Key": "a-new-key"}


@pytest.fixture
def card(application: Application) -> ProposalCard:
    return application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def count(application: Application, table: str) -> int:
    with psycopg.connect(application.place.admin) as connection:
        found = connection.execute(f"select count(*) from {table}").fetchone()
    assert found
    return int(found[0])


def test_a_repeat_gets_the_same_reply_byte_for_byte(application: Application, program: Program) -> None:
    paula = program("paula")
    first, second = (paula.post("/v1/threads", json={"title": "x"}, headers=KEY) for _ in range(2))
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert count(application, "talk.thread") == 1


def test_a_repeated_decision_is_the_decision_not_a_conflict(program: Program, card: ProposalCard) -> None:
    rita = program("rita")
    body = {"content_hash": card.content_hash, "verdict": "approve"}
    path = f"/v1/proposals/{card.proposal_id}/decisions"
    first, second = (rita.post(path, json=body, headers=KEY) for _ in range(2))
    assert first.status_code == 200 and second.content == first.content
    assert rita.post(path, json=body).status_code == 409, "without the key it is a second decision"


def test_a_decision_that_is_sent_many_times_at_once_is_one(
    application: Application, program: Program, card: ProposalCard
) -> None:
    """A double click, or a client that does not wait: none hears that somebody else decided."""
    rita = program("rita")
    body = {"content_hash": card.content_hash, "verdict": "approve"}

    def decide(_: int) -> tuple[int, str]:
        reply = rita.post(f"/v1/proposals/{card.proposal_id}/decisions", json=body, headers=KEY)
        return reply.status_code, reply.json().get("title") if reply.status_code != 200 else reply.text

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(decide, range(8)))
    assert {count(application, f"workflow.{table}") for table in ("decision", "effect")} == {1}
    done = {text for status, text in replies if status == 200}
    assert len(done) == 1, "all that are answered hear the same"
    assert {reply for reply in replies if reply[0] != 200} <= {(409, "Still working")}


def test_a_refusal_is_a_reply_too(program: Program, card: ProposalCard) -> None:
    rita = program("rita")
    body = {"content_hash": "0" * 64, "verdict": "approve"}
    path = f"/v1/proposals/{card.proposal_id}/decisions"
    first, second = (rita.post(path, json=body, headers=KEY) for _ in range(2))
    assert (first.status_code, second.content) == (409, first.content)
    assert second.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/v1/threads", {"title": "other"}, id="another body"),
        pytest.param("/v1/circuits/erp/pauses", {"reason": "x"}, id="another address"),
    ],
)
def test_a_key_is_for_one_request(program: Program, path: str, body: dict[str, str]) -> None:
    dora = program("dora")
    assert dora.post("/v1/threads", json={"title": "x"}, headers=KEY).status_code == 201
    refused = dora.post(path, json=body, headers=KEY)
    assert (refused.status_code, refused.json()["title"]) == (422, "Key reused")


def test_a_key_belongs_to_a_person(application: Application, program: Program) -> None:
    ids = {
        program(who).post("/v1/threads", json={}, headers=KEY).json()["thread_id"] for who in ("paula", "leo")
    }
    assert len(ids) == 2


def test_of_many_at_once_one_works(application: Application, program: Program) -> None:
    paula = program("paula")

    def post(_: int) -> tuple[int, str]:
        reply = paula.post("/v1/threads", json={}, headers=KEY)
        return reply.status_code, reply.text

    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(post, range(12)))
    assert count(application, "talk.thread") == 1
    assert {status for status, _ in replies} <= {201, 409}
    assert len({text for status, text in replies if status == 201}) == 1


def test_many_keys_at_once_do_not_starve_one_another(program: Program) -> None:
    """A claim holds no connection while its request works."""
    paula = program("paula")

    def post(n: int) -> int:
        return paula.post("/v1/threads", json={}, headers={"Idempotency-Key": f"key-{n}"}).status_code

    started = time.monotonic()
    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(post, range(48))) == {201}
    assert time.monotonic() - started < 20


def test_a_failure_on_our_side_frees_the_key(
    application: Application, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    paula = program("paula")

    def down(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable(role="agent")

    with monkeypatch.context() as broken:
        broken.setattr(type(application.copilot), "open_thread", down)
        assert paula.post("/v1/threads", json={}, headers=KEY).status_code == 503
    assert paula.post("/v1/threads", json={}, headers=KEY).status_code == 201


def test_a_claim_of_a_process_that_died_is_taken_over(application: Application, program: Program) -> None:
    paula = program("paula")

    def claim(age: str) -> None:
        with psycopg.connect(application.place.admin, autocommit=True) as connection:
            connection.execute("delete from workflow.idempotent_reply")
            connection.execute(
                "insert into workflow.idempotent_reply (person_id, key, request_sha256, created_at) "
                f"values ('paula', 'a-new-key', 'x', now() - interval '{age}')"
            )

    claim("1 second")
    assert paula.post("/v1/threads", json={}, headers=KEY).status_code in (409, 422)
    claim("1 hour")
    assert paula.post("/v1/threads", json={}, headers=KEY).status_code == 201


def test_a_streamed_turn_is_replayed_as_it_was_streamed(application: Application, program: Program) -> None:
    paula = program("paula")
    thread_id = paula.post("/v1/threads", json={}).json()["thread_id"]
    path = f"/v1/threads/{thread_id}/turns"
    first, second = (paula.post(path, json={"text": "What waits for me?"}, headers=KEY) for _ in range(2))
    assert second.content == first.content
    assert second.headers["content-type"].startswith("text/event-stream")
    assert count(application, "talk.message") == 2, "one question and one answer"


def test_secrets_are_not_kept(application: Application, program: Program) -> None:
    ada = program("ada")
    made = ada.post("/v1/tokens", json={"name": "t", "scopes": ["staffing.read"]}, headers=KEY)
    assert made.status_code == 201
    assert count(application, "workflow.idempotent_reply") == 0


def test_a_key_that_is_too_long_is_refused(client: TestClient, program: Program) -> None:
    refused = program("paula").post("/v1/threads", json={}, headers={"Idempotency-Key": "x" * 201})
    assert refused.status_code == 422
    assert client.post("/v1/threads", json={}, headers=KEY).status_code == 401, "nobody's keys are not kept"
    assert json.loads(refused.text)["limit"] == 200
