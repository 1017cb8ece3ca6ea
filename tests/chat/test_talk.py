"""A turn that was taken is answered once, whatever dies meanwhile."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from agents.events import Answered, Event
from api.chat import talk
from api.chat.inbound import Inbound, Received
from api.chat.places import Place, place_of, thread_for
from api.wiring import Application
from models.access import NotFound
from tests.workflow.firm import draft, principal, risk

PAULA = principal("paula").on("slack")
HERE = Place("slack", "T1", "C1", "17.1", shared=True)


@pytest.fixture
def thread_id(application: Application) -> UUID:
    return thread_for(application.db, application.copilot, PAULA, HERE)


@pytest.fixture
def received(application: Application) -> Received:
    return attempt(application, Inbound(application.db))


def attempt(application: Application, inbound: Inbound) -> Received:
    """What a worker is handed, whose lease then runs out."""
    inbound.take("slack", "T1", "Ev1", "event", {}, ordering="C1")
    with psycopg.connect(application.place.admin, autocommit=True) as owner:
        owner.execute("update talk.inbound set lease_until = now() - interval '1 s'")
    got: list[Received] = []

    def die(received: Received) -> None:
        got.append(received)
        raise SystemExit

    with pytest.raises(SystemExit):
        inbound.work_once({"slack": die})
    return got[0]


def said(application: Application, thread_id: UUID) -> list[tuple[str, str]]:
    return [(m.author, m.text) for m in application.copilot.history(PAULA, thread_id)]


def take(application: Application, thread_id: UUID, received: Received) -> list[Event]:
    return list(talk.converse(application, PAULA, thread_id, received, "What waits for me?"))


def test_a_place_is_one_conversation_for_each_person(application: Application, thread_id: UUID) -> None:
    assert thread_for(application.db, application.copilot, PAULA, HERE) == thread_id
    rita = principal("rita").on("slack")
    other = thread_for(application.db, application.copilot, rita, HERE)
    assert other != thread_id
    with pytest.raises(NotFound):
        application.copilot.history(rita, thread_id)
    with application.db.tx(PAULA, "agent") as tx:
        assert place_of(tx, thread_id, "slack") == HERE
        assert place_of(tx, thread_id, "teams") is None
        assert place_of(tx, other, "slack") is None, "somebody else's"


def test_an_answer_that_was_kept_is_not_asked_for_twice(
    application: Application, thread_id: UUID, received: Received
) -> None:
    first = take(application, thread_id, received)[-1]
    again = take(application, thread_id, attempt(application, Inbound(application.db)))
    assert isinstance(first, Answered) and again == [first]
    assert len(said(application, thread_id)) == 2


def test_a_question_that_the_copilot_never_heard_is_asked(
    application: Application, thread_id: UUID, received: Received
) -> None:
    """The desk died before it asked."""
    again = attempt(application, Inbound(application.db))
    assert again.attempts == 2
    assert isinstance(take(application, thread_id, again)[-1], Answered)


def test_what_was_proposed_before_the_copilot_died_is_not_proposed_again(
    application: Application, thread_id: UUID, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "WAIT_S", 0.1)

    def dies(principal: Any, thread: UUID, text: str) -> Iterator[Event]:
        with application.db.tx(PAULA, "agent") as tx:
            tx.value("talk.add_message", thread_id=thread, author="person", text=text, payload={})
        proposed.append(application.workflow.propose(PAULA, draft(risk(), thread)).proposal_id)
        raise SystemExit
        yield

    proposed: list[UUID] = []
    with monkeypatch.context() as patched:
        patched.setattr(application.copilot, "turn", dies)
        with pytest.raises(SystemExit):
            take(application, thread_id, received)
    (answer,) = take(application, thread_id, attempt(application, Inbound(application.db)))
    assert isinstance(answer, Answered) and answer.proposals == tuple(proposed)
    assert answer.text == talk.INTERRUPTED
