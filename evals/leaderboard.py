"""Who does best at what: for each suite the subjects beside one another, on the same cases only."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evals.about import about, deciding
from evals.metrics import Metric
from evals.runs import Figure, Run


@dataclass(frozen=True)
class Standing:
    """A subject (a model with its prompts, policy and fitted models) and its runs on the same cases."""

    runs: tuple[Run, ...]  # oldest first
    metric: str
    baseline: bool  # whether one of the runs is the baseline in force

    @property
    def newest(self) -> Run:
        """What counts."""
        return self.runs[-1]

    @property
    def figure(self) -> Figure:
        return self.newest.facts.figures[self.metric]

    @cached_property
    def spread(self) -> tuple[float, float] | None:
        """The lowest and the highest figure of all its runs; None where there is only one."""
        found = [v for run in self.runs if (v := run.facts.figures[self.metric].value) is not None]
        return (min(found), max(found)) if len(found) > 1 else None

    @property
    def pass_k(self) -> tuple[str, Figure] | None:
        """How often all epochs were right, by its name; None for a single epoch."""
        return next(((n, f) for n, f in self.newest.facts.figures.items() if n.startswith("pass^")), None)

    def spent(self, name: str) -> float | None:
        """What a case took: `cost`, `seconds` or `tokens`."""
        figure = self.newest.facts.figures.get(name)
        return figure.value if figure else None

    def as_json(self) -> dict[str, Any]:
        facts = self.newest.facts
        return {
            "run": facts.run_id,
            "subject": facts.subject,
            "versions": dict(facts.versions),
            "started_at": facts.started_at.isoformat(),
            "figure": self.figure.model_dump(),
            "runs": len(self.runs),
            "spread": self.spread,
            "pass_k": {self.pass_k[0]: self.pass_k[1].model_dump()} if self.pass_k else None,
            **{name: self.spent(name) for name in ("cost", "seconds", "tokens")},
            "baseline": self.baseline,
        }


@dataclass(frozen=True)
class Board:
    """Subjects that were measured on the same cases, the best first."""

    suite: str
    cases_sha256: str
    small: bool
    metric: Metric
    standings: tuple[Standing, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "suite": self.suite,
            "cases_sha256": self.cases_sha256,
            "small": self.small,
            "metric": self.metric.name,
            "better": self.metric.better,
            "standings": [standing.as_json() for standing in self.standings],
        }


def boards(runs: Iterable[Run], baselines: Mapping[str, str]) -> tuple[Board, ...]:
    """By suite, whole runs before small ones, the newest cases first. `baselines` is the sha256 of the
    run in force, by suite."""
    by_cases: dict[tuple[str, bool, str], list[Run]] = defaultdict(list)
    for run in runs:
        by_cases[run.facts.suite, run.facts.small, run.facts.cases_sha256].append(run)
    newest_first = sorted(by_cases.items(), key=lambda item: item[1][-1].facts.started_at, reverse=True)
    found = []
    for (suite, small, sha), same in sorted(newest_first, key=lambda item: item[0][:2]):
        metric = deciding(same[-1], about(suite))
        found.append(Board(suite, sha, small, metric, _ranked(same, metric, baselines.get(suite))))
    return tuple(found)


def _ranked(runs: Sequence[Run], metric: Metric, baseline: str | None) -> tuple[Standing, ...]:
    """Those whose figure is not defined come last."""
    found = [
        Standing(same, metric.name, any(run.sha256 == baseline for run in same))
        for same in _by_subject(run for run in runs if metric.name in run.facts.figures)
    ]
    sign = -1 if metric.better == "high" else 1

    def place(standing: Standing) -> tuple[bool, float]:
        value = standing.figure.value
        return value is None, sign * (value or 0)

    return tuple(sorted(found, key=place))


def _by_subject(runs: Iterable[Run]) -> Iterator[tuple[Run, ...]]:
    """Runs are of one subject where all its versions are the same, and the epochs."""
    found: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        facts = run.facts
        found[json.dumps([facts.subject, facts.epochs, dict(facts.versions)], sort_keys=True)].append(run)
    yield from (tuple(sorted(same, key=lambda run: run.facts.started_at)) for same in found.values())
