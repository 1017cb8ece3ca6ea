"""Deciding many alike at once: each by itself, each with an outcome of its own."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest

from models.access import NotFound
from models.actions import HoldInvoice
from tests.workflow.firm import assignment, draft, eur, principal, reminder, risk
from workflow.cards import ProposalCard
from workflow.errors import TooManyAtOnce
from workflow.service import Workflow


def choices(*cards: ProposalCard) -> list[tuple[Any, str]]:
    return [(c.proposal_id, c.content_hash) for c in cards]


def test_each_has_an_outcome_and_an_audit_entry_of_its_own(
    workflow: Workflow, audited: Callable[[], Sequence[tuple[str, str, dict[str, Any]]]]
) -> None:
    """One refusal takes nothing of the others with it."""
    cards = [workflow.propose(principal("paula"), draft(assignment(role=f"{n}"))) for n in range(3)]
    workflow.decide(
        principal("rolf"), cards[1].proposal_id, content_hash=cards[1].content_hash, verdict="approve"
    )
    stale = workflow.propose(principal("paula"), draft(assignment(role="stale")))
    own = workflow.propose(principal("rita"), draft(risk()))
    outcomes = workflow.decide_many(
        principal("rita"),
        [*choices(*cards), (stale.proposal_id, "0" * 64), *choices(own), (uuid4(), "0" * 64)],
        "approve",
    )
    assert [(o.done, o.error) for o in outcomes] == [
        (True, None),
        (False, "already-decided"),
        (True, None),
        (False, "content-changed"),
        (False, "own-proposal"),
        (False, "not-found"),
    ]
    assert "Rolf Rau" in (outcomes[1].detail or ""), "the loser of a race hears who decided"
    entries = [
        (what, body)
        for _, what, body in audited()
        if what in ("proposal.decided", "proposal.refused") and "batch" in body
    ]
    assert [what for what, _ in entries].count("proposal.decided") == 2
    assert len(entries) == 6 and len({body["batch"] for _, body in entries}) == 1


def test_all_are_rejected_for_one_reason(workflow: Workflow) -> None:
    cards = [workflow.propose(principal("paula"), draft(assignment(role=f"{n}"))) for n in range(2)]
    silent = workflow.decide_many(principal("rita"), choices(*cards), "reject")
    assert {o.error for o in silent} == {"reason-needed"}
    done = workflow.decide_many(principal("rita"), choices(*cards), "reject", "The project is on hold.")
    assert [o.state for o in done] == ["rejected", "rejected"]


def test_where_a_comment_on_each_is_asked_many_are_not_approved_at_once(workflow: Workflow) -> None:
    holds = [
        workflow.propose(
            principal("leo"),
            draft(
                HoldInvoice(
                    invoice_id=invoice,
                    client_id="acme",
                    project_id="aurora",
                    amount=eur(amount),
                    reasons=("no purchase order",),
                )
            ),
        )
        for invoice, amount in (("i-1", "1200.00"), ("i-2", "5000.00"))
    ]
    outcomes = workflow.decide_many(principal("fay"), choices(*holds), "approve", "The same for all.")
    assert [o.error for o in outcomes] == ["decide-alone"] * 2
    assert "open this one" in (outcomes[0].detail or "")
    rejected = workflow.decide_many(principal("fay"), choices(*holds), "reject", "They are in order.")
    assert all(o.done for o in rejected)


def test_no_more_than_can_be_shown_are_decided_at_once(workflow: Workflow) -> None:
    with pytest.raises(TooManyAtOnce):
        workflow.decide_many(principal("rita"), [(uuid4(), "0" * 64)] * 51, "approve")


def test_what_is_alike(workflow: Workflow) -> None:
    first = workflow.propose(principal("paula"), draft(assignment(role="A")))
    second = workflow.propose(principal("paula"), draft(assignment(role="B")))
    cheap = {"amount": "70", "currency": "EUR"}  # at a margin that meets another rule
    others = [
        workflow.propose(principal("leo"), draft(assignment(role="other proposer"))),
        workflow.propose(principal("paula"), draft(assignment(role="other rule", bill_rate=cheap))),
        workflow.propose(
            principal("leo"),
            draft(assignment(role="other project", project_id="borealis", project_name="Borealis")),
        ),
    ]
    cards = workflow.open_alike(principal("rita"), second.proposal_id)
    assert [c.proposal_id for c in cards] == [second.proposal_id, first.proposal_id]
    lines = {p.proposal_id: p.likeness for p in workflow.inbox(principal("rita"), box="mine").items}
    assert len(lines) == 5
    assert lines[first.proposal_id] == lines[second.proposal_id]
    assert len({lines[o.proposal_id] for o in others} | {lines[first.proposal_id]}) == 4
    reminded = workflow.propose(principal("leo"), draft(reminder()))
    for who, card in (("rita", reminded), ("paula", first), ("carl", first)):
        with pytest.raises(NotFound):
            workflow.open_alike(principal(who), card.proposal_id)
