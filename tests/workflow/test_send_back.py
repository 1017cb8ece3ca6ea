"""What is not any more what was signed goes back, with the difference shown, before anything is sent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
import pytest

from connectors.sim.twin import Faults, Seed, Twin
from connectors.testing import in_process
from models.actions import Action, HoldInvoice
from models.policy import PolicySet
from models.proposal import Difference
from store.db import Database
from tests.workflow.firm import (
    PACE,
    TICKET,
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
from workflow import ledger, policies
from workflow.cards import ProposalCard
from workflow.effects import WORKER, work_once
from workflow.errors import ContentChanged, LeaseLost
from workflow.service import Workflow

Drain = Callable[[], int]
Notices = Callable[[str], Sequence[tuple[str, str]]]
SIGNERS: Mapping[str, tuple[str, Sequence[str]]] = {  # who proposes, who signs
    "create_assignment": ("paula", ("rita",)),
    "register_risk": ("leo", ("paula",)),
    "return_time_entries": ("leo", ("paula",)),
    "send_reminder": ("leo", ("fay",)),
    "hold_invoice": ("leo", ("fay",)),
    "create_change_order": ("paula", ("amir", "dora")),
    "plan_development": ("rita", ("leo",)),
}
HOLD = HoldInvoice(
    invoice_id="i-1",
    client_id="acme",
    project_id="aurora",
    amount=eur("1200.00"),
    reasons=("No purchase order",),
)


@pytest.fixture
def approved(workflow: Workflow) -> Callable[[Action], ProposalCard]:
    def signed(action: Action) -> ProposalCard:
        proposer, signers = SIGNERS[action.kind]
        card = workflow.propose(principal(proposer), draft(action))
        for signer in signers:
            card = sign(workflow, signer, card)
        assert card.state == "approved"
        return card

    return signed


Approved = Callable[[Action], ProposalCard]


def sign(workflow: Workflow, person_id: str, card: ProposalCard) -> ProposalCard:
    return workflow.decide(
        principal(person_id),
        card.proposal_id,
        content_hash=card.content_hash,
        verdict="approve",
        reason="I have seen what changed.",
        evidence=(TICKET,),
    )


def seen(workflow: Workflow, card: ProposalCard) -> ProposalCard:
    return workflow.card(principal("audrey"), card.proposal_id)


def planted(twin: Twin, system: Any, resource: Any, **record: Any) -> None:
    """What a colleague changes in a system of record."""
    held = twin.book.get(system, resource, record["id"])
    assert held is not None
    twin.plant(Seed(records={system: {resource: [{"id": held.id, **held.body, **record}]}}))


@pytest.mark.parametrize(
    ("action", "change", "expected"),
    [
        (
            reminder(),
            "update firm.invoice set paid_on = '2026-10-01'",
            Difference(field="invoice i-1: paid on", was="", now="2026-10-01"),
        ),
        (
            reminder(),
            "update firm.invoice set amount = 900",
            Difference(field="amount of invoice i-1", was="EUR 1,200.00", now="EUR 900.00"),
        ),
        (
            assignment(),
            "update firm.person set ends_on = '2027-01-10' where person_id = 'carl'",
            Difference(field="person carl: ends on", was="", now="2027-01-10"),
        ),
        (
            returned_time("t-1"),
            "update firm.time_entry set state = 'returned'",
            Difference(field="time entry t-1: state", was="submitted", now="returned"),
        ),
        (
            risk(),
            "update firm.project set manager_id = 'petra' where project_id = 'aurora'",
            Difference(field="project aurora: manager id", was="paula", now="petra"),
        ),
        (
            change_order("100"),
            "update firm.contract set value = 400000",
            Difference(field="contract c-1: value", was="EUR 500000.00", now="EUR 400000.00"),
        ),
    ],
)
def test_what_changed_in_the_records_goes_back(
    action: Action,
    change: str,
    expected: Difference,
    workflow: Workflow,
    approved: Approved,
    drain: Drain,
    twin: Twin,
    owner: psycopg.Connection[Any],
) -> None:
    card = approved(action)
    owner.execute(change)
    assert drain() == 1
    back = seen(workflow, card)
    assert (back.state, back.version, back.step) == ("pending", card.version + 1, 0)
    assert expected in back.differences
    assert back.content_hash != card.content_hash and back.action == card.action
    assert [e.state for e in back.effects] == ["returned"]
    assert not any(s.signatures for s in back.steps), "signatures start again"
    assert not twin.book.written() and drain() == 0


@pytest.mark.parametrize(
    ("action", "record", "expected"),
    [
        (
            reminder(),
            ("erp", "invoices", {"id": "i-1", "paid_on": "2026-10-02"}),
            Difference(field="invoice i-1 in the ERP: paid on", was="", now="2026-10-02"),
        ),
        (
            HOLD,
            ("erp", "invoices", {"id": "i-1", "on_hold": True}),
            Difference(field="invoice i-1 in the ERP: on hold", was="no", now="yes"),
        ),
        (
            returned_time("t-1"),
            ("psa", "time-entries", {"id": "t-1", "minutes": 480}),
            Difference(field="time entry t-1 in the project system: minutes", was="600", now="480"),
        ),
        (
            change_order("100"),
            ("crm", "contracts", {"id": "c-1", "ends_on": "2026-02-01"}),
            Difference(field="contract c-1 in the CRM: ended", was="no", now="yes"),
        ),
        (
            development(),
            ("hris", "employees", {"id": "carl", "ends_on": "2026-12-31"}),
            Difference(field="person carl in the HR system: ends on", was="", now="2026-12-31"),
        ),
    ],
)
def test_the_system_of_record_is_asked_itself(
    action: Action,
    record: tuple[Any, Any, Mapping[str, Any]],
    expected: Difference,
    workflow: Workflow,
    approved: Approved,
    drain: Drain,
    twin: Twin,
) -> None:
    """The firm's own tables are as old as the last import."""
    card = approved(action)
    system, resource, changes = record
    planted(twin, system, resource, **changes)
    drain()
    back = seen(workflow, card)
    assert (back.state, list(back.differences)) == ("pending", [expected])
    for signer in SIGNERS[action.kind][1]:
        back = sign(workflow, signer, back)
    drain()
    assert seen(workflow, card).state in ("executed", "failed"), (
        "who knows of it may insist, and is asked once"
    )


