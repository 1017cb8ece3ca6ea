"""A proposal under its lock, with what was said on it so far: what every decision starts from."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from models.access import NotFound
from models.actions import Action, ActionAdapter
from models.evidence import Citation
from models.policy import Rule, Step
from models.proposal import ProposalEvent, ProposalState, Verdict, next_state
from store.db import Tx, dumps
from workflow.gates import Request, Resolved, fillable
from workflow.notices import tell

EVIDENCE: TypeAdapter[tuple[Citation, ...]] = TypeAdapter(tuple[Citation, ...])


@dataclass(frozen=True)
class Asked:
    """Somebody who was asked to sign a step."""

    step: int
    person_id: str
    name: str | None
    why: str
    fallback: bool
    stands_in_for: str | None = None
    stands_in_for_name: str | None = None
    lapsed: bool = False  # stands in no more
    held: bool = True  # False: the seat was handed over
    taken_from: str | None = None  # whose seat it was

    @property
    def seat(self) -> str:
        """Whose signature it would be."""
        return self.stands_in_for or self.person_id

    @property
    def uses(self) -> frozenset[str]:
        """Whom their signature uses up: themselves, and in whose seat they sign."""
        return frozenset({self.person_id, self.seat})


@dataclass(frozen=True)
class Signed:
    """A verdict on a step."""

    step: int
    person_id: str
    name: str | None
    verdict: Verdict
    reason: str
    surface: str
    decided_at: datetime
    evidence: Sequence[Mapping[str, Any]]  # models.evidence.Attachment
    stands_in_for: str | None = None
    stands_in_for_name: str | None = None

    @property
    def seat(self) -> str:
        """Whose signature it is."""
        return self.stands_in_for or self.person_id

    @property
    def by(self) -> str:
        """Who it was, for people: 'Leo Lang', 'Leo Lang for Rita Roth'."""
        name, seat = self.name or self.person_id, self.stands_in_for_name or self.stands_in_for
        return f"{name} for {seat}" if seat else name


SEATS = TypeAdapter(list[Asked])
SIGNATURES = TypeAdapter(list[Signed])


@dataclass(frozen=True)
class Current:
    """A proposal and its current version, as stored."""

    proposal_id: UUID
    proposer_id: str
    on_behalf_of: str | None  # the person for whom it was proposed
    title: str
    amount: Decimal | None
    currency: str | None
    state: ProposalState
    state_since: datetime
    version: int
    step: int
    expires_at: datetime
    escalated_at: datetime | None
    planted: bool  # known to be bad, to see whether it is noticed: see workflow.insight.plants
    author_id: str
    canonical: str
    content_hash: str
    policy_sha256: str
    rule: str
    gate: Mapping[str, Any]  # models.policy.Rule
    explanation: Mapping[str, Any]
    version_at: datetime
    now: datetime  # the database's clock, once the lock was held
    policy_digest: str | None
    seats: Sequence[Mapping[str, Any]]  # Asked
    signatures: Sequence[Mapping[str, Any]]  # Signed


class Docket:
    """One proposal, locked by this transaction until it ends."""

    def __init__(self, tx: Tx, current: Current) -> None:
        self.tx = tx
        self.current = current

    @classmethod
    def locked(cls, tx: Tx, proposal_id: UUID) -> "Docket":
        """Wait for the proposal's lock. Raises NotFound, also when the caller may not see it."""
        if not tx.value("proposals.lock", proposal_id=proposal_id):
            raise NotFound(what="proposal", id=str(proposal_id))
        return cls._read(tx, proposal_id)

    def again(self) -> "Docket":
        """The same proposal after a change."""
        return self._read(self.tx, self.current.proposal_id)

    @classmethod
    def _read(cls, tx: Tx, proposal_id: UUID) -> "Docket":
        current = tx.row("proposals.current", Current, proposal_id=proposal_id)
        if current is None:
            raise NotFound(what="proposal", id=str(proposal_id))
        return cls(tx, current)

    @cached_property
    def action(self) -> Action:
        return ActionAdapter.validate_python(self._content["action"])

    @cached_property
    def evidence(self) -> tuple[Citation, ...]:
        return EVIDENCE.validate_python(self._content["evidence"])

    @cached_property
    def confidence(self) -> Decimal | None:
        """Of the prediction it rests on, as signed."""
        said = self._content.get("confidence")
        return None if said is None else Decimal(said)

    def request(self, **changed: Any) -> Request:
        """What asks for its gate, with what a new version changes."""
        request = Request(
            self.action,
            self.current.proposer_id,
            self.current.author_id,
            self.evidence,
            self.confidence,
            self.current.on_behalf_of,
        )
        return replace(request, **changed)

    @cached_property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.current.canonical)
        return content

    @cached_property
    def rule(self) -> Rule:
        """The rule as the card shows it. What holds is the pinned policy: see `workflow.seat`."""
        return Rule.model_validate(self.current.gate)

    @property
    def asked(self) -> list[Asked]:
        """Who is asked to sign; not who handed their seat over."""
        return [a for a in self.seats if a.held]

    @cached_property
    def seats(self) -> list[Asked]:
        """Everybody who was ever asked to sign this version."""
        return SEATS.validate_python(self.current.seats)

    @cached_property
    def signed(self) -> list[Signed]:
        """What was decided on this version, oldest first."""
        return SIGNATURES.validate_python(self.current.signatures)

    @property
    def subject(self) -> str:
        """How the audit log names it."""
        return f"proposal:{self.current.proposal_id}"

    @property
    def signers(self) -> frozenset[str]:
        return frozenset(s.person_id for s in self.signed)

    @property
    def spent(self) -> frozenset[str]:
        """Who cannot sign this version any more: who has signed, and in whose seat somebody has."""
        return spent(self.signed)

    @property
    def waited_for(self) -> list[Asked]:
        """Who may still sign the current step."""
        return [a for a in self.asked if a.step == self.current.step and still_may(a, self.spent)]

    def signatures_left(self, resolved: Resolved) -> list[int]:
        """How many signatures each step still lacks."""
        return signatures_left(
            self.rule, self.current.step, self.signed, first=resolved.first, people=resolved.people
        )

    def people_left(self, resolved: Resolved) -> list[set[str]]:
        """Whose seats are still free at each step."""
        return [people - self.spent for people in resolved.people]

    def handed_over(self, resolved: Resolved, wide: Resolved) -> Resolved:
        """The people of a gate after seats were handed over: without who gave, with who took, as long as the
        policy still accepts them there. `wide`: the gate with every fallback."""
        gave = [{a.seat for a in self.seats if a.step == i and not a.held} for i in range(len(wide.steps))]
        took = [
            {a.person_id: a for a in self.asked if a.step == i and a.taken_from} for i in range(len(gave))
        ]
        steps, first = [], []
        for i, people in enumerate(resolved.steps):
            kept = [c for c in people if c.seat not in gave[i] | took[i].keys()]
            come = [replace(c, fallback=took[i][c.seat].fallback) for c in wide.steps[i] if c.seat in took[i]]
            steps.append((*kept, *come))
            own = {c.person_id for c in come if c.stands_in_for is None and not c.fallback}
            first.append(resolved.first[i] - gave[i] | own)
        return replace(resolved, steps=tuple(steps), first=tuple(first))

    def can_be_filled(self, resolved: Resolved) -> bool:
        """Whether different people are left for every signature still lacking."""
        return fillable(self.signatures_left(resolved), self.people_left(resolved))

    def move(self, event: ProposalEvent) -> ProposalState:
        """Move the proposal on. Raises WrongState when the event has no place in its state."""
        state = next_state(self.current.state, event, str(self.current.proposal_id))
        self.tx.value("proposals.set_state", proposal_id=self.current.proposal_id, state=state)
        return state

    def add_signature(
        self,
        seat: Asked,
        verdict: Verdict,
        reason: str,
        evidence: Sequence[Mapping[str, Any]],
        decided_at: datetime,
    ) -> None:
        """Count a verdict of the caller's that this transaction has just stored."""
        signature = Signed(
            step=seat.step,
            person_id=seat.person_id,
            name=seat.name,
            verdict=verdict,
            reason=reason,
            surface=self.tx.principal.surface,
            decided_at=decided_at,
            evidence=evidence,
            stands_in_for=seat.stands_in_for,
            stands_in_for_name=seat.stands_in_for_name,
        )
        self.signed = [*self.signed, signature]

    def add_approvers(self, resolved: Resolved, *, from_step: int = 0) -> None:
        """Let these people sign as well; nobody is taken off."""
        self.tx.execute(
            "proposals.add_approvers",
            proposal_id=self.current.proposal_id,
            version=self.current.version,
            approvers=approver_rows(resolved, from_step=from_step),
        )

    def ask(self) -> None:
        """Cards for those who may sign the current step and have none yet."""
        c, people = self.current, [a.person_id for a in self.waited_for]
        tell(self.tx, c.proposal_id, people, kind="card", event=f"card:{c.version}:{c.step}", text=c.title)

    @property
    def deadline(self) -> datetime:
        """When it expires: as stored, and never later than the gate and its current step allow."""
        gate, step = self.rule.gate, self.current.step
        began = max([self.current.version_at, *(s.decided_at for s in self.signed if s.step < step)])
        return min(
            self.current.expires_at,
            self.current.version_at + timedelta(hours=gate.expires_after_hours),
            began + timedelta(hours=gate.expire_hours(step)),
        )


