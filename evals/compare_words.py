"""A comparison of two runs in words, and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import isnan
from typing import Any

from evals.compare import Comparison, Difference, Flip
from evals.intervals import FEW

SHOWN = 20  # slices and cases of a kind that are listed; the JSON has them all


def markdown(found: Comparison) -> str:
    """For people."""
    return "\n".join(_lines(found)) + "\n"


def as_json(found: Comparison) -> dict[str, Any]:
    """For machines: no value is NaN."""
    return {
        "before": found.before.facts.run_id,
        "after": found.after.facts.run_id,
        "suite": found.after.facts.suite,
        "differences": [difference_json(d) for d in found.differences],
        "lost": [f.after.id for f in found.lost],
        "gained": [f.after.id for f in found.gained],
        "slices": [
            {"group": s.group, "value": s.value, **difference_json(s.difference)} for s in found.slices
        ],
        "worse_slices": [{"group": s.group, "value": s.value} for s in found.worse_slices],
        "only_before": list(found.only_before),
        "only_after": list(found.only_after),
    }


def difference_json(found: Difference) -> dict[str, Any]:
    told = asdict(found) | {"verdict": found.verdict}
    return {k: None if isinstance(v, float) and isnan(v) else v for k, v in told.items()}


def difference_words(found: Difference) -> str:
    """E.g. "+0.031 (-0.002 to 0.064)"."""
    if isnan(found.difference):
        return "not defined"
    if found.low is None or found.high is None:
        return f"{found.difference:+.3g}"
    return f"{found.difference:+.3g} ({found.low:+.3g} to {found.high:+.3g})"


def _lines(found: Comparison) -> Iterator[str]:
    before, after, decides = found.before.facts, found.after.facts, found.differences[0]
    yield f"# {after.suite}: {decides.metric} {decides.verdict}"
    yield f"\nBefore: {before.subject} ({before.run_id}).  \nAfter: {after.subject} ({after.run_id})."
    yield f"\n{decides.cases} cases of both, in {decides.clusters} clusters." + _few(decides)
    yield from _others(found)
    yield "\n| metric | before | after | difference (95% interval) | p | |\n|---|---|---|---|---|---|"
    for d in found.differences:
        yield f"| {d.metric} | {_figures(d)} | {d.verdict} |"
    if found.worse_slices:
        yield "\n## Worse though the whole is not\n\np is corrected for the number of slices (Holm)."
        yield "\n| group | cases | before | after | difference | p | |\n|---|---|---|---|---|---|---|"
        for s in found.worse_slices[:SHOWN]:
            d = s.difference
            yield f"| {s.group} {s.value} | {d.cases} | {_figures(d)} | {d.verdict} |"
        yield from _more(len(found.worse_slices))
    yield from _flips("Right before and no longer", found.lost)
    yield from _flips("Right now and not before", found.gained)


def _figures(d: Difference) -> str:
    p = "" if d.p is None else f"{d.p:.2g}"
    before, after = ("" if isnan(v) else f"{v:.3g}" for v in (d.before, d.after))
    return f"{before} | {after} | {difference_words(d)} | {p}"


def _few(d: Difference) -> str:
    return " So few clusters make rough intervals." if d.clusters < FEW else ""


def _others(found: Comparison) -> Iterator[str]:
    for which, ids in (("before", found.only_before), ("after", found.only_after)):
        if ids:
            listed = ", ".join(ids[:SHOWN]) + (", ..." if len(ids) > SHOWN else "")
            yield f"\nOnly {which}, or with other words there, and left out: {len(ids)} ({listed})."


def _flips(title: str, flips: Sequence[Flip]) -> Iterator[str]:
    if flips:
        yield f"\n## {title}: {len(flips)}\n"
        for flip in flips[:SHOWN]:
            yield f"- `{flip.after.id}` {' '.join(flip.after.text.split())}  "
            got = f"got {flip.before.verdict.got} before, {flip.after.verdict.got} now"
            yield f"  expected {flip.after.expected}; {got}. {flip.after.verdict.fault}"
        yield from _more(len(flips))


def _more(count: int) -> Iterator[str]:
    if count > SHOWN:
        yield f"\n... and {count - SHOWN} more; --json has them all."
