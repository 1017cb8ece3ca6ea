"""A message that shows a proposal shows what is so, wherever it was decided."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.chat.posts import Post, PostGone, draw_once, record
from models.access import Principal, service
from store.db import Database
from tests.workflow.firm import assignment, draft, principal
from workflow.cards import ProposalCard
from workflow.deliveries import SurfaceDown
from workflow.service import Workflow


class Board:
    """A surface whose messages are what was drawn last."""

    name = "slack"

    def __init__(self) -> None:
        self.drawn: list[tuple[str, str | None, frozenset[str]]] = []
        self.raises: list[Exception] = []

    def update(self, post: Post, reader: Principal | None, card: ProposalCard | None) -> None:
        if self.raises:
            raise self.raises.pop(0)
        self.drawn.append(
            (post.reference, card.state if card else None, frozenset(card.may) if card else frozenset())
        )


@pytest.fixture
def board(owner: psycopg.Connection[Any]) -> Board:
    owner.execute("update workflow.surface set enabled = true where surface = 'slack'")
    return Board()


@pytest.fixture
def card(workflow: Workflow) -> ProposalCard:
    return workflow.propose(principal("paula"), draft(assignment()))


def show(
    db: Database, card: ProposalCard, reader: str, reference: str, drawn_at: datetime | None = None
) -> None:
    with db.tx(service("messages"), "worker") as tx:
        record(
            tx,
            card,
            drawn_at=drawn_at or datetime.now(UTC),
            surface="slack",
            workspace="T1",
            channel="D1",
            reference=reference,
            reader_id=reader,
        )


def approve(workflow: Workflow, by: str, proposal_id: UUID) -> ProposalCard:
    card = workflow.card(principal(by), proposal_id)
    return workflow.decide(
        principal(by), proposal_id, content_hash=card.content_hash, verdict="approve", reason="fine"
    )


def test_a_decision_anywhere_takes_the_buttons_from_everybody(
    db: Database, workflow: Workflow, board: Board, card: ProposalCard
) -> None:
    for reader in ("rita", "rolf", "paula"):
        show(db, card, reader, f"of-{reader}")
    assert not draw_once(db, board), "nothing moved"
    approve(workflow, "rita", card.proposal_id)
    while draw_once(db, board):
        pass
    assert {reference for reference, *_ in board.drawn} == {"of-rita", "of-rolf", "of-paula"}
    assert all("approve" not in may for _, _, may in board.drawn)
    assert not draw_once(db, board), "each was drawn once"


@pytest.mark.parametrize("moved", ["decided", "asked"])
def test_what_moved_between_reading_and_posting_is_not_missed(
    db: Database, workflow: Workflow, board: Board, card: ProposalCard, moved: str
) -> None:
    read_at = datetime.now(UTC) - timedelta(seconds=1)
    if moved == "decided":
        approve(workflow, "rita", card.proposal_id)
    else:
        workflow.ask(
            principal("rita"), card.proposal_id, content_hash=card.content_hash, question="Why so many hours?"
        )
    show(db, card, "rolf", "late", drawn_at=read_at)
    assert draw_once(db, board)


def test_an_answer_redraws_too(db: Database, workflow: Workflow, board: Board, card: ProposalCard) -> None:
    asked = workflow.ask(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, question="Why so many hours?"
    )
    show(db, asked, "rita", "1", drawn_at=datetime.now(UTC))
    assert not draw_once(db, board)
    workflow.answer(
        principal("paula"), card.proposal_id, asked.questions[0].question_id, answer="The client asked."
    )
    assert draw_once(db, board)


def test_who_may_not_see_it_is_shown_nothing(
    db: Database, workflow: Workflow, board: Board, card: ProposalCard, owner: psycopg.Connection[Any]
) -> None:
    show(db, card, "fay", "of-a-stranger")
    show(db, card, "dan", "of-one-who-left")
    owner.execute("update firm.person set ends_on = current_date - 1 where person_id = 'dan'")
    approve(workflow, "rita", card.proposal_id)
    while draw_once(db, board):
        pass
    assert {(r, state) for r, state, _ in board.drawn} >= {("of-one-who-left", None)}


def test_an_outage_is_waited_out_and_a_deleted_message_is_left_alone(
    db: Database, workflow: Workflow, board: Board, card: ProposalCard, owner: psycopg.Connection[Any]
) -> None:
    show(db, card, "rita", "1")
    approve(workflow, "rita", card.proposal_id)
    board.raises = [SurfaceDown(surface="Slack", reason="429"), PostGone(surface="Slack", reason="deleted")]
    assert draw_once(db, board)
    assert not draw_once(db, board), "the surface is left alone for a while"
    owner.execute("update workflow.surface set resume_at = now()")
    owner.execute("update workflow.post set not_before = now()")
    assert draw_once(db, board)
    owner.execute("update workflow.post set not_before = now()")
    assert not draw_once(db, board), "gone for good"
    assert board.drawn == []


def test_what_moves_while_it_is_drawn_is_drawn_again(
    db: Database, workflow: Workflow, board: Board, card: ProposalCard
) -> None:
    show(db, card, "rolf", "1")
    workflow.ask(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, question="Why so many hours?"
    )

    class Slow(Board):
        def update(self, post: Post, reader: Principal | None, shown: ProposalCard | None) -> None:
            super().update(post, reader, shown)
            if len(self.drawn) == 1:
                approve(workflow, "rita", card.proposal_id)

    slow = Slow()
    assert draw_once(db, slow) and draw_once(db, slow)
    assert not draw_once(db, slow)
    assert "approve" not in slow.drawn[-1][2]
