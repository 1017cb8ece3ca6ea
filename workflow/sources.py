"""Whom a gate's sources name: people and groups, holders of a role, and those who stand in a relation to what
an action is about. Everybody is looked up in the firm's records, all sources in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from models.access import Role
from models.policy import ApproverSource, PolicySet, Relation
from store.db import Tx, dumps
from workflow.findings import Finding, Person, Project


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
class _Lookup:
    """A question to the records. One of: these people, the holders of a role over a place, those who have a
    duty for a subject. Only who works here today is an answer."""

    why: str
    people: tuple[str, ...] = ()
    role: Role | None = None
    practice: str | None = None
    office: str | None = None
    duty: Relation | None = None
    subject: str | None = None  # None: no record says for what, so nobody has it


@dataclass(frozen=True)
class _Found:
    lookup: int
    person_id: str
    name: str
    scope: str | None  # of a role: '' is the firm


def people_of(
    tx: Tx, groups: Sequence[Sequence[ApproverSource]], finding: Finding, policy: PolicySet
) -> list[tuple[Candidate, ...]]:
    """The people of each group of sources, one entry a person: the first source that names them says why."""
    lookups = [[_lookups(source, finding, policy) for source in group] for group in groups]
    asked = dict.fromkeys(lookup for group in lookups for source in group for lookup in source)
    found = _answers(tx, list(asked))
    return [merged(*(_common(found[lookup] for lookup in source) for source in group)) for group in lookups]


def ids(people: Iterable[Candidate]) -> set[str]:
    """Whose seats these are. A stand-in adds none."""
    return {c.person_id for c in people if c.stands_in_for is None}


def merged(*lists: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """One entry a person, the first that names them."""
    by_person: dict[str, Candidate] = {}
    for candidate in (c for people in lists for c in people):
        by_person.setdefault(candidate.person_id, candidate)
    return tuple(by_person.values())


def _answers(tx: Tx, asked: Sequence[_Lookup]) -> Mapping[_Lookup, list[Candidate]]:
    answers: dict[_Lookup, list[Candidate]] = {lookup: [] for lookup in asked}
    if not asked:
        return answers
    rows = [{"lookup": i, **vars(lookup)} for i, lookup in enumerate(asked)]
    for row in tx.rows("gates.people", _Found, lookups=dumps(rows)):
        lookup = asked[row.lookup]
        why = lookup.why if row.scope is None else f"{lookup.why} of {row.scope or 'the firm'}"
        answers[lookup].append(Candidate(row.person_id, row.name, why))
    return answers


def _common(lists: Iterable[Iterable[Candidate]]) -> Iterable[Candidate]:
    """Those who are in every list: over a batch of several projects nobody signs for a project not theirs."""
    return reduce(
        lambda kept, more: [c for c in kept if c.person_id in ids(more)],
        [list(people) for people in lists] or [[]],
    )


def _lookups(source: ApproverSource, finding: Finding, policy: PolicySet) -> Sequence[_Lookup]:
    """Whose answers name the people of a source: who is in all of them."""
    if source.person:
        return [_Lookup("named in the policy", people=(source.person,))]
    if source.group:
        members = tuple(policy.groups[source.group])
        return [_Lookup(f"member of {source.group.replace('_', ' ')}", people=members)]
    if source.relation:
        return _of_relation(source.relation, finding)
    assert source.role  # an ApproverSource names exactly one
    role = source.role
    return [_holders(role, practice, office) for practice, office in _scopes(finding)]


def _of_relation(relation: Relation, finding: Finding) -> Sequence[_Lookup]:
    match relation:
        case "practice_lead":
            return [_holders("practice_lead", practice, None) for practice, _ in _scopes(finding)]
        case "office_finance":
            return [_holders("finance", None, office) for _, office in _scopes(finding)]
        case "project_manager" | "account_owner" | "contract_signatory" | "budget_owner":
            return [_of_project(relation, project, finding) for project in finding.projects]
        case _:
            return _of_person(relation, finding.person) if finding.person else ()


def _of_project(relation: Relation, project: Project, finding: Finding) -> _Lookup:
    """The relations to a project that an action touches."""
    match relation:
        case "project_manager":
            return _Lookup(f"project manager of {project.name}", people=(project.manager_id,))
        case "account_owner":
            return _Lookup(f"account owner of {project.client_name}", people=(project.account_owner_id,))
        case "budget_owner":
            why = f"answers for the budget of {project.project_id}"
            return _Lookup(why, duty=relation, subject=project.project_id)
        case _:  # an action may name a contract that its project does not
            contract = finding.facts.contract_id or project.contract_id
            return _Lookup(f"signs for contract {contract}", duty="contract_signatory", subject=contract)


def _of_person(relation: Relation, person: Person) -> Sequence[_Lookup]:
    """The relations to the person that an action is about."""
    match relation:
        case "practice_resource_manager":
            return [_holders("resource_manager", person.practice, person.office)]
        case "person_practice_lead":
            return [_holders("practice_lead", person.practice, None)]
        case "manager" if person.manager_id:
            return [_Lookup(f"line manager of {person.name}", people=(person.manager_id,))]
        case _:
            return ()


def _holders(role: Role, practice: str | None, office: str | None) -> _Lookup:
    return _Lookup(role.replace("_", " "), role=role, practice=practice, office=office)


def _scopes(finding: Finding) -> Sequence[tuple[str, str]]:
    """Practice and office of each project it touches, or of the person where it touches none; what is about
    neither is about the whole firm, where only a role over the firm counts."""
    if finding.projects:
        return [(p.practice, p.office) for p in finding.projects]
    return [(finding.person.practice, finding.person.office)] if finding.person else [("", "")]
