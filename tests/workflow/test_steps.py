"""What a step of a gate can ask for: all of several people, groups, records of who answers, evidence, and a
time of its own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from models.actions import Action
from models.evidence import Attachment, RecordCitation
from models.policy import Facts, PolicySet
from store.db import Database
from tests.workflow.firm import (
    asked,
    assignment,
    change_order,
    development,
    draft,
    eur,
    insert,
    people,
    principal,
    put_in_force,
    reminder,
    returned_time,
    risk,
)
from workflow import policies
from workflow.cards import ProposalCard
from workflow.errors import EvidenceNeeded, Expired
from workflow.facts import derive
from workflow.service import Workflow

Owner = psycopg.Connection[Any]

LAST = {
    "name": "last",
    "because": "nothing else fits",
    "gate": {
        "steps": [
            {"name": "Director", "approvers": [{"role": "delivery_director"}], "signatures": "all"},
            {"name": "Finance", "approvers": [{"role": "finance"}], "signatures": 1},
        ]
    },
}


@pytest.fixture
def under(owner: Owner) -> Callable[..., None]:
    """`under(step, ...)`: put a policy in force whose rule for everything has these steps."""

    def load(*steps: dict[str, Any], when: dict[str, Any] | None = None, **gate: int) -> None:
        rule = {
            "name": "asked",
            "because": "it is asked",
            "when": when or {"action": ["create_assignment", "create_change_order"]},
            "gate": {"steps": [{"name": f"Step {i}"} | s for i, s in enumerate(steps)]} | gate,
        }
        put_in_force(
            owner,
            PolicySet.model_validate(
                {
                    "name": "test",
                    "currency": "EUR",
                    "groups": {"partners": ["leo", "amir", "gone"], "pair": ["leo", "amir"]},
                    "rules": [rule, LAST],
                }
            ),
        )

    return load


def approve(workflow: Workflow, person_id: str, card: ProposalCard, **how: Any) -> ProposalCard:
    return workflow.decide(
        principal(person_id), card.proposal_id, content_hash=card.content_hash, verdict="approve", **how
    )


ALL_DIRECTORS = {"approvers": [{"role": "delivery_director"}], "signatures": "all"}


def test_everybody_of_a_step_signs(workflow: Workflow, under: Callable[..., None]) -> None:
    under(ALL_DIRECTORS)
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert (card.steps[0].signatures_needed, card.steps[0].all_of) == (2, True)
    card = approve(workflow, "dora", card)
    assert card.state == "pending"
    assert approve(workflow, "dan", card).state == "approved"


def test_who_may_not_sign_is_not_waited_for(workflow: Workflow, under: Callable[..., None]) -> None:
    under(ALL_DIRECTORS)
    card = workflow.propose(principal("dora"), draft(assignment()))
    assert people(card) == [{"dan"}]
    assert approve(workflow, "dan", card).state == "approved"


def test_who_came_since_must_sign_too(workflow: Workflow, under: Callable[..., None], owner: Owner) -> None:
    """All of them is all of them when it is signed, not when it was proposed."""
    under(ALL_DIRECTORS)
    card = workflow.propose(principal("paula"), draft(assignment()))
    insert(owner, "access.role_grant", [_firm_wide("ada", "delivery_director")])
    card = approve(workflow, "dan", approve(workflow, "dora", card))
    assert (card.state, card.steps[0].signatures_needed) == ("pending", 3)
    assert workflow.card(principal("ada"), card.proposal_id).why_you, "she is asked"
    assert approve(workflow, "ada", card).state == "approved"


def test_a_signature_of_who_left_does_not_stand_for_another(
    workflow: Workflow, under: Callable[..., None], owner: Owner
) -> None:
    under(ALL_DIRECTORS)
    card = approve(workflow, "dora", workflow.propose(principal("paula"), draft(assignment())))
    insert(owner, "access.role_grant", [_firm_wide("ada", "delivery_director")])
    owner.execute("delete from access.role_grant where person_id = 'dora'")
    card = approve(workflow, "dan", card)
    assert card.state == "pending", "dan and ada are all of them now"
    assert approve(workflow, "ada", card).state == "approved"


def test_the_fallback_stands_in_for_one_who_does_not_answer(
    workflow: Workflow, under: Callable[..., None], db: Database
) -> None:
    under(ALL_DIRECTORS | {"fallback": [{"relation": "practice_lead"}], "escalate_after_hours": 2})
    card = approve(workflow, "dora", workflow.propose(principal("paula"), draft(assignment())))
    workflow.sweep(card.created_at + timedelta(hours=3))
    card = workflow.card(principal("leo"), card.proposal_id)
    assert people(card) == [{"dora", "dan", "leo"}]
    assert approve(workflow, "leo", card).state == "approved", "a director and a stand-in for the other"


def test_who_must_sign_all_of_a_later_step_does_not_sign_an_earlier_one(
    workflow: Workflow, under: Callable[..., None]
) -> None:
    under({"approvers": [{"group": "pair"}]}, {"approvers": [{"person": "leo"}], "signatures": "all"})
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert "approve" not in workflow.card(principal("leo"), card.proposal_id).may
    card = approve(workflow, "amir", card)
    assert approve(workflow, "leo", card).state == "approved"


def test_a_group_is_those_of_it_who_work_here(workflow: Workflow, under: Callable[..., None]) -> None:
    under({"approvers": [{"group": "partners"}], "signatures": 2})
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert asked(card) == [{"leo": "member of partners", "amir": "member of partners"}]


# --- who answers, by the records
@pytest.mark.parametrize(
    ("relation", "kind", "subject", "action", "why"),
    [
        ("contract_signatory", "contract_signatory", "c-1", change_order(), "signs for contract c-1"),
        ("contract_signatory", "contract_signatory", "c-1", assignment(), "signs for contract c-1"),
        ("budget_owner", "budget_owner", "aurora", assignment(), "answers for the budget of aurora"),
    ],
)
def test_who_answers_is_in_the_records_or_nobody(
    relation: str,
    kind: str,
    subject: str,
    action: Action,
    why: str,
    workflow: Workflow,
    under: Callable[..., None],
    owner: Owner,
) -> None:
    under({"approvers": [{"relation": relation}], "fallback": [{"relation": "practice_lead"}]})
    without = workflow.propose(principal("paula"), draft(action))
    assert people(without) == [{"leo"}], "no record: the fallback, and no guess"
    row = {"kind": kind, "subject_id": subject, "person_id": "fay"}
    insert(owner, "firm.responsibility", [row])
    assert asked(workflow.propose(principal("paula"), draft(action))) == [{"fay": why}]


def test_a_project_without_a_contract_has_no_signatory(
    workflow: Workflow, under: Callable[..., None], owner: Owner
) -> None:
    under({"approvers": [{"relation": "contract_signatory"}], "fallback": [{"relation": "practice_lead"}]})
    insert(
        owner,
        "firm.responsibility",
        [{"kind": "contract_signatory", "subject_id": "c-1", "person_id": "fay"}],
    )
    action = assignment(project_id="borealis", project_name="Borealis")
    assert people(workflow.propose(principal("petra"), draft(action))) == [{"leo"}]


# --- evidence
TICKET = Attachment(kind="ticket", reference="OPS-17")


def test_a_step_that_asks_for_evidence_is_signed_with_it(
    workflow: Workflow, under: Callable[..., None], owner: Owner
) -> None:
    under({"approvers": [{"relation": "practice_lead"}], "evidence_required": True})
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert card.steps[0].evidence_required
    with pytest.raises(EvidenceNeeded):
        approve(workflow, "leo", card)
    card = approve(workflow, "leo", card, evidence=(TICKET,))
    assert (card.state, card.steps[0].signatures[0].evidence) == ("approved", (TICKET,))
    [kept] = owner.execute("select evidence from workflow.decision").fetchall()
    assert kept == ([{"kind": "ticket", "reference": "OPS-17"}],)


def test_rejecting_needs_no_evidence(workflow: Workflow, under: Callable[..., None]) -> None:
    under({"approvers": [{"relation": "practice_lead"}], "evidence_required": True})
    card = workflow.propose(principal("paula"), draft(assignment()))
    rejected = workflow.decide(
        principal("leo"), card.proposal_id, content_hash=card.content_hash, verdict="reject", reason="No."
    )
    assert rejected.state == "rejected"


@pytest.mark.parametrize("reference", ["", "   ", "x" * 501])
def test_evidence_says_where_it_can_be_looked_up(reference: str) -> None:
    with pytest.raises(ValueError, match="reference"):
        Attachment(kind="link", reference=reference)


# --- time
def test_each_step_has_its_own_time(workflow: Workflow, under: Callable[..., None], owner: Owner) -> None:
    first = {"approvers": [{"relation": "practice_lead"}], "expires_after_hours": 4}
    second = {"approvers": [{"role": "delivery_director"}], "expires_after_hours": 40}
    under(first, second, expires_after_hours=24)
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert card.expires_at - card.created_at == timedelta(hours=4)
    card = approve(workflow, "leo", card)
    assert card.expires_at - card.created_at == timedelta(hours=24), "all steps together have 24 hours"


def test_a_step_that_is_over_is_not_signed_whatever_the_row_says(
    workflow: Workflow, under: Callable[..., None], owner: Owner
) -> None:
    """An agent process that hands in a later end than the gate has gains nothing."""
    under({"approvers": [{"relation": "practice_lead"}], "expires_after_hours": 4})
    card = workflow.propose(principal("paula"), draft(assignment()))
    owner.execute("alter table workflow.proposal_version disable trigger user")
    owner.execute("update workflow.proposal_version set created_at = now() - interval '5 hours'")
    owner.execute("update workflow.proposal set expires_at = now() + interval '9 days'")
    with pytest.raises(Expired):
        approve(workflow, "leo", card)
    assert workflow.card(principal("paula"), card.proposal_id).state == "expired", "aloud"


def test_a_step_reminds_at_its_own_hour(
    workflow: Workflow, under: Callable[..., None], notices: Callable[[str], list[tuple[str, str]]]
) -> None:
    under({"approvers": [{"relation": "practice_lead"}], "remind_after_hours": 2})
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert workflow.sweep(card.created_at + timedelta(hours=1)).reminded == 0
    assert workflow.sweep(card.created_at + timedelta(hours=2, minutes=1)).reminded == 1
    assert [kind for kind, _ in notices("leo")] == ["card", "reminder"]


# --- facts that only the records tell
@pytest.fixture
def facts_of(db: Database) -> Callable[..., Facts]:
    def derived(action: Action, proposer: str = "paula", **more: Any) -> Facts:
        with db.tx(principal(proposer), "agent") as tx:
            return derive(tx, action, proposer, policies.default(), **more).facts

    return derived


def _book(owner: Owner, person_id: str = "cleo", state: str = "booked") -> None:
    """Four weeks of 32 hours at 120 for 60 an hour: a margin of one half."""
    row = {
        "assignment_id": f"a-{person_id}",
        "person_id": person_id,
        "project_id": "aurora",
        "role": "Engineer",
        "starts_on": "2027-01-04",
        "ends_on": "2027-01-31",
        "hours_per_week": 32,
        "state": state,
    }
    insert(owner, "firm.assignment", [row])


FOUR_WEEKS = {"ends_on": "2027-01-31"}


@pytest.mark.parametrize(
    ("rate", "points", "reason"),
    [
        ("120", "0", "as good as what is booked"),
        ("60", "-16.67", "as much again at cost: a third of the price is margin, instead of a half"),
        ("240", "16.67", "dearer: two thirds"),
    ],
)
def test_the_projects_margin_moves(
    rate: str, points: str, reason: str, facts_of: Callable[..., Facts], owner: Owner
) -> None:
    _book(owner)
    effect = facts_of(assignment(bill_rate=eur(rate), **FOUR_WEEKS)).margin_effect
    assert effect == Decimal(points), reason


@pytest.mark.parametrize(
    ("prepare", "unknown", "reason"),
    [
        ("select 1", False, "no work is booked: there is no margin to move"),
        ("update firm.person_rate set currency = 'JPY' where person_id = 'cleo'", True, "no exchange rate"),
        ("delete from firm.person_rate where person_id = 'cleo'", True, "nobody knows what she costs"),
        ("delete from firm.person_rate where person_id = 'carl'", True, "nor what he does"),
    ],
)
def test_a_margin_that_cannot_be_told_is_unknown(
    prepare: str, unknown: bool, reason: str, facts_of: Callable[..., Facts], owner: Owner
) -> None:
    _book(owner, state="booked" if unknown else "hold")
    owner.execute(prepare.encode())
    facts = facts_of(assignment(**FOUR_WEEKS))
    assert (facts.margin_effect, "margin_effect" in facts.unknown) == (None, unknown), reason


def test_the_contract_of_the_project_is_a_fact(facts_of: Callable[..., Facts]) -> None:
    facts = facts_of(assignment())
    assert (facts.contract_id, facts.contract_kind, facts.contract_value) == (
        "c-1",
        "framework",
        eur("500000"),
    )


def test_a_batch_over_a_contract_and_none_cannot_tell_which(facts_of: Callable[..., Facts]) -> None:
    mine, theirs = returned_time("t-1"), returned_time("t-9", person_id="cleo", project_id="borealis")
    facts = facts_of(mine.model_copy(update={"items": mine.items + theirs.items}), "leo")
    assert set(facts.unknown) == {"contract_kind", "contract_value"}


@pytest.mark.parametrize(
    ("action", "cited", "expected", "reason"),
    [
        (assignment(), (), ("none",), "who works where is everybody's business"),
        (assignment(), ("leave",), ("personal",), "but not when they are on leave"),
        (assignment(), ("skill",), ("none",), "the directory is everybody's"),
        (assignment(), ("status_report",), ("client_confidential",), "a report on a client's project"),
        (risk(), (), ("client_confidential",), "how a client's project is doing"),
        (risk(), ("time_entry",), ("client_confidential", "personal"), "both"),
        (returned_time("t-1"), (), ("personal",), "when somebody worked"),
        (development(), (), ("personal",), "what somebody should learn"),
        (reminder(), (), ("client_confidential",), "what a client owes"),
        (change_order(), ("contract",), ("client_confidential",), "its terms"),
    ],
)
def test_what_kind_of_data_it_shows(
    action: Action,
    cited: tuple[Any, ...],
    expected: tuple[str, ...],
    reason: str,
    facts_of: Callable[..., Facts],
) -> None:
    evidence = tuple(RecordCitation(record=kind, id="x", says="y") for kind in cited)
    assert facts_of(action, "leo", evidence=evidence).sensitivity == expected, reason


# --- confidence
def test_confidence_is_signed_and_carried_on(workflow: Workflow, under: Callable[..., None]) -> None:
    unsure = {"action": ["create_assignment"], "confidence_below": "0.6"}
    under({"approvers": [{"relation": "practice_lead"}]}, when=unsure)
    card = workflow.propose(principal("paula"), replace(draft(assignment()), confidence=Decimal("0.55")))
    assert (card.rule, card.confidence) == ("asked", Decimal("0.55"))
    assert card.why_gate == ("it is an assignment", "confidence 55% is below 60%")
    edited = workflow.edit(
        principal("leo"),
        card.proposal_id,
        content_hash=card.content_hash,
        action=assignment(role="Architect"),
        note="An architect.",
    )
    assert (edited.confidence, edited.rule) == (Decimal("0.55"), "last"), "leo wrote it: nobody is left"
    assert "nobody is left to sign under 'asked'" in edited.why_gate


def test_an_unsaid_confidence_meets_the_strictest(workflow: Workflow, under: Callable[..., None]) -> None:
    unsure = {"action": ["create_assignment"], "confidence_below": "0.6"}
    under({"approvers": [{"relation": "practice_lead"}]}, when=unsure)
    unsaid = replace(draft(assignment()), confidence=None)
    card = workflow.propose(principal("paula"), unsaid)
    assert (card.rule, card.why_gate) == ("last", ("confidence is not known, and 'asked' asks for it",))


def _firm_wide(person_id: str, role: str) -> dict[str, str]:
    return {"person_id": person_id, "role": role, "scope_kind": "firm", "scope_id": ""}
