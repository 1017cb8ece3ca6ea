"""The results as a table on the terminal, as JSON, and as a page with plots."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.table import Table

from evals.quality.results import Result

AIMS = {"high": "higher is better", "low": "lower is better"}
INCHES_A_ROW = 0.34


def table(results: Sequence[Result]) -> Table:
    """For the terminal."""
    shown = Table(
        "suite", "records", "metric", "value", "95% interval", "baseline", "", "judged", title="Quality"
    )
    for r in results:
        verdict = "" if r.baseline is None and r.better else "better" if r.better else "[red]worse[/red]"
        shown.add_row(r.name, r.group, r.metric, *_figures(r), verdict, f"{r.judged:,}")
    return shown


def write(results: Sequence[Result], folder: Path) -> list[Path]:
    """`quality.json`, `quality.md` and a picture a suite, in a folder that is made; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [plot(name, list(own), folder) for name, own in groupby(results, lambda r: r.name)]
    machine, people = folder / "quality.json", folder / "quality.md"
    machine.write_text(json.dumps([r.as_json() for r in results], indent=2) + "\n", encoding="utf-8")
    people.write_text("\n".join(_lines(results)) + "\n", encoding="utf-8")
    return [machine, people, *pictures]


def _lines(results: Sequence[Result]) -> Iterator[str]:
    yield "# Quality"
    for name, own in groupby(results, lambda r: r.name):
        yield f"\n## {name}\n\n![{name}]({name}.svg)\n"
        yield "| records | metric | value | 95% interval | baseline | what the baseline is | judged |"
        yield "|---|---|---|---|---|---|---|"
        for r in own:
            value, interval, baseline = _figures(r)
            strong = f"**{value}**" if r.better else f"{value} (worse)"
            cells = (r.group, r.metric, strong, interval, baseline, r.against, f"{r.judged:,}")
            yield f"| {' | '.join(cells)} |"


def _figures(result: Result) -> tuple[str, str, str]:
    interval = result.interval
    return (
        f"{result.value:.3g}",
        f"{interval.low:.3g} to {interval.high:.3g}" if interval else "",
        f"{result.baseline:.3g}" if result.baseline is not None else "",
    )


def plot(name: str, results: Sequence[Result], folder: Path) -> Path:
    """Each figure with its interval and its baseline. Figures of unlike size have an axis of their own."""
    from matplotlib.figure import Figure

    panels = [(aim, list(own)) for aim, own in groupby(sorted(results, key=_panel), _panel)]
    heights = [len(own) + 1.6 for _, own in panels]
    figure = Figure(figsize=(8, INCHES_A_ROW * sum(heights)), layout="constrained")
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, (_, own) in zip(axes, panels, strict=True):
        for row, r in enumerate(own):
            if r.interval:
                axis.plot([r.interval.low, r.interval.high], [row, row], color="#0b6e75", linewidth=2)
            axis.plot(r.value, row, "o", color="#0b6e75", label="measured" if row == 0 else None)
            if r.baseline is not None:
                axis.plot(r.baseline, row, "|", color="#8a5a00", markersize=12, markeredgewidth=2)
        axis.set_yticks(range(len(own)), [f"{r.group}: {r.metric}" for r in own], fontsize=7)
        axis.invert_yaxis()
        axis.set_title(_panel(own[0]), fontsize=8, loc="left")
        axis.tick_params(axis="x", labelsize=7)
        axis.grid(axis="x", alpha=0.3)
    figure.suptitle(f"{name}: measured with 95% interval (dot), baseline (bar)", fontsize=9)
    path = folder / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    return path


def _panel(result: Result) -> str:
    aim = AIMS[result.aim] if isinstance(result.aim, str) else f"{result.aim:g} is aimed at"
    return aim if max(abs(result.value), abs(result.baseline or 0)) <= 1 else f"{aim}, {result.metric}"
