"""The page of two runs: the answer first, then what it is made of."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import isnan
from typing import Literal
from urllib.parse import quote

from markupsafe import Markup

from evals.about import About, about, group_values
from evals.cases import GroupName, Row, Step
from evals.compare import Comparison, Difference, Slice
from evals.intervals import FEW
from evals.metrics import Unit, frame, standing
from evals.pages import plots, words
from evals.pages.rendering import page
from evals.pages.run import bins_of, few, records
from evals.pages.versions import versions_of

Change = Literal["lost", "gained", "wrong in both"]
_DRAWN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TONES: Mapping[str, plots.Tone] = {"better": "better", "worse": "worse", "not told apart": "same"}


@dataclass(frozen=True)
class Line:
    """A difference as the page shows it."""

    name: str
    note: str  # what it measures, or what the slice is
    before: str
    after: str
    gain: str
    difference: Difference
    mark: Markup

    @property
    def few(self) -> bool:
        return self.difference.clusters < FEW


@dataclass(frozen=True)
class Pair:
    """A case in both runs."""

    before: Row
    after: Row
    change: Change

    @property
    def apart(self) -> int:
        """The number of steps that the two traces begin with alike."""
        both = zip(self.before.trace, self.after.trace, strict=False)
        same = takewhile(lambda two: _said(two[0]) == _said(two[1]), both)
        return sum(1 for _ in same)


def comparison_page(found: Comparison, *, served: bool = False) -> str:
    """The two runs side by side, with every row that flipped or that is wrong in both."""
    epochs = min(found.before.facts.epochs, found.after.facts.epochs)
    known, first = about(found.after.facts.suite, epochs), found.differences[0]
    own, spent = _lines_of_metrics(found, known, epochs)
    pairs = list(_pairs(found))
    before, after = versions_of(found.before), versions_of(found.after)
    plot, bins = _calibration(found)
    return page(
        "comparison",
        served=served,
        found=found,
        card=known.card,
        deciding=known.metric(first.metric),
        was=words.value(first.before, known.metric(first.metric).unit),
        now=words.value(first.after, known.metric(first.metric).unit),
        headline=headline(found, known),
        warnings=_warnings(found),
        own=own,
        spent=spent,
        slices=_lines_of_slices(found, known),
        worse=[s for s in found.worse_slices if s.difference.verdict == "worse"],
        doubtful=[s for s in found.worse_slices if s.difference.verdict != "worse"],
        plot=plot,
        bins=bins,
        pairs=pairs,
        counts={
            change: sum(p.change == change for p in pairs) for change in ("lost", "gained", "wrong in both")
        },
        finds=group_values(p.after for p in pairs),
        versions=[(n, before.get(n, "none"), after.get(n, "none")) for n in {**before, **after}],
        slice_id=slice_id,
    )


def headline(found: Comparison, known: About) -> str:
    """The answer in a sentence, e.g. "Better by 3.1 points (0.4 to 5.8); 2 slices got worse"."""
    first = found.differences[0]
    unit = known.metric(first.metric).unit
    ends = (first.difference, first.low, first.high)
    if first.verdict == "not told apart":
        answer = f"Not told apart: {words.gain(*ends, first.better, unit)}"
    else:
        answer = f"{first.verdict.capitalize()} by {words.by(*ends, unit)}"
    got_worse = sum(s.difference.verdict == "worse" for s in found.worse_slices)
    return f"{answer}; {got_worse} slice{'s' if got_worse > 1 else ''} got worse" if got_worse else answer


def slice_id(one: Slice) -> str:
    """The anchor of a slice's line."""
    return f"slice-{one.group}-{quote(one.value, safe='')}"


def _lines_of_metrics(found: Comparison, known: About, epochs: int) -> tuple[list[Line], list[Line]]:
    """The suite's own metrics, and what every suite tells of reliability, time, tokens and cost. Shares have
    one scale for all, everything else one each."""
    told = {m.name for m in standing(epochs)}
    shared = plots.scale(
        [e for d in found.differences if known.metric(d.metric).unit == "share" for e in _ends(d)]
    )
    own: list[Line] = []
    spent: list[Line] = []
    for d in found.differences:
        if isnan(d.difference):
            continue
        metric = known.metric(d.metric)
        scale = shared if metric.unit == "share" else plots.scale(_ends(d))
        of = spent if d.metric in told else own
        of.append(_line(d.metric, metric.about, d, metric.unit, scale))
    return own, [line for line in spent if line.difference.before or line.difference.after]


