"""The questions about a proposal, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.db import Tx
from workflow.cards import QuestionView, person


@dataclass(frozen=True)
class Question:
    """A question about a version, with its answer when there is one."""

    question_id: UUID
    version: int
    asker_id: str
    asker_name: str | None
    asked_of: Sequence[str]
    question: str
    asked_at: datetime
    answered_by: str | None
    answered_by_name: str | None
    answer: str | None
    answered_at: datetime | None


def questions(tx: Tx, proposal_id: UUID) -> list[Question]:
    """Every question about a proposal, oldest first."""
    return tx.rows("questions.of_proposal", Question, proposal_id=proposal_id)


def unanswered(tx: Tx, proposal_id: UUID, version: int) -> list[Question]:
    """The questions about one version that wait for an answer."""
    return [q for q in questions(tx, proposal_id) if q.answer is None and q.version == version]


def view(question: Question) -> QuestionView:
    """A question as a card shows it."""
    return QuestionView(
        question_id=question.question_id,
        version=question.version,
        asker=person(question.asker_id, question.asker_name),
        question=question.question,
        asked_at=question.asked_at,
        answered_by=person(question.answered_by, question.answered_by_name) if question.answered_by else None,
        answer=question.answer,
        answered_at=question.answered_at,
    )
