"""What a load came to: percentiles, errors, and whether memory grows, as JSON, a table and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.table import Table
from scipy import stats

from evals.bench.load.people import KINDS, Kind, Seen

PERCENTILES = (50, 95, 99)
BATCHES = 10  # of a slope
WARM = 0.25  # of the time that is left out of a slope: pools, caches and models fill up
MEGABYTE = 1e6


@dataclass(frozen=True)
class Sample:
    """One process at one moment."""

    at: float  # seconds from the beginning
    memory: float  # bytes: resident; of a group of processes that share memory, their proportional set size
    cpu: float  # seconds so far


@dataclass(frozen=True)
class Slope:
    """Growth of memory in megabytes a minute, with a 95% interval."""

    value: float
    low: float
    high: float

    @property
    def flat(self) -> bool:
        """Whether no growth is within the interval, or below it."""
        return self.low <= 0


@dataclass(frozen=True)
class Part:
    """A process, or a group of them, under load."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def slope(self) -> Slope | None:
        """None where it was too short to tell."""
        return slope([(s.at, s.memory / MEGABYTE) for s in self.samples])

    @property
    def cores(self) -> float:
        """How many it kept busy on average."""
        first, last = self.samples[0], self.samples[-1]
        return (last.cpu - first.cpu) / max(last.at - first.at, 1e-9)


@dataclass(frozen=True)
class Load:
    """One service under load."""

    service: str
    seen: Seen
    parts: tuple[Part, ...]

    @property
    def errors(self) -> int:
        return sum(self.seen.errors.values())

    def milliseconds(self, kind: Kind) -> Mapping[int, float]:
        """Percentiles; empty where it never happened."""
        took = [seconds * 1000 for _, seconds in self.seen.latencies[kind]]
        return dict(zip(PERCENTILES, np.percentile(took, PERCENTILES).round(1), strict=True)) if took else {}

    def as_json(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "seconds": round(self.seen.seconds, 1),
            "errors": self.seen.errors,
            "overtaken": self.seen.overtaken,
            "idle": self.seen.idle,
            "actions": {
                kind: {
                    "count": len(self.seen.latencies[kind]),
                    "a_second": round(len(self.seen.latencies[kind]) / max(self.seen.seconds, 1e-9), 2),
                    "milliseconds": {f"p{p}": float(v) for p, v in self.milliseconds(kind).items()},
                }
                for kind in KINDS
            },
            "parts": [
                {
                    "name": part.name,
                    "cores": round(part.cores, 3),
                    "megabytes": [round(s.memory / MEGABYTE, 1) for s in (part.samples[0], part.samples[-1])],
                    "megabytes_a_minute": asdict(part.slope) | {"flat": part.slope.flat}
                    if part.slope
                    else None,
                }
                for part in self.parts
            ],
            "people_cores": round(self.seen.cpu_seconds / max(self.seen.seconds, 1e-9), 3),
        }


def slope(points: Sequence[tuple[float, float]]) -> Slope | None:
    """Growth a minute of what was measured at moments in seconds, by the method of batch means: a line
    through the means of consecutive batches, whose errors hardly hang together where those of single samples
    do (Law and Kelton, Simulation Modeling and Analysis, 9.5.3). None for fewer than two samples a batch."""
    begin = points[0][0] + WARM * (points[-1][0] - points[0][0]) if points else 0.0
    warm = np.array([p for p in points if p[0] >= begin])
    if len(warm) < 2 * BATCHES:
        return None
    means = np.array([batch.mean(axis=0) for batch in np.array_split(warm, BATCHES)])
    line = stats.linregress(means[:, 0] / 60, means[:, 1])
    reach = float(
        stats.t.ppf(0.975, BATCHES - 2) * np.nan_to_num(line.stderr)
    )  # no error where all are equal
    value = float(line.slope)
    return Slope(round(value, 4), round(value - reach, 4), round(value + reach, 4))


def table(loads: Sequence[Load]) -> Table:
    """A line for each thing that people do and each process, a column for each service."""
    shown = Table("", *(load.service for load in loads))
    for kind in KINDS:
        shown.add_row(f"{kind}, a second", *(f"{_rate(load, kind):.2f}" for load in loads))
        cells = (" / ".join(f"{v:,.0f}" for v in load.milliseconds(kind).values()) or "-" for load in loads)
        shown.add_row("  ms, half / 95 / 99 of 100", *cells)
    shown.add_row("errors", *(str(load.errors) for load in loads))
    for number in range(max(len(load.parts) for load in loads)):
        shown.add_row(
            "process" if not number else "", *(_part(load.parts[number : number + 1]) for load in loads)
        )
    return shown


def _rate(load: Load, kind: Kind) -> float:
    return len(load.seen.latencies[kind]) / max(load.seen.seconds, 1e-9)


def _part(parts: Sequence[Part]) -> str:
    if not parts:
        return ""
    (part,) = parts
    grown = part.slope
    growth = f", {grown.value:+.2f} MB/min ({grown.low:+.2f} to {grown.high:+.2f})" if grown else ""
    return f"{part.name}: {part.cores:.2f} cores, {part.samples[-1].memory / MEGABYTE:.0f} MB{growth}"


def picture(loads: Sequence[Load], file: Path) -> None:
    """Answers over time, and memory over time, beside each other for each service."""
    figure = Figure(figsize=(11, 3.4 * len(loads)), layout="constrained")
    FigureCanvasAgg(figure)
    for row, load in enumerate(loads):
        times = figure.add_subplot(len(loads), 2, 2 * row + 1)
        for kind in KINDS:
            if points := load.seen.latencies[kind]:
                at, took = np.array(points).T
                times.plot(at / 60, took * 1000, ".", markersize=2, alpha=0.5, label=kind)
        times.set(title=f"{load.service}: time to answer", xlabel="minutes", ylabel="ms", yscale="log")
        times.legend(markerscale=5, fontsize="small", loc="upper right")
        memory = figure.add_subplot(len(loads), 2, 2 * row + 2)
        for part in load.parts:
            at, held = np.array([(s.at / 60, s.memory / MEGABYTE) for s in part.samples]).T
            memory.plot(at, held, label=part.name)
        memory.set(title=f"{load.service}: memory", xlabel="minutes", ylabel="MB")
        memory.set_ylim(bottom=0)
        memory.legend(fontsize="small", loc="center right")
    cast(Any, figure).savefig(file, dpi=110)
