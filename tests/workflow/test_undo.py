"""Undoing what was written: a proposal of its own, signed by others, within its window, once."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from connectors.ports import UNDONE_REF, undoing
from connectors.sim.twin import Faults, Seed, Twin
from models.access import NotAllowed, NotFound
from models.actions import Action, HoldInvoice, UndoWrite
from store.db import Database
from tests.workflow.firm import (
    PACE,
    TICKET,
    assignment,
    change_order,
    development,
    draft,
    eur,
    principal,
    reminder,
    returned_time,
    risk,
)
from workflow.cards import ProposalCard
from workflow.effects import work_once
from workflow.errors import (
    BeingUndone,
    CannotBeUndone,
    ContradictsRecords,
    OwnProposal,
    ReasonNeeded,
    TooLateToUndo,
)
from workflow.service import Workflow

Drain = Callable[[], int]
WHY = "It was a mistake."
HOLD = HoldInvoice(
    invoice_id="i-1",
    client_id="acme",
    project_id="aurora",
    amount=eur("1200.00"),
    reasons=("No purchase order",),
)
# action, who proposes, who signs, who asks to undo it, who signs that
CASES = [
    (assignment(), "paula", ("rita",), "paula", ("leo",)),
    (risk(), "leo", ("paula",), "paula", ("leo",)),
    (change_order("10"), "paula", ("amir",), "paula", ("leo",)),
    (returned_time("t-1"), "leo", ("paula",), "paula", ("leo",)),
    (HOLD, "leo", ("fay",), "fay", ("leo",)),
    (development(), "rita", ("leo",), "rita", ("leo",)),
]


@pytest.fixture
def written(workflow: Workflow, drain: Drain) -> Callable[..., ProposalCard]:
    def done(action: Action, proposer: str, signers: tuple[str, ...]) -> ProposalCard:
        card = workflow.propose(principal(proposer), draft(action))
        for signer in signers:
            card = sign(workflow, signer, card)
        drain()
        card = workflow.card(principal(proposer), card.proposal_id)
        assert card.state == "executed"
        return card

    return done


Written = Callable[..., ProposalCard]


def sign(workflow: Workflow, person_id: str, card: ProposalCard) -> ProposalCard:
    return workflow.decide(
        principal(person_id),
        card.proposal_id,
        content_hash=card.content_hash,
        verdict="approve",
        reason="Agreed.",
        evidence=(TICKET,),
    )


def undo(workflow: Workflow, person_id: str, card: ProposalCard) -> ProposalCard:
    return workflow.undo(principal(person_id), card.effects[0].effect_id, WHY)


@pytest.mark.parametrize(("action", "proposer", "signers", "asks", "undoers"), CASES)
def test_what_was_written_is_undone_by_others_signatures(
    action: Action,
    proposer: str,
    signers: tuple[str, ...],
    asks: str,
    undoers: tuple[str, ...],
    workflow: Workflow,
    written: Written,
    drain: Drain,
    twin: Twin,
    owner: psycopg.Connection[Any],
) -> None:
    mirrored = "select (select count(*) from firm.assignment), (select count(*) from firm.system_record),"
    mirrored += " (select count(*) from firm.time_entry where state = 'returned')"
    before = owner.execute(mirrored).fetchone()
    original = written(action, proposer, signers)
    [effect] = original.effects
    asked = undo(workflow, asks, original)
    assert isinstance(asked.action, UndoWrite)
    assert asked.action.record == effect.body and asked.action.record_id == effect.external_ref
    how = undoing(effect.system, effect.operation)
    assert how and asked.action.outcome == how.outcome
    assert asked.rule == "undo" and asked.title == f"Undo: {original.title}"
    with pytest.raises(OwnProposal):
        sign(workflow, asks, asked)
    assert drain() == 0, "nothing happens before others have signed"
    for signer in undoers:
        sign(workflow, signer, asked)
    assert drain() == 1
    done = workflow.card(principal(asks), asked.proposal_id)
    assert (done.state, done.effects[0].external_ref) == ("executed", effect.external_ref)
    [record] = twin.book.written()
    assert record.body[UNDONE_REF] == done.effects[0].idempotency_key
    assert owner.execute(mirrored).fetchone() == before, "the firm's tables are as before"
    card = workflow.card(principal(asks), original.proposal_id)
    assert (card.effects[0].undone_by, card.effects[0].undo_state) == (asked.proposal_id, "executed")
    assert "undo" not in card.may


def test_the_card_says_until_when(workflow: Workflow, written: Written) -> None:
    card = written(risk(), "leo", ("paula",))
    [effect] = card.effects
    assert "undo" in card.may
    assert effect.settled_at and effect.undo_until and (effect.undo_until - effect.settled_at).days == 30
    assert "undo" not in workflow.card(principal("audrey"), card.proposal_id).may, "an auditor only reads"
    sent = written(reminder(), "leo", ("fay",))
    assert "undo" not in sent.may


def test_what_is_refused(
    workflow: Workflow, written: Written, owner: psycopg.Connection[Any], drain: Drain
) -> None:
    sent, made = written(reminder(), "leo", ("fay",)), written(risk(), "leo", ("paula",))
    with pytest.raises(CannotBeUndone):
        undo(workflow, "leo", sent)
    with pytest.raises(ReasonNeeded):
        workflow.undo(principal("leo"), made.effects[0].effect_id, " ")
    with pytest.raises(NotAllowed):
        undo(workflow, "ada", made)
    with pytest.raises(NotFound):
        workflow.undo(principal("petra"), made.effects[0].effect_id, WHY)
    with pytest.raises(NotFound):
        workflow.undo(principal("leo"), 10**9, WHY)
    owner.execute("update workflow.effect set settled_at = now() - interval '31 days'")
    with pytest.raises(TooLateToUndo):
        undo(workflow, "leo", made)


def test_it_is_undone_once(workflow: Workflow, written: Written, drain: Drain) -> None:
    original = written(risk(), "leo", ("paula",))
    first = undo(workflow, "paula", original)
    with pytest.raises(BeingUndone):
        undo(workflow, "leo", original)
    workflow.decide(
        principal("leo"),
        first.proposal_id,
        content_hash=first.content_hash,
        verdict="reject",
        reason="It stays.",
    )
    second = undo(workflow, "paula", original)
    sign(workflow, "leo", second)
    drain()
    with pytest.raises(BeingUndone):
        undo(workflow, "leo", original)


def test_the_database_undoes_nothing_twice(
    workflow: Workflow, written: Written, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    """Whatever the code believes: a second undo of one write never enters the ledger."""
    original = written(risk(), "leo", ("paula",))
    sign(workflow, "leo", undo(workflow, "paula", original))
    drain()
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(
            "insert into workflow.effect (idempotency_key, proposal_id, version, content_hash, system,"
            " operation, item, ordering_key, body, undoes) select idempotency_key || ':x', proposal_id,"
            " version, content_hash, system, operation, 'x', ordering_key, body, undoes from workflow.effect"
            " where operation = 'undo_write'"
        )


@pytest.mark.parametrize(
    "forged",
    [
        {"record_id": "psa-other"},
        {"until": "2099-01-01T00:00:00Z"},
        {"outcome": "Nothing happens."},
        {"record": {"statement": "something else"}},
        {"ordering_key": "project:borealis"},
    ],
)
def test_what_it_says_of_the_write_is_true(
    forged: dict[str, Any], workflow: Workflow, written: Written
) -> None:
    original = written(risk(), "leo", ("paula",))
    asked = undo(workflow, "paula", original)
    workflow.withdraw(principal("paula"), asked.proposal_id)
    lie = UndoWrite.model_validate(asked.action.model_dump() | forged)
    with pytest.raises(ContradictsRecords):
        workflow.propose(principal("paula"), draft(lie))


def test_a_hold_is_released_after_the_invoice_was_mended(
    workflow: Workflow, written: Written, drain: Drain, owner: psycopg.Connection[Any], twin: Twin
) -> None:
    original = written(HOLD, "leo", ("fay",))
    owner.execute("update firm.invoice set amount = 1100 where invoice_id = 'i-1'")
    asked = undo(workflow, "fay", original)
    assert str(asked.amount) == "EUR 1,100.00"
    sign(workflow, "leo", asked)
    drain()
    invoice = twin.book.get("erp", "invoices", "i-1")
    assert invoice and invoice.body["on_hold"] is False


def test_more_money_needs_more_people(workflow: Workflow, written: Written) -> None:
    order = written(change_order("200"), "paula", ("amir", "dora"))
    asked = undo(workflow, "paula", order)
    assert asked.rule == "large-undo" and len(asked.steps) == 2


def test_what_the_system_does_not_take_back_has_failed(
    workflow: Workflow, written: Written, drain: Drain, twin: Twin
) -> None:
    original = written(change_order("10"), "paula", ("amir",))
    [record] = twin.book.written()
    invoiced = {"id": record.id, "contract_id": "c-1", "invoiced_on": "2026-10-01"}
    twin.plant(Seed(records={"crm": {"change-orders": [invoiced]}}))
    asked = undo(workflow, "paula", original)
    sign(workflow, "leo", asked)
    drain()
    card = workflow.card(principal("paula"), asked.proposal_id)
    assert card.state == "failed" and "was invoiced on" in (card.effects[0].last_error or "")
    assert "undo" in workflow.card(principal("paula"), original.proposal_id).may, "it may be tried again"


@pytest.mark.parametrize("supports", [True, False], ids=["with keys", "without keys"])
def test_a_lost_reply_is_looked_up(
    supports: bool, workflow: Workflow, written: Written, db: Database, twin: Twin, connectors: Any
) -> None:
    original = written(risk(), "leo", ("paula",))
    asked = undo(workflow, "paula", original)
    sign(workflow, "leo", asked)
    twin.faults["psa"] = Faults(lose_replies=1.0, ignore_keys=not supports)
    assert work_once(db, "w", connectors, PACE)
    assert workflow.card(principal("paula"), asked.proposal_id).state == "approved"
    twin.heal()
    with psycopg.connect(db.dsn("worker"), autocommit=True) as worker:
        worker.execute("select set_config('chargehand.principal', 'service:worker', false)")
        worker.execute("update workflow.effect set not_before = now() where state = 'ready'")
    assert work_once(db, "w", connectors, PACE)
    done = workflow.card(principal("paula"), asked.proposal_id)
    assert (done.state, done.effects[0].attempts) == ("executed", 2)


def test_an_undo_waits_its_turn(
    workflow: Workflow, written: Written, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    original = written(assignment(), "paula", ("rita",))
    card = workflow.propose(principal("paula"), draft(assignment(role="Second")))
    sign(workflow, "rita", card)
    owner.execute("update workflow.effect set not_before = now() + interval '1 hour' where state = 'ready'")
    asked = undo(workflow, "paula", original)
    sign(workflow, "leo", asked)
    assert drain() == 0
    waiting = workflow.card(principal("paula"), asked.proposal_id).effects[0]
    assert waiting.waits_behind == "ready"
