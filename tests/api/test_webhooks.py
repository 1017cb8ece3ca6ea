"""Webhooks over REST and the command line: who may set them up, and that a secret is shown once."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.webhook import app as command
from api.database import Place
from api.settings import Settings
from api.webhooks.endpoints import Webhooks, sending
from api.webhooks.sending import HttpSender
from api.wiring import Application
from store.db import Database
from tests.api.small_firm import Program
from tests.workflow import firm
from tests.workflow.receiver import Receiver, receiving
from workflow.webhook_outbox import deliver_once

KEY = "a key of the tests"
SETTINGS = Settings.model_validate({"webhook_key": KEY})
SENDER = HttpSender(sending(SETTINGS, "https://c.example.com"))
WANTED = {"name": "Planning", "types": ["proposal.created", "proposal.withdrawn"]}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEHAND_WEBHOOK_KEY", KEY)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def ada(program: Program) -> TestClient:
    """Keeps access."""
    return program("ada")


def add(ada: TestClient, url: str, **changes: Any) -> dict[str, Any]:
    reply = ada.post("/v1/webhooks", json={"url": url, **WANTED, **changes})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def send(db: Database) -> None:
    while deliver_once(db, SENDER):
        pass


def test_from_setting_up_to_replaying(application: Application, ada: TestClient, receiver: Receiver) -> None:
    made = add(ada, receiver.url)
    path = f"/v1/webhooks/{made['webhook_id']}"
    assert ada.post(f"{path}/tests").status_code == 202
    card = application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    send(application.db)
    assert receiver.types == ["webhook.test", "proposal.created"]
    assert all(r.is_signed_with(made["secret"]) for r in receiver.received)
    newest, _ = ada.get(f"{path}/deliveries").json()
    assert (newest["state"], newest["status"], newest["attempts"]) == ("sent", 204, 1)
    assert newest["webhook_message_id"] == receiver.received[-1].message
    assert newest["subject"] == f"proposal:{card.proposal_id}"
    event = f"{path}/deliveries/{newest['event_id']}"
    assert ada.post(f"{event}/replays").json() == {"events": 1}
    span = {"since": "2020-01-01T00:00:00Z"}
    assert ada.post(f"{path}/replays", json=span).json() == {"events": 0}, "it is on its way already"
    send(application.db)
    assert receiver.received[-1].message == receiver.received[-2].message
    assert [a["status"] for a in ada.get(event).json()] == [204, 204]
    assert ada.post(f"{path}/replays", json=span).json() == {"events": 1}, (
        "a test is not of what it asked for"
    )


def test_a_secret_is_shown_once_and_kept_nowhere(
    application: Application, ada: TestClient, receiver: Receiver, place: Place
) -> None:
    made = add(ada, receiver.url)
    rotated = ada.post(f"/v1/webhooks/{made['webhook_id']}/rotations").json()
    assert made["secret"].startswith("whsec_") and rotated["secret"] != made["secret"]
    [listed] = ada.get("/v1/webhooks").json()
    assert "secret" not in listed
    with psycopg.connect(place.admin) as owner:
        tables = owner.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname in ('workflow', 'audit', 'access')"
        ).fetchall()
        rows = [owner.execute(f"select t::text from {t} t".encode()).fetchall() for (t,) in tables]
    kept = str(rows)
    assert str(made["webhook_id"]) in kept
    for secret in (made["secret"], rotated["secret"]):
        assert secret[6:30] not in kept


def test_another_secret_can_be_derived_by_nobody_without_the_key(
    application: Application, ada: TestClient, receiver: Receiver
) -> None:
    made = add(ada, receiver.url)
    others = Webhooks(application.db, Settings.model_validate({"webhook_key": "another"}))
    rotated = others.rotate(firm.principal("ada"), UUID(made["webhook_id"]))
    send(application.db)
    application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    send(application.db)
    assert not receiver.received[0].is_signed_with(rotated.secret)


@pytest.mark.parametrize("who", ["dora", "fay", "audrey", "paula"])
def test_it_is_for_administrators(program: Program, ada: TestClient, receiver: Receiver, who: str) -> None:
    made = add(ada, receiver.url)
    path = f"/v1/webhooks/{made['webhook_id']}"
    other = program(who)
    assert other.get("/v1/webhooks").status_code == 403
    assert other.post("/v1/webhooks", json={"url": receiver.url, **WANTED}).status_code == 403
    for method, at in (("delete", path), ("post", f"{path}/rotations"), ("get", f"{path}/deliveries")):
        assert other.request(method, at).status_code == 403


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"url": "http://10.0.0.1/"}, "address-not-allowed"),
        ({"url": "https://user:pw@example.com/"}, "address-not-allowed"),
        ({"url": "file:///etc/passwd"}, "address-not-allowed"),
        ({"types": ["proposal.nonsense"]}, "request-invalid"),
        ({"types": ["webhook.test"]}, "no-such-event-type"),
        ({"name": ""}, "request-invalid"),
    ],
)
def test_what_is_wrong_is_said(ada: TestClient, changes: dict[str, Any], kind: str) -> None:
    reply = ada.post("/v1/webhooks", json={"url": "https://example.com/", **WANTED, **changes})
    assert reply.status_code == 422
    assert reply.json()["type"].endswith(kind), reply.json()
    assert ada.get("/v1/webhooks").json() == []


def test_what_is_disabled_is_told_apart_from_what_is_not_there(ada: TestClient, receiver: Receiver) -> None:
    path = f"/v1/webhooks/{add(ada, receiver.url)['webhook_id']}"
    assert ada.post(f"{path}/disable").json()["disabled_why"] == "by hand"
    assert ada.post(f"{path}/tests").status_code == 409
    assert ada.post(f"{path}/enable").json()["disabled_why"] is None
    assert ada.post(f"{path}/tests").status_code == 202
    assert ada.delete(path).status_code == 204
    assert ada.post(f"{path}/tests").status_code == ada.delete(path).status_code == 404


def test_without_a_key_none_is_made(
    application: Application, monkeypatch: pytest.MonkeyPatch, ada: TestClient
) -> None:
    monkeypatch.delenv("CHARGEHAND_WEBHOOK_KEY")
    bare = Webhooks(application.db, Settings())
    with pytest.raises(Exception, match="CHARGEHAND_WEBHOOK_KEY"):
        bare.add(firm.principal("ada"), url="https://example.com/", name="Planning")
    assert ada.get("/v1/webhooks").json() == []


@pytest.fixture
def run(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`run("add", ...)`: what a command prints as JSON."""
    monkeypatch.setattr("api.database.place", lambda settings: place)

    def invoke(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(command, words)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in words and not code else result.output

    return invoke


def test_the_command_line_does_the_same(
    application: Application, run: Callable[..., Any], receiver: Receiver
) -> None:
    made = run("add", receiver.url, "--name", "Planning", "--type", "proposal.created", "--json")
    webhook_id = made["webhook_id"]
    assert run("add", receiver.url, "--name", "x", "--type", "nonsense", code=2)
    run("test", webhook_id)
    send(application.db)
    assert receiver.received[0].is_signed_with(made["secret"])
    [line] = run("deliveries", webhook_id, "--json")
    assert "webhook.test" in run("deliveries", webhook_id)
    assert run("replay", webhook_id, "--event-id", line["event_id"], "--json") == {"events": 1}
    assert run("replay", webhook_id, "--since", "2020-01-01", "--json") == {"events": 0}
    assert run("replay", webhook_id, code=2)
    run("disable", webhook_id)
    assert "disabled: by hand" in run("list")
    run("enable", webhook_id)
    assert run("rotate", webhook_id, "--json")["generation"] == 2
    run("remove", webhook_id)
    assert run("list", "--json") == []