def _lines_of_slices(found: Comparison, known: About) -> Mapping[GroupName, Sequence[tuple[str, Line]]]:
    """By group, each with its anchor, all on one scale."""
    unit = known.metric(found.differences[0].metric).unit
    scale = plots.scale([end for s in found.slices for end in _ends(s.difference)])
    by_group: dict[GroupName, list[tuple[str, Line]]] = {}
    for s in found.slices:
        note = known.card.groups.get(s.value, "") if known.card and s.group == "kind" else ""
        line = _line(s.value, note, s.difference, unit, scale)
        by_group.setdefault(s.group, []).append((slice_id(s), line))
    return by_group


def _line(name: str, note: str, d: Difference, unit: Unit, scale: plots.Scale) -> Line:
    sign = 1 if d.better == "high" else -1
    return Line(
        name,
        note,
        words.value(d.before, unit),
        words.value(d.after, unit),
        words.gain(d.difference, d.low, d.high, d.better, unit),
        d,
        plots.forest_mark([sign * end for end in _ends(d)], TONES[d.verdict], scale),
    )


def _ends(d: Difference) -> list[float]:
    return [end for end in (d.difference, d.low, d.high) if end is not None and not isnan(end)]


def _pairs(found: Comparison) -> Iterator[Pair]:
    """What got lost first, then what was gained, then what stayed wrong, each in the order of the cases."""
    yield from (Pair(f.before, f.after, "lost") for f in found.lost)
    yield from (Pair(f.before, f.after, "gained") for f in found.gained)
    seen = {f.after.id for f in (*found.lost, *found.gained)} | {*found.only_before, *found.only_after}
    before = _showing(found.before.rows)
    yield from (
        Pair(before[row.id], row, "wrong in both")
        for row in _showing(found.after.rows).values()
        if row.id not in seen and not row.verdict.passed
    )


def _showing(rows: Sequence[Row]) -> dict[str, Row]:
    """Of each case the first epoch that went wrong, or the first of all."""
    shown: dict[str, Row] = {}
    for row in rows:
        if row.id not in shown or (shown[row.id].verdict.passed and not row.verdict.passed):
            shown[row.id] = row
    return shown


def _said(step: Step) -> str:
    """A step but for the time it took, and for ids that are drawn anew in each run."""
    return _DRAWN.sub("", step.model_dump_json(exclude={"milliseconds"}))


def _calibration(found: Comparison) -> tuple[Markup | str, dict[str, list[dict[str, object]]]]:
    runs = {"before": found.before, "after": found.after}
    bins = {name: b for name, run in runs.items() if (b := bins_of(frame(run.rows))) is not None}
    if len(bins) < len(runs):
        return "", {}
    return plots.reliability(bins), {name: records(b) for name, b in bins.items()}


def _warnings(found: Comparison) -> list[str]:
    """What to know before believing any of it."""
    before, after, first = found.before.facts, found.after.facts, found.differences[0]
    only = (
        f"{len(found.only_before)} are only in the run before, {len(found.only_after)} only in the one after"
    )
    told = {
        few(first.clusters): True,
        "Small runs, as CI makes them: good for finding breakage, too small for deciding.": before.small
        and after.small,
        "One of the runs is small and the other is not.": before.small != after.small,
        f"The cases differ: {first.cases} are the same in both and are compared; {only}.": bool(
            found.only_before or found.only_after
        ),
        "The runs read other records of the firm's own.": before.own_records != after.own_records,
        "Both runs are of the same versions and the same code: what differs is chance.": (
            before.versions == after.versions and before.code == after.code
        ),
        f"One run has {before.epochs} epochs, the other {after.epochs}.": before.epochs != after.epochs,
    }
    return [words for words, holds in told.items() if words and holds]