def spent(signed: Sequence[Signed]) -> frozenset[str]:
    """Who was used up by these signatures: delegator and delegate are one signature between them."""
    return frozenset(p for s in signed for p in (s.person_id, s.seat))


def still_may(asked: Asked, used_up: Collection[str]) -> bool:
    """Whether somebody who was asked may still sign."""
    return not asked.lapsed and asked.uses.isdisjoint(used_up)


def signatures_left(
    rule: Rule,
    step: int,
    signed: Sequence[Signed],
    *,
    first: Sequence[Collection[str]],
    people: Sequence[Collection[str]],
) -> list[int]:
    """How many signatures each step still lacks; none before the current one.

    `people`: who may sign each step; `first`: those of them who come before the fallback."""
    return [
        _left(s, {given.seat for given in signed if given.step == i}, set(first[i]), set(people[i]))
        if i >= step
        else 0
        for i, s in enumerate(rule.gate.steps)
    ]


def _left(step: Step, signers: set[str], first: set[str], people: set[str]) -> int:
    """A step that all sign lacks each of `first` who has not signed. One of its fallback stands in for one
    of them; who is not of its people any more stands in for nobody."""
    if step.signatures != "all":
        return max(0, step.signatures - len(signers))
    stood_in = len(signers & people - first)
    return max(len(first - signers) - stood_in, 0 if signers else 1)


def approver_rows(resolved: Resolved, *, from_step: int = 0) -> str:
    """The people of a gate as JSON rows."""
    return dumps(
        [
            {
                "step": i,
                "person_id": c.person_id,
                "why": c.why,
                "fallback": c.fallback,
                "stands_in_for": c.stands_in_for,
            }
            for i, step in enumerate(resolved.steps)
            for c in step
            if i >= from_step
        ]
    )
