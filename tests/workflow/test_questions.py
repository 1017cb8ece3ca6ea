"""Asking back: who asks, who answers, who hears of it, and what the clocks do meanwhile."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from models.access import NotFound, service
from tests.workflow.firm import assignment, change_order, draft, principal, risk
from workflow.cards import ProposalCard
from workflow.errors import (
    AlreadyAnswered,
    AlreadyDecided,
    ContentChanged,
    NotYourDecision,
    NotYourQuestion,
    OwnProposal,
    ReasonNeeded,
)
from workflow.service import Workflow

Notices = Callable[[str], Sequence[tuple[str, str]]]


def ask(
    workflow: Workflow, who: str, card: ProposalCard, text: str = "Does the client know?"
) -> ProposalCard:
    return workflow.ask(principal(who), card.proposal_id, content_hash=card.content_hash, question=text)


def answer(workflow: Workflow, who: str, card: ProposalCard, text: str = "Since Monday.") -> ProposalCard:
    [*_, question] = card.questions
    return workflow.answer(principal(who), card.proposal_id, question.question_id, answer=text)


def test_the_thread_gets_the_question_and_the_card_the_answer(
    workflow: Workflow, notices: Notices, owner: psycopg.Connection[Any]
) -> None:
    thread = uuid4()
    card = workflow.propose(principal("paula"), draft(assignment(), thread))
    asked = ask(workflow, "rita", card)
    assert "answer" not in asked.may
    told = owner.execute("select kind, text from workflow.notice where thread_id = %s", (thread,)).fetchall()
    assert told == [("question", f"Rita Roth asks about “{card.title}”: Does the client know?")]
    mine = workflow.card(principal("paula"), card.proposal_id)
    assert mine.may == {"withdraw", "answer"}
    assert mine.mine_to_answer == {mine.questions[0].question_id}
    answered = answer(workflow, "paula", mine)
    [question] = answered.questions
    assert (question.asker.name, question.question) == ("Rita Roth", "Does the client know?")
    assert (question.answer, question.answered_by and question.answered_by.name) == (
        "Since Monday.",
        "Paula Pohl",
    )
    assert answered.may == {"withdraw"}
    assert notices("rita")[-1] == ("answer", f"Paula Pohl answers about “{card.title}”: Since Monday.")
    signed = workflow.decide(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    assert signed.state == "approved", "the content is what it was: the question changed nothing of it"


@pytest.mark.parametrize(
    ("who", "error", "reason"),
    [
        ("paula", OwnProposal, "nobody asks themselves"),
        ("dora", NotYourDecision, "sees it and is not asked to sign"),
        ("carl", NotFound, "may not even see it"),
    ],
)
def test_who_may_not_ask(who: str, error: type[Exception], reason: str, workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(error):
        ask(workflow, who, card)
    assert workflow.card(principal("rita"), card.proposal_id).questions == (), reason


def test_a_question_is_about_what_was_read(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(ContentChanged):
        ask(workflow, "rita", card.model_copy(update={"content_hash": "0" * 64}))
    with pytest.raises(ReasonNeeded):
        ask(workflow, "rita", card, "  ")


@pytest.mark.parametrize(
    ("who", "error", "reason"),
    [
        ("rita", NotYourQuestion, "the asker does not answer"),
        ("rolf", NotYourQuestion, "nor another approver"),
        ("dora", NotYourQuestion, "nor who only sees it"),
        ("carl", NotFound, "nor who may not see it"),
    ],
)
def test_who_may_not_answer(who: str, error: type[Exception], reason: str, workflow: Workflow) -> None:
    card = ask(workflow, "rita", workflow.propose(principal("paula"), draft(assignment())))
    with pytest.raises(error):
        answer(workflow, who, card)
    assert workflow.card(principal("rita"), card.proposal_id).questions[0].answer is None, reason


def test_there_is_one_answer(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    card = ask(workflow, "rita", workflow.propose(principal("paula"), draft(assignment())))
    answer(workflow, "paula", card)
    with pytest.raises(AlreadyAnswered, match="Paula Pohl"):
        answer(workflow, "paula", card, "Or not.")
    question = card.questions[0].question_id
    for answered_by in ("paula", "rita"):
        with pytest.raises(psycopg.errors.IntegrityError):
            owner.execute(
                "insert into workflow.answer (question_id, asker_id, answered_by, answer, surface)"
                " values (%s, 'rita', %s, 'x', 'web')",
                (question, answered_by),
            )


def test_a_question_of_another_proposal_is_not_there(workflow: Workflow) -> None:
    card = ask(workflow, "rita", workflow.propose(principal("paula"), draft(assignment())))
    other = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(NotFound):
        workflow.answer(principal("paula"), other.proposal_id, card.questions[0].question_id, answer="x")


def test_what_is_decided_needs_no_answer(workflow: Workflow) -> None:
    card = ask(workflow, "rita", workflow.propose(principal("paula"), draft(assignment())))
    workflow.decide(principal("rolf"), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    with pytest.raises(AlreadyDecided, match="Rolf Rau"):
        answer(workflow, "paula", card)
    assert "answer" not in workflow.card(principal("paula"), card.proposal_id).may


def test_for_a_service_the_project_manager_answers(workflow: Workflow, notices: Notices) -> None:
    card = ask(workflow, "leo", workflow.propose(service("nightly-risk"), draft(risk())))
    assert notices("paula")[-1][0] == "question"
    assert "answer" in workflow.card(principal("paula"), card.proposal_id).may
    assert answer(workflow, "paula", card).questions[0].answer == "Since Monday."


def test_the_reminder_goes_to_who_must_answer_and_the_clock_runs_on(
    workflow: Workflow, notices: Notices
) -> None:
    card = ask(workflow, "rita", workflow.propose(principal("paula"), draft(assignment())))

    def sweep(hours: float) -> None:
        workflow.sweep(datetime.now(UTC) + timedelta(hours=hours))

    sweep(24.1)
    assert notices("paula")[-1] == (
        "question",
        f"Rita Roth waits for your answer about “{card.title}”: Does the client know?",
    )
    assert [kind for kind, _ in notices("rita")] == ["card"], "she waits herself"
    assert [kind for kind, _ in notices("rolf")] == ["card", "reminder"], "he has asked nothing"
    sweep(24.0 * 30)
    kind, text = notices("paula")[-1]
    assert kind == "outcome" and "A question of Rita Roth was not answered." in text


def test_questions_and_answers_are_on_record_without_their_words(
    workflow: Workflow, audited: Callable[[], Sequence[tuple[str, str, dict[str, Any]]]]
) -> None:
    card = ask(workflow, "amir", workflow.propose(principal("paula"), draft(change_order())), "Secret?")
    answer(workflow, "paula", card, "Very.")
    entries = audited()[-2:]
    assert [(who, what) for who, what, _ in entries] == [
        ("amir", "proposal.questioned"),
        ("paula", "proposal.answered"),
    ]
    assert all(UUID(body["question"]) == card.questions[0].question_id for _, _, body in entries)
    assert "Secret" not in str(entries) and "Very" not in str(entries)
