"""Planted items: only to who agreed, told afterwards, and never carried out, whatever anybody does."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from connectors.sim.twin import Twin
from models.access import NotAllowed, NotFound
from models.actions import Action
from models.proposal import ProposalState
from store.db import Database
from tests.workflow.firm import assignment, change_order, draft, principal, returned_time, risk
from workflow.cards import ProposalCard
from workflow.errors import (
    AlreadyDecided,
    AlreadyOver,
    CannotHandOver,
    CannotPlant,
    NobodyToAnswer,
    NotYourDecision,
    ReasonNeeded,
)
from workflow.insight import approvers, flow
from workflow.service import Workflow

FLAW = "Carl is on leave in January."
ENTER = """
insert into workflow.effect (idempotency_key, proposal_id, version, content_hash, system, operation,
  ordering_key, body{more})
select action_kind || ':' || proposal_id || ':' || content_hash, proposal_id, version, content_hash, 'psa',
  action_kind, 'x', v.action{value}
from workflow.proposal p join workflow.proposal_version v using (proposal_id, version) where p.planted
"""  # into the ledger
Owner = psycopg.Connection[Any]
Planting = Callable[..., ProposalCard]


def rejected(workflow: Workflow, action: Action, by: str = "rolf", proposer: str = "paula") -> ProposalCard:
    card = workflow.propose(principal(proposer), draft(action))
    return workflow.decide(
        principal(by), card.proposal_id, content_hash=card.content_hash, verdict="reject", reason="Not so."
    )


@pytest.fixture
def plant(workflow: Workflow) -> Planting:
    """Plant a rejected assignment for rita, who agreed; her card."""

    def planted(action: Action | None = None, source: Action | None = None) -> ProposalCard:
        workflow.consent_to_plants(principal("rita"), agrees=True)
        origin = rejected(workflow, source or assignment())
        made = workflow.plant(
            principal("dora"), origin.proposal_id, person_id="rita", flaw=FLAW, action=action
        )
        return workflow.card(principal("rita"), made)

    return planted


def test_it_looks_like_any_other_to_whom_it_is_for(plant: Planting) -> None:
    card = plant()
    assert (card.state, card.planted_flaw) == ("pending", None)
    assert {"approve", "reject"} <= card.may
    assert [a.person.person_id for a in card.steps[0].approvers] == ["rita"], "nobody else is asked"
    assert card.proposer.person_id == "service:nightly-bench"


@pytest.mark.parametrize(("verdict", "state"), [("reject", "rejected"), ("approve", "withdrawn")])
def test_an_answer_reveals_it_and_nothing_is_written(
    workflow: Workflow,
    plant: Planting,
    verdict: Any,
    state: ProposalState,
    drain: Callable[[], int],
    twin: Twin,
    audited: Callable[[], Sequence[tuple[str, str, dict[str, Any]]]],
    notices: Callable[[str], Sequence[tuple[str, str]]],
) -> None:
    card = plant()
    after = workflow.decide(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict=verdict, reason="No."
    )
    assert after.state == state
    assert workflow.card(principal("rita"), card.proposal_id).planted_flaw == FLAW
    assert not after.effects and drain() == 0 and not twin.book.written()
    assert FLAW in notices("rita")[-1][1]
    entries = [(who, what, body) for who, what, body in audited() if "plant" in what]
    assert [(who, what) for who, what, _ in entries] == [
        ("rita", "plants.agreed"),
        ("dora", "proposal.planted"),
        ("rita", "proposal.plant_revealed"),
    ]
    assert entries[-1][2] == {"noticed": verdict == "reject"}
    with pytest.raises((AlreadyDecided, AlreadyOver)):
        workflow.decide(
            principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )


def test_rewriting_it_is_noticing_it(workflow: Workflow, plant: Planting) -> None:
    card = plant()
    edited = workflow.edit(
        principal("rita"),
        card.proposal_id,
        content_hash=card.content_hash,
        action=assignment(hours_per_week=8),
        note="Less.",
    )
    assert (edited.state, edited.version) == ("rejected", 1)


def test_nobody_else_is_drawn_into_it(
    workflow: Workflow,
    plant: Planting,
    owner: Owner,
    notices: Callable[[str], Sequence[tuple[str, str]]],
) -> None:
    """Who did not agree to be tested gets no planted item as a task, and no question about one."""
    card = plant()
    about = card.proposal_id
    before = {who: notices(who) for who in ("rolf", "paula", "leo")}
    assert workflow.takers(principal("rita"), about) == []
    with pytest.raises(CannotHandOver, match="nobody else"):
        workflow.reassign(principal("rita"), about, to="rolf", reason="You know him.")
    with pytest.raises(NobodyToAnswer):
        workflow.ask(principal("rita"), about, content_hash=card.content_hash, question="Is he free?")
    owner.execute("update firm.person set ends_on = current_date - 2 where person_id = 'rita'")
    with pytest.raises(CannotHandOver, match="nobody else"):
        workflow.reassign(principal("ada"), about, to="rolf", reason="She left.", seat_of="rita")
    assert {who: notices(who) for who in before} == before
    assert workflow.card(principal("audrey"), about).state == "pending"


def test_it_lapses_like_any_other(workflow: Workflow, plant: Planting, owner: Owner) -> None:
    card = plant()
    owner.execute("update workflow.proposal set expires_at = now() where planted")
    workflow.sweep(datetime.now(UTC))
    assert workflow.card(principal("rita"), card.proposal_id).state == "expired"


def test_withdrawing_consent_takes_back_what_waits(workflow: Workflow, plant: Planting) -> None:
    card = plant()
    workflow.consent_to_plants(principal("rita"), agrees=False)
    assert workflow.card(principal("rita"), card.proposal_id).state == "withdrawn"
    with pytest.raises(CannotPlant, match="did not agree"):
        workflow.plant(
            principal("dora"),
            rejected(workflow, assignment()).proposal_id,
            person_id="rita",
            flaw=FLAW,
        )


@pytest.mark.parametrize(
    ("who", "whom", "source", "error", "reason"),
    [
        ("leo", "rita", assignment(), NotAllowed, "no right to read the log"),
        ("dora", "rolf", assignment(), CannotPlant, "did not agree"),
        ("dora", "amir", assignment(), CannotPlant, "did not agree"),
        ("dora", "rita", risk(), CannotPlant, "policy would not ask rita about a risk"),
        ("dora", "rita", change_order("10"), CannotPlant, "counted elsewhere while they wait"),
        ("dora", "rita", returned_time("t-1"), CannotPlant, "counted elsewhere while they wait"),
    ],
)
def test_what_cannot_be_planted(
    workflow: Workflow, who: str, whom: str, source: Action, error: type[Exception], reason: str
) -> None:
    workflow.consent_to_plants(principal("rita"), agrees=True)
    by = {"register_risk": "paula", "return_time_entries": "paula", "create_change_order": "amir"}
    origin = rejected(workflow, source, by.get(source.kind, "rolf"), "dan" if source.kind in by else "paula")
    with pytest.raises(error):
        workflow.plant(principal(who), origin.proposal_id, person_id=whom, flaw=FLAW)


def test_planting_says_what_is_wrong_and_needs_something_wrong(workflow: Workflow) -> None:
    workflow.consent_to_plants(principal("rita"), agrees=True)
    waiting = workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(CannotPlant, match="made wrong"):
        workflow.plant(principal("dora"), waiting.proposal_id, person_id="rita", flaw=FLAW)
    with pytest.raises(ReasonNeeded):
        workflow.plant(principal("dora"), waiting.proposal_id, person_id="rita", flaw=" ")
    made = workflow.plant(
        principal("dora"),
        waiting.proposal_id,
        person_id="rita",
        flaw="80 hours a week.",
        action=assignment(hours_per_week=80),
    )
    assert workflow.card(principal("rita"), made).state == "pending"
    with pytest.raises(NotYourDecision):
        card = workflow.card(principal("dan"), made)
        workflow.decide(principal("dan"), made, content_hash=card.content_hash, verdict="approve")
    with pytest.raises(NotFound):
        workflow.card(principal("carl"), made)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update workflow.proposal set state = 'approved' where planted", "planted_never_passes"),
        ("update workflow.proposal set planted = false where planted", "says_planted"),
        (
            "update workflow.proposal set action_kind = 'create_change_order' where planted",
            "disturbs_nothing",
        ),
        (ENTER.format(more="", value=""), "planted_is_true"),
        (ENTER.format(more=", planted", value=", true"), "never_planted"),
    ],
)
def test_not_even_the_owner_can_carry_one_out(
    plant: Planting, owner: Owner, statement: str, constraint: str
) -> None:
    plant()
    with pytest.raises(psycopg.errors.IntegrityError, match=constraint):
        owner.execute(statement.encode())


def test_the_last_look_refuses_it_too(
    workflow: Workflow, plant: Planting, owner: Owner, drain: Callable[[], int], twin: Twin
) -> None:
    """With the constraints gone, the worker still does not write it."""
    plant()
    for table, name in (
        ("effect", "planted_is_true"),
        ("proposal", "planted_never_passes"),
    ):
        owner.execute(f"alter table workflow.{table} drop constraint {name}".encode())
    owner.execute(ENTER.format(more="", value="").encode())
    owner.execute(b"update workflow.proposal set state = 'approved' where planted")
    drain()
    assert owner.execute("select state, last_error ~ 'planted' from workflow.effect").fetchall() == [
        ("parked", True)
    ]
    assert not twin.book.written()


def test_who_is_tested_cannot_look_it_up(plant: Planting, db: Database, owner: Owner) -> None:
    plant()
    for who, sees in (("rita", 0), ("paula", 0), ("dora", 1), ("audrey", 1)):
        with db.tx(principal(who), "agent") as tx:
            found = tx.connection.execute("select count(*) from workflow.planted_item").fetchone()
            assert found == (sees,), who


def test_nobody_agrees_for_another(db: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), db.tx(principal("dora"), "workflow") as tx:
        tx.connection.execute("insert into workflow.plant_consent (person_id) values ('rita')")


def test_it_counts_in_no_figure_but_its_own(workflow: Workflow, plant: Planting, db: Database) -> None:
    card = plant()
    now = datetime.now(UTC)
    with db.tx(principal("dora"), "agent") as tx:
        assert flow.queues(tx).waiting == 0
    workflow.decide(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="reject", reason="No."
    )
    with db.tx(principal("dora"), "agent") as tx:
        found = flow.flow(tx, now, 7)
        assert found.total is not None and found.total.ended == 1, "its source alone"
        people = {p.person_id: p for p in approvers.quality(tx, now, 7).people}
    assert set(people) == {"rolf"}
