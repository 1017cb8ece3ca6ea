"""Scenarios of a policy: facts, and what they must meet. What a change of the policy must not break is
written down as such a file and held against every candidate."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import BadInput, Problem
from models.policy import Facts, PolicySet, Rule, Step, signatures
from models.policy_match import match


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class About(_Model):
    """Whom and what it is about in the firm: what people are found by."""

    proposer: str | None = None
    project: str | None = None
    person: str | None = None  # who is assigned, or developed


class ExpectedStep(_Model):
    """A step of the gate, by name, and who may sign it."""

    name: str
    asked: tuple[str, ...] | None = None  # exactly these roles, relations, groups or people, in order
    not_asked: tuple[str, ...] = ()
    may_sign: tuple[str, ...] = ()  # person ids: judged where a database is given
    may_not_sign: tuple[str, ...] = ()


class Scenario(_Model):
    """One case. What is left out is not judged."""

    name: str
    because: str = ""
    facts: Facts
    about: About = About()
    rule: str
    signatures: int | None = None  # the fewest people
    steps: tuple[ExpectedStep, ...] | None = None  # all of them, in order

    @property
    def asks_for_people(self) -> bool:
        return any(step.may_sign or step.may_not_sign for step in self.steps or ())


class _File(_Model):
    scenarios: tuple[Scenario, ...]


class Outcome(_Model):
    """What became of a scenario."""

    file: str
    name: str
    rule: str  # that it met
    why: tuple[str, ...]
    faults: tuple[str, ...]
    people_judged: bool = True

    @property
    def passed(self) -> bool:
        return not self.faults


def parse_scenarios(text: str, file: str) -> tuple[Scenario, ...]:
    """Scenarios from YAML. Raises BadInput naming the place and the reason for each fault."""
    try:
        return _File.model_validate(yaml.safe_load(text)).scenarios
    except yaml.YAMLError as e:
        mark: Any = getattr(e, "problem_mark", None)
        problem = getattr(e, "problem", None) or "not YAML"
        raise BadInput([Problem(file, mark.line + 1 if mark else 1, "", problem)]) from e
    except ValidationError as e:
        raise BadInput([Problem(file, 1, ".".join(map(str, f["loc"])), f["msg"]) for f in e.errors()]) from e


def judge(policy: PolicySet, scenario: Scenario, file: str = "") -> Outcome:
    """Hold a policy against a scenario, as far as the policy alone tells: not who the people are."""
    found = match(policy, scenario.facts)
    return Outcome(
        file=file,
        name=scenario.name,
        rule=found.rule.name,
        why=found.why,
        faults=tuple(_faults(found.rule, scenario)),
        people_judged=not scenario.asks_for_people,
    )


def junit(policy_name: str, outcomes: list[Outcome]) -> str:
    """The outcomes as JUnit XML, as build servers read it."""
    failures = sum(not o.passed for o in outcomes)
    suite = ElementTree.Element(
        "testsuite", name=policy_name, tests=str(len(outcomes)), failures=str(failures)
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(suite, "testcase", classname=outcome.file, name=outcome.name)
        if not outcome.passed:
            ElementTree.SubElement(case, "failure", message=outcome.faults[0]).text = "\n".join(
                outcome.faults
            )
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _faults(rule: Rule, scenario: Scenario) -> Iterator[str]:
    if rule.name != scenario.rule:
        yield f"meets '{rule.name}', not '{scenario.rule}'"
        return
    if scenario.signatures is not None and signatures(rule.gate) != scenario.signatures:
        yield f"asks for {signatures(rule.gate)} signatures, not {scenario.signatures}"
    if scenario.steps is None:
        return
    names = [step.name for step in rule.gate.steps]
    expected = [step.name for step in scenario.steps]
    if names != expected:
        yield f"has the steps {', '.join(names)}, not {', '.join(expected)}"
        return
    for step, wanted in zip(rule.gate.steps, scenario.steps, strict=True):
        yield from _faults_of_step(step, wanted)


def _faults_of_step(step: Step, wanted: ExpectedStep) -> Iterator[str]:
    asked = [s.role or s.relation or s.group or s.person or "" for s in step.approvers]
    if wanted.asked is not None and asked != list(wanted.asked):
        yield f"'{step.name}' asks {', '.join(asked)}, not {', '.join(wanted.asked)}"
    for name in wanted.not_asked:
        if name in asked:
            yield f"'{step.name}' asks {name}"
