"""From a rule to people: who may sign each step, and why they.

Nobody signs what they proposed, wrote, gain by or is about them; nobody signs twice. Where the people of a
step do not suffice, its fallback is asked; where those do not, the policy's last rule holds; where that
does not either, nothing is proposed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from models.actions import Action
from models.evidence import Citation
from models.policy import PolicySet, Rule
from models.policy_match import match
from store.db import Tx
from workflow.errors import NobodyMaySign
from workflow.facts import derive
from workflow.findings import Finding
from workflow.sources import Candidate, ids, merged, people_of
from workflow.stand_ins import with_stand_ins


@dataclass(frozen=True)
class Resolved:
    """A rule with the people who may sign each of its steps."""

    rule: Rule
    finding: Finding
    steps: tuple[tuple[Candidate, ...], ...]
    first: tuple[frozenset[str], ...]  # of each step, who comes before its fallback
    why: tuple[str, ...] = ()  # 'why this gate': what made the rule hold, a condition each

    @property
    def needed(self) -> list[int]:
        """How many people must sign each step; for a step that all sign, as many as there are."""
        return [
            max(1, len(first)) if step.signatures == "all" else step.signatures
            for step, first in zip(self.rule.gate.steps, self.first, strict=True)
        ]

    @property
    def people(self) -> list[set[str]]:
        """Who may sign each step by themselves: a stand-in adds no seat."""
        return [ids(step) for step in self.steps]

    @property
    def complete(self) -> bool:
        """Whether different people can fill every signature of every step."""
        return fillable(self.needed, self.people)

    def seats_of(self, step: int, person_id: str) -> list[Candidate]:
        """The seats in which a person may sign a step: their own first."""
        return sorted(
            (c for c in self.steps[step] if c.person_id == person_id),
            key=lambda c: c.stands_in_for is not None,
        )


@dataclass(frozen=True)
class Request:
    """What asks for a gate: an action with what it rests on, and who stands behind it."""

    action: Action
    proposer_id: str
    author_id: str
    evidence: Sequence[Citation] = ()
    confidence: Decimal | None = None
    on_behalf_of: str | None = None


def find_gate(tx: Tx, request: Request, policy: PolicySet) -> Resolved:
    """The gate for an action and who may sign it. Raises NobodyMaySign, and what `facts.derive` raises."""
    return gate_of(tx, request, finding_for(tx, request, policy), policy)


def gate_of(tx: Tx, request: Request, finding: Finding, policy: PolicySet) -> Resolved:
    """The gate for what the records say about what is asked. Raises NobodyMaySign."""
    matched, last = match(policy, finding.facts), policy.rules[-1]
    rule, why = matched.rule, matched.why
    resolved = resolve(tx, policy, rule, finding, finding.barred)
    if not resolved.complete and rule != last:
        because = f"{last.because} (Nobody is left to sign under '{rule.name}'.)"
        resolved = resolve(tx, policy, last.model_copy(update={"because": because}), finding, finding.barred)
        why = (*why, f"nobody is left to sign under '{rule.name}'")
    if not resolved.complete:
        raise NobodyMaySign(rule=rule.name)
    return replace(resolved, why=why)


def finding_for(tx: Tx, request: Request, policy: PolicySet) -> Finding:
    """What the records say about what is asked. Raises what `facts.derive` raises."""
    return derive(
        tx,
        request.action,
        request.proposer_id,
        policy,
        behind=[i for i in (request.author_id, request.on_behalf_of) if i],
        evidence=request.evidence,
        confidence=request.confidence,
    )


def resolve(
    tx: Tx,
    policy: PolicySet,
    rule: Rule,
    finding: Finding,
    barred: Collection[str],
    *,
    escalated: Collection[int] = (),
) -> Resolved:
    """The people of each step of a rule. `escalated`: steps whose fallback may sign as well, because nobody
    signed in time."""

    stages = rule.gate.steps
    groups = [*(s.approvers for s in stages), *(s.fallback for s in stages)]
    named = people_of(tx, groups, finding, policy)
    free = [tuple(c for c in people if c.person_id not in barred) for people in named]
    first, fallback = free[: len(stages)], free[len(stages) :]
    both = [
        merged(people, [replace(c, fallback=True) for c in others])
        for people, others in zip(first, fallback, strict=True)
    ]
    steps = [both[i] if i in escalated else people for i, people in enumerate(first)]
    # As few fallbacks as possible: first where the steps up to there cannot be filled, then wherever it
    # helps.
    primary = tuple(frozenset(ids(people)) for people in first)
    needed = Resolved(rule, finding, tuple(steps), primary).needed
    for i in range(len(steps)):
        if not fillable(needed[: i + 1], [ids(s) for s in steps[: i + 1]]):
            steps[i] = both[i]
    for i in range(len(steps)):
        if not Resolved(rule, finding, tuple(steps), primary).complete:
            steps[i] = both[i]
    return Resolved(rule, finding, with_stand_ins(tx, steps, finding.facts, policy, barred), primary)


def fillable(needed: Sequence[int], people: Sequence[Collection[str]]) -> bool:
    """Whether every signature can come from a different person: `needed[i]` of them from `people[i]`. A
    bipartite matching by augmenting paths (Kuhn); gates are small."""
    holder: dict[str, tuple[int, int]] = {}

    def place(slot: tuple[int, int], tried: set[str]) -> bool:
        for person_id in people[slot[0]]:
            if person_id not in tried:
                tried.add(person_id)
                if person_id not in holder or place(holder[person_id], tried):
                    holder[person_id] = slot
                    return True
        return False

    return all(place((i, n), set()) for i, count in enumerate(needed) for n in range(count))


def needed_later(
    left: Sequence[int], people: Sequence[Collection[str]], step: int, used: Collection[str]
) -> bool:
    """Whether a signature on `step` would leave a later one that nobody else can give. `left`, `people`:
    signatures that each step still lacks, and who may give them; `used`: whom this one uses up, who signs and
    in whose seat."""
    after = [count - (i == step) for i, count in enumerate(left)]
    others = [set(who) - set(used) for who in people]
    return fillable(left, people) and not fillable(after, others)
