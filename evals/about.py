"""What a suite says of itself, for runs that may be older than the suite."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evals.card import Card
from evals.cases import GroupName, Row
from evals.metrics import PASSED, Metric, standing
from evals.runs import Run
from evals.suite import UnknownSuite, suite


@dataclass(frozen=True)
class About:
    """A suite's card and metrics; neither where the suite is no more."""

    card: Card | None = None
    metrics: dict[str, Metric] = field(default_factory=dict)

    def metric(self, name: str) -> Metric:
        """By its name; one that nobody knows any more is a number, of which more is better."""
        return self.metrics.get(name) or Metric(name, "", PASSED.of, unit="number")


def about(name: str, epochs: int = 1) -> About:
    """Of a suite, and of what is measured over so many epochs."""
    try:
        found = suite(name)
    except UnknownSuite:
        return About(metrics={PASSED.name: PASSED})
    metrics = (*found.metrics, *standing(epochs))
    return About(found.card, {m.name: m for m in metrics})


def deciding(run: Run, known: About) -> Metric:
    """The metric that decides whether a run is better than another: the first of its figures."""
    return known.metric(next(iter(run.facts.figures)))


def group_values(rows: Iterable[Row]) -> dict[GroupName, dict[str, Row]]:
    """What the rows can be told apart by: each value with the first row that has it."""
    found: dict[GroupName, dict[str, Row]] = {}
    for row in rows:
        for name, value in row.groups.items():
            found.setdefault(name, {}).setdefault(value, row)
    return found
