"""The life of proposals against the database: people do anything in any order, systems come and go, and what
must always hold always holds."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from connectors.sim.twin import Faults, Twin
from connectors.testing import in_process
from models.errors import ChargehandError
from models.proposal import FINAL
from store.db import Database
from tests.workflow.firm import PACE, PEOPLE, assignment, change_order, draft, principal, returned_time
from workflow.cards import ProposalCard
from workflow.effects import work_once
from workflow.service import Workflow

ANYBODY = st.sampled_from(sorted(PEOPLE))
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
    where p.state in ('pending', 'rejected', 'withdrawn', 'expired')),
  (select count(*) from workflow.proposal p
    join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
    where p.state in ('approved', 'executed', 'parked', 'failed')
      and (select count(*) from workflow.decision d where d.proposal_id = p.proposal_id
           and d.version = p.version and d.verdict = 'approve')
        <> (select sum((s ->> 'signatures')::int) from jsonb_array_elements(v.gate -> 'gate' -> 'steps') s)),
  (select count(*) from workflow.effect e join workflow.proposal p using (proposal_id)
    where e.version <> p.version),
  (select count(*) from audit.verify())"""


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
            self.ended: dict[Any, str] = {}
            owner.execute("update workflow.effect set state = 'failed' where state <> 'done'")
            owner.execute("update workflow.circuit set state = 'closed', failures = 0")
            owner.execute("update firm.time_entry set state = 'submitted'")

        def teardown(self) -> None:
            self.connectors.close()
            self.twin.book.close()
            self.folder.cleanup()

        @rule(target=proposals, who=st.sampled_from(["paula", "rita", "leo", "amir"]), action=ACTIONS)
        def propose(self, who: str, action: Any) -> Any:
            try:
                return workflow.propose(principal(who), draft(action))
            except ChargehandError:
                return multiple()

        @rule(card=proposals, who=ANYBODY, verdict=st.sampled_from(["approve", "approve", "reject"]))
        def decide(self, card: ProposalCard, who: str, verdict: Any) -> None:
            self._decide(card, who, verdict)

        @rule(card=proposals, verdict=st.sampled_from(["approve", "approve", "approve", "reject"]))
        def decide_as_asked(self, card: ProposalCard, verdict: Any) -> None:
            now = self._now(card)
            for approver in now.steps[now.step].approvers:
                self._decide(card, approver.person.person_id, verdict)

        @rule(card=proposals, who=ANYBODY, hours=st.integers(1, 40))
        def edit(self, card: ProposalCard, who: str, hours: int) -> None:
            now = self._now(card)
            action = (
                now.action.model_copy(update={"hours_per_week": hours})
                if now.action.kind == "create_assignment"
                else change_order(str(hours))
            )
            self._try(
                lambda: workflow.edit(
                    principal(who),
                    card.proposal_id,
                    content_hash=now.content_hash,
                    action=action,
                    note="Better.",
                )
            )

        @rule(card=proposals, who=ANYBODY)
        def accept_part(self, card: ProposalCard, who: str) -> None:
            self._try(
                lambda: workflow.accept_part(
                    principal(who),
                    card.proposal_id,
                    content_hash=self._now(card).content_hash,
                    keep=frozenset({"t-1"}),
                    reason="One is enough.",
                )
            )

        @rule(card=proposals, who=ANYBODY)
        def withdraw(self, card: ProposalCard, who: str) -> None:
            self._try(lambda: workflow.withdraw(principal(who), card.proposal_id))

        @rule(days=st.integers(0, 6))
        def time_passes(self, days: int) -> None:
            assert workflow.sweep(datetime.now(UTC) + timedelta(days=days)).failed == 0

        @rule(fault=st.sampled_from([Faults(), Faults(down=True), Faults(lose_replies=0.5)]))
        def weather(self, fault: Faults) -> None:
            self.twin.faults = dict.fromkeys(self.twin.faults, fault)

        @rule()
        def work(self) -> None:
            while work_once(db, "w", self.connectors, PACE):
                pass

        @invariant()
        def what_must_hold_holds(self) -> None:
            assert owner.execute(CHECKED).fetchone() == (0, 0, 0, 0, 0, 0)

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

        def _decide(self, card: ProposalCard, who: str, verdict: Any) -> None:
            self._try(
                lambda: workflow.decide(
                    principal(who),
                    card.proposal_id,
                    content_hash=self._now(card).content_hash,
                    verdict=verdict,
                    reason="So be it.",
                )
            )

        def _now(self, card: ProposalCard) -> ProposalCard:
            return workflow.card(principal("audrey"), card.proposal_id)

        def _try(self, attempt: Callable[[], object]) -> None:
            try:
                attempt()
            except ChargehandError as refusal:
                assert refusal.status in (403, 404, 409, 422), refusal

    return Life


def test_life(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
