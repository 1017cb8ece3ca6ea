"""What a mail looks like and cannot do, and the one mail a day of who does not want every mail at once."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, get_args
from uuid import UUID

import psycopg
import pytest
from aiosmtpd.smtp import AuthResult

from api.mail import Mail, MailSettings
from api.mail.letters import SUBJECTS as MAIL_SUBJECTS
from api.mail.letters import letter
from store.db import Database
from tests.workflow.firm import assignment, draft, principal
from tests.workflow.mailbox import Mailbox, OnFreePort, html, plain
from workflow import digests, subscriptions
from workflow.cards import ProposalCard
from workflow.deliveries import Heard, Message, SurfaceDown, deliver_once, enable
from workflow.service import Workflow
from workflow.subscriptions import BadCadence, Subject

HOME = "https://c.example.com"
MONDAY = datetime(2027, 1, 11, 6, 59, tzinfo=UTC)  # 7:59 in Berlin


def message(**changes: Any) -> Message:
    given: dict[str, Any] = {
        "key": "notice-1",
        "person_id": "rita",
        "name": "Rita Roth",
        "email": "rita@example.com",
        "timezone": "Europe/Berlin",
        "kind": "card",
        "title": "Carl Cole for Aurora",
        "text": "Carl Cole for Aurora waits for you.",
        "proposal_id": UUID(int=7),
        "thread_id": None,
        "created_at": datetime(2027, 1, 4, 16, 0, tzinfo=UTC),
    }
    return Message(**(given | changes))


def written(**changes: Any) -> EmailMessage:
    return letter(message(**changes), "Chargehand <no-reply@example.com>", HOME)


def test_a_mail_says_the_same_twice_and_leads_to_the_page() -> None:
    mail = written()
    for body in (plain(mail), html(mail)):
        assert "Carl Cole for Aurora waits for you." in body
        assert f"{HOME}/proposals/{UUID(int=7)}" in body and f"{HOME}/me/notifications" in body
        assert "Mon 4 Jan 2027, 17:00 (Europe/Berlin)" in body, "in the reader's zone"
    assert mail["List-Unsubscribe"] == f"<{HOME}/me/notifications>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "style=" not in html(mail) and "<script" not in html(mail) and "<img" not in html(mail)
    assert 'name="color-scheme" content="light dark"' in html(mail)


def test_every_kind_that_people_hear_has_a_mail() -> None:
    assert set(MAIL_SUBJECTS) == set(get_args(Heard)) - {"digest"}
    for kind in MAIL_SUBJECTS:
        assert written(kind=kind)["Subject"]


@pytest.mark.parametrize(
    ("text", "kept_out", "shown", "why"),
    [
        ("<b>x</b><script>alert(1)</script>", "<script>", "&lt;script&gt;", "markup is text"),
        ("pay \u202e00001\u202c now", "\u202e", "⟦U+202E⟧", "what turns text around is spelled out"),
        ("a\u200bb", "\u200b", "⟦U+200B⟧", "and what does not show"),
        ('" onmouseover="x', '" onmouseover', "&#34; onmouseover", "no attribute is broken out of"),
    ],
)
def test_foreign_text_stays_text(text: str, kept_out: str, shown: str, why: str) -> None:
    mail = written(text=text, title=text)
    assert kept_out not in html(mail) and shown in html(mail), why
    if shown.startswith("⟦"):
        assert kept_out not in plain(mail) and shown in plain(mail), why
        assert kept_out not in mail["Subject"]


def test_a_title_breaks_no_header() -> None:
    mail = written(title="Aurora\r\nBcc: mallory@evil.example\n" + "x" * 500)
    assert mail["Bcc"] is None and "Bcc:" in mail["Subject"] and len(mail["Subject"]) <= 200
    assert b"\nBcc" not in mail.as_bytes()


def test_one_connection_serves_many_mails(mail: Mail, mailbox: Mailbox) -> None:
    for n in range(5):
        mail.send(message(key=f"notice-{n}"))
    assert len(mailbox.mails) == 5 and len(mailbox.connections) == 1


def test_a_connection_that_the_server_closed_is_made_anew(db: Database, mailbox: Mailbox) -> None:
    first = OnFreePort(mailbox)
    first.start()
    mail = Mail(MailSettings(f"smtp://127.0.0.1:{first.port}", "no-reply@example.com", HOME), db)
    try:
        mail.send(message())
        mailbox.lose_answers = 1
        with pytest.raises(ConnectionError):
            mail.send(message())
        mail.send(message())
    finally:
        mail.close()
        first.stop()
    assert len(mailbox.mails) == 3 and len(mailbox.connections) == 2


def test_a_password_never_travels_in_the_clear(db: Database, mailbox: Mailbox) -> None:
    """The server would take it."""
    asked: list[object] = []

    def authenticator(*given: object) -> AuthResult:
        asked.append(given)
        return AuthResult(success=True)

    class Naive(OnFreePort):
        def __init__(self) -> None:
            super().__init__(mailbox)
            self.SMTP_kwargs |= {"auth_require_tls": False, "authenticator": authenticator}

    server = Naive()
    server.start()
    mail = Mail(MailSettings(f"smtp://user:secret@127.0.0.1:{server.port}", "no-reply@example.com", HOME), db)
    try:
        with pytest.raises(SurfaceDown, match="no encryption for the password"):
            mail.send(message())
    finally:
        mail.close()
        server.stop()
    assert asked == [] and mailbox.mails == []


# --- the digest


@pytest.fixture
def morning(db: Database, mail: Mail, owner: psycopg.Connection[Any]) -> Callable[[datetime], int]:
    """`morning(at)`: what the clock does at that time, and the mails of it."""

    def at(when: datetime) -> int:
        entered = digests.enter(db, when)
        owner.execute("update workflow.delivery set not_before = now() where state = 'ready'")
        while deliver_once(db, mail):
            pass
        return entered

    return at


def once_a_day(db: Database, who: str, *subjects: Subject, weekends: bool = False) -> None:
    with db.tx(principal(who), "agent") as tx:
        subscriptions.choose(tx, "mail", kinds=["reminder", "escalation"], digest=subjects, weekends=weekends)


def propose(workflow: Workflow, **changes: Any) -> ProposalCard:
    return workflow.propose(principal("paula"), draft(assignment(**changes)))


def approve(workflow: Workflow, card: ProposalCard, who: str = "rolf") -> None:
    workflow.decide(principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve")


def told_at(owner: psycopg.Connection[Any], when: datetime) -> None:
    owner.execute("update workflow.notice set created_at = %s where kind <> 'digest'", (when,))


def test_a_day_comes_in_one_mail_ranked(
    workflow: Workflow, db: Database, mailbox: Mailbox, morning: Callable[[datetime], int]
) -> None:
    once_a_day(db, "rita", "card", "outcome")
    propose(workflow, hours_per_week=1)
    most = propose(workflow, hours_per_week=40, person_id="cleo", person_name="Cleo Curz")
    assert morning(MONDAY) == 0, "it is not yet eight"
    assert mailbox.to("rita") == [], "nothing comes at once"
    assert morning(MONDAY.replace(hour=7, minute=0)) == 1
    [mail] = mailbox.to("rita")
    assert mail["Subject"] == "Mon 11 Jan: 2 wait for you"
    body = plain(mail)
    assert body.index("Cleo Curz") < body.index("Carl Cole"), "by money and deadline"
    assert f"{HOME}/proposals/{most.proposal_id}" in body and "EUR 19,200.00" in body
    assert all(s in html(mail) for s in ("<h1>", "Cleo Curz", f'href="{HOME}/proposals/{most.proposal_id}"'))
    assert len(mailbox.to("rolf")) == 2, "who chose nothing hears at once"


def test_it_comes_once_a_day_also_from_several_workers(
    workflow: Workflow,
    db: Database,
    mailbox: Mailbox,
    morning: Callable[[datetime], int],
    owner: psycopg.Connection[Any],
) -> None:
    once_a_day(db, "rita", "card")
    propose(workflow)
    at, entered = MONDAY.replace(hour=7), []
    workers = [threading.Thread(target=lambda: entered.append(digests.enter(db, at))) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    morning(at)
    assert morning(MONDAY.replace(hour=15)) == 0
    assert sum(entered) == 1 and len(mailbox.to("rita")) == 1
    assert morning(MONDAY.replace(day=12, hour=9)) == 1, "and again the next day, late as no worker ran"
    assert len(mailbox.to("rita")) == 2


def test_nothing_is_sent_when_there_is_nothing_to_say(
    workflow: Workflow,
    db: Database,
    mailbox: Mailbox,
    morning: Callable[[datetime], int],
    owner: psycopg.Connection[Any],
) -> None:
    once_a_day(db, "rita", "card", "outcome")
    morning(MONDAY.replace(hour=8))
    assert mailbox.mails == []
    assert owner.execute("select state from workflow.delivery").fetchall() == [("dropped",)]


def test_what_was_decided_is_told_since_the_last_digest_only(
    workflow: Workflow,
    db: Database,
    mailbox: Mailbox,
    morning: Callable[[datetime], int],
    owner: psycopg.Connection[Any],
) -> None:
    once_a_day(db, "paula", "outcome")
    approve(workflow, propose(workflow))
    told_at(owner, MONDAY)
    morning(MONDAY.replace(hour=7))
    assert morning(MONDAY.replace(day=12, hour=7)) == 1
    [mail] = mailbox.to("paula")
    assert mail["Subject"] == "Mon 11 Jan: 1 thing decided or told" and "approved" in plain(mail)


def test_it_shows_only_what_its_reader_may_still_see(
    workflow: Workflow,
    db: Database,
    mailbox: Mailbox,
    morning: Callable[[datetime], int],
    owner: psycopg.Connection[Any],
) -> None:
    """Told of it once; asked for it, and given another proposer, the row is hidden from her."""
    once_a_day(db, "paula", "outcome")
    approve(workflow, propose(workflow))
    told_at(owner, MONDAY)
    owner.execute("update firm.project set manager_id = 'petra'")
    owner.execute("set session_replication_role = replica")
    owner.execute("update workflow.proposal set proposer_id = 'petra'")
    morning(MONDAY.replace(hour=7))
    assert mailbox.to("paula") == []


@pytest.mark.parametrize(
    ("weekends", "day", "comes", "why"),
    [
        (False, 15, 1, "Friday"),
        (False, 16, 0, "Saturday"),
        (False, 17, 0, "Sunday"),
        (True, 16, 1, "Saturday, for who asked"),
        (True, 17, 1, "Sunday, for who asked"),
    ],
)
def test_weekends_are_for_who_asks(
    db: Database, mail: Mail, weekends: bool, day: int, comes: int, why: str
) -> None:
    once_a_day(db, "rita", "card", weekends=weekends)
    assert digests.enter(db, MONDAY.replace(day=day, hour=8)) == comes, why


@pytest.mark.parametrize(
    ("zone", "at", "due", "why"),
    [
        ("Europe/Berlin", datetime(2027, 3, 26, 6, 59, tzinfo=UTC), 0, "winter time: 7:59"),
        ("Europe/Berlin", datetime(2027, 3, 26, 7, 0, tzinfo=UTC), 1, "winter time: 8:00"),
        ("Europe/Berlin", datetime(2027, 3, 28, 5, 59, tzinfo=UTC), 0, "the day of the change: 7:59"),
        ("Europe/Berlin", datetime(2027, 3, 28, 6, 0, tzinfo=UTC), 1, "the day of the change: 8:00"),
        ("Europe/Berlin", datetime(2027, 3, 29, 6, 0, tzinfo=UTC), 1, "summer time: 8:00"),
        ("Europe/Berlin", datetime(2027, 10, 31, 6, 0, tzinfo=UTC), 0, "changed back: 7:00"),
        ("Europe/Berlin", datetime(2027, 10, 31, 7, 0, tzinfo=UTC), 1, "changed back: 8:00"),
        ("America/New_York", datetime(2027, 3, 14, 12, 0, tzinfo=UTC), 1, "another zone, another change"),
        ("Pacific/Auckland", datetime(2027, 1, 10, 19, 0, tzinfo=UTC), 1, "Monday there already"),
        ("Asia/Kolkata", datetime(2027, 1, 11, 2, 30, tzinfo=UTC), 1, "half hours"),
    ],
)
def test_eight_is_eight_where_its_reader_is(
    db: Database, mail: Mail, owner: psycopg.Connection[Any], zone: str, at: datetime, due: int, why: str
) -> None:
    owner.execute("update firm.office set timezone = %s", (zone,))
    once_a_day(db, "rita", "card", weekends=True)
    assert digests.enter(db, at) == due, why


def test_around_the_change_there_is_one_a_day(db: Database, mail: Mail) -> None:
    """Every half hour over the two days around each change."""
    once_a_day(db, "rita", "card", weekends=True)
    for month, day in ((3, 27), (10, 30)):
        entered = [
            digests.enter(db, datetime(2027, month, day + n // 48, n // 2 % 24, 30 * (n % 2), tzinfo=UTC))
            for n in range(48 * (2 if month == 10 else 3))
        ]
        assert sum(entered) == (2 if month == 10 else 3)


def test_who_left_and_who_switched_it_off_gets_none(
    db: Database, mail: Mail, owner: psycopg.Connection[Any]
) -> None:
    once_a_day(db, "rita", "card")
    once_a_day(db, "rolf", "card")
    owner.execute("update firm.person set ends_on = '2027-01-08' where person_id = 'rita'")
    with db.tx(principal("rolf"), "agent") as tx:
        subscriptions.choose(tx, "mail", kinds=[])
    assert digests.enter(db, MONDAY.replace(hour=9)) == 0


def test_a_reminder_comes_at_once_beside_a_digest(
    workflow: Workflow,
    db: Database,
    mailbox: Mailbox,
    morning: Callable[[datetime], int],
    owner: psycopg.Connection[Any],
) -> None:
    once_a_day(db, "rita", "card")
    propose(workflow)
    owner.execute("update workflow.proposal set remind_at = now() - interval '1 minute'")
    workflow.sweep(datetime.now(UTC))
    morning(MONDAY)
    assert [m["Subject"].split(":")[0].strip() for m in mailbox.to("rita")] == ["Still waits for you"]


@pytest.mark.parametrize(
    ("surface", "kinds", "digest", "why"),
    [
        ("mail", [], ["reminder"], "urgent"),
        ("mail", [], ["escalation"], "urgent"),
        ("mail", ["card"], ["card"], "at once already"),
        ("slack", [], ["card"], "digests come by mail"),
    ],
)
def test_what_no_digest_can_hold(
    db: Database, surface: Any, kinds: list[Subject], digest: list[Subject], why: str
) -> None:
    with db.tx(principal("rita"), "agent") as tx:
        with pytest.raises(BadCadence, match=why):
            subscriptions.choose(tx, surface, kinds=kinds, digest=digest)
        with pytest.raises(psycopg.errors.CheckViolation):  # nor does the database
            tx.execute(
                "deliveries.subscribe",
                surface=surface,
                kinds=[*kinds, "digest"],
                digest=digest,
                weekends=False,
            )


def test_every_address_in_a_mail_is_a_page_of_ours(workflow: Workflow, db: Database, mail: Mail) -> None:
    enable(db, [mail])
    for kind in MAIL_SUBJECTS:
        for proposal_id in (UUID(int=7), None):
            composed = written(kind=kind, proposal_id=proposal_id)
            found = re.findall(r"https?://[^\s\"<>]+", plain(composed) + html(composed))
            assert found and all(f.startswith(f"{HOME}/") for f in found)
