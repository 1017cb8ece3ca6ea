"""The page of one run."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evals.about import about, deciding, group_values
from evals.calibration import reliability
from evals.cases import GroupName
from evals.intervals import FEW
from evals.metrics import Metric, frame
from evals.pages import plots
from evals.pages.rendering import page
from evals.pages.versions import versions_of
from evals.running import figures
from evals.runs import Figure, Run
from evals.summary import confusion


def run_page(run: Run, others: Sequence[Run] = (), *, served: bool = False) -> str:
    """Its figures, by group, what was taken for what, and every failing row with its trace. `others` are
    runs that it may be compared with."""
    failing = [row for row in run.rows if not row.verdict.passed]
    known, table = about(run.facts.suite, run.facts.epochs), frame(run.rows)
    first, bins = deciding(run, known), bins_of(table)
    return page(
        "run",
        served=served,
        run=run,
        about=known,
        card=known.card,
        first=first,
        warnings=_warnings(run, first),
        others=others,
        plot=plots.reliability({run.facts.subject: bins}) if bins is not None else "",
        bins={run.facts.subject: records(bins)} if bins is not None else {},
        groups=_groups(run, first),
        confusion=confusion(run.rows),
        failing=failing,
        finds=group_values(failing),
        versions=versions_of(run),
    )


def bins_of(table: pd.DataFrame) -> pd.DataFrame | None:
    """The points of the reliability plot, where the suite judges probabilities."""
    return reliability(table) if {"p", "y"} <= set(table) and table["p"].notna().any() else None


def records(bins: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in bins.to_dict("records")]


def few(clusters: int) -> str:
    """A warning where there are too few clusters to build on; '' where there are enough."""
    if clusters >= FEW:
        return ""
    count = "a single cluster" if clusters == 1 else f"{clusters} clusters"
    return (
        f"Few clusters: the cases come from {count}, and cases of one cluster tell much the same. "
        "Intervals are a rough guess; do not decide by them alone."
    )


def _warnings(run: Run, first: Metric) -> list[str]:
    small = "A small run, as CI makes it: not to be set beside whole ones." if run.facts.small else ""
    return [words for words in (few(run.facts.figures[first.name].clusters), small) if words]


def _groups(run: Run, first: Metric) -> Mapping[GroupName, Mapping[str, Figure]]:
    """The deciding figure of every part, where a group has parts."""
    return {
        name: {
            value: figures((first,), [r for r in run.rows if r.groups.get(name) == value])[first.name]
            for value in values
        }
        for name, values in group_values(run.rows).items()
        if len(values) > 1
    }
