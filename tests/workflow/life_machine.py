"""The life of proposals as a state machine: everybody tries everything in any order and at the same time,
while the firm, its policy and its systems change around them.

What is drawn never depends on what happened: threads make that differ from run to run, and Hypothesis could
not repeat it. So numbers are drawn, and stand for whoever is there when their turn comes."""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from connectors.sim.twin import Twin
from connectors.testing import in_process
from models.access import Principal
from models.actions import SYSTEMS, Action
from models.errors import ChargehandError
from models.proposal import FINAL
from store.db import Database
from tests.workflow.firm import (
    PACE,
    PEOPLE,
    assignment,
    draft,
    insert,
    principal,
    put_in_force,
    records,
    returned_time,
)
from tests.workflow.life_holds import broken
from tests.workflow.life_world import (
    ACTIONS,
    ANY,
    APPROVERS,
    AS_FOUND,
    CAST,
    DEED,
    DEFAULT,
    EVENTS,
    POLICIES,
    PROPOSERS,
    RECORDS,
    WEATHER,
    anybody,
    hand,
    with_hours,
)
from workflow.cards import EffectView, ProposalCard
from workflow.delegations import Wanted
from workflow.effects import work_once
from workflow.service import Workflow

R = TypeVar("R")


@dataclass(frozen=True)
class Turn:
    """What somebody does about a proposal as they read it."""

    deed: str
    who: Principal
    card: ProposalCard
    number: int  # what the deed needs one for


