"""Asking back before signing: who is asked to sign asks, who asked for the signature answers, once. A
question stops nobody from signing and no clock from running; it only turns the reminder to who must answer.
About what was planted nobody can be asked: they did not agree to take part. Role: workflow."""

from collections.abc import Collection
from uuid import UUID

from models.access import NotFound
from store.db import Tx
from workflow.cards import ProposalCard
from workflow.docket import Docket
from workflow.errors import AlreadyAnswered, NobodyToAnswer, NotYourQuestion, ReasonNeeded
from workflow.gates import finding_for
from workflow.notices import tell
from workflow.policies import pinned
from workflow.questions import questions
from workflow.read import card
from workflow.seat import check_open, check_token, seat_of, take_seat


def ask(tx: Tx, proposal_id: UUID, *, content_hash: str, question: str) -> ProposalCard:
    """Ask who proposed it something about what was read.

    Raises what `seat.take_seat` raises; ReasonNeeded for an empty question, NobodyToAnswer."""
    taken = take_seat(tx, proposal_id, content_hash, rejecting=True)
    docket = taken.docket
    current, me, question = docket.current, tx.principal, question.strip()
    if not question:
        raise ReasonNeeded(what="asking back")
    asked_of = [] if current.planted else _answerers(docket)
    if not asked_of:
        raise NobodyToAnswer(proposal_id=str(proposal_id))
    question_id: UUID = tx.value(
        "questions.ask",
        proposal_id=proposal_id,
        version=current.version,
        step=current.step,
        seat=seat_of(docket, taken.resolved).seat,
        content_hash=content_hash,
        asked_of=asked_of,
        question=question,
    )
    tx.audit(
        "proposal.questioned",
        docket.subject,
        version=current.version,
        question=str(question_id),
        asked_of=asked_of,
    )
    tell(
        tx,
        proposal_id,
        asked_of,
        kind="question",
        event=f"question:{question_id}",
        text=f"{me.name} asks about “{current.title}”: {question}",
    )
    return card(tx, proposal_id)


def answer(tx: Tx, proposal_id: UUID, question_id: UUID, *, answer: str) -> ProposalCard:
    """Answer what one was asked; who asked hears it.

    Raises NotFound, AlreadyDecided, AlreadyOver, NotYourQuestion, AlreadyAnswered, ReasonNeeded for an empty
    answer."""
    docket = Docket.locked(tx, proposal_id)
    found = [q for q in questions(tx, proposal_id) if q.question_id == question_id]
    if not found:
        raise NotFound(what="question", id=str(question_id))
    question, answer = found[0], answer.strip()
    check_open(docket)
    check_token(docket)
    if tx.principal.person_id not in question.asked_of:
        raise NotYourQuestion(proposal_id=str(proposal_id))
    if question.answered_by:
        raise AlreadyAnswered(
            proposal_id=str(proposal_id), by=question.answered_by_name or question.answered_by
        )
    if not answer:
        raise ReasonNeeded(what="an answer")
    tx.execute("questions.answer", question_id=question_id, asker_id=question.asker_id, answer=answer)
    tx.audit("proposal.answered", docket.subject, version=question.version, question=str(question_id))
    tell(
        tx,
        proposal_id,
        [question.asker_id],
        kind="answer",
        event=f"answer:{question_id}",
        text=f"{tx.principal.name} answers about “{docket.current.title}”: {answer}",
    )
    return card(tx, proposal_id)


def _answerers(docket: Docket) -> list[str]:
    """Who can answer: who proposed it and who wrote the version; where that was one of Chargehand's services,
    or they have left, who runs the projects it touches, or leads the person it is about."""
    tx, current = docket.tx, docket.current
    asked = _working(tx, {current.proposer_id, current.on_behalf_of, current.author_id})
    if not asked:
        policy = pinned(tx, current.policy_sha256)
        finding = finding_for(tx, docket.request(), policy)
        managers = {p.manager_id for p in finding.projects}
        line = finding.person.manager_id if finding.person else None
        asked = _working(tx, managers) or _working(tx, {line})
    return sorted(asked - {tx.principal.person_id})


def _working(tx: Tx, people: Collection[str | None]) -> set[str]:
    """Those who work here; services are not among them."""
    found = tx.records("gates.working", person_ids=[p for p in people if p])
    return {row["person_id"] for row in found}
