"""Deciding: who, when, on exactly what; and what people hear of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from evals.bench.replay import NotingDatabase
from models.access import NotFound, service
from models.actions import HoldInvoice
from models.evidence import NotVerbatim, QuoteCitation
from models.proposal import Verdict
from store.db import DB_ROLES, Database
from tests.workflow.firm import (
    TICKET,
    assignment,
    change_order,
    draft,
    eur,
    insert,
    principal,
    reminder,
    returned_time,
    risk,
)
from workflow.cards import ProposalCard
from workflow.errors import (
    AlreadyDecided,
    AlreadyOver,
    ContentChanged,
    DuplicateItem,
    EvidenceNeeded,
    Expired,
    NotYourDecision,
    OwnProposal,
    ReasonNeeded,
)
from workflow.service import Workflow

Notices = Callable[[str], Sequence[tuple[str, str]]]
Audited = Callable[[], Sequence[tuple[str, str, dict[str, Any]]]]


@pytest.fixture
def db(shared_db: Database) -> Database:
    return shared_db


MOST_STATEMENTS = 13  # of an approval: one more a decision is one more for every decision


@pytest.fixture
def decide(workflow: Workflow) -> Callable[..., ProposalCard]:
    """`decide(person_id, card, verdict, reason)` on what the card shows."""

    def decided(
        person_id: str, card: ProposalCard, verdict: Verdict = "approve", reason: str = ""
    ) -> ProposalCard:
        return workflow.decide(
            principal(person_id),
            card.proposal_id,
            content_hash=card.content_hash,
            verdict=verdict,
            reason=reason,
        )

    return decided


Decide = Callable[..., ProposalCard]


def heard(notices: Notices, person_id: str, card: ProposalCard) -> list[str]:
    """The kinds of notices a person has of this proposal's title."""
    return [kind for kind, text in notices(person_id) if card.title in text]


def test_one_signature_carries_it_out(workflow: Workflow, decide: Decide, notices: Notices) -> None:
    card = workflow.propose(principal("paula"), draft(assignment(role=f"Role {uuid4()}")))
    assert card.may == {"withdraw"}, "nobody decides their own"
    assert workflow.card(principal("rita"), card.proposal_id).may == {
        "approve",
        "reject",
        "edit",
        "ask",
        "reassign",
    }
    done = decide("rita", card)
    assert (done.state, done.may) == ("approved", frozenset())
    assert [e.body for e in done.effects] == [w.body for w in card.writes], "what was read is what is written"
    assert done.effects[0].idempotency_key == f"create_assignment:{card.proposal_id}:{card.content_hash}"
    signature = done.steps[0].signatures[0]
    assert (signature.person.name, signature.verdict, signature.surface) == ("Rita Roth", "approve", "web")
    assert heard(notices, "paula", card) == ["outcome"]
    assert heard(notices, "rita", card) == heard(notices, "rolf", card) == ["card"]


def test_a_pending_proposal_survives_a_restart(workflow: Workflow, db: Database) -> None:
    """A pending approval is lost on reload (CopilotKit #1397), clicks are swallowed after a restart
    (hermes-agent #100408): here nothing of it is in a process."""
    card = workflow.propose(principal("paula"), draft(assignment()))
    restarted = Database({role: db.dsn(role) for role in DB_ROLES})
    try:
        done = Workflow(restarted).decide(
            principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )
    finally:
        restarted.close()
    assert done.state == "approved"


def test_steps_run_in_order(workflow: Workflow, decide: Decide, notices: Notices) -> None:
    card = workflow.propose(principal("paula"), draft(change_order(title=f"Change {uuid4()}")))
    with pytest.raises(NotYourDecision, match="an earlier step"):
        decide("fay", card)
    assert heard(notices, "fay", card) == [], "no card before one's turn"
    first = decide("amir", card)
    assert (first.state, first.step, len(first.effects)) == ("pending", 1, 0)
    assert heard(notices, "fay", card) == ["card"]
    with pytest.raises(AlreadyDecided, match="by you"):
        decide("amir", card)
    done = decide("fay", card)
    assert (done.state, len(done.effects)) == ("approved", 1)


def test_a_rejection_says_why_to_who_asked(workflow: Workflow, decide: Decide, notices: Notices) -> None:
    card = workflow.propose(principal("paula"), draft(change_order(title=f"Change {uuid4()}")))
    decide("amir", card)
    with pytest.raises(ReasonNeeded):
        decide("fay", card, "reject", "  ")
    done = decide("fay", card, "reject", "The clause does not allow it.")
    assert (done.state, done.effects) == ("rejected", ())
    assert any("The clause does not allow it." in text for _, text in notices("paula"))
    assert heard(notices, "amir", card) == ["card", "outcome"], "who had signed hears it too"
    assert heard(notices, "fay", card) == ["card"], "who decided knows"


