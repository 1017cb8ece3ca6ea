"""Two runs of a suite side by side, on the cases that both have: what changed, by how much more than chance,
for whom, and which cases."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal, get_args

import pandas as pd

from evals.cases import GroupName, Row
from evals.intervals import DRAWS, holm, paired
from evals.metrics import Better, Metric, frame, standing
from evals.runs import Run
from evals.suite import suite
from models.errors import ChargehandError, Retry

SIGNIFICANT = 0.05
GROUPS: tuple[GroupName, ...] = get_args(GroupName)
SAID = 16  # hexadecimal digits of the hash of what a case says: enough for two cases under one id
SLICE_DRAWS = 200  # a standard error needs fewer resamples than a quantile

Side = Literal["better", "worse", "not told apart"]


class NotComparable(ChargehandError):
    """{before} and {after} cannot be compared: {reason}."""

    status = 409
    retry: ClassVar[Retry] = "with a fix"


@dataclass(frozen=True)
class Difference:
    """A metric before and after, on the cases both have, epochs averaged."""

    metric: str
    better: Better
    before: float  # NaN where the metric is not defined for these cases
    after: float
    difference: float  # after less before
    low: float | None  # 95% interval over clusters; None where there is too little to say
    high: float | None
    p: float | None  # two-sided, of no difference
    cases: int
    clusters: int

    @property
    def verdict(self) -> Side:
        """What may be said of it: a difference that chance makes as well in one of twenty is none."""
        if self.p is None or self.p >= SIGNIFICANT:
            return "not told apart"
        return "worse" if self.worse else "better"

    @property
    def worse(self) -> bool:
        """Whether it went the wrong way at all, by chance or not."""
        return self.difference < 0 if self.better == "high" else self.difference > 0


@dataclass(frozen=True)
class Flip:
    """A case that is right (in more than half of its epochs) in one run and not in the other, with the epoch
    that shows it."""

    before: Row
    after: Row


@dataclass(frozen=True)
class Slice:
    """The deciding metric on the cases of one group, with Holm's correction for the number of slices."""

    group: GroupName
    value: str
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    before: Run
    after: Run
    differences: tuple[Difference, ...]  # the deciding one first
    lost: tuple[Flip, ...]
    gained: tuple[Flip, ...]
    slices: tuple[Slice, ...]
    only_before: tuple[str, ...]  # ids of cases that only one of them has, or that say something else
    only_after: tuple[str, ...]

    @cached_property
    def worse_slices(self) -> tuple[Slice, ...]:
        """Those that got worse though the whole did not, the least likely by chance first; the verdict of
        each says whether it may be chance."""
        if self.differences[0].worse:
            return ()
        worse = [s for s in self.slices if s.difference.worse]
        return tuple(sorted(worse, key=lambda s: 1.0 if s.difference.p is None else s.difference.p))


def compare(before: Run, after: Run) -> Comparison:
    """Raises NotComparable where they are of two suites or have no case in common."""
    names = {"before": before.facts.run_id, "after": after.facts.run_id}
    if before.facts.suite != after.facts.suite:
        raise NotComparable(reason=f"{before.facts.suite} and {after.facts.suite} are two suites", **names)
    same = common(said_in(before.rows), said_in(after.rows))
    if not same:
        raise NotComparable(reason="no case of one is a case of the other", **names)
    metrics = metrics_of(after.facts.suite, min(before.facts.epochs, after.facts.epochs))
    tables = aligned(frame(before.rows), same), aligned(frame(after.rows), same)
    lost, gained = flips(before.rows, after.rows, same)
    return Comparison(
        before,
        after,
        differences=tuple(difference(m, *tables) for m in metrics),
        lost=lost,
        gained=gained,
        slices=slices(metrics[0], *tables),
        only_before=_others(before.rows, same),
        only_after=_others(after.rows, same),
    )


def metrics_of(name: str, epochs: int) -> tuple[Metric, ...]:
    """Of a suite: its own, the deciding one first, then those that never decide."""
    return (*suite(name).metrics, *standing(epochs))


def said_in(rows: Sequence[Row]) -> dict[str, str]:
    """A hash of what each case says and what is expected of it, by id, in the rows' order."""
    return {r.id: hashlib.sha256(json.dumps([r.text, r.expected]).encode()).hexdigest()[:SAID] for r in rows}


def common(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The ids of the cases that are in both and say the same there."""
    return [id for id, said in after.items() if before.get(id) == said]


def aligned(table: pd.DataFrame, ids: Sequence[str]) -> pd.DataFrame:
    """The table of `frame` for these cases, in this order."""
    return table.set_index("id").loc[list(ids)].reset_index()


def difference(metric: Metric, before: pd.DataFrame, after: pd.DataFrame, draws: int = DRAWS) -> Difference:
    """Of two tables of the same cases in the same order."""
    was, is_ = metric.of(before), metric.of(after)
    low, high, p = paired(metric, before, after, draws)
    return Difference(
        metric=metric.name,
        better=metric.better,
        before=was,
        after=is_,
        difference=is_ - was,
        low=low,
        high=high,
        p=p,
        cases=len(after),
        clusters=after["cluster"].nunique(),
    )


def slices(
    metric: Metric, before: pd.DataFrame, after: pd.DataFrame, groups: Sequence[GroupName] = GROUPS
) -> tuple[Slice, ...]:
    """For every value of these groups that some cases have and others do not, in `after`."""
    found = [
        Slice(name, str(value), difference(metric, before.loc[part], after.loc[part], SLICE_DRAWS))
        for name, value, part in _parts(after, groups)
    ]
    tested = [s.difference.p for s in found if s.difference.p is not None]
    corrected = iter(holm(tested))
    return tuple(
        s if s.difference.p is None else replace(s, difference=replace(s.difference, p=next(corrected)))
        for s in found
    )


def flips(
    before: Sequence[Row], after: Sequence[Row], ids: Sequence[str]
) -> tuple[tuple[Flip, ...], tuple[Flip, ...]]:
    """Cases that were right and are no longer, and cases that are right now."""
    was, is_ = right_by_case(before), right_by_case(after)
    flipped = {
        id: Flip(_showing(before, id, was[id]), _showing(after, id, is_[id]))
        for id in ids
        if was[id] != is_[id]
    }
    lost = tuple(flip for id, flip in flipped.items() if was[id])
    gained = tuple(flip for id, flip in flipped.items() if is_[id])
    return lost, gained


def right_by_case(rows: Sequence[Row]) -> dict[str, bool]:
    """Whether each case is right in more than half of its epochs."""
    epochs = defaultdict(list)
    for row in rows:
        epochs[row.id].append(row.verdict.passed)
    return {id: 2 * sum(passed) > len(passed) for id, passed in epochs.items()}


def _parts(
    table: pd.DataFrame, groups: Sequence[GroupName]
) -> Iterator[tuple[GroupName, str, "pd.Index[int]"]]:
    for name in groups:
        column = f"group:{name}"
        if column in table:
            for value, part in table.groupby(column, sort=True):
                if len(part) < len(table):
                    yield name, str(value), part.index


def _showing(rows: Sequence[Row], id: str, passed: bool) -> Row:
    return next(r for r in rows if r.id == id and r.verdict.passed is passed)


def _others(rows: Sequence[Row], same: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({r.id for r in rows} - set(same)))
