"""What is odd about a policy, found from the policy alone: exact reasoning over the cells that it can tell
apart (models/policy_cells.py), with an example case for each finding. What depends on the firm's people and
records is found by workflow/policy_people.py."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models.actions import ACTION_KINDS, ActionKind
from models.policy import LEAST_SIGNATURES, Facts, PolicySet, Rule, signatures
from models.policy_cells import FACTS, NUMBERS, Box, Grid, Number, meet, within

Severity = Literal[
    "error",  # cannot be meant: the command ends with 1
    "warning",  # works, and probably not as meant
    "note",  # worth knowing
]
Check = Literal[
    "overlap",  # two rules hold for one case; the earlier wins
    "unreachable",  # the rules before it take every case
    "weaker-for-more",  # a larger amount, thinner margin... meets fewer signatures
    "policy-change",  # fewer than two people could change the policy
    "only-the-last-rule",  # a kind of action without a rule of its own
    "unknown-name",  # nothing in the firm has this name
    "no-exchange-rate",  # the firm uses a currency that thresholds cannot be applied to
    "nobody",  # a step for which nobody is found
    "too-few-people",  # a gate that the firm's people cannot fill
    "stuck-without",  # a gate that cannot be filled when one person is away, or proposes it
    "one-person",  # a step that one person alone can sign, now or as a stand-in
]
# Which way a number asks for more care.
_MORE: dict[Number, Literal["larger", "smaller"]] = {
    "amount": "larger",
    "contract_value": "larger",
    "margin": "smaller",
    "margin_effect": "smaller",
    "confidence": "smaller",
}


class LintFinding(BaseModel):
    """One thing that is odd, in which rules."""

    model_config = ConfigDict(frozen=True)

    check: Check
    severity: Severity
    rules: tuple[str, ...]
    step: str = ""
    says: str
    example: str = ""  # a case, or the places of the firm, where it shows


def lint(policy: PolicySet) -> list[LintFinding]:
    """Everything that is odd, errors first."""
    grid = Grid.of(policy)
    regions = grid.regions()
    found = [
        *_unreachable(policy, regions),
        *_overlaps(policy, grid, regions),
        *_weaker_for_more(policy, grid, regions),
        *_policy_change(policy, grid, regions),
        *_only_the_last(policy, regions),
    ]
    return in_order(found)


def in_order(found: list[LintFinding]) -> list[LintFinding]:
    """Errors first, then warnings, then notes."""
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda f: rank[f.severity])


def case_in_words(facts: Facts) -> str:
    """'create assignment, amount EUR 50,000.00, margin 14 percent'."""
    parts = [facts.action.replace("_", " ")]
    if facts.amount is not None:
        parts.append(f"an amount of {facts.amount}")
    if facts.margin is not None:
        parts.append(f"a margin of {facts.margin * 100:f} percent")
    if facts.margin_effect is not None:
        parts.append(f"{facts.margin_effect:f} points on the project's margin")
    if facts.contract_value is not None:
        parts.append(f"a contract worth {facts.contract_value}")
    if facts.confidence is not None:
        parts.append(f"a confidence of {facts.confidence:f}")
    for what, name in (
        ("contract", facts.contract_kind),
        ("client", facts.client_id),
        ("practice", facts.practice),
        ("office", facts.office),
    ):
        if name is not None:
            parts.append(f"{what} {name.replace('_', ' ')}")
    if facts.sensitivity != ("none",):
        parts.append(f"data {' and '.join(facts.sensitivity).replace('_', ' ')}")
    if facts.proposer_roles:
        parts.append(f"asked by {' and '.join(facts.proposer_roles).replace('_', ' ')}")
    return ", ".join(parts)


def kinds_taken(policy: PolicySet) -> list[list[ActionKind]]:
    """For each rule the kinds of action that come to it, as far as all is known."""
    return [_kinds(region) for region in Grid.of(policy).regions()]


def _kinds(region: list[Box]) -> list[ActionKind]:
    at = FACTS.index("action")
    return [kind for i, kind in enumerate(ACTION_KINDS) if any(box[at] & 1 << i for box in region)]


def _unreachable(policy: PolicySet, regions: list[list[Box]]) -> Iterator[LintFinding]:
    for rule, region in zip(policy.rules[:-1], regions, strict=False):
        if not region:
            yield LintFinding(
                check="unreachable",
                severity="error",
                rules=(rule.name,),
                says=f"'{rule.name}' never holds: the rules before it take every case.",
            )


def _overlaps(policy: PolicySet, grid: Grid, regions: list[list[Box]]) -> Iterator[LintFinding]:
    """Pairs that both match a case that comes to the earlier of them. A special case before a general one is
    how rules are meant to be written: a note."""
    boxes = [grid.box(rule.when) for rule in policy.rules]
    for i, first in enumerate(policy.rules[:-1]):
        for j in range(i + 1, len(policy.rules) - 1):
            second = policy.rules[j]
            if not regions[j]:
                continue
            shared = next((s for part in regions[i] if (s := meet(part, boxes[j]))), None)
            if shared is None:
                continue
            meant = within(boxes[i], boxes[j]) or first.gate == second.gate
            yield LintFinding(
                check="overlap",
                severity="note" if meant else "warning",
                rules=(first.name, second.name),
                says=f"'{first.name}' and '{second.name}' can both hold; the first one wins.",
                example=case_in_words(grid.case(shared)),
            )


def _weaker_for_more(policy: PolicySet, grid: Grid, regions: list[list[Box]]) -> Iterator[LintFinding]:
    for strong, strong_region in zip(policy.rules, regions, strict=True):
        for weak, weak_region in zip(policy.rules, regions, strict=True):
            if signatures(weak.gate) >= signatures(strong.gate):
                continue
            for number in NUMBERS:
                if example := _worse(grid, number, strong_region, weak_region):
                    yield _weaker(number, strong, weak, *example)
                    break


def _worse(grid: Grid, number: Number, strong: list[Box], weak: list[Box]) -> tuple[Facts, Facts] | None:
    """A case of `strong` and one of `weak` that differ in this number only, `weak` having the worse one."""
    at = FACTS.index(number)
    numbers = sum(1 << i for i, cell in enumerate(grid.cells[number]) if cell is not None)
    for a in strong:
        for b in weak:
            mine, theirs = a[at] & numbers, b[at] & numbers
            rest = meet(_with(a, at, numbers), _with(b, at, numbers))
            if not mine or not theirs or rest is None:
                continue
            if _MORE[number] == "larger":
                low, high = mine & -mine, 1 << (theirs.bit_length() - 1)
                worse = high > low
            else:
                low, high = 1 << (mine.bit_length() - 1), theirs & -theirs
                worse = high < low
            if worse:
                return grid.case(_with(rest, at, low)), grid.case(_with(rest, at, high))
    return None


def _with(box: Box, at: int, bits: int) -> Box:
    return (*box[:at], bits, *box[at + 1 :])


def _weaker(number: Number, strong: Rule, weak: Rule, better: Facts, worse: Facts) -> LintFinding:
    return LintFinding(
        check="weaker-for-more",
        severity="warning",
        rules=(strong.name, weak.name),
        says=f"A {_MORE[number]} {number.replace('_', ' ')} can meet fewer signatures: "
        f"{signatures(strong.gate)} under '{strong.name}', {signatures(weak.gate)} under '{weak.name}'.",
        example=f"{case_in_words(better)}; and {case_in_words(worse)}",
    )


def _policy_change(policy: PolicySet, grid: Grid, regions: list[list[Box]]) -> Iterator[LintFinding]:
    change, least = grid.only("change_policy"), LEAST_SIGNATURES["change_policy"]
    for rule, region in zip(policy.rules, regions, strict=True):
        if signatures(rule.gate) < least and any(meet(box, change) for box in region):
            last = signatures(policy.rules[-1].gate)
            instead = (
                "the last rule holds instead" if last >= least else "nobody could ever change this policy"
            )
            yield LintFinding(
                check="policy-change",
                severity="error",
                rules=(rule.name,),
                says=f"A change of the policy needs {least} signatures, and '{rule.name}' asks for fewer: "
                f"{instead}.",
            )


def _only_the_last(policy: PolicySet, regions: list[list[Box]]) -> Iterator[LintFinding]:
    """Kinds of action that no other rule takes any case of."""
    taken = {kind for region in regions[:-1] for kind in _kinds(region)}
    bare = [kind for kind in ACTION_KINDS if kind not in taken]
    if bare and len(policy.rules) > 1:
        last = policy.rules[-1]
        yield LintFinding(
            check="only-the-last-rule",
            severity="note",
            rules=(last.name,),
            says=f"No rule but '{last.name}' takes {', '.join(bare).replace('_', ' ')}: "
            f"{signatures(last.gate)} signatures each time.",
        )
