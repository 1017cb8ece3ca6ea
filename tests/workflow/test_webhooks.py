"""Webhooks to a program that listens over HTTP, and fails in every way: nothing that happened is lost, and
what is sent twice can be told by its id."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.webhooks.sending import HttpSender
from api.webhooks.signing import message_id, secret_of
from models.access import NotFound, service
from store.db import Database
from tests.workflow.dying_postman import KEY, SETTINGS
from tests.workflow.firm import assignment, draft, principal
from tests.workflow.receiver import Receiver, receiving
from workflow import webhook_outbox, webhooks
from workflow.cards import ProposalCard
from workflow.service import Workflow
from workflow.webhook_outbox import Patience, Sender
from workflow.webhooks import SUBSCRIBABLE, EventType, Webhook, WebhookIsOff

HURRIED = Patience(
    lease=0.5, retries=(0.05, 0.05, 0.05), jitter=0.0, trip_after=3, probe=0.3, longest_rest=0.5, idle=0.02
)
SENDER = HttpSender(SETTINGS)


def deliver_once(db: Database, sender: Sender, patience: Patience) -> bool:
    """In a thread of its own, as the worker does: around a test there may be the loop of a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(webhook_outbox.deliver_once, db, sender, patience).result()


Post = Callable[..., int]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def add(db: Database, url: str, *types: EventType) -> Webhook:
    with db.tx(principal("ada"), "workflow") as tx:
        return webhooks.add(tx, url=url, name="Planning", types=types or SUBSCRIBABLE)


@pytest.fixture
def webhook(db: Database, receiver: Receiver) -> Webhook:
    """Hears of everything."""
    return add(db, receiver.url)


@pytest.fixture
def post(db: Database, owner: psycopg.Connection[Any]) -> Post:
    """Send until nothing is open; how many times something was sent."""

    def sent(patience: Patience = HURRIED, within: float = 10.0) -> int:
        tried, until = 0, time.monotonic() + within
        while time.monotonic() < until:
            if deliver_once(db, SENDER, patience):
                tried += 1
            elif not owner.execute(
                "select 1 from workflow.webhook_delivery where state in ('ready', 'leased')"
            ).fetchone():
                return tried
            else:
                time.sleep(0.01)
        raise AssertionError("events are still open")

    return sent


def states(owner: psycopg.Connection[Any]) -> list[str]:
    return [
        s for (s,) in owner.execute("select state from workflow.webhook_delivery order by seq").fetchall()
    ]


