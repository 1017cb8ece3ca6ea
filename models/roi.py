"""What the audit log allows to say about the return: hours of coordination avoided, days of cycle time,
leakage caught. Each figure is held against a stated counterfactual and comes with an interval. Pure.

The interval is a Monte Carlo of what is uncertain: the counterfactual, drawn from the triangle of its range,
and which matters came up, by the bootstrap over proposals (B. Efron, 'Bootstrap methods', 1979). It holds 90%
of the draws, widened where need be to hold the figure itself. It says nothing about assumptions that are
wrong beyond their range."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Literal, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from models.actions import ActionKind
from models.errors import BadInput, Problem

Floats = npt.NDArray[np.float64]

DRAWS = 2_000
SEED = 20_261_123
EXACT_UP_TO = 300  # proposals; the bootstrap of more is taken in its normal limit, which has its moments
QUANTILES = (0.05, 0.95)

LineName = Literal["hours_avoided", "days_gained", "days_lost", "days_net", "leakage_caught"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Model):
    """A value nobody knows: how low and how high it may be, and what is likely."""

    low: float
    likely: float
    high: float
    because: str

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 <= self.low <= self.likely <= self.high:
            raise ValueError("a range is 0 <= low <= likely <= high")
        return self

    def draw(self, random: np.random.Generator, size: int) -> Floats:
        if self.low == self.high:
            return np.full(size, self.low)
        return random.triangular(self.low, self.likely, self.high, size)


class Assumptions(_Model):
    """The counterfactuals: what `models/roi.yaml` holds."""

    name: str
    coordination_minutes: Range
    settled_after_days: Mapping[ActionKind, Range]
    leaked_share: Mapping[ActionKind, Range]
    not_counted: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if any(share.high > 1 for share in self.leaked_share.values()):
            raise ValueError("a leaked share is at most 1")
        return self


@dataclass(frozen=True)
class Case:
    """What the log says of one proposal in the period."""

    proposal_id: UUID
    kind: ActionKind
    verdicts: int  # proposal.decided
    days: float | None  # from submission to the verdict that settled it; None: not settled in the period
    amount: float | None  # of what was carried out in the period, in the ledger's currency; else None
    last_at: datetime
    entries: int  # of the log


class Part(_Model):
    """What one kind of proposal adds."""

    kind: ActionKind
    point: float
    proposals: int
    assumes: Range


class Line(_Model):
    """A figure with its interval and where it comes from."""

    name: LineName
    point: float
    low: float
    high: float
    proposals: int  # that add to it
    parts: tuple[Part, ...]


def parse_assumptions(text: str, file: str) -> Assumptions:
    """Raises BadInput naming the place and the reason of each fault."""
    try:
        return Assumptions.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        raise BadInput([Problem(file, mark.line + 1 if mark else 1, "", "not YAML")]) from e
    except ValidationError as e:
        raise BadInput([Problem(file, 1, ".".join(map(str, f["loc"])), f["msg"]) for f in e.errors()]) from e


@cache
def default_assumptions() -> Assumptions:
    return parse_assumptions((resources.files("models") / "roi.yaml").read_text("utf-8"), "roi.yaml")


def returns(cases: Sequence[Case], assumed: Assumptions, *, seed: int = SEED) -> tuple[Line, ...]:
    """The lines of the ledger, in the order of LineName; none where nothing was decided."""
    if not any(case.verdicts for case in cases):
        return ()
    random = np.random.default_rng(seed)
    verdicts = _by_kind(cases, lambda c: c.verdicts or None)
    days = _by_kind(cases, lambda c: c.days, assumed.settled_after_days)
    money = _by_kind(cases, lambda c: c.amount, assumed.leaked_share)
    minutes = dict.fromkeys(verdicts, assumed.coordination_minutes)
    settled = {kind: assumed.settled_after_days[kind] for kind in days}
    leaked = {kind: assumed.leaked_share[kind] for kind in money}

    def gained(values: Floats, settled_after: float) -> Floats:
        return np.maximum(settled_after - values, 0.0)

    def lost(values: Floats, settled_after: float) -> Floats:
        return np.maximum(values - settled_after, 0.0)

    return (
        _line("hours_avoided", verdicts, minutes, lambda v, m: v * m / 60, random, shared=True),
        _line("days_gained", days, settled, gained, random),
        _line("days_lost", days, settled, lost, random),
        _line("days_net", days, settled, lambda v, s: s - v, random),
        _line("leakage_caught", money, leaked, lambda v, share: v * share, random),
    )


def _by_kind(
    cases: Sequence[Case],
    value: Callable[[Case], float | None],
    known: Mapping[ActionKind, Range] | None = None,
) -> dict[ActionKind, Floats]:
    """The values of the cases that have one, by kind."""
    found: dict[ActionKind, list[float]] = {}
    for case in cases:
        number = value(case)
        if number is not None and (known is None or case.kind in known):
            found.setdefault(case.kind, []).append(number)
    return {kind: np.array(numbers) for kind, numbers in sorted(found.items())}


def _line(
    name: LineName,
    values: Mapping[ActionKind, Floats],
    ranges: Mapping[ActionKind, Range],
    adds: Callable[[Floats, float], Floats],
    random: np.random.Generator,
    *,
    shared: bool = False,
) -> Line:
    """One figure over all kinds. `adds(values, parameter)`: what each proposal adds. `shared`: one draw of
    the parameter holds for all kinds."""
    parts = tuple(
        Part(
            kind=kind, point=float(adds(v, ranges[kind].likely).sum()), proposals=len(v), assumes=ranges[kind]
        )
        for kind, v in values.items()
    )
    point = sum(part.point for part in parts)
    drawn = np.zeros(DRAWS)
    parameters: Floats | None = None
    for kind, v in values.items():
        if parameters is None or not shared:
            parameters = ranges[kind].draw(random, DRAWS)
        drawn += _resampled(v, parameters, adds, random)
    low, high = (float(q) for q in np.quantile(drawn, QUANTILES))
    return Line(
        name=name,
        point=point,
        low=min(low, point),
        high=max(high, point),
        proposals=sum(part.proposals for part in parts),
        parts=parts,
    )


def _resampled(
    values: Floats, parameters: Floats, adds: Callable[[Floats, float], Floats], random: np.random.Generator
) -> Floats:
    """The sum over a bootstrap sample of the values, once for each parameter."""
    n = len(values)
    if n <= EXACT_UP_TO:
        counts = random.multinomial(n, np.full(n, 1 / n), size=len(parameters))
        return np.array([c @ adds(values, p) for c, p in zip(counts, parameters, strict=True)])
    # The moments change smoothly with the parameter: at a grid of it they are exact enough.
    grid = np.linspace(parameters.min(), parameters.max(), 25)
    added = np.stack([adds(values, p) for p in grid])
    total = np.interp(parameters, grid, added.sum(axis=1))
    spread = np.interp(parameters, grid, added.std(axis=1) * np.sqrt(n))
    drawn: Floats = total + spread * random.standard_normal(len(parameters))
    return drawn
