"""Whether the firm's people can sign what a policy asks of them: every rule tried on every project, practice,
office and person that it can be about, with the very function that resolves gates.

Role: workflow, which sees all of it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from models.actions import ACTION_KINDS, ActionKind
from models.policy import Condition, Facts, PolicySet, Rule
from models.policy_lint import Check, LintFinding, Severity, in_order, kinds_taken
from store.db import Tx
from workflow.findings import Finding, Person, Project
from workflow.gates import Resolved, resolve

R = TypeVar("R")

# Kinds that are about a person's work: with a project, or on their own.
_ON_A_PROJECT: frozenset[ActionKind] = frozenset({"create_assignment"})
_ON_THEIR_OWN: frozenset[ActionKind] = frozenset({"plan_development"})
_OF_THE_FIRM: frozenset[ActionKind] = frozenset({"change_policy", "promote_version"})
_SHOWN = 4  # places of the firm that a finding names


@dataclass
class Remembering(Tx):
    """A transaction that asks the same question once: the firm does not change while it is looked at."""

    known: dict[str, Any] = field(default_factory=dict)

    def rows(self, name: str, as_: Callable[..., R], /, **parameters: Any) -> list[R]:
        key = f"{name} {sorted(parameters.items())}"
        if key not in self.known:
            self.known[key] = super().rows(name, as_, **parameters)
        return list(self.known[key])

    def row(self, name: str, as_: Callable[..., R], /, **parameters: Any) -> R | None:
        found = self.rows(name, as_, **parameters)
        return found[0] if found else None


@dataclass(frozen=True)
class _Case:
    """Something in the firm that an action can be about."""

    label: str
    projects: tuple[Project, ...] = ()
    person: Person | None = None


@dataclass(frozen=True)
class _Oddity:
    """What was found in one case. Equal ones are told once, with all their places."""

    check: Check
    severity: Severity
    rule: str
    step: str
    says: str


@dataclass(frozen=True)
class _Names:
    practice: Sequence[str]
    office: Sequence[str]
    client: Sequence[str]
    person: Sequence[str]


def lint_people(tx: Tx, policy: PolicySet) -> list[LintFinding]:
    """What is odd about a policy in this firm, errors first."""
    firm = Remembering(tx.connection, tx.principal)
    found: dict[_Oddity, list[str]] = defaultdict(list)
    cases = _cases(firm)
    for rule, kinds in zip(policy.rules, kinds_taken(policy), strict=True):
        for kind in ACTION_KINDS if rule == policy.rules[-1] else kinds:
            for case in cases.get(kind, cases["send_reminder"]):
                if _about(rule.when, case, policy):
                    for oddity in _try(firm, policy, rule, kind, case):
                        found[oddity if kind in kinds else _in_need(oddity)].append(case.label)
    people = [_finding(oddity, places) for oddity, places in found.items()]
    return in_order([*people, *_unknown_names(firm, policy), *_currencies(firm, policy)])


def _in_need(oddity: _Oddity) -> _Oddity:
    """Of the last rule, where it only holds when another cannot be filled or a fact is not known."""
    return replace(oddity, severity="warning") if oddity.severity == "error" else oddity


def _cases(tx: Tx) -> Mapping[str, Sequence[_Case]]:
    """What each kind of action can be about; kinds that are not listed are about a project, as a reminder."""
    projects = [
        p
        for row in tx.records("policy_check.projects")
        if (p := tx.row("gates.project", Project, project_id=row["project_id"]))
    ]
    people = [
        who
        for row in tx.records("policy_check.people")
        if (who := tx.row("gates.person", Person, person_id=row["person_id"]))
    ]
    on_projects = [_Case(p.name, (p,)) for p in _distinct(projects, _who_answers)]
    teams = _distinct(people, lambda p: (p.practice, p.office))
    managed = _distinct(people, lambda p: (p.practice, p.office, p.manager_id))
    cases: dict[str, Sequence[_Case]] = {"send_reminder": on_projects}
    for kind in _ON_A_PROJECT:
        cases[kind] = [
            _Case(f"{c.label} with people of {p.practice}, {p.office}", c.projects, p)
            for c in on_projects
            for p in teams
        ]
    for kind in _ON_THEIR_OWN:
        cases[kind] = [_Case(f"{p.name} of {p.practice}, {p.office}", (), p) for p in managed]
    for kind in _OF_THE_FIRM:
        cases[kind] = [_Case("the firm")]
    return cases


def _distinct(found: Sequence[R], key: Callable[[R], object]) -> list[R]:
    """The first of each."""
    return list({key(f): f for f in reversed(found)}.values())[::-1]


def _who_answers(project: Project) -> object:
    """Projects for which the same people answer, as far as records of projects and clients say. A contract's
    signatories and a budget's owners are the project's own."""
    return (
        project.practice,
        project.office,
        project.client_id,
        project.contract_id,
        project.manager_id,
    )


def _about(when: Condition, case: _Case, policy: PolicySet) -> bool:
    """Whether a rule can hold for a case, as far as practice, office and client go."""
    project = case.projects[0] if case.projects else None
    place: Project | Person | None = project or case.person
    client = project.client_id if project else None
    offices = {office for region in when.region for office in policy.regions[region]}
    return (
        (not when.practice or (place is not None and place.practice in when.practice))
        and (not when.office or (place is not None and place.office in when.office))
        and (not when.region or (place is not None and place.office in offices))
        and (not when.client or client in when.client)
    )


def _try(tx: Tx, policy: PolicySet, rule: Rule, kind: ActionKind, case: _Case) -> Iterator[_Oddity]:
    """Resolve the rule for the case: with everybody there, and with each of its people away."""
    finding = Finding(Facts(action=kind), case.projects, case.person)

    def resolved(rule: Rule, *barred: str, escalated: Sequence[int] = ()) -> Resolved:
        return resolve(tx, policy, rule, finding, barred, escalated=escalated)

    steps = rule.gate.steps
    widest = resolved(rule, escalated=range(len(steps)))
    lonely = set()
    for i, step in enumerate(steps):
        people = {c.person_id: c.name for c in widest.steps[i]}
        if not people:
            yield _Oddity("nobody", "error", rule.name, step.name, "Nobody is found, nor a stand-in.")
        elif len(people) == 1:
            lonely |= set(people)
            (name,) = people.values()
            yield _Oddity(
                "one-person", "warning", rule.name, step.name, f"Only {name} can sign, and nobody stands in."
            )
        elif not widest.first[i]:
            yield _Oddity(
                "nobody", "note", rule.name, step.name, "Only its stand-ins are found: they sign every time."
            )
    if not all(widest.people):
        return
    if not resolved(rule).complete:
        rescued = rule != policy.rules[-1] and resolved(policy.rules[-1]).complete
        yield _Oddity(
            "too-few-people",
            "warning" if rescued else "error",
            rule.name,
            "",
            f"Its {sum(widest.needed)} signatures cannot come from different people"
            + (": the last rule holds instead." if rescued else ", and the last rule's cannot either."),
        )
        return
    names = {c.person_id: c.name for people in widest.steps for c in people}
    for person_id in sorted(set(names) - lonely):
        if not resolved(rule, person_id).complete:
            yield _Oddity(
                "stuck-without",
                "warning",
                rule.name,
                "",
                f"Cannot be signed when {names[person_id]} is away, or proposes it.",
            )


def _finding(oddity: _Oddity, places: Sequence[str]) -> LintFinding:
    shown = list(dict.fromkeys(places))
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return LintFinding(
        check=oddity.check,
        severity=oddity.severity,
        rules=(oddity.rule,),
        step=oddity.step,
        says=oddity.says,
        example=", ".join(shown[:_SHOWN]) + more,
    )


def _unknown_names(tx: Tx, policy: PolicySet) -> Iterator[LintFinding]:
    """Practices, offices, clients and people that the policy names and the firm does not have."""
    known = tx.row("policy_check.names", _Names)
    assert known is not None  # a query without a table has one row

    def unknown(rule: str, what: str, names: Sequence[str], there: Sequence[str]) -> Iterator[LintFinding]:
        for name in sorted(set(names) - set(there)):
            yield LintFinding(
                check="unknown-name",
                severity="warning",
                rules=(rule,) if rule else (),
                says=f"The firm has no {what} '{name}'.",
            )

    for rule in policy.rules:
        yield from unknown(rule.name, "practice", rule.when.practice, known.practice)
        yield from unknown(rule.name, "office", rule.when.office, known.office)
        yield from unknown(rule.name, "client", rule.when.client, known.client)
        named = [s.person for step in rule.gate.steps for s in step.sources if s.person]
        yield from unknown(rule.name, "person", named, known.person)
    for offices in policy.regions.values():
        yield from unknown("", "office", offices, known.office)
    for people in policy.groups.values():
        yield from unknown("", "person", people, known.person)


def _currencies(tx: Tx, policy: PolicySet) -> Iterator[LintFinding]:
    rates = {policy.currency, *policy.exchange_rates}
    for currency in sorted(set(tx.value("policy_check.currencies")) - rates):
        yield LintFinding(
            check="no-exchange-rate",
            severity="warning",
            rules=(),
            says=f"The firm has records in {currency}, and the policy has no exchange rate for it: where a "
            "rule asks for money, they meet the last rule.",
        )
