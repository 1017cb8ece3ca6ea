"""The way in for everything above: each call is one transaction, and what is refused stays on record.

A refusal rolls its transaction back, so it is audited in one of its own; where it shows that the gate is no
longer the right one, or that the time is over, a further one puts that right. A tool that proposes inside its
own transaction calls `workflow.propose.propose` itself."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar, Unpack
from uuid import UUID, uuid4

from models.access import NotFound, Principal, service
from models.actions import Action, PromoteVersion, System
from models.errors import ChargehandError
from models.evidence import Attachment
from models.policy import PolicySet
from models.proposal import Verdict
from store.db import Database, Tx
from workflow import (
    asking,
    decide,
    delegations,
    handover,
    operations,
    pace,
    policies,
    policy_change,
    promotions,
    read,
    revise,
    timers,
    undo,
)
from workflow import inbox as lists
from workflow.cards import (
    Box,
    CircuitView,
    Outcome,
    Pace,
    Page,
    PersonRef,
    ProposalCard,
    ProposalSummary,
    QueueLine,
)
from workflow.delegations import Choices, DelegationView, Wanted
from workflow.docket import Docket
from workflow.errors import (
    Expired,
    GateChanged,
    NotYourDecision,
    Overtaken,
    Refusal,
    TooManyAtOnce,
)
from workflow.inbox import Filters, FilterWords, Order
from workflow.insight import plants
from workflow.propose import Draft, propose

log = logging.getLogger(__name__)

R = TypeVar("R")

CLOCK = service("clock")


class Workflow:
    """Proposals and what becomes of them, for a caller that was verified."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- proposing and reading
    def propose(self, principal: Principal, draft: Draft) -> ProposalCard:
        with self._db.tx(principal, "agent") as tx:
            return propose(tx, draft)

    def card(self, principal: Principal, proposal_id: UUID) -> ProposalCard:
        with self._db.tx(principal, "agent") as tx:
            return read.card(tx, proposal_id)

    def open_card(self, principal: Principal, proposal_id: UUID) -> ProposalCard:
        """The card, for somebody who is about to read it: when is remembered."""
        with self._db.tx(principal, "agent") as tx:
            card = read.card(tx, proposal_id)
            pace.opened(tx, [card])
            return card

    def open_alike(self, principal: Principal, proposal_id: UUID) -> list[ProposalCard]:
        """The cards of what waits for the caller and is like one proposal, that one first."""
        with self._db.tx(principal, "agent") as tx:
            return self._opened(tx, lists.alike(tx, proposal_id))

    def open_many(self, principal: Principal, proposals: Sequence[UUID]) -> list[ProposalCard]:
        """The cards of those of these that wait for the caller, in their order. Raises TooManyAtOnce."""
        if len(proposals) > lists.MOST_ALIKE:
            raise TooManyAtOnce(most=lists.MOST_ALIKE, count=len(proposals))
        with self._db.tx(principal, "agent") as tx:
            return [card for card in self._opened(tx, proposals) if card.why_you]

    def _opened(self, tx: Tx, proposals: Sequence[UUID]) -> list[ProposalCard]:
        cards = read.cards(tx, proposals)
        pace.opened(tx, cards)
        return cards

    def pace(self, principal: Principal) -> Pace | None:
        """Whether the caller signs faster than they could read."""
        with self._db.tx(principal, "agent") as tx:
            return pace.pace(tx)

    def inbox(
        self,
        principal: Principal,
        *,
        box: Box,
        order: Order = "rank",
        limit: int = 50,
        after: str | None = None,
        **filters: Unpack[FilterWords],
    ) -> Page[ProposalSummary]:
        with self._db.tx(principal, "agent") as tx:
            return lists.inbox(tx, box=box, order=order, filters=Filters(**filters), limit=limit, after=after)

    def waiting(self, principal: Principal) -> int:
        """How many proposals wait for the principal's signature."""
        with self._db.tx(principal, "agent") as tx:
            return int(tx.value("inbox.waiting"))

    def queue_health(self, principal: Principal) -> list[QueueLine]:
        with self._db.tx(principal, "agent") as tx:
            return read.queue_health(tx)

    def circuits(self, principal: Principal) -> list[CircuitView]:
        with self._db.tx(principal, "agent") as tx:
            return read.circuits(tx)

    # --- deciding
    def decide(
        self,
        principal: Principal,
        proposal_id: UUID,
        *,
        content_hash: str,
        verdict: Verdict,
        reason: str = "",
        evidence: Sequence[Attachment] = (),
    ) -> ProposalCard:
        return self._attempt(
            principal,
            proposal_id,
            verdict,
            lambda tx: decide.decide(
                tx,
                proposal_id,
                content_hash=content_hash,
                verdict=verdict,
                reason=reason,
                evidence=evidence,
            ),
        )

    def decide_many(
        self,
        principal: Principal,
        choices: Sequence[tuple[UUID, str]],
        verdict: Verdict,
        reason: str = "",
    ) -> list[Outcome]:
        """Decide each of these (proposal, content hash) by itself: a transaction, an audit entry and an
        outcome of its own. What they share is a batch id in the audit log. Raises TooManyAtOnce."""
        if len(choices) > lists.MOST_ALIKE:
            raise TooManyAtOnce(most=lists.MOST_ALIKE, count=len(choices))
        batch = uuid4()
        return [self._decide_one(principal, choice, verdict, reason, batch) for choice in choices]

    def _decide_one(
        self, principal: Principal, choice: tuple[UUID, str], verdict: Verdict, reason: str, batch: UUID
    ) -> Outcome:
        proposal_id, content_hash = choice
        try:
            card = self._attempt(
                principal,
                proposal_id,
                verdict,
                lambda tx: decide.decide(
                    tx, proposal_id, content_hash=content_hash, verdict=verdict, reason=reason, batch=batch
                ),
                batch=str(batch),
            )
        except ChargehandError as error:
            return Outcome(
                proposal_id=proposal_id, done=False, state=None, error=error.kind, detail=error.sentence
            )
        return Outcome(proposal_id=proposal_id, done=True, state=card.state, error=None, detail=None)

    def ask(
        self, principal: Principal, proposal_id: UUID, *, content_hash: str, question: str
    ) -> ProposalCard:
        return self._attempt(
            principal,
            proposal_id,
            "ask",
            lambda tx: asking.ask(tx, proposal_id, content_hash=content_hash, question=question),
        )

    def answer(
        self, principal: Principal, proposal_id: UUID, question_id: UUID, *, answer: str
    ) -> ProposalCard:
        return self._attempt(
            principal,
            proposal_id,
            "answer",
            lambda tx: asking.answer(tx, proposal_id, question_id, answer=answer),
        )

    def reassign(
        self, principal: Principal, proposal_id: UUID, *, to: str, reason: str, seat_of: str | None = None
    ) -> ProposalCard:
        return self._attempt(
            principal,
            proposal_id,
            "reassign",
            lambda tx: handover.reassign(tx, proposal_id, to=to, reason=reason, seat_of=seat_of),
        )

    def takers(self, principal: Principal, proposal_id: UUID) -> list[PersonRef]:
        """To whom the caller could hand their seat."""
        with self._db.tx(principal, "workflow") as tx:
            return handover.takers(tx, proposal_id)

    def accept_part(
        self,
        principal: Principal,
        proposal_id: UUID,
        *,
        content_hash: str,
        keep: frozenset[str],
        reason: str,
        evidence: Sequence[Attachment] = (),
    ) -> ProposalCard:
        return self._attempt(
            principal,
            proposal_id,
            "accept_part",
            lambda tx: revise.accept_part(
                tx, proposal_id, content_hash=content_hash, keep=keep, reason=reason, evidence=evidence
            ),
        )

    def edit(
        self, principal: Principal, proposal_id: UUID, *, content_hash: str, action: Action, note: str
    ) -> ProposalCard:
        return self._attempt(
            principal,
            proposal_id,
            "edit",
            lambda tx: revise.edit(tx, proposal_id, content_hash=content_hash, action=action, note=note),
        )

    def withdraw(self, principal: Principal, proposal_id: UUID, *, reason: str = "") -> ProposalCard:
        return self._attempt(
            principal, proposal_id, "withdraw", lambda tx: decide.withdraw(tx, proposal_id, reason=reason)
        )

    def undo(self, principal: Principal, effect_id: int, reason: str) -> ProposalCard:
        """Propose to take back a write that was carried out."""
        with self._db.tx(principal, "agent") as tx:
            return undo.undo(tx, effect_id, reason)

    # --- delegating
    def delegate(self, principal: Principal, wanted: Wanted) -> DelegationView:
        """Let somebody sign for the caller, or for somebody absent; what waits is brought before them too."""
        with self._db.tx(principal, "workflow") as tx:
            made = delegations.delegate(tx, wanted)
        self._bring_what_waits_for(made.delegator.person_id)
        return made

    def revoke_delegation(self, principal: Principal, delegation_id: UUID) -> DelegationView:
        with self._db.tx(principal, "workflow") as tx:
            return delegations.revoke(tx, delegation_id)

    def delegations(self, principal: Principal) -> list[DelegationView]:
        with self._db.tx(principal, "agent") as tx:
            return delegations.delegations(tx)

    def delegation_choices(self, principal: Principal) -> Choices:
        with self._db.tx(principal, "workflow") as tx:
            return delegations.choices(tx)

    def bring_to_stand_ins(self) -> None:
        """Ask those who have begun to stand in for somebody, by days or by a leave, to sign what waits."""
        with self._db.tx(CLOCK, "workflow") as tx:
            begun = delegations.begun(tx)
        for delegator_id in {b.delegator_id for b in begun}:
            self._bring_what_waits_for(delegator_id)
        for stand_in in begun:
            with self._db.tx(CLOCK, "workflow") as tx:
                delegations.note_begun(tx, stand_in)

    def _bring_what_waits_for(self, delegator_id: str) -> None:
        with self._db.tx(CLOCK, "workflow") as tx:
            waiting = delegations.waiting_for(tx, delegator_id)
        for proposal_id in waiting:
            try:
                with self._db.tx(CLOCK, "workflow") as tx:
                    docket = Docket.locked(tx, proposal_id)
                    if docket.current.state == "pending":
                        revise.refresh(docket)
            except ChargehandError:
                log.exception("proposal %s could not be brought to the stand-ins", proposal_id)

    # --- clock and hand
    def sweep(self, now: datetime) -> timers.Swept:
        """Remind, escalate and expire what is due, each proposal in a transaction of its own."""
        self.bring_to_stand_ins()
        with self._db.tx(CLOCK, "workflow") as tx:
            due = timers.due(tx, now)
        counts = {"reminded": 0, "escalated": 0, "expired": 0, "failed": 0}
        for proposal_id in due:
            try:
                with self._db.tx(CLOCK, "workflow") as tx:
                    rung = timers.ring(tx, proposal_id, now)
            except ChargehandError:
                log.exception("the timer of proposal %s could not be rung", proposal_id)
                counts["failed"] += 1
            else:
                if rung:
                    counts[rung] += 1
        return timers.Swept(**counts)

    def retry(self, principal: Principal, effect_id: int, reason: str) -> None:
        with self._db.tx(principal, "workflow") as tx:
            operations.retry(tx, effect_id, reason)

    def mark_done(self, principal: Principal, effect_id: int, external_ref: str, reason: str) -> None:
        with self._db.tx(principal, "workflow") as tx:
            operations.mark_done(tx, effect_id, external_ref, reason)

    def give_up(self, principal: Principal, effect_id: int, reason: str) -> None:
        with self._db.tx(principal, "workflow") as tx:
            operations.give_up(tx, effect_id, reason)

    def pause(self, principal: Principal, system: System, reason: str) -> None:
        with self._db.tx(principal, "workflow") as tx:
            operations.pause(tx, system, reason)

    def resume(self, principal: Principal, system: System, reason: str) -> None:
        with self._db.tx(principal, "workflow") as tx:
            operations.resume(tx, system, reason)

    # --- planted items
    def consent_to_plants(self, principal: Principal, *, agrees: bool) -> None:
        with self._db.tx(principal, "workflow") as tx:
            plants.consent(tx, agrees=agrees)

    def plant(
        self,
        principal: Principal,
        source_id: UUID,
        *,
        person_id: str,
        flaw: str,
        action: Action | None = None,
    ) -> UUID:
        with self._db.tx(principal, "workflow") as tx:
            return plants.plant(tx, source_id, person_id=person_id, flaw=flaw, action=action)

    def load_policy(self, principal: Principal, policy: PolicySet) -> str:
        """Put the first policy in force; its sha256. Raises PolicyInForce where there is one."""
        with self._db.tx(principal, "steward") as tx:
            return policies.load(tx, policy)

    def propose_policy(self, principal: Principal, policy: PolicySet, why: str) -> ProposalCard:
        """Ask for another policy to be put in force."""
        with self._db.tx(principal, "agent") as tx:
            return policy_change.propose_policy(tx, policy, why)

    def propose_version(self, principal: Principal, action: PromoteVersion) -> ProposalCard:
        """Ask for a version of a prompt, or a suite's baseline, to be put in force."""
        with self._db.tx(principal, "agent") as tx:
            return promotions.propose_version(tx, action)

    # --- refusals
    def _attempt(
        self,
        principal: Principal,
        proposal_id: UUID,
        attempted: str,
        work: Callable[[Tx], R],
        **noted: Any,
    ) -> R:
        """Do the work in a transaction. `noted`: ids that a refusal is audited with."""
        try:
            with self._db.tx(principal, "workflow") as tx:
                return work(tx)
        except (Refusal, NotFound) as refusal:
            # Also for what does not exist: an answer must take as long as for what may not be seen.
            with self._db.tx(principal, "workflow") as tx:
                tx.audit(
                    "proposal.refused",
                    f"proposal:{proposal_id}",
                    attempted=attempted,
                    error=refusal.kind,
                    **noted,
                )
            self._put_right(proposal_id, refusal)
            raise

    def _put_right(self, proposal_id: UUID, refusal: Refusal | NotFound) -> None:
        if not isinstance(refusal, GateChanged | NotYourDecision | Expired | Overtaken):
            return
        try:
            with self._db.tx(CLOCK, "workflow") as tx:
                docket = Docket.locked(tx, proposal_id)
                if docket.current.state != "pending":
                    return
                if isinstance(refusal, Expired):
                    decide.expire(docket)
                elif isinstance(refusal, Overtaken):
                    decide.overtake(docket)
                else:
                    revise.refresh(docket)
        except ChargehandError as e:
            log.warning("proposal %s could not be put right after a refusal: %s", proposal_id, e)