class Life(RuleBasedStateMachine):
    """Every refusal is one of ours; every wish of everybody is tried."""

    db: ClassVar[Database]
    owner: ClassVar[psycopg.Connection[Any]]

    def __init__(self) -> None:
        super().__init__()
        self.workflow = Workflow(self.db)
        self.folder = TemporaryDirectory()
        for statement in AS_FOUND:
            self.owner.execute(statement.encode())
        for person_id in APPROVERS:
            self._give_role(person_id)
        put_in_force(self.owner, DEFAULT)
        [(self.since,)] = self.owner.execute("select clock_timestamp()").fetchall()
        [(self.today,)] = self.owner.execute("select (now() at time zone 'Europe/Berlin')::date").fetchall()
        self.proposals: list[UUID] = []
        self.delegated: list[UUID] = []
        self.away: set[str] = set()
        self.ended: dict[Any, str] = {}

    @initialize(keys=st.booleans())
    def it_begins(self, keys: bool) -> None:
        self.keys = keys
        self.twin = Twin(Path(self.folder.name) / "systems.db", ignore_keys=not keys, seed=0)
        self.twin.plant(records(self.owner))
        self.connectors = in_process(self.twin, read_seconds=0.05, max_write_seconds=0.1)
        self._propose("rita", returned_time("t-1", "t-2"))

    def teardown(self) -> None:
        try:
            if sys.exception() is None:  # a life that failed has shown enough
                self._end()
        finally:
            self.connectors.close()
            self.twin.book.close()
            self.folder.cleanup()

    # --- proposing

    @rule(who=st.sampled_from(PROPOSERS), action=st.sampled_from(ACTIONS), for_whom=ANY)
    def propose(self, who: str, action: Action, for_whom: int) -> None:
        if self._open() < 4:
            self._propose(who, action, CAST[for_whom] if for_whom < len(CAST) // 2 else None)

    @rule(which=st.integers(0, len(POLICIES) - 1), signed=st.booleans())
    def the_policy_changes(self, which: int, signed: bool) -> None:
        """What is open keeps the one it was proposed under."""
        about = self._tried(
            lambda: self.workflow.propose_policy(principal("ada"), POLICIES[which], "Agreed.")
        )
        if about is None:
            return
        self.proposals.append(about.proposal_id)
        for who in ("dora", "dan") if signed else ():
            self._do(Turn("approve", principal(who), self._card(about.proposal_id), 0))

    @rule(about=ANY, hours=st.integers(41, 80), agrees=st.booleans())
    def somebody_is_tested(self, about: int, hours: int, agrees: bool) -> None:
        self._tried(lambda: self.workflow.consent_to_plants(principal("rita"), agrees=agrees))
        planted = self._tried(
            lambda: self.workflow.plant(
                principal("dora"),
                self._pick(about),
                person_id="rita",
                flaw="So many hours.",
                action=assignment(hours_per_week=Decimal(hours)),
            )
        )
        if planted:
            self.proposals.append(planted)

    # --- deciding, and all else that is done about a proposal

    @rule(about=ANY, deeds=st.lists(DEED, min_size=1, max_size=3))
    def one_acts_after_the_other(self, about: int, deeds: list[tuple[str, int, int]]) -> None:
        proposal_id = self._pick(about)
        for deed, who, number in deeds:
            card = self._card(proposal_id)
            self._do(Turn(deed, self._somebody(card, who), card, number))

    @rule(about=ANY, deeds=st.lists(DEED, min_size=2, max_size=4))
    def several_act_at_once(self, about: int, deeds: list[tuple[str, int, int]]) -> None:
        """All of them read the same, and then all of them act."""
        card = self._card(self._pick(about))
        turns = [Turn(deed, self._somebody(card, who), card, number) for deed, who, number in deeds]
        start, failures = threading.Barrier(len(turns)), list[BaseException]()

        def run(turn: Turn) -> None:
            start.wait()
            try:
                self._do(turn)
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=run, args=(turn,)) for turn in turns]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    @rule(
        which=st.lists(ANY, min_size=2, max_size=4), verdict=st.sampled_from(["approve", "reject"]), who=ANY
    )
    def many_are_decided_alike(self, which: list[int], verdict: Any, who: int) -> None:
        cards = [self._card(self._pick(n)) for n in which]
        choices = [(card.proposal_id, card.content_hash) for card in cards]
        decider = self._somebody(cards[0], who)
        outcomes = self.workflow.decide_many(decider, choices, verdict, "All of them.")
        assert [o.proposal_id for o in outcomes] == [proposal_id for proposal_id, _ in choices]

    # --- who signs for whom

    @rule(giver=st.sampled_from(APPROVERS), taker=ANY, on_leave=st.booleans())
    def somebody_delegates(self, giver: str, taker: int, on_leave: bool) -> None:
        days: tuple[date, date] | None = None if on_leave else (self.today, self.today + timedelta(2))
        wanted = Wanted(CAST[taker % len(CAST)], "a trip", days)
        if made := self._tried(lambda: self.workflow.delegate(principal(giver), wanted)):
            self.delegated.append(made.delegation_id)

    @rule(which=ANY, who=ANY)
    def it_is_revoked(self, which: int, who: int) -> None:
        if self.delegated:
            chosen = self.delegated[which % len(self.delegated)]
            self._tried(lambda: self.workflow.revoke_delegation(anybody(who), chosen))

    @rule(
        who=st.sampled_from(APPROVERS),
        event=st.sampled_from(["leave", "back", "role lost", "role given", "left"]),
    )
    def the_firm_changes(self, who: str, event: str) -> None:
        if event in ("role lost", "left"):
            self.away.add(who)
        match event:
            case "leave":
                days = {"starts_on": self.today, "ends_on": self.today + timedelta(3)}
                self.owner.execute("delete from firm.leave where person_id = %s", (who,))
                insert(self.owner, "firm.leave", [{"person_id": who, "kind": "vacation"} | days])
                self.workflow.bring_to_stand_ins()
            case "back":
                self.owner.execute("delete from firm.leave where person_id = %s", (who,))
                self.owner.execute("update firm.person set ends_on = null where person_id = %s", (who,))
            case "role lost":
                self.owner.execute("delete from access.role_grant where person_id = %s", (who,))
            case "role given":
                self._give_role(who)
            case "left":
                self.owner.execute(
                    "update firm.person set ends_on = current_date - 2 where person_id = %s", (who,)
                )

    # --- the world outside

    @rule(about=ANY, event=EVENTS, days=st.integers(0, 4))
    def the_world_goes_on(self, about: int, event: str, days: int) -> None:
        match event:
            case "days pass":
                assert self.workflow.sweep(datetime.now(UTC) + timedelta(days=days)).failed == 0
            case "its time is over":
                self.owner.execute(
                    "update workflow.proposal set expires_at = now() where proposal_id = %s",
                    (self._pick(about),),
                )
            case "a worker comes by":
                self._work()
            case fault:
                faults = WEATHER[fault].model_copy(update={"ignore_keys": not self.keys})
                self.twin.faults = dict.fromkeys(self.twin.faults, faults)

    @rule(statement=st.sampled_from(RECORDS))
    def records_change_elsewhere(self, statement: str) -> None:
        self.owner.execute(statement.encode())
        self.twin.plant(records(self.owner))

    @rule(system=st.sampled_from(SYSTEMS), pauses=st.booleans(), who=ANY)
    def a_system_is_paused_or_resumed(self, system: Any, pauses: bool, who: int) -> None:
        does = self.workflow.pause if pauses else self.workflow.resume
        self._tried(lambda: does(principal("ada") if who % 2 else anybody(who), system, "By hand."))

    # --- what always holds

    @invariant()
    def what_must_hold_holds(self) -> None:
        found = broken(self.owner, self.since, self.away)
        assert not found, found

    @invariant()
    def nothing_is_written_twice(self) -> None:
        written = Counter(e.external_ref for e in self.twin.book.written())
        assert all(count == 1 for count in written.values())

    @invariant()
    def what_ended_stays_as_it_is(self) -> None:
        states = dict(
            self.owner.execute(
                "select proposal_id, state from workflow.proposal where created_at >= %s", (self.since,)
            ).fetchall()
        )
        for proposal_id, state in self.ended.items():
            assert states[proposal_id] == state
        self.ended = {i: s for i, s in states.items() if s in FINAL}

    # --- how

    def _end(self) -> None:
        """In fair weather nothing is stuck: what was signed is written or waits for a person, all else
        lapses aloud."""
        self.twin.heal()
        for system in SYSTEMS:
            self.workflow.resume(principal("ada"), system, "All is well.")
        deadline = datetime.now(UTC) + timedelta(seconds=20)
        while self._on_their_way() and datetime.now(UTC) < deadline:
            self._hurry()
            self._work()
        assert self._on_their_way() == 0
        assert self.workflow.sweep(datetime.now(UTC) + timedelta(days=60)).failed == 0
        assert self._open() == 0
        self.what_must_hold_holds()
        self.nothing_is_written_twice()
        assert self.owner.execute("select * from audit.verify()").fetchall() == []

    def _do(self, turn: Turn) -> None:
        self._tried(lambda: self._deed(turn))

    def _deed(self, turn: Turn) -> object:
        flow, who, card, n = self.workflow, turn.who, turn.card, turn.number
        about, read = card.proposal_id, card.content_hash
        match turn.deed:
            case "approve" | "reject":
                return flow.decide(who, about, content_hash=read, verdict=turn.deed, reason="So be it.")
            case "edit":
                action = with_hours(card.action, n + 1)
                return flow.edit(who, about, content_hash=read, action=action, note="Better.")
            case "accept a part":
                return flow.accept_part(
                    who, about, content_hash=read, keep=frozenset({f"t-{n % 2 + 1}"}), reason="One will do."
                )
            case "withdraw":
                return flow.withdraw(who, about)
            case "ask":
                return flow.ask(who, about, content_hash=read, question="Why?")
            case "answer":
                asked = [q.question_id for q in card.questions]
                return asked and flow.answer(anybody(n), about, asked[n % len(asked)], answer="Because.")
            case "reassign":
                return flow.reassign(who, about, to=CAST[n % len(CAST)], reason="They know it.")
            case "undo":
                return self._on_effects(card, "done", lambda e: flow.undo(who, e.effect_id, "It was wrong."))
            case "retry":
                return self._on_effects(card, "parked", lambda e: flow.retry(hand(n), e.effect_id, "Again."))
            case "mark done":
                return self._on_effects(
                    card,
                    "parked",
                    lambda e: flow.mark_done(hand(n), e.effect_id, f"R-{e.effect_id}", "Seen."),
                )
            case "give up":
                return self._on_effects(card, "parked", lambda e: flow.give_up(hand(n), e.effect_id, "No."))
            case "a worker comes by":
                return self._work()
            case _:
                return flow.sweep(datetime.now(UTC) + timedelta(hours=n))

    def _on_effects(
        self, card: ProposalCard, state: str, does: Callable[[EffectView], ProposalCard | None]
    ) -> ProposalCard | None:
        for effect in [e for e in card.effects if e.state == state][:1]:
            if made := does(effect):
                self.proposals.append(made.proposal_id)
                return made
        return None

    def _tried(self, does: Callable[[], R]) -> R | None:
        """What came of it; None where it was refused, which only we may do."""
        try:
            return does()
        except ChargehandError as refusal:
            assert 400 <= refusal.status < 500, refusal
            return None

    def _propose(self, who: str, action: Action, on_behalf_of: str | None = None) -> None:
        wanted = replace(draft(action), on_behalf_of=on_behalf_of)
        if made := self._tried(lambda: self.workflow.propose(principal(who), wanted)):
            self.proposals.append(made.proposal_id)

    def _pick(self, number: int) -> UUID:
        """Most often a proposal that has not ended."""
        states = dict(
            self.owner.execute(
                "select proposal_id, state from workflow.proposal where proposal_id = any (%s)",
                (self.proposals,),
            ).fetchall()
        )
        alive = [p for p in self.proposals if states[p] not in FINAL]
        chosen = alive if alive and number < 50 else self.proposals
        return chosen[number % len(chosen)]

    def _card(self, proposal_id: UUID) -> ProposalCard:
        return self.workflow.card(principal("audrey"), proposal_id)

    def _somebody(self, card: ProposalCard, number: int) -> Principal:
        """Most often somebody whose turn it is."""
        asked = sorted({a.person.person_id for a in card.steps[card.step].approvers} & set(CAST))
        return principal(asked[number % len(asked)]) if asked and number < 40 else anybody(number)

    def _work(self) -> int:
        """How many effects were tried until none was due."""
        tried = 0
        while work_once(self.db, f"worker-{threading.get_ident()}", self.connectors, PACE):
            tried += 1
        return tried

    def _hurry(self) -> None:
        """The time until the next attempt is over."""
        self.owner.execute(
            "update workflow.effect set not_before = now() where state = 'ready' and sent_at is null"
        )

    def _give_role(self, person_id: str) -> None:
        _, role, kind, scope = PEOPLE[person_id]
        self.owner.execute(
            "insert into access.role_grant (person_id, role, scope_kind, scope_id) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            (person_id, role, kind, scope),
        )

    def _open(self) -> int:
        """How many proposals of this life wait for signatures."""
        return self._count("select from workflow.proposal where state = 'pending' and created_at >= %s")

    def _on_their_way(self) -> int:
        """How many writes of this life are neither settled nor with a person."""
        return self._count(
            "select from workflow.effect where state in ('ready', 'leased') and created_at >= %s"
        )

    def _count(self, query: str) -> int:
        [(count,)] = self.owner.execute(
            f"select count(*) from ({query}) q".encode(), (self.since,)
        ).fetchall()
        return int(count)
