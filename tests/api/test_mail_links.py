"""What a mail leads to: pages that open after signing in, and that decide nothing by being opened."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.mail import Mail, MailSettings
from api.mail.letters import SUBJECTS
from api.wiring import Application
from models.access import service
from tests.api.small_firm import ORIGIN, Browser
from tests.workflow import firm
from tests.workflow.mailbox import html, plain
from workflow import subscriptions
from workflow.cards import ProposalCard
from workflow.deliveries import Message

WORK = (
    "select to_jsonb(p) from workflow.proposal p order by 1",
    "select to_jsonb(d) from workflow.decision d order by 1",
    "select to_jsonb(s) from workflow.subscription s order by 1",
    "select to_jsonb(n) from workflow.notice n order by 1",
)


@pytest.fixture
def card(application: Application) -> ProposalCard:
    """Waits for rita, or rolf."""
    return application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def mails(application: Application, card: ProposalCard) -> list[EmailMessage]:
    """One of every kind, for rita."""
    with application.db.tx(service("messages"), "worker") as tx:
        tx.execute("deliveries.enable", surface="mail", enabled=True)
    with application.db.tx(firm.principal("rita"), "agent") as tx:
        subscriptions.choose(tx, "mail", kinds=(), digest=("card", "outcome"))
    mail = Mail(MailSettings("smtp://127.0.0.1:9", "no-reply@example.com", ORIGIN), application.db)
    made = []
    for kind in (*SUBJECTS, "digest"):
        for about in (card.proposal_id, None):
            given: dict[str, Any] = {
                "key": "notice-1",
                "person_id": "rita",
                "name": "Rita Roth",
                "email": "rita@example.com",
                "timezone": "Europe/Berlin",
                "kind": kind,
                "title": card.title,
                "text": card.title,
                "proposal_id": about,
                "thread_id": None,
                "created_at": datetime.now(UTC),
            }
            made.append(mail.compose(Message(**given)))
    mail.close()
    return made


def addresses(mail: EmailMessage) -> set[str]:
    said = plain(mail) + html(mail) + str(mail["List-Unsubscribe"])
    return set(re.findall(r"https?://[^\s\"<>]+", said))


def test_a_scanner_that_opens_every_link_changes_nothing(
    application: Application, client: TestClient, browser: Browser, card: ProposalCard
) -> None:
    """Signed in or not: the links of a mail are for reading."""
    found = set().union(*(addresses(m) for m in mails(application, card)))
    assert len(found) > 4
    rita = browser("rita")
    with psycopg.connect(application.place.admin, autocommit=True) as owner:

        def work() -> list[Any]:
            return [owner.execute(q.encode()).fetchall() for q in WORK]

        before = work()
        for address in sorted(found):
            for method in ("GET", "HEAD"):
                assert client.request(method, address).status_code in (401, 405), address
                assert rita.request(method, address).status_code in (200, 405), address
        assert work() == before


def test_a_link_opens_its_page_after_signing_in(
    application: Application, client: TestClient, card: ProposalCard
) -> None:
    address = f"{ORIGIN}/proposals/{card.proposal_id}"
    asked = client.get(address, headers={"Accept": "text/html"})
    assert asked.status_code == 401 and card.title not in asked.text
    link = application.sessions.make_link(service("test"), "rita")
    signed_in = client.post("/sign-in", data={"token": link.token}, headers={"Origin": ORIGIN})
    assert signed_in.status_code == 303
    assert signed_in.headers["location"] == f"/proposals/{card.proposal_id}"
    assert card.title in client.get(signed_in.headers["location"], headers={"Accept": "text/html"}).text


def test_a_link_of_somebody_elses_mail_tells_nothing(browser: Browser, card: ProposalCard) -> None:
    page = browser("carl").get(f"/proposals/{card.proposal_id}", headers={"Accept": "text/html"})
    assert page.status_code == 404 and page.text.count("Aurora") == 0
