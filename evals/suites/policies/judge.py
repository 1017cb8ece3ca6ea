"""The verdict on a scene: the gate, who may sign it, and what became of each act are as they should be."""

from collections.abc import Iterator, Sequence

from evals.cases import Verdict, right, wrong
from evals.scenes.acts import Gate
from evals.scenes.play import Played
from evals.suites.policies.cases import ExpectedGate, Scene, Told


class Judged(Played):
    """What a scene came to, or what a scenario of facts met."""

    rule: str = ""
    faults: tuple[str, ...] = ()


def judge(case: Scene | Told, answer: Judged) -> Verdict:
    """Right when everything is as expected; the fault says the first thing that is not."""
    if isinstance(case, Told):
        expected, got, faults = case.scenario.rule, answer.rule, list(answer.faults)
    else:
        expected = case.row.refused or (case.row.gate.rule if case.row.gate else "")
        got = answer.refused or (answer.gate.rule if answer.gate else "")
        faults = list(_faults(case, answer))
    said = _words(answer)
    if faults:
        return wrong(said, faults[0], expected_label=expected, got_label=got, faults=len(faults))
    return right(said, label=expected, faults=0)


def _words(answer: Judged) -> str:
    first = answer.refused or (answer.gate.words if answer.gate else answer.rule)
    return "\n".join([first, *(h.came for h in answer.happened)])


def _faults(case: Scene, answer: Played) -> Iterator[str]:
    row = case.row
    if answer.refused != row.refused:
        yield f"Proposing it came to '{answer.refused or 'a proposal'}', not '{row.refused or 'a proposal'}'."
        return
    if row.gate:
        yield from _gate_faults(row.gate, answer.gate)
    for expected, happened in zip(row.then, answer.happened, strict=False):
        done = expected.act.words
        if happened.came != expected.comes:
            yield f"{done} came to '{happened.came}', not '{expected.comes}'."
        if expected.gate:
            yield from (f"After {done}: {f}" for f in _gate_faults(expected.gate, happened.gate))


def _gate_faults(expected: ExpectedGate, gate: Gate | None) -> Iterator[str]:
    if gate is None:
        yield "There is no gate."
        return
    if gate.rule != expected.rule:
        yield f"It meets '{gate.rule}', not '{expected.rule}'."
    if len(gate.steps) != len(expected.steps):
        yield f"The gate has {len(gate.steps)} steps, not {len(expected.steps)}."
        return
    for step, wanted in zip(gate.steps, expected.steps, strict=True):
        yield from _differ(f"'{step.name}' asks", wanted.asks, step.asks)
        yield from _differ(f"'{step.name}' has for stand-ins", wanted.stand_ins, step.stand_ins)
        if wanted.says_why and not step.comment:
            yield f"'{step.name}' wants no comment."
        if wanted.shows and not step.evidence:
            yield f"'{step.name}' wants no evidence."


def _differ(what: str, wanted: frozenset[str], found: Sequence[str]) -> Iterator[str]:
    if wanted != set(found):
        yield f"{what} {', '.join(found) or 'nobody'}, not {', '.join(sorted(wanted)) or 'nobody'}."
