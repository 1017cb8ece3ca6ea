"""The life of proposals against the database: people do anything in any order, systems come and go, and what
must always hold always holds."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.sim.twin import Faults, Twin
from connectors.testing import in_process
from models.actions import Action, CreateAssignment
from models.errors import ChargehandError
from models.proposal import FINAL
from store.db import Database
from tests.workflow.firm import (
    PACE,
    PEOPLE,
    assignment,
    change_order,
    draft,
    principal,
    records,
    returned_time,
)
from workflow.cards import ProposalCard
from workflow.effects import work_once
from workflow.service import Workflow

ANYBODY = st.sampled_from(sorted(PEOPLE))
PROPOSERS = st.sampled_from(["paula", "rita", "leo", "amir"])
DEEDS = st.sampled_from([*["approve", "edit", "accept a part"] * 3, "reject", "withdraw"])
WEATHER = {"fine": Faults(), "down": Faults(down=True), "replies are lost": Faults(lose_replies=0.5)}
EVENTS = st.sampled_from([*["a worker comes by"] * 4, "days pass", "its time is over", "fine", *WEATHER])
ACTIONS = st.sampled_from(
    [
        assignment(),
        assignment(bill_rate={"amount": "70", "currency": "EUR"}),
        change_order("10"),
        change_order("100"),
        returned_time("t-1", "t-2"),
    ]
)
CHECKED = """
select
  (select count(*) from workflow.decision d where d.approver_id in (d.proposer_id, d.author_id)),
  (select count(*) from workflow.decision d join workflow.proposal p using (proposal_id)
    where p.action_kind = 'create_assignment' and d.approver_id = 'carl'),
  (select count(*) from workflow.effect e join workflow.proposal p using (proposal_id)
    where p.state in ('pending', 'rejected', 'withdrawn', 'expired') and e.state <> 'returned'),
  (select count(*) from workflow.proposal p
    join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
    where p.state in ('approved', 'executed', 'parked', 'failed')
      and (select count(*) from workflow.decision d where d.proposal_id = p.proposal_id
           and d.version = p.version and d.verdict = 'approve')
        <> (select sum((s ->> 'signatures')::int) from jsonb_array_elements(v.gate -> 'gate' -> 'steps') s)),
  (select count(*) from workflow.effect e join workflow.proposal p using (proposal_id)
    where e.version <> p.version and e.state <> 'returned'),
  (select count(*) from workflow.effect e where e.state = 'returned' and e.sent_at is not null),
  (select count(*) from audit.verify())"""


def _with_hours(action: Action, hours: int) -> Action:
    if isinstance(action, CreateAssignment):
        return action.model_copy(update={"hours_per_week": Decimal(hours)})
    return change_order(str(hours))  # for a batch of time entries: not an edit that anybody may make


@pytest.fixture
def machine(db: Database, owner: psycopg.Connection[Any]) -> type[RuleBasedStateMachine]:
    workflow = Workflow(db)

    class Life(RuleBasedStateMachine):
        """Every refusal is one of ours; every wish of everybody is tried."""

        proposals = Bundle("proposals")

        def __init__(self) -> None:
            super().__init__()
            self.folder = TemporaryDirectory()
            self.twin = Twin(Path(self.folder.name) / "systems.db", seed=0)
            self.connectors = in_process(self.twin)
            [(self.started,)] = owner.execute("select now()").fetchall()
            self.ended: dict[Any, str] = {}
            owner.execute(
                "update workflow.effect set state = 'failed' where state not in ('done', 'returned')"
            )
            owner.execute("update workflow.circuit set state = 'closed', failures = 0")
            owner.execute("update firm.time_entry set state = 'submitted'")
            self.twin.plant(records(owner))

        def waiting(self) -> int:
            [(count,)] = owner.execute(
                "select count(*) from workflow.proposal where state = 'pending' and created_at >= %s",
                (self.started,),
            ).fetchall()
            return int(count)

        def teardown(self) -> None:
            self.connectors.close()
            self.twin.book.close()
            self.folder.cleanup()

        @initialize(target=proposals)
        def time_to_return(self) -> Any:
            return workflow.propose(principal("rita"), draft(returned_time("t-1", "t-2")))

        @precondition(lambda self: self.waiting() < 3)
        @rule(target=proposals, who=PROPOSERS, action=ACTIONS)
        def propose(self, who: str, action: Any) -> Any:
            try:
                return workflow.propose(principal(who), draft(action))
            except ChargehandError:
                return multiple()

        @rule(card=proposals, deed=DEEDS, hours=st.integers(1, 40), data=st.data())
        def somebody_does_something(
            self, card: ProposalCard, deed: str, hours: int, data: st.DataObject
        ) -> None:
            now = workflow.card(principal("audrey"), card.proposal_id)
            asked = [a.person.person_id for a in now.steps[now.step].approvers]
            who = principal(data.draw(st.sampled_from(asked) | st.sampled_from(asked) | ANYBODY))
            what = {"content_hash": now.content_hash}
            try:
                match deed:
                    case "approve" | "reject":
                        workflow.decide(who, card.proposal_id, verdict=deed, reason="So be it.", **what)  # type: ignore[arg-type]
                    case "edit":
                        workflow.edit(
                            who,
                            card.proposal_id,
                            action=_with_hours(now.action, hours),
                            note="Better.",
                            **what,
                        )
                    case "accept a part":
                        workflow.accept_part(
                            who, card.proposal_id, keep=frozenset({"t-1"}), reason="One will do.", **what
                        )
                    case "withdraw":
                        workflow.withdraw(who, card.proposal_id)
            except ChargehandError as refusal:
                assert refusal.status in (403, 404, 409, 422), refusal

        @rule(card=proposals, event=EVENTS, days=st.integers(0, 4))
        def the_world_goes_on(self, card: ProposalCard, event: str, days: int) -> None:
            match event:
                case "days pass":
                    assert workflow.sweep(datetime.now(UTC) + timedelta(days=days)).failed == 0
                case "its time is over":
                    owner.execute(
                        "update workflow.proposal set expires_at = now() where proposal_id = %s",
                        (card.proposal_id,),
                    )
                case "a worker comes by":
                    while work_once(db, "w", self.connectors, PACE):
                        pass
                case fault:
                    self.twin.faults = dict.fromkeys(self.twin.faults, WEATHER[fault])

        @invariant()
        def what_must_hold_holds(self) -> None:
            assert owner.execute(CHECKED).fetchone() == (0, 0, 0, 0, 0, 0, 0)

        @invariant()
        def nothing_is_written_twice(self) -> None:
            written = Counter(e.external_ref for e in self.twin.book.written())
            assert all(count == 1 for count in written.values())

        @invariant()
        def what_ended_stays_as_it_is(self) -> None:
            states = dict(owner.execute("select proposal_id, state from workflow.proposal").fetchall())
            for proposal_id, state in self.ended.items():
                assert states[proposal_id] == state
            self.ended = {i: s for i, s in states.items() if s in FINAL}

    return Life


def test_life(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
