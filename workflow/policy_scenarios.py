"""Scenarios of a policy held against the firm's people. Role: workflow."""

from collections.abc import Iterator

from models.access import NotFound
from models.policy import PolicySet
from models.policy_match import match
from models.policy_scenarios import Outcome, Scenario, judge
from store.db import Tx
from workflow.findings import Finding, Person, Project
from workflow.gates import Resolved, resolve


def judge_people(tx: Tx, policy: PolicySet, scenario: Scenario, file: str = "") -> Outcome:
    """Hold a policy against a scenario, the people included. Raises NotFound for a project or a person that
    the firm does not have."""
    outcome = judge(policy, scenario, file)
    if outcome.faults or not scenario.asks_for_people:
        return outcome
    finding = _finding(tx, scenario)
    behind = {scenario.about.proposer, *scenario.facts.beneficiaries, *scenario.facts.subjects}
    barred = tx.value("gates.persons_of", ids=sorted(b for b in behind if b))
    resolved = resolve(tx, policy, match(policy, finding.facts).rule, finding, barred)
    return outcome.model_copy(update={"faults": tuple(_faults(resolved, scenario)), "people_judged": True})


def _finding(tx: Tx, scenario: Scenario) -> Finding:
    about = scenario.about
    project = tx.row("gates.project", Project, project_id=about.project) if about.project else None
    person = tx.row("gates.person", Person, person_id=about.person) if about.person else None
    if about.project and project is None:
        raise NotFound(what="project", id=about.project)
    if about.person and person is None:
        raise NotFound(what="person", id=about.person)
    return Finding(scenario.facts, (project,) if project else (), person)


def _faults(resolved: Resolved, scenario: Scenario) -> Iterator[str]:
    for step, people in zip(scenario.steps or (), resolved.people, strict=True):
        found = ", ".join(sorted(people)) or "nobody"
        for person_id in step.may_sign:
            if person_id not in people:
                yield f"'{step.name}' cannot be signed by {person_id}, only by {found}"
        for person_id in step.may_not_sign:
            if person_id in people:
                yield f"'{step.name}' can be signed by {person_id}"
