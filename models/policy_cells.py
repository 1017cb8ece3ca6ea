"""Conditions as boxes, exactly: every fact is cut into the cells that a policy can tell apart, a condition is
a set of cells of each fact, and a rule's region is its box less those of the rules before it.

A number is cut at the policy's thresholds, a name at the names that the policy mentions. Inside a product of
cells no rule changes its mind, so what holds for one case there holds for all of them. What is not known is
left out: it always meets the last rule (models/policy_match.py)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any, Literal, get_args

from models.actions import ACTION_KINDS, ActionKind
from models.money import Money
from models.policy import Condition, Facts, PolicySet, Sensitivity

Number = Literal["amount", "margin", "margin_effect", "contract_value", "confidence"]
NUMBERS: tuple[Number, ...] = get_args(Number)
_NAMES = ("contract_kind", "client", "practice", "office")
FACTS = ("action", *_NAMES, "sensitivity", "proposer_role", *NUMBERS)
_BOUNDS: Mapping[Number, tuple[str, str]] = {  # at least, below
    "amount": ("amount_at_least", "amount_below"),
    "margin": ("", "margin_below"),
    "margin_effect": ("", "margin_effect_below"),
    "contract_value": ("contract_value_at_least", "contract_value_below"),
    "confidence": ("", "confidence_below"),
}
_SENSITIVE: tuple[Sensitivity, ...] = tuple(s for s in get_args(Sensitivity) if s != "none")

Box = tuple[int, ...]  # for each of FACTS, the cells as bits


@dataclass(frozen=True)
class Interval:
    """low <= value < high; None is unbounded."""

    low: Decimal | None
    high: Decimal | None

    @property
    def inside(self) -> Decimal:
        """A value of it, the lowest that it has."""
        if self.low is not None:
            return self.low
        return self.high - (1 if self.high > 1 else Decimal("0.01")) if self.high is not None else Decimal(0)


@dataclass(frozen=True)
class Grid:
    """The cells of each fact, in order: numbers ascending, and None last where the fact can be absent or is a
    name that no rule mentions."""

    policy: PolicySet
    cells: Mapping[str, Sequence[Any]]

    @classmethod
    def of(cls, policy: PolicySet) -> "Grid":
        conditions = [rule.when for rule in policy.rules]
        cells: dict[str, Sequence[Any]] = {"action": ACTION_KINDS}
        for name in _NAMES:
            mentioned = {v for when in conditions for v in _names(when, name, policy)}
            cells[name] = (*sorted(mentioned), None)
        cells["sensitivity"] = [("none",), *_subsets(_SENSITIVE)[1:]]
        cells["proposer_role"] = _subsets(sorted({r for when in conditions for r in when.proposer_role}))
        for number in NUMBERS:
            cells[number] = _intervals(number, conditions)
        return cls(policy, cells)

    def box(self, when: Condition) -> Box:
        """The cells that a condition holds in."""
        return tuple(
            sum(1 << i for i, cell in enumerate(self.cells[fact]) if _holds(when, fact, cell, self.policy))
            for fact in FACTS
        )

    def only(self, action: ActionKind) -> Box:
        """The cases of an action that is about nothing in the firm: no money, no client, no place."""
        found = []
        for fact, cells in ((fact, self.cells[fact]) for fact in FACTS):
            allowed = [cell == action if fact == "action" else cell is None for cell in cells]
            if fact in ("proposer_role", "confidence"):
                allowed = [True] * len(cells)
            elif fact == "sensitivity":
                allowed = [cell == ("none",) for cell in cells]
            found.append(sum(1 << i for i, yes in enumerate(allowed) if yes))
        return tuple(found)

    def regions(self) -> list[list[Box]]:
        """For each rule the cases that come to it, as boxes that do not overlap: its own less all earlier."""
        earlier: list[Box] = []
        found = []
        for rule in self.policy.rules:
            own = self.box(rule.when)
            left = [own] if all(own) else []
            for box in earlier:
                left = [part for whole in left for part in minus(whole, box)]
            found.append(left)
            earlier.append(own)
        return found

    def _open(self, fact: str, bits: int) -> bool:
        """Whether a box leaves it open if there is such a fact at all."""
        cells = self.cells[fact]
        return bits == (1 << len(cells)) - 1 and (
            cells[-1] is None or (fact == "confidence" and len(cells) == 1)
        )

    def case(self, box: Box) -> Facts:
        """Facts inside a box: the first cell of what it is about, nothing of what it leaves open."""
        chosen = {
            fact: None if self._open(fact, bits) else self.cells[fact][_lowest(bits)]
            for fact, bits in zip(FACTS, box, strict=True)
        }
        numbers: dict[str, Any] = {n: c.inside if (c := chosen[n]) is not None else None for n in NUMBERS}
        for name in ("amount", "contract_value"):
            if numbers[name] is not None:
                numbers[name] = Money(amount=numbers[name], currency=self.policy.currency)
        return Facts.model_validate(
            {
                "action": chosen["action"],
                "contract_kind": chosen["contract_kind"],
                "client_id": chosen["client"],
                "practice": chosen["practice"],
                "office": chosen["office"],
                "sensitivity": chosen["sensitivity"],
                "proposer_roles": chosen["proposer_role"],
                **numbers,
            }
        )


def meet(a: Box, b: Box) -> Box | None:
    """What two boxes share."""
    both = tuple(x & y for x, y in zip(a, b, strict=True))
    return both if all(both) else None


def minus(a: Box, b: Box) -> Iterator[Box]:
    """What is in `a` and not in `b`, as boxes that do not overlap: fact by fact, the part outside `b`, and on
    with the part inside."""
    if meet(a, b) is None:
        yield a
        return
    for i, (mine, theirs) in enumerate(zip(a, b, strict=True)):
        if outside := mine & ~theirs:
            yield (*(x & y for x, y in zip(a[:i], b[:i], strict=True)), outside, *a[i + 1 :])


def within(a: Box, b: Box) -> bool:
    """Whether every case of `a` is one of `b`."""
    return all(x & ~y == 0 for x, y in zip(a, b, strict=True))


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """All of them, small ones first."""
    return [chosen for size in range(len(names) + 1) for chosen in combinations(names, size)]


def _names(when: Condition, fact: str, policy: PolicySet) -> set[str]:
    """The names that a condition mentions of a fact; a region is its offices."""
    named = set(getattr(when, fact))
    if fact == "office":
        named |= {office for region in when.region for office in policy.regions[region]}
    return named


def _intervals(number: Number, conditions: Sequence[Condition]) -> list[Interval | None]:
    cuts = sorted({b for when in conditions for b in _bounds(when, number) if b is not None})
    edges = [None, *cuts, None]
    found: list[Interval | None] = [Interval(a, b) for a, b in pairwise(edges)]
    return found if number == "confidence" else [*found, None]  # one that was not said is unknown


def _bounds(when: Condition, number: Number) -> tuple[Decimal | None, Decimal | None]:
    low, high = _BOUNDS[number]
    return getattr(when, low) if low else None, getattr(when, high) if high else None


def _holds(when: Condition, fact: str, cell: Any, policy: PolicySet) -> bool:
    """Whether a condition holds in a cell, as far as this fact goes (models.policy_match.checks)."""
    if fact in NUMBERS:
        low, high = _bounds(when, fact)
        if low is None and high is None:
            return True
        if cell is None:
            return False
        return (low is None or (cell.low is not None and cell.low >= low)) and (
            high is None or (cell.high is not None and cell.high <= high)
        )
    if fact in ("sensitivity", "proposer_role"):
        allowed = getattr(when, fact)
        return not allowed or bool(set(allowed) & set(cell))
    if fact == "office" and when.region:
        offices = {office for region in when.region for office in policy.regions[region]}
        return cell in offices and (not when.office or cell in when.office)
    allowed = getattr(when, fact)
    return not allowed or cell in allowed
