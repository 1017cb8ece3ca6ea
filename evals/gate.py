"""Whether a run may be released: held against the limits of its suite and against a baseline, with the rows
that broke each limit by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evals.baselines import DIGITS, Baseline
from evals.cases import Row
from evals.compare import (
    Difference,
    NotComparable,
    aligned,
    common,
    difference,
    metrics_of,
    right_by_case,
    said_in,
    slices,
)
from evals.limits import Limit, SliceLimit, SuiteLimits
from evals.metrics import Metric, frame
from evals.runs import Run
from models.errors import ChargehandError, Retry

SPENT = ("seconds", "tokens", "cost")  # columns that no baseline holds
ROUNDED = 1e-9  # what arithmetic leaves of a limit that is just met


class UnknownMetric(ChargehandError):
    """The limits of {suite} name the metric {metric}, which it does not have; it has {known}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


@dataclass(frozen=True)
class Broken:
    """A limit that does not hold."""

    limit: str  # where it stands in gates.yaml
    reason: str
    rows: tuple[str, ...]  # ids of the cases that broke it, worst first


@dataclass(frozen=True)
class Held:
    """A run held against its limits. Without a baseline only those hold that need none."""

    run: Run
    baseline: str | None
    differences: tuple[Difference, ...]  # of the metrics that have limits
    broken: tuple[Broken, ...]
    lost: tuple[str, ...]  # ids of cases that are right in the baseline and not in the run
    gained: tuple[str, ...]
    new: tuple[str, ...]  # not in the baseline, or not with these words
    gone: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.broken

    def rows(self, broken: Broken) -> Iterator[Row]:
        """The rows that broke a limit, in the epoch that shows it best."""
        for id in broken.rows:
            yield min((r for r in self.run.rows if r.id == id), key=lambda r: r.verdict.score)


@dataclass(frozen=True)
class _Pair:
    """The tables of the cases that both have."""

    before: pd.DataFrame
    after: pd.DataFrame


def hold(run: Run, baseline: Baseline | None, limits: SuiteLimits) -> Held:
    """Raises UnknownMetric, and NotComparable where the baseline has none of the run's cases."""
    metrics = {m.name: m for m in metrics_of(run.facts.suite, run.facts.epochs)}
    for name in limits.metrics:
        if name not in metrics:
            raise UnknownMetric(suite=run.facts.suite, metric=name, known=", ".join(metrics))
    limited = [(metrics[name], limit) for name, limit in limits.metrics.items()]
    broken = [*_must(run.rows, limits), *_bounds(run, limited)]
    if baseline is None:
        return Held(run, None, (), tuple(broken), (), (), (), ())
    same = common(baseline.said, said_in(run.rows))
    if not same:
        raise NotComparable(
            before=baseline.name, after=run.facts.run_id, reason="no case of one is a case of the other"
        )
    pair = _Pair(*(aligned(frame(rows), same).round(DIGITS) for rows in (baseline.rows, run.rows)))
    was, is_ = right_by_case(baseline.rows), right_by_case(run.rows)
    differences = [difference(metric, pair.before, pair.after) for metric, _ in limited]
    broken += _worsened(pair, limited, differences)
    if limits.slices:
        broken += _worsened_slices(pair, next(iter(metrics.values())), limits.slices)
    return Held(
        run,
        baseline.name,
        tuple(differences),
        tuple(broken),
        lost=tuple(id for id in same if was[id] and not is_[id]),
        gained=tuple(id for id in same if is_[id] and not was[id]),
        new=tuple(id for id in is_ if id not in same),
        gone=tuple(id for id in was if id not in same),
    )


def blamed(metric: Metric, before: pd.DataFrame, after: pd.DataFrame) -> tuple[str, ...]:
    """The ids of the cases that made the metric worse, worst first: those that would by themselves, were
    everything else as before. For two tables of the same cases in the same order."""
    columns = [c for c in before if c in after and c not in SPENT]
    was, is_ = before[columns], after[columns]
    moved = was.ne(is_) & (was.notna() | is_.notna())
    start, harm = metric.of(was), dict[str, float]()
    for index in was.index[moved.any(axis=1)]:
        change = metric.of(pd.concat([was.drop(index=index), is_.loc[[index]]])) - start
        harm[str(was.at[index, "id"])] = -change if metric.better == "high" else change
    return tuple(id for id in sorted(harm, key=lambda i: -harm[i]) if harm[id] > 0)


def _must(rows: Sequence[Row], limits: SuiteLimits) -> Iterator[Broken]:
    for n, must in enumerate(limits.must):
        covered = [r for r in rows if must.holds_for(r)]
        failed = tuple(dict.fromkeys(r.id for r in covered if not r.verdict.passed))
        where = f"must.{n}"
        gone = sorted(set(must.ids) - {r.id for r in covered})
        if not covered or gone:
            missing = ", ".join(gone) or " and ".join(f"{k} {v}" for k, v in must.groups.items())
            yield Broken(where, f"no row is left of {missing}, which may never fail: {must.because}", ())
        if failed:
            yield Broken(
                where, f"{len(failed)} of the rows that may never fail failed: {must.because}", failed
            )


def _bounds(run: Run, limited: Sequence[tuple[Metric, Limit]]) -> Iterator[Broken]:
    table = frame(run.rows)
    failing = tuple(dict.fromkeys(r.id for r in run.rows if not r.verdict.passed))
    for metric, limit in limited:
        value = metric.of(table)
        if limit.at_least is not None and not value >= limit.at_least - ROUNDED:
            reason = f"{metric.name} is {value:.4g}, less than {limit.at_least:g}"
            yield Broken(f"metrics.{metric.name}.at_least", reason, failing)
        if limit.at_most is not None and not value <= limit.at_most + ROUNDED:
            reason = f"{metric.name} is {value:.4g}, more than {limit.at_most:g}"
            yield Broken(f"metrics.{metric.name}.at_most", reason, failing)


def _worsened(
    pair: _Pair, limited: Sequence[tuple[Metric, Limit]], differences: Sequence[Difference]
) -> Iterator[Broken]:
    for (metric, limit), found in zip(limited, differences, strict=True):
        if limit.may_worsen is None or not _too_far(found, limit.may_worsen, limit.only_if_significant):
            continue
        yield Broken(
            f"metrics.{metric.name}.may_worsen",
            f"{_told(found)}; {limit.may_worsen:g} is allowed",
            blamed(metric, pair.before, pair.after),
        )


def _worsened_slices(pair: _Pair, metric: Metric, limit: SliceLimit) -> Iterator[Broken]:
    for one in slices(metric, pair.before, pair.after, limit.groups):
        found = one.difference
        if found.cases >= limit.cases and _too_far(found, limit.may_worsen, limit.only_if_significant):
            part = pair.after.index[pair.after[f"group:{one.group}"].astype(str) == one.value]
            yield Broken(
                f"slices.{one.group}.{one.value}",
                f"for {one.group} {one.value}, {_told(found)}; {limit.may_worsen:g} is allowed",
                blamed(metric, pair.before.loc[part], pair.after.loc[part]),
            )


def _too_far(found: Difference, may_worsen: float, only_if_significant: bool) -> bool:
    """A figure that was defined and no longer is has worsened without bound."""
    if pd.isna(found.difference):
        return pd.notna(found.before)
    significant = found.verdict == "worse" or not only_if_significant
    return found.worse and abs(found.difference) > may_worsen + ROUNDED and significant


def _told(found: Difference) -> str:
    p = "" if found.p is None else f" (p = {found.p:.2g})"
    return f"{found.metric} went from {found.before:.4g} to {found.after:.4g} on {found.cases} cases{p}"
