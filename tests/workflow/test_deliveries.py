"""What people hear by mail, over a real mail server that loses answers: nobody is left unheard, and nobody
hears twice."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller

from api.mail import Mail
from store.db import Database
from tests.workflow.firm import assignment, draft, principal
from tests.workflow.mailbox import Mailbox, plain
from workflow import subscriptions
from workflow.cards import ProposalCard
from workflow.deliveries import Message, Patience, deliver_once
from workflow.service import Workflow

HURRIED = Patience(lease=0.3, outage=0.2, longest_backoff=0.1, idle=0.02)


@pytest.fixture
def post(db: Database, mail: Mail) -> Callable[[], None]:
    """Send until nothing is open."""

    def sent() -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if not deliver_once(db, mail, HURRIED):
                with db.tx(principal("audrey"), "worker") as tx:
                    if (
                        tx.connection.execute(
                            "select 1 from workflow.delivery where state in ('ready', 'leased')"
                        ).fetchone()
                        is None
                    ):
                        return
                time.sleep(0.02)
        raise AssertionError("messages are still open")

    return sent


def approve(workflow: Workflow, card: ProposalCard, who: str = "rita") -> None:
    workflow.decide(principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve")


def states(owner: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """What became of the messages to each person, in order."""
    found: dict[str, list[str]] = {}
    for person_id, state in owner.execute(
        "select n.person_id, d.state from workflow.delivery d join workflow.notice n using (notice_id)"
        " order by d.delivery_id"
    ):
        found.setdefault(person_id, []).append(state)
    return found


def test_who_must_sign_and_who_asked_hear_it_once(
    workflow: Workflow, mailbox: Mailbox, post: Callable[[], None]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    post()
    approve(workflow, card)
    post()
    [to_rita], [to_paula] = mailbox.to("rita"), mailbox.to("paula")
    assert f"https://c.example.com/proposals/{card.proposal_id}" in plain(to_rita)
    assert to_rita["Subject"].startswith("For you to decide")
    assert "approved" in plain(to_paula)


def test_what_was_decided_elsewhere_is_not_mailed_any_more(
    workflow: Workflow, mailbox: Mailbox, post: Callable[[], None], owner: psycopg.Connection[Any]
) -> None:
    approve(workflow, workflow.propose(principal("paula"), draft(assignment())))
    post()
    assert mailbox.to("rita") == [] and mailbox.to("rolf") == []
    assert states(owner)["rolf"] == ["dropped"], "a colleague decided on the web"
    assert len(mailbox.to("paula")) == 1


def test_an_answer_that_is_lost_leaves_one_message(
    workflow: Workflow, mailbox: Mailbox, post: Callable[[], None]
) -> None:
    mailbox.lose_answers = 2
    workflow.propose(principal("paula"), draft(assignment()))
    post()
    assert len(mailbox.to("rita")) + len(mailbox.to("rolf")) == 4, "it was tried again"
    for person_id in ("rita", "rolf"):
        assert len({m["Message-ID"] for m in mailbox.to(person_id)}) == 1, "a mailbox shows it once"


class Died(BaseException):
    """What nobody catches."""


@pytest.mark.parametrize("when", ["before it left", "after it left"])
def test_a_worker_that_dies_leaves_nobody_unheard(
    when: str,
    workflow: Workflow,
    db: Database,
    mail: Mail,
    mailbox: Mailbox,
    post: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workflow.propose(principal("paula"), draft(assignment()))

    def dies(message: Message) -> str:
        if when == "after it left":
            Mail.send(mail, message)
        raise Died

    with monkeypatch.context() as dying, pytest.raises(Died):
        dying.setattr(mail, "send", dies)
        deliver_once(db, mail, HURRIED)
    post()
    for person_id in ("rita", "rolf"):
        assert len({m["Message-ID"] for m in mailbox.to(person_id)}) == 1


def test_a_server_that_is_down_delays_and_loses_nothing(
    workflow: Workflow, db: Database, mail: Mail, mail_server: Controller, mailbox: Mailbox
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    nowhere = Mail(replace(mail._settings, url="smtp://127.0.0.1:9"), db)
    assert deliver_once(db, nowhere, HURRIED)
    assert not deliver_once(db, mail, HURRIED), "left alone for a while"
    approve(workflow, card)
    time.sleep(HURRIED.outage * 2)
    while deliver_once(db, mail, HURRIED):
        pass
    assert len(mailbox.to("paula")) == 1


def test_an_address_that_is_refused_stops_nobody_else(
    workflow: Workflow, mailbox: Mailbox, post: Callable[[], None], owner: psycopg.Connection[Any]
) -> None:
    mailbox.refuses.add("rita@example.com")
    workflow.propose(principal("paula"), draft(assignment()))
    post()
    assert states(owner) == {"rita": ["parked"], "rolf": ["sent"]}
    [(error,)] = owner.execute("select last_error from workflow.delivery where state = 'parked'").fetchall()
    assert "550" in error and "@" not in error


def test_one_hears_what_one_chose(
    workflow: Workflow, db: Database, mailbox: Mailbox, mail: Mail, post: Callable[[], None]
) -> None:
    with db.tx(principal("rita"), "agent") as tx:
        subscriptions.choose(tx, "mail", kinds=[])
    workflow.propose(principal("paula"), draft(assignment()))
    post()
    assert mailbox.to("rita") == [] and len(mailbox.to("rolf")) == 1


def test_workers_share_the_work(
    workflow: Workflow, db: Database, mail: Mail, mailbox: Mailbox, post: Callable[[], None]
) -> None:
    for _ in range(6):
        workflow.propose(principal("paula"), draft(assignment()))
    threads = [threading.Thread(target=lambda: [deliver_once(db, mail) for _ in range(6)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    post()
    ids = [m["Message-ID"] for m in mailbox.mails]
    assert len(ids) == len(set(ids)) == 12