def test_a_rejection_ends_it(workflow: Workflow, decide: Decide) -> None:
    """A rejected call must not run all the same (langchain #40491)."""
    card = workflow.propose(principal("paula"), draft(assignment()))
    decide("rita", card, "reject", "Carl is needed elsewhere.")
    with pytest.raises(AlreadyDecided, match="rejected by Rita Roth"):
        decide("rolf", card)
    assert workflow.card(principal("paula"), card.proposal_id).effects == ()


def test_the_loser_hears_who_was_faster(workflow: Workflow, decide: Decide) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    decide("rita", card)
    with pytest.raises(AlreadyDecided, match="approved by Rita Roth") as caught:
        decide("rolf", card, "reject", "No.")
    assert caught.value.facts["by_ids"] == ["rita"]


def test_a_step_that_others_signed_is_over(workflow: Workflow, decide: Decide) -> None:
    """The gate moved on to people of whom the loser is not one: still 'already signed', not 'not yours'."""
    card = workflow.propose(
        principal("paula"), draft(assignment(bill_rate={"amount": "70", "currency": "EUR"}))
    )
    decide("rita", card)
    with pytest.raises(AlreadyDecided, match="signed by Rita Roth"):
        decide("rolf", card)


def test_the_approval_binds_what_was_read(workflow: Workflow, decide: Decide) -> None:
    """The approval id does not bind arguments elsewhere: 1 and 82,000 look the same (langgraph #8026)."""
    small = workflow.propose(principal("paula"), draft(change_order("1")))
    large = workflow.propose(principal("paula"), draft(change_order("60")))
    with pytest.raises(ContentChanged):
        workflow.decide(
            principal("amir"), large.proposal_id, content_hash=small.content_hash, verdict="approve"
        )
    assert decide("amir", large).effects[0].body["value"]["amount"] == "9000.00"


def test_one_rejection_does_not_touch_its_siblings(workflow: Workflow, decide: Decide) -> None:
    """One rejection discards the approved siblings elsewhere (langchainjs #10186); one scalar answer is taken
    for several (langgraph #8579): here each proposal has its own id, hash and decision."""
    cards = [workflow.propose(principal("paula"), draft(assignment(role=role))) for role in ("A", "B", "C")]
    decide("rita", cards[0])
    decide("rita", cards[1], "reject", "Not this one.")
    states = [workflow.card(principal("paula"), c.proposal_id).state for c in cards]
    assert states == ["approved", "rejected", "pending"]