def approve(workflow: Workflow, card: ProposalCard, who: str = "rita") -> None:
    workflow.decide(principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve")


def propose(workflow: Workflow, **changes: Any) -> ProposalCard:
    return workflow.propose(principal("paula"), draft(assignment(**changes)))


def test_a_program_hears_the_life_of_a_proposal_in_order(
    workflow: Workflow, webhook: Webhook, receiver: Receiver, post: Post, drain: Callable[[], int]
) -> None:
    card = propose(workflow)
    approve(workflow, card)
    drain()
    post()
    assert receiver.types == [
        "proposal.created",
        "proposal.decided",
        "proposal.approved",
        "effect.written",
        "proposal.executed",
    ]
    secret = secret_of(KEY, webhook.webhook_id, 1)
    assert all(r.is_signed_with(secret) for r in receiver.received)
    assert len({r.message for r in receiver.received}) == 5
    [done] = [r.event["data"] for r in receiver.received if r.type == "proposal.executed"]
    assert done == {
        "proposal_id": str(card.proposal_id),
        "kind": "create_assignment",
        "version": 1,
        "state": "executed",
        "links": {
            "page": f"https://c.example.com/proposals/{card.proposal_id}",
            "api": f"https://c.example.com/v1/proposals/{card.proposal_id}",
        },
    }


def test_an_event_holds_no_name_and_no_money(
    workflow: Workflow, webhook: Webhook, receiver: Receiver, post: Post, drain: Callable[[], int]
) -> None:
    card = propose(workflow)
    workflow.decide(
        principal("rita"),
        card.proposal_id,
        content_hash=card.content_hash,
        verdict="reject",
        reason="Carl is away.",
    )
    approve(workflow, propose(workflow, role="Engineer"))
    drain()
    post()
    said = b"".join(r.body for r in receiver.received)
    assert receiver.received
    for secret in (
        b"Carl",
        b"carl",
        b"paula",
        b"rita",
        b"Aurora",
        b"120",
        b"15360",
        b"EUR",
        b"example.com/p/",
    ):
        assert secret not in said


def test_one_hears_what_one_asked_for(
    workflow: Workflow, db: Database, receiver: Receiver, post: Post
) -> None:
    add(db, receiver.url, "proposal.withdrawn")
    card = propose(workflow)
    workflow.withdraw(principal("paula"), card.proposal_id)
    post()
    assert receiver.types == ["proposal.withdrawn"]


def test_what_is_rolled_back_is_not_told(
    workflow: Workflow, db: Database, webhook: Webhook, owner: psycopg.Connection[Any]
) -> None:
    card = propose(workflow)
    with pytest.raises(RuntimeError), db.tx(principal("rita"), "workflow") as tx:
        tx.value("proposals.set_state", proposal_id=card.proposal_id, state="rejected")
        raise RuntimeError
    events = owner.execute("select type from workflow.webhook_event").fetchall()
    assert events == [("proposal.created",)]


def test_nothing_is_kept_where_nobody_listens(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    propose(workflow)
    assert owner.execute("select count(*) from workflow.webhook_event").fetchone() == (0,)


def test_a_failure_is_tried_again_under_the_same_id(
    workflow: Workflow, webhook: Webhook, receiver: Receiver, post: Post, owner: psycopg.Connection[Any]
) -> None:
    answers = iter([500, 404])

    def fails_twice(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(next(answers, 204))
        handler.end_headers()

    receiver.answer = fails_twice
    propose(workflow)
    assert post() == 3
    assert len({r.message for r in receiver.received}) == 1
    assert len({r.body for r in receiver.received}) == 1
    log = owner.execute("select status, error from workflow.webhook_attempt order by at").fetchall()
    assert log == [(500, "it answered 500"), (404, "it answered 404"), (204, None)]


def test_later_events_of_a_proposal_wait_for_earlier_ones_and_others_do_not(
    workflow: Workflow, db: Database, webhook: Webhook, receiver: Receiver, post: Post
) -> None:
    first, second = propose(workflow), propose(workflow, role="Engineer")

    def refuses_first(handler: BaseHTTPRequestHandler) -> None:
        refused = receiver.received[-1].event["data"]["proposal_id"] == str(first.proposal_id)
        handler.send_response(422 if refused and len(receiver.received) < 3 else 204)
        handler.end_headers()

    receiver.answer = refuses_first
    workflow.withdraw(principal("paula"), first.proposal_id)
    post()
    taken = [
        (r.event["data"]["proposal_id"], r.type) for r in receiver.received if r.type != "proposal.created"
    ]
    assert taken == [(str(first.proposal_id), "proposal.withdrawn")]
    heard = [r.event["data"]["proposal_id"] for r in receiver.received]
    assert heard.index(str(second.proposal_id)) < receiver.types.index("proposal.withdrawn")


def test_it_is_given_up_after_the_last_try_and_can_be_replayed(
    workflow: Workflow,
    db: Database,
    webhook: Webhook,
    receiver: Receiver,
    post: Post,
    owner: psycopg.Connection[Any],
) -> None:
    receiver.answer = 400
    propose(workflow)
    assert post() == 1 + len(HURRIED.retries)
    assert states(owner) == ["parked"]
    receiver.answer = 200
    event_id = _event(owner)
    with db.tx(principal("ada"), "workflow") as tx:
        assert webhooks.replay(tx, webhook.webhook_id, event_id=event_id) == 1
    post()
    assert states(owner) == ["sent"]
    assert receiver.received[-1].message == receiver.received[0].message == message_id(event_id)
    with db.tx(principal("ada"), "workflow") as tx, pytest.raises(NotFound):
        webhooks.replay(tx, webhook.webhook_id, event_id=UUID(int=7))


def test_the_retries_take_about_three_days() -> None:
    patience = Patience(jitter=0.0)
    delays = [patience.delay(n) for n in range(1, len(patience.retries) + 2)]
    assert delays[-1] is None
    assert 72 <= sum(d for d in delays if d is not None) / 3600 <= 78
    jittered = [Patience().delay(4) for _ in range(50)]
    assert len(set(jittered)) > 10 and all(5_700 < d < 8_700 for d in jittered if d is not None)


def test_an_endpoint_that_asks_for_time_gets_it(
    workflow: Workflow, db: Database, webhook: Webhook, receiver: Receiver, owner: psycopg.Connection[Any]
) -> None:
    def busy(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(429)
        handler.send_header("retry-after", "120")
        handler.end_headers()

    receiver.answer = busy
    propose(workflow)
    assert deliver_once(db, SENDER, HURRIED)
    [(waits,)] = owner.execute(
        "select extract(epoch from not_before - now())::float8 from workflow.webhook_delivery"
    ).fetchall()
    assert 100 < waits <= 120


def test_gone_disables_it_aloud_and_what_it_missed_can_be_replayed(
    workflow: Workflow,
    db: Database,
    webhook: Webhook,
    receiver: Receiver,
    post: Post,
    owner: psycopg.Connection[Any],
    notices: Callable[[str], Any],
) -> None:
    receiver.answer = 410
    for n in range(3):
        propose(workflow, role=f"Engineer {n}")
    assert post() == 1, "the others are not even tried"
    assert sorted(states(owner)) == ["dropped", "dropped", "parked"]
    [(kind, text)] = notices("ada")
    assert kind == "operations" and "“Planning” is disabled" in text
    propose(workflow, role="While it is off")
    with db.tx(principal("ada"), "workflow") as tx, pytest.raises(WebhookIsOff):
        webhooks.replay(tx, webhook.webhook_id, event_id=_event(owner))
    receiver.answer = 200
    with db.tx(principal("ada"), "workflow") as tx:
        webhooks.enable(tx, webhook.webhook_id)
        [(since, until)] = tx.connection.execute("select now() - interval '1 hour', now()").fetchall()
        assert webhooks.replay(tx, webhook.webhook_id, since=since, until=until) == 4
    assert post() == 4
    assert len({r.message for r in receiver.received}) == 4


def test_one_that_fails_for_days_is_disabled(
    workflow: Workflow,
    db: Database,
    webhook: Webhook,
    receiver: Receiver,
    owner: psycopg.Connection[Any],
    notices: Callable[[str], Any],
) -> None:
    receiver.answer = 500
    propose(workflow)
    deliver_once(db, SENDER, HURRIED)
    owner.execute("update workflow.webhook set failing_since = now() - interval '6 days'")
    time.sleep(0.1)
    deliver_once(db, SENDER, HURRIED)
    [(why,)] = owner.execute("select disabled_why from workflow.webhook").fetchall()
    assert why == "failing" and len(notices("ada")) == 1 and states(owner) == ["dropped"]


def test_a_redirect_is_not_followed(
    workflow: Workflow, webhook: Webhook, receiver: Receiver, db: Database, owner: psycopg.Connection[Any]
) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("location", receiver.url + "/elsewhere")
        handler.end_headers()

    receiver.answer = elsewhere
    propose(workflow)
    deliver_once(db, SENDER, HURRIED)
    assert [r.path for r in receiver.received] == ["/hooks"] and states(owner) == ["ready"]


def test_one_that_drips_its_answer_is_not_waited_for(
    workflow: Workflow, webhook: Webhook, receiver: Receiver, db: Database, owner: psycopg.Connection[Any]
) -> None:
    """Each byte comes in time; the whole does not."""

    def drips(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(40):
            try:
                handler.wfile.write(b"H")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    receiver.answer = drips
    propose(workflow)
    began = time.monotonic()
    deliver_once(db, HttpSender(replace(SETTINGS, seconds=0.6)), HURRIED)
    assert time.monotonic() - began < 2.5
    [(status, error)] = owner.execute("select status, error from workflow.webhook_attempt").fetchall()
    assert (status, error) == (None, "no answer within 0.6 s")


def test_a_dead_endpoint_keeps_no_other_waiting(
    workflow: Workflow, db: Database, receiver: Receiver, owner: psycopg.Connection[Any]
) -> None:
    over = threading.Event()

    def hangs(handler: BaseHTTPRequestHandler) -> None:
        over.wait(5)

    with receiving() as dead:
        dead.answer = hangs
        add(db, dead.url, "proposal.created")
        add(db, receiver.url, "proposal.created")
        for n in range(12):
            propose(workflow, role=f"Engineer {n}")
        stop = threading.Event()
        sender = HttpSender(replace(SETTINGS, seconds=1.0))
        threads = [
            threading.Thread(
                target=webhook_outbox.run, args=(db, sender, stop, replace(HURRIED, lease=3.0, probe=30.0))
            )
            for _ in range(4)
        ]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        while len(receiver.received) < 12 and time.monotonic() - began < 10:
            time.sleep(0.02)
        took = time.monotonic() - began
        while time.monotonic() - began < 10 and _outages(owner) < HURRIED.trip_after:
            time.sleep(0.05)
        stop.set()
        over.set()
        for thread in threads:
            thread.join()
    assert len(receiver.received) == 12 and took < 5
    assert len(dead.received) <= HURRIED.trip_after + 1, "then it is left alone"


def test_a_killed_worker_loses_nothing(
    workflow: Workflow, db: Database, webhook: Webhook, receiver: Receiver, post: Post
) -> None:
    """It dies after the endpoint took the event and before the ledger knows."""
    propose(workflow)
    command = [sys.executable, "-m", "tests.workflow.dying_postman", db.dsn("worker"), "0.5"]
    died = subprocess.run(command, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert len(receiver.received) == 1
    post()
    assert len(receiver.received) == 2, "it is sent again"
    assert len({r.message for r in receiver.received}) == 1, "and the receiver can tell"


def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(
    workflow: Workflow,
    db: Database,
    webhook: Webhook,
    receiver: Receiver,
    post: Post,
    owner: psycopg.Connection[Any],
) -> None:
    before, after = (secret_of(KEY, webhook.webhook_id, generation) for generation in (1, 2))
    with db.tx(principal("ada"), "workflow") as tx:
        webhooks.rotate(tx, webhook.webhook_id)
    propose(workflow)
    post()
    owner.execute("update workflow.webhook set rotated_at = now() - interval '25 hours'")
    propose(workflow)
    post()
    during, later = receiver.received
    assert during.is_signed_with(before) and during.is_signed_with(after)
    assert later.is_signed_with(after) and not later.is_signed_with(before)


def test_a_test_event_reaches_its_endpoint_only(
    db: Database, webhook: Webhook, receiver: Receiver, post: Post
) -> None:
    with receiving() as other:
        add(db, other.url)
        with db.tx(principal("ada"), "workflow") as tx:
            webhooks.test(tx, webhook.webhook_id)
        post()
    assert receiver.types == ["webhook.test"] and other.received == []


@pytest.mark.parametrize("who", ["dora", "audrey", "paula"])
def test_only_who_keeps_access_may_look_or_touch(db: Database, webhook: Webhook, who: str) -> None:
    with db.tx(principal(who), "workflow") as tx:
        assert webhooks.every(tx) == []
        with pytest.raises(NotFound):
            webhooks.rotate(tx, webhook.webhook_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), db.tx(principal(who), "workflow") as tx:
        webhooks.add(tx, url="https://evil.example", name="x", types=SUBSCRIBABLE)


def test_the_deciding_role_makes_no_event_up(db: Database, webhook: Webhook) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        db.tx(principal("ada"), "workflow") as tx,
    ):
        tx.connection.execute(
            "insert into workflow.webhook_event (type, subject, data) values ('proposal.executed', 'x', '{}')"
        )


def test_what_is_old_is_forgotten(
    workflow: Workflow, db: Database, webhook: Webhook, post: Post, owner: psycopg.Connection[Any]
) -> None:
    propose(workflow)
    post()
    propose(workflow, role="Engineer")
    owner.execute(
        "update workflow.webhook_event set occurred_at = now() - interval '31 days'"
        " where seq = (select min(seq) from workflow.webhook_event)"
    )
    assert webhook_outbox.forget(db) == 1
    assert owner.execute("select count(*) from workflow.webhook_attempt").fetchone() == (0,)
    assert states(owner) == ["ready"]


def test_what_is_set_up_is_audited(db: Database, webhook: Webhook, audited: Callable[[], Any]) -> None:
    with db.tx(service("command-line"), "workflow") as tx:
        webhooks.remove(tx, webhook.webhook_id)
    found = [(who, what) for who, what, _ in audited() if what.startswith("webhook.")]
    assert found == [("ada", "webhook.added"), ("service:command-line", "webhook.removed")]


def _event(owner: psycopg.Connection[Any]) -> UUID:
    [(event_id,)] = owner.execute(
        "select event_id from workflow.webhook_event order by seq limit 1"
    ).fetchall()
    assert isinstance(event_id, UUID)
    return event_id


def _outages(owner: psycopg.Connection[Any]) -> int:
    [(outages,)] = owner.execute("select max(outages) from workflow.webhook").fetchall()
    return int(outages)
