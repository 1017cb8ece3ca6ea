"""From a rule to people: who may sign each step, and why they.

Nobody signs what they proposed, wrote, gain by or is about them; nobody signs twice. Where the people of a
step do not suffice, its fallback is asked; where those do not, the policy's last rule holds; where that
does not either, nothing is proposed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import Literal

from models.actions import Action
from models.evidence import Citation
from models.policy import ApproverSource, PolicySet, Relation, Rule
from models.policy_match import match
from store.db import Tx
from workflow.errors import NobodyMaySign
from workflow.facts import Finding, Person, derive
from workflow.stand_ins import with_stand_ins


@dataclass(frozen=True)
class Candidate:
    """Somebody who may sign, and why."""

    person_id: str
    name: str
    why: str
    fallback: bool = False
    stands_in_for: str | None = None  # the delegator, in whose seat they sign

    @property
    def seat(self) -> str:
        """Whose signature it would be."""
        return self.stands_in_for or self.person_id


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
        return [_ids(step) for step in self.steps]

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
class _Holder:
    person_id: str
    name: str
    scope_kind: str
    scope_id: str


@dataclass(frozen=True)
class _Working:
    asked: str  # the account that was asked for
    person_id: str
    name: str


@dataclass(frozen=True)
class Request:
    """What asks for a gate: an action with what it rests on, and who stands behind it."""

    action: Action
    proposer_id: str
    author_id: str
    evidence: Sequence[Citation] = ()
    confidence: Decimal | None = None
    on_behalf_of: str | None = None


@dataclass(frozen=True)
class _Responsible:
    subject_id: str
    person_id: str
    name: str


def find_gate(tx: Tx, request: Request, policy: PolicySet) -> Resolved:
    """The gate for an action and who may sign it. Raises NobodyMaySign, and what `facts.derive` raises."""
    return gate_of(tx, request, finding_for(tx, request, policy), policy)


def gate_of(tx: Tx, request: Request, finding: Finding, policy: PolicySet) -> Resolved:
    """The gate for what the records say about what is asked. Raises NobodyMaySign."""
    matched, last = match(policy, finding.facts), policy.rules[-1]
    rule, why = matched.rule, matched.why
    barred = barred_from(tx, request, finding)
    resolved = resolve(tx, policy, rule, finding, barred)
    if not resolved.complete and rule != last:
        because = f"{last.because} (Nobody is left to sign under '{rule.name}'.)"
        resolved = resolve(tx, policy, last.model_copy(update={"because": because}), finding, barred)
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
        evidence=request.evidence,
        confidence=request.confidence,
    )


def barred_from(tx: Tx, request: Request, finding: Finding) -> frozenset[str]:
    """The persons who may not sign: who proposed or wrote it, for whom it was proposed, who gains by it, whom
    it is about."""
    ids = [i for i in (request.proposer_id, request.author_id, request.on_behalf_of) if i]
    behind = tx.value("gates.persons_of", ids=ids)
    return frozenset({*behind, *finding.facts.beneficiaries, *finding.facts.subjects})


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

    def people_of(sources: Iterable[ApproverSource]) -> tuple[Candidate, ...]:
        found = _merged(*(_of_source(tx, source, finding, policy) for source in sources))
        return tuple(c for c in found if c.person_id not in barred)

    first = [people_of(step.approvers) for step in rule.gate.steps]
    both = [
        _merged(people, [replace(c, fallback=True) for c in people_of(step.fallback)])
        for people, step in zip(first, rule.gate.steps, strict=True)
    ]
    steps = [both[i] if i in escalated else people for i, people in enumerate(first)]
    # As few fallbacks as possible: first where the steps up to there cannot be filled, then wherever it
    # helps.
    primary = tuple(frozenset(_ids(people)) for people in first)
    needed = Resolved(rule, finding, tuple(steps), primary).needed
    for i in range(len(steps)):
        if not fillable(needed[: i + 1], [_ids(s) for s in steps[: i + 1]]):
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


def _ids(people: Iterable[Candidate]) -> set[str]:
    """Whose seats these are. A stand-in adds none."""
    return {c.person_id for c in people if c.stands_in_for is None}


def _merged(*lists: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """One entry a person, the first that names them."""
    by_person: dict[str, Candidate] = {}
    for candidate in (c for people in lists for c in people):
        by_person.setdefault(candidate.person_id, candidate)
    return tuple(by_person.values())


def _of_source(tx: Tx, source: ApproverSource, finding: Finding, policy: PolicySet) -> Iterable[Candidate]:
    if source.person:
        return _working(tx, {source.person: "named in the policy"})
    if source.group:
        name = source.group.replace("_", " ")
        return _working(tx, dict.fromkeys(policy.groups[source.group], f"member of {name}"))
    if source.relation:
        return _of_relation(tx, source.relation, finding)
    assert source.role  # an ApproverSource names exactly one
    role = source.role
    return _common(_holders(tx, role, practice, office) for practice, office in _scopes(finding))


def _of_relation(tx: Tx, relation: Relation, finding: Finding) -> Iterable[Candidate]:
    projects = finding.projects
    match relation:
        case "project_manager":
            return _common(_working(tx, {p.manager_id: f"project manager of {p.name}"}) for p in projects)
        case "account_owner":
            return _common(
                _working(tx, {p.account_owner_id: f"account owner of {p.client_name}"}) for p in projects
            )
        case "contract_signatory" | "budget_owner":
            return _of_duty(tx, relation, finding)
        case "practice_lead":
            return _common(_holders(tx, "practice_lead", practice, None) for practice, _ in _scopes(finding))
        case "office_finance":
            return _common(_holders(tx, "finance", None, office) for _, office in _scopes(finding))
        case _:
            return _of_person(tx, relation, finding.person) if finding.person else ()


def _of_duty(
    tx: Tx, duty: Literal["contract_signatory", "budget_owner"], finding: Finding
) -> Iterable[Candidate]:
    """Those whom the records name for every contract or project of the action; without a record nobody, never
    a guess."""
    subjects: list[str | None] = [p.project_id for p in finding.projects]
    why = "answers for the budget of"
    if duty == "contract_signatory":  # an action may name a contract that its project does not
        subjects = [finding.facts.contract_id or p.contract_id for p in finding.projects]
        why = "signs for contract"
    known = [s for s in subjects if s is not None]
    found = tx.rows("gates.responsible", _Responsible, duty=duty, subjects=known)
    return _common(
        [Candidate(r.person_id, r.name, f"{why} {s}") for r in found if r.subject_id == s] for s in subjects
    )


def _of_person(tx: Tx, relation: Relation, person: Person) -> Iterable[Candidate]:
    """The relations to the person that an action is about."""
    match relation:
        case "practice_resource_manager":
            return _holders(tx, "resource_manager", person.practice, person.office)
        case "person_practice_lead":
            return _holders(tx, "practice_lead", person.practice, None)
        case "manager" if person.manager_id:
            return _working(tx, {person.manager_id: f"line manager of {person.name}"})
        case _:
            return ()


def _scopes(finding: Finding) -> Sequence[tuple[str, str]]:
    """Practice and office of each project it touches, or of the person where it touches none; what is about
    neither is about the whole firm, where only a role over the firm counts."""
    if finding.projects:
        return [(p.practice, p.office) for p in finding.projects]
    return [(finding.person.practice, finding.person.office)] if finding.person else [("", "")]


def _common(lists: Iterable[Iterable[Candidate]]) -> Iterable[Candidate]:
    """Those who are in every list: over a batch of several projects nobody signs for a project not theirs."""
    return reduce(
        lambda kept, more: [c for c in kept if c.person_id in _ids(more)],
        [list(people) for people in lists] or [[]],
    )


def _holders(tx: Tx, role: str, practice: str | None, office: str | None) -> Iterable[Candidate]:
    held = tx.rows("gates.holders", _Holder, role=role, practice=practice, office=office)
    return [
        Candidate(h.person_id, h.name, f"{role.replace('_', ' ')} of {h.scope_id or 'the firm'}")
        for h in held
    ]


def _working(tx: Tx, why: dict[str, str]) -> Iterable[Candidate]:
    people = tx.rows("gates.working", _Working, person_ids=list(why))
    return _merged(Candidate(p.person_id, p.name, why[p.asked]) for p in people)