@pytest.mark.parametrize(
    ("who", "error", "reason"),
    [
        ("paula", OwnProposal, "self-confirmation is not four eyes (pinchy #124)"),
        ("amir", NotYourDecision, "sees the client's projects, was not asked (hermes-agent #6735)"),
        ("dora", NotYourDecision, "a director sees all and decides only what the policy gives her"),
        ("carl", NotFound, "gains by it, and may not even see it"),
        ("ada", NotYourDecision, "an administrator decides nothing"),
        ("audrey", NotYourDecision, "an auditor decides nothing"),
    ],
)
def test_who_may_not_decide(
    who: str, error: type[Exception], reason: str, workflow: Workflow, decide: Decide, audited: Audited
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(error):
        decide(who, card)
    assert workflow.card(principal("rita"), card.proposal_id).state == "pending", reason
    actor, action, body = audited()[-1]
    assert (actor, action, body["attempted"]) == (who, "proposal.refused", "approve"), (
        "the attempt is on record"
    )


def test_what_does_not_exist_is_answered_alike(workflow: Workflow, decide: Decide) -> None:
    hidden = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(NotFound) as one:
        decide("carl", hidden)
    with pytest.raises(NotFound) as other:
        decide("carl", hidden.model_copy(update={"proposal_id": uuid4()}))
    assert one.value.kind == other.value.kind
    assert one.value.facts.keys() == other.value.facts.keys()


def test_a_token_that_may_not_decide_does_not(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    reading = replace(principal("rita"), narrowed_to=frozenset({"proposals.read"}))
    with pytest.raises(NotYourDecision, match="token"):
        workflow.decide(reading, card.proposal_id, content_hash=card.content_hash, verdict="approve")


def test_a_second_account_is_the_same_person(workflow: Workflow) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(OwnProposal):
        workflow.decide(
            principal("paula").on("slack"),
            card.proposal_id,
            content_hash=card.content_hash,
            verdict="approve",
        )


def test_a_service_proposes_and_never_decides(workflow: Workflow, decide: Decide) -> None:
    nightly = service("nightly-bench")
    card = workflow.propose(nightly, draft(risk()))
    assert card.proposer.name == "Chargehand (nightly bench)"
    with pytest.raises(NotYourDecision):
        workflow.decide(service("other"), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    assert decide("leo", card).state == "approved"


def test_where_the_policy_wants_a_comment_and_evidence_less_is_no_signature(
    workflow: Workflow, decide: Decide
) -> None:
    hold = HoldInvoice(
        invoice_id="i-2",
        client_id="acme",
        project_id="aurora",
        amount=eur("5000.00"),
        reasons=("no purchase order",),
    )
    card = workflow.propose(principal("leo"), draft(hold))
    assert card.steps[0].comment_required
    with pytest.raises(ReasonNeeded):
        decide("fay", card)
    reason = "The order number is missing."
    with pytest.raises(EvidenceNeeded):
        decide("fay", card, "approve", reason)
    signed = workflow.decide(
        principal("fay"),
        card.proposal_id,
        content_hash=card.content_hash,
        verdict="approve",
        reason=reason,
        evidence=(TICKET,),
    )
    assert signed.state == "approved"


def test_withdrawing(workflow: Workflow, decide: Decide, notices: Notices) -> None:
    card = workflow.propose(principal("paula"), draft(assignment(role=f"Role {uuid4()}")))
    with pytest.raises(NotYourDecision):
        workflow.withdraw(principal("rita"), card.proposal_id)
    assert workflow.withdraw(principal("paula"), card.proposal_id, reason="Too early").state == "withdrawn"
    with pytest.raises(AlreadyOver, match="withdrawn"):
        decide("rita", card)
    assert heard(notices, "rita", card) == ["card", "outcome"]
    signed = workflow.propose(principal("paula"), draft(assignment()))
    decide("rita", signed)
    with pytest.raises(AlreadyDecided):
        workflow.withdraw(principal("paula"), signed.proposal_id)


def test_what_expired_cannot_be_signed_and_says_so(
    workflow: Workflow, decide: Decide, owner: psycopg.Connection[Any], notices: Notices
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment(role=f"Role {uuid4()}")))
    owner.execute(
        "update workflow.proposal set expires_at = now() where proposal_id = %s", (card.proposal_id,)
    )
    with pytest.raises(Expired):
        decide("rita", card)
    assert workflow.card(principal("paula"), card.proposal_id).state == "expired", (
        "without waiting for a clock"
    )
    assert heard(notices, "paula", card) == ["outcome"]


def test_the_thread_that_asked_hears_the_outcome(
    workflow: Workflow, decide: Decide, owner: psycopg.Connection[Any]
) -> None:
    """Elsewhere it never does (agenticos #152)."""
    thread = uuid4()
    card = workflow.propose(principal("paula"), draft(assignment(), thread))
    decide("rita", card)
    told = owner.execute(
        "select person_id, event from workflow.notice where thread_id = %s", (thread,)
    ).fetchall()
    assert told == [("paula", "outcome:approved:1")]


@pytest.mark.parametrize(
    ("quote", "start", "error", "reason"),
    [
        ("moves to the client", 4, None, "the words stand there"),
        ("moves to the client", 5, NotVerbatim, "one off"),
        ("belongs to the client", 4, NotVerbatim, "other words"),
    ],
)
def test_a_quote_must_stand_where_it_says(
    quote: str,
    start: int,
    error: type[Exception] | None,
    reason: str,
    workflow: Workflow,
    owner: psycopg.Connection[Any],
) -> None:
    report = f"r-{uuid4()}"
    insert(
        owner,
        "firm.status_report",
        [
            {
                "report_id": report,
                "project_id": "aurora",
                "reported_on": "2026-10-01",
                "author_id": "paula",
                "text": "All moves to the client.",
            }
        ],
    )
    citation = QuoteCitation(
        document="status_report", id=report, quote=quote, start=start, end=start + len(quote)
    )
    proposed = replace(draft(risk()), evidence=(citation,))
    if error:
        with pytest.raises(error):
            workflow.propose(principal("leo"), proposed)
    else:
        assert workflow.propose(principal("leo"), proposed).evidence == (citation,), reason
    with pytest.raises(NotFound):
        workflow.propose(principal("petra"), replace(draft(reminder()), evidence=(citation,)))


def test_a_batch_names_each_item_once(workflow: Workflow) -> None:
    with pytest.raises(DuplicateItem):
        workflow.propose(principal("leo"), draft(returned_time("t-1", "t-1")))


def test_an_approval_asks_the_database_no_more_than_it_must(workflow: Workflow, db: Database) -> None:
    cards = [workflow.propose(principal("dora"), draft(risk(statement=f"Late {uuid4()}"))) for _ in range(2)]
    noting = NotingDatabase({"workflow": db.dsn("workflow")})
    try:
        for card in cards:
            Workflow(noting).decide(
                principal("paula"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
            )
    finally:
        noting.close()
    assert len(noting.noted[1].statements) <= MOST_STATEMENTS, [s.name for s in noting.noted[1].statements]
