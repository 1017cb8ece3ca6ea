"""What operations leaders read, held against a life that is played."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from models.access import NotAllowed
from models.actions import Action
from models.roi import default_assumptions
from store.db import Database
from tests.workflow.firm import assignment, change_order, draft, principal, reminder
from workflow.cards import ProposalCard
from workflow.insight import approvers, flow, returns
from workflow.service import Workflow

Owner = psycopg.Connection[Any]
Age = Callable[[ProposalCard, float], None]


@pytest.fixture
def age(owner: Owner) -> Iterator[Age]:
    """Make a proposal, and all that was said on it, so many hours older."""

    def older(card: ProposalCard, hours: float) -> None:
        by = timedelta(hours=hours)
        for table, columns in (
            ("proposal", ("created_at", "state_since")),
            ("proposal_version", ("created_at",)),
            ("decision", ("decided_at",)),
        ):
            moved = ", ".join(f"{c} = {c} - %(by)s" for c in columns)
            owner.execute(
                f"update workflow.{table} set {moved} where proposal_id = %(id)s".encode(),
                {"by": by, "id": card.proposal_id},
            )

    yield older


def propose(workflow: Workflow, action: Action, by: str = "paula") -> ProposalCard:
    return workflow.propose(principal(by), draft(action))


def decide(
    workflow: Workflow, card: ProposalCard, by: str, verdict: Any = "approve", reason: str = ""
) -> ProposalCard:
    return workflow.decide(
        principal(by), card.proposal_id, content_hash=card.content_hash, verdict=verdict, reason=reason
    )


def test_a_queue_is_as_old_as_the_step_not_the_proposal(
    workflow: Workflow, db: Database, age: Age, owner: Owner
) -> None:
    first, second = propose(workflow, change_order("100")), propose(workflow, assignment())
    decide(workflow, first, "amir")
    age(first, 50)
    age(second, 10)
    owner.execute("update workflow.decision set decided_at = now() - interval '2 hours'")
    with db.tx(principal("dora"), "agent") as tx:
        found = flow.queues(tx)
    assert found.waiting == 2 and sum(found.spread) == 2
    by_step = {(q.rule, q.step): q for q in found.by_step}
    delivery = next(q for (rule, _), q in by_step.items() if rule == "change-order")
    assert delivery.step == "Delivery or finance"
    assert delivery.oldest_hours == pytest.approx(2, abs=0.1), "since the account owner signed"
    assert by_step["assignment", "Availability"].oldest_hours == pytest.approx(10, abs=0.1)
    assert found.oldest_hours == pytest.approx(10, abs=0.1)
    waited_for = {p.person_id: p for p in found.by_person}
    assert "amir" not in waited_for and waited_for["rita"].alone == 0
    health = {(q.rule, q.step): q.oldest_hours for q in workflow.queue_health(principal("dora"))}
    assert health["change-order", "Delivery or finance"] == pytest.approx(2, abs=0.1)


def test_the_waiting_of_a_period_adds_up(workflow: Workflow, db: Database, age: Age) -> None:
    waiting, settled = propose(workflow, assignment()), propose(workflow, reminder(), "leo")
    age(settled, 8)
    decide(workflow, settled, "fay")
    age(waiting, 24 * 40)  # longer than the period: what lies before it does not count
    with db.tx(principal("dora"), "agent") as tx:
        found = flow.flow(tx, datetime.now(UTC), 30)
    hours = {s.rule: s.hours for s in found.steps}
    assert hours["assignment"] == pytest.approx(24 * 30, rel=0.01)
    assert sum(hours.values()) == pytest.approx(24 * 30 + 8, rel=0.01)
    assert sum(s.share for s in found.steps) == pytest.approx(1)
    assert sum(p.hours for p in found.people) == pytest.approx(sum(hours.values()))
    (waits,) = [s for s in found.steps if s.rule == "assignment"]
    assert waits.median_hours is None, "no stretch ended"


def test_outcomes_are_counted_by_what_happened(
    workflow: Workflow, db: Database, age: Age, owner: Owner
) -> None:
    overturned = propose(workflow, change_order("100"))
    decide(workflow, overturned, "amir")
    decide(workflow, overturned, "dora", "reject", "Not before phase two.")
    edited = propose(workflow, assignment())
    edited = workflow.edit(
        principal("rita"),
        edited.proposal_id,
        content_hash=edited.content_hash,
        action=assignment(hours_per_week=8),
        note="One day.",
    )
    age(edited, 12)
    decide(workflow, edited, "rolf")
    lapsed = propose(workflow, assignment(person_id="cleo", person_name="Cleo Curz"))
    owner.execute(
        "update workflow.proposal set expires_at = now() where proposal_id = %s", (lapsed.proposal_id,)
    )
    workflow.sweep(datetime.now(UTC))
    with db.tx(principal("dora"), "agent") as tx:
        found = flow.flow(tx, datetime.now(UTC), 7)
    total = found.total
    assert total is not None
    assert (total.ended, total.approved, total.rejected, total.expired, total.edited) == (3, 1, 1, 1, 1)
    assert (total.overturn.count, total.expiry.count, total.rejects.count) == (1, 1, 1)
    assert total.rejects.of == 3 and total.rejects.interval is None, "three verdicts make no share"
    kinds = {k.kind: k for k in found.by_kind}
    assert kinds["create_assignment"].median_hours == pytest.approx(12, abs=0.1)
    assert sum(s.rejected + s.approved + s.expired for s in found.trend) == 3


def test_nobody_reads_of_what_they_may_not_see(workflow: Workflow, db: Database) -> None:
    propose(workflow, assignment(project_id="borealis", project_name="Borealis"), "petra")
    for who, waiting in (("dora", 1), ("petra", 1), ("rita", 1), ("carl", 0), ("amir", 1), ("cleo", 0)):
        with db.tx(principal(who), "agent") as tx:
            assert flow.queues(tx).waiting == waiting, who


def test_hours_are_for_who_answers_for_the_practice(db: Database, owner: Owner) -> None:
    owner.execute(
        "insert into firm.assignment values ('a-1', 'carl', 'aurora', 'Engineer', current_date - 100,"
        " current_date + 100, 32, 'booked')"
    )
    owner.execute(
        "insert into firm.time_entry (entry_id, person_id, project_id, started_at, ended_at, minutes, state)"
        " values ('x', 'carl', 'aurora', date_trunc('week', now()) - interval '3 days',"
        " date_trunc('week', now()) - interval '3 days', 480, 'approved')"
    )
    for who, weeks in (("leo", flow.WEEKS), ("dora", flow.WEEKS), ("paula", 0), ("carl", 0)):
        with db.tx(principal(who), "agent") as tx:
            found = flow.hours(tx, datetime.now(UTC))
        assert len(found) == weeks, who
    with db.tx(principal("leo"), "agent") as tx:
        last = flow.hours(tx, datetime.now(UTC))[-1]
    assert (last.people, last.booked, last.worked, last.variance) == (1, 32, 8, -0.75)


def test_circuits_have_a_history_without_names(workflow: Workflow, db: Database) -> None:
    workflow.pause(principal("ada"), "erp", "Month end")
    workflow.resume(principal("ada"), "erp", "Done")
    with db.tx(principal("leo"), "agent") as tx:
        found = flow.flow(tx, datetime.now(UTC), 7).circuits
    assert [(c.system, c.event, c.reason) for c in found] == [
        ("erp", "resumed", "Done"),
        ("erp", "paused", "Month end"),
    ]
    with db.tx(principal("carl"), "agent") as tx:
        assert flow.flow(tx, datetime.now(UTC), 7).circuits == ()


def test_one_sees_ones_own_quality_and_only_that(workflow: Workflow, db: Database) -> None:
    decide(workflow, propose(workflow, assignment()), "rita")
    decide(workflow, propose(workflow, reminder(), "leo"), "fay", "reject", "The rate is wrong.")
    seen = {}
    for who in ("rita", "fay", "leo", "dora", "audrey"):
        with db.tx(principal(who), "agent") as tx:
            found = approvers.quality(tx, datetime.now(UTC), 7)
        seen[who] = ({p.person_id for p in found.people}, dict(found.reasons))
    assert seen == {
        "rita": ({"rita"}, {}),
        "fay": ({"fay"}, {"amount": 1}),
        "leo": (set(), {}),
        "dora": ({"fay", "rita"}, {"amount": 1}),
        "audrey": ({"fay", "rita"}, {"amount": 1}),
    }


def test_a_share_is_not_shown_of_few_and_a_quick_verdict_is_seen(
    workflow: Workflow, db: Database, owner: Owner
) -> None:
    for n in range(1, 22):
        card = propose(workflow, assignment(bill_rate={"amount": str(100 + n), "currency": "EUR"}))
        decide(workflow, card, "rita")
    with db.tx(principal("rita"), "agent") as tx:
        (me,) = approvers.quality(tx, datetime.now(UTC), 7).people
    assert (me.verdicts, me.run.length) == (21, 21)
    assert me.rejects.interval is not None and me.rejects.interval.share == 0
    assert me.quick.count == me.quick.of == 21, "each within moments of its card"
    assert me.run.chance is None, "with fewer than three people there is no base to hold it against"
    owner.execute("update workflow.notice set created_at = created_at - interval '10 minutes'")
    with db.tx(principal("rita"), "agent") as tx:
        (me,) = approvers.quality(tx, datetime.now(UTC), 7).people
    assert me.quick.count == 0


def test_the_ledger_follows_from_the_log_alone(
    workflow: Workflow, db: Database, drain: Any, age: Age
) -> None:
    now = datetime.now(UTC)
    with db.tx(principal("dora"), "agent") as tx:
        empty = returns.ledger(tx, now, 30, default_assumptions())
    assert empty.lines == () and empty.proposals == 0
    order = propose(workflow, change_order("100"))
    decide(workflow, order, "amir")
    decide(workflow, order, "dora")
    drain()
    with db.tx(principal("dora"), "agent") as tx:
        found = returns.ledger(tx, datetime.now(UTC), 30, default_assumptions())
    lines = {line.name: line for line in found.lines}
    assert lines["hours_avoided"].point == pytest.approx(2 * 10 / 60)
    assert lines["leakage_caught"].point == pytest.approx(15_000 * 0.10)
    assert [c.proposal_id for c in found.newest] == [order.proposal_id]
    with pytest.raises(NotAllowed), db.tx(principal("leo"), "agent") as tx:
        returns.ledger(tx, now, 30, default_assumptions())