def test_what_is_gone_goes_back_and_then_stops(
    workflow: Workflow, approved: Approved, drain: Drain, db: Database, tmp_path: Any
) -> None:

    empty = in_process(Twin(tmp_path / "empty.db"))
    card = approved(reminder())
    assert work_once(db, "w", empty, PACE)
    back = seen(workflow, card)
    assert back.differences == (Difference(field="invoice i-1 in the ERP", was="there", now="gone"),)
    sign(workflow, "fay", back)
    assert work_once(db, "w", empty, PACE)
    assert seen(workflow, card).state == "parked", "signing does not bring it back"
    empty.close()


def test_an_outage_is_not_a_change(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin, owner: psycopg.Connection[Any]
) -> None:
    card = approved(reminder())
    twin.faults["erp"] = Faults(down=True)
    drain()
    waiting = seen(workflow, card)
    assert (waiting.state, waiting.effects[0].state, waiting.effects[0].attempts) == ("approved", "ready", 0)
    planted(twin, "erp", "invoices", id="i-1", paid_on="2026-10-02")
    twin.heal()
    owner.execute("update workflow.effect set not_before = now()")
    drain()
    assert seen(workflow, card).state == "pending", "nothing was sent in between"


def test_everybody_hears_it_and_signs_something_else(
    workflow: Workflow,
    approved: Approved,
    drain: Drain,
    owner: psycopg.Connection[Any],
    notices: Notices,
    audited: Any,
) -> None:
    card = approved(reminder())
    owner.execute("update firm.invoice set paid_on = '2026-10-01'")
    drain()
    back = seen(workflow, card)
    for person_id in ("leo", "fay"):
        assert any(
            "was not written and needs signatures again" in text and "paid on: not set → 2026-10-01" in text
            for _, text in notices(person_id)
        )
    assert [kind for kind, _ in notices("fay")].count("card") == 2
    assert "2026-10-01" in back.versions[-1].note
    assert [(who, what) for who, what, _ in audited()][-1] == ("service:worker", "proposal.returned")
    with pytest.raises(ContentChanged):
        workflow.decide(principal("fay"), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    rejected = workflow.decide(
        principal("fay"),
        card.proposal_id,
        content_hash=back.content_hash,
        verdict="reject",
        reason="It is paid.",
    )
    assert rejected.state == "rejected"


def test_it_may_go_back_twice_and_be_written_at_last(
    workflow: Workflow,
    approved: Approved,
    drain: Drain,
    twin: Twin,
    owner: psycopg.Connection[Any],
    notices: Notices,
) -> None:
    card = approved(risk())
    for manager in ("petra", "paula"):  # there and back: the same content is never signed twice
        owner.execute("update firm.project set manager_id = %s where project_id = 'aurora'", (manager,))
        drain()
        card = sign(workflow, manager, seen(workflow, card))
    drain()
    done = seen(workflow, card)
    assert (done.state, done.version) == ("executed", 3)
    assert [e.state for e in done.effects] == ["returned", "returned", "done"]
    assert len(twin.book.written()) == 1
    assert sum("approved" in text for _, text in notices("leo")) == 3, "who asked hears of each approval"


# --- signatures that do not suffice any more


def test_a_lost_role_takes_the_signature_with_it(
    workflow: Workflow, approved: Approved, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    card = approved(assignment())
    owner.execute("delete from access.role_grant where person_id = 'rita'")
    drain()
    back = seen(workflow, card)
    assert back.differences == (
        Difference(field="signature of Rita Roth", was="resource manager of Data", now="may not sign it now"),
    )
    assert people(back) == [{"rolf"}]


def test_a_stricter_policy_asks_again(
    workflow: Workflow, approved: Approved, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    card = approved(assignment())
    policy = policies.default().model_dump(mode="json")
    for rule in policy["rules"]:
        if rule["name"] == "large-assignment":
            rule["when"]["amount_at_least"] = "10000"
    put_in_force(owner, PolicySet.model_validate(policy))
    drain()
    back = seen(workflow, card)
    assert (back.state, back.rule) == ("pending", "large-assignment")
    assert [d.field for d in back.differences] == ["gate"]
    assert "large-assignment: 2 signatures" in back.differences[0].now
    back = sign(workflow, "leo", sign(workflow, "rita", back))
    drain()
    assert seen(workflow, card).state == "executed"


def test_a_policy_that_asks_for_less_changes_nothing(
    workflow: Workflow, approved: Approved, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    card = approved(change_order("100"))
    policy = policies.default().model_dump(mode="json")
    for rule in policy["rules"]:
        if rule["name"] == "small-change-order":
            rule["when"]["amount_below"] = "50000"
    put_in_force(owner, PolicySet.model_validate(policy))
    drain()
    assert seen(workflow, card).state == "executed"


def test_old_signatures_do_not_write(
    workflow: Workflow, approved: Approved, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    card = approved(risk())
    owner.execute("update workflow.decision set decided_at = now() - interval '15 days'")
    drain()
    back = seen(workflow, card)
    assert back.state == "pending"
    assert back.differences == (
        Difference(field="last signature", was="valid for 336 hours", now="360 hours old"),
    )


def test_who_left_signs_no_more_and_who_came_is_asked(
    workflow: Workflow, approved: Approved, drain: Drain, owner: psycopg.Connection[Any]
) -> None:
    card = approved(reminder())
    insert(
        owner,
        "access.role_grant",
        [{"person_id": "dan", "role": "finance", "scope_kind": "office", "scope_id": "Berlin"}],
    )
    owner.execute("update firm.person set ends_on = current_date - 1 where person_id = 'fay'")
    drain()
    assert people(seen(workflow, card)) == [{"dan"}]


# --- where some of it was sent


def test_what_was_sent_in_part_stops_with_the_difference(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin, owner: psycopg.Connection[Any]
) -> None:
    card = approved(returned_time("t-1", "t-2"))
    planted(twin, "psa", "time-entries", id="t-2", state="approved")
    drain()
    stopped = seen(workflow, card)
    assert stopped.state == "parked"
    assert [e.state for e in stopped.effects] == ["done", "parked"]
    changed = "time entry t-2 in the project system: state: submitted → approved"
    assert changed in (stopped.effects[1].last_error or "")


def test_a_batch_goes_back_whole(
    workflow: Workflow, approved: Approved, drain: Drain, twin: Twin, owner: psycopg.Connection[Any]
) -> None:
    card = approved(returned_time("t-1", "t-2"))
    planted(twin, "psa", "time-entries", id="t-1", state="approved")
    drain()
    back = seen(workflow, card)
    assert (back.state, [e.state for e in back.effects]) == ("pending", ["returned", "returned"])
    assert not twin.book.written()


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_two_workers_only_one_decides_its_fate(
    when: str,
    workflow: Workflow,
    approved: Approved,
    db: Database,
    connectors: Any,
    owner: psycopg.Connection[Any],
    twin: Twin,
) -> None:
    """One is about to write an item, the other finds the other item changed: either it goes back and nothing
    is written, or it stops."""

    card = approved(returned_time("t-1", "t-2"))
    planted(twin, "psa", "time-entries", id="t-2", state="approved")
    with db.tx(WORKER, "worker") as tx:
        first = ledger.claim(tx, "writer", PACE)
    assert first and first.item == "t-1"
    if when == "before":
        with db.tx(WORKER, "worker") as tx:
            ledger.mark_sent(tx, first)
        assert work_once(db, "checker", connectors, PACE)
        assert seen(workflow, card).state == "parked"
    else:
        assert work_once(db, "checker", connectors, PACE)
        assert seen(workflow, card).state == "pending"
        with pytest.raises(LeaseLost), db.tx(WORKER, "worker") as tx:
            ledger.mark_sent(tx, first)
