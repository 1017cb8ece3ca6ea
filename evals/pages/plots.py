"""Plots as SVG that follow the page's colours: the numbers they draw stand beside them as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from markupsafe import Markup, escape

Tone = Literal["better", "worse", "same"]

WIDTH, HEIGHT = 200, 22  # of a mark of the forest
SIDE, EDGE = 260, 34  # of the reliability plot and of its frame, for the axis


@dataclass(frozen=True)
class Scale:
    """Gains from -`reach` to `reach`, with nothing in the middle: to the right is better."""

    reach: float

    def x(self, gain: float) -> float:
        return WIDTH * (0.5 + 0.48 * max(-1.0, min(1.0, gain / self.reach)))


def scale(ends: Sequence[float]) -> Scale:
    """That everything fits on."""
    return Scale(max((abs(end) for end in ends), default=0) or 1)


def forest_mark(gains: Sequence[float], tone: Tone, on: Scale) -> Markup:
    """One line of a forest plot (Lewis and Clarke, Forest plots, 2001): a point, the first of the gains, and
    its interval as a line about it, where the gains have the two ends of one."""
    middle, y = WIDTH / 2, HEIGHT / 2
    parts = [f'<line class="zero" x1="{middle}" x2="{middle}" y1="0" y2="{HEIGHT}"/>']
    gain, *ends = map(on.x, gains)
    if ends:
        left, right = sorted(ends)
        parts.append(f'<line class="reach" x1="{left:.1f}" x2="{right:.1f}" y1="{y}" y2="{y}"/>')
        parts += [
            f'<line class="reach" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 4}" y2="{y + 4}"/>'
            for x in (left, right)
        ]
    parts.append(f'<circle cx="{gain:.1f}" cy="{y}" r="4.5"/>')
    return _svg(WIDTH, HEIGHT, f"mark {tone}", parts)


def reliability(series: Mapping[str, pd.DataFrame]) -> Markup:
    """What was said against what came true (DeGroot and Fienberg, 1983), of one or two runs by their names,
    from the tables of `evals.calibration.reliability`. On the diagonal probabilities mean what they say."""
    parts = list(_axes())
    for n, (name, bins) in enumerate(series.items()):
        shift = 0 if len(series) == 1 else (-2, 2)[n]  # that intervals do not hide one another
        for said, came, low, high, cases in _points(bins):
            x, top, bottom = _at(said) + shift, SIDE - _at(high), SIDE - _at(low)
            parts.append(
                f'<line class="reach s{n}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
            )
            title = f"{name}: said {said:.0%}, came true {came:.0%}, {cases:.0f} cases"
            parts.append(_shape(n, x, SIDE - _at(came), title))
    return _svg(SIDE + 14, SIDE + 4, "reliability", parts)


def _points(bins: pd.DataFrame) -> Iterator[Sequence[float]]:
    yield from bins[["predicted", "observed", "low", "high", "cases"]].to_numpy(float).tolist()


def _shape(n: int, x: float, y: float, title: str) -> str:
    """A circle for the first run, a square for the second: not by colour alone."""
    inside = f"<title>{escape(title)}</title>"
    if n == 0:
        return f'<circle class="s0" cx="{x:.1f}" cy="{y:.1f}" r="4.5">{inside}</circle>'
    return f'<rect class="s1" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8">{inside}</rect>'


def _axes() -> Iterator[str]:
    yield f'<rect class="frame" x="{EDGE}" y="0" width="{SIDE - EDGE}" height="{SIDE - EDGE}"/>'
    yield f'<line class="zero" x1="{EDGE}" y1="{SIDE - EDGE}" x2="{SIDE}" y2="0"/>'
    for tick in (0.0, 0.5, 1.0):
        at = _at(tick)
        anchor = {0.0: "start", 0.5: "middle", 1.0: "end"}[tick]
        yield f'<text x="{at:.0f}" y="{SIDE - EDGE + 15}" text-anchor="{anchor}">{tick:.0%}</text>'
        down = {0.0: 0, 0.5: 4, 1.0: 10}[tick]
        yield f'<text x="{EDGE - 5}" y="{SIDE - at + down:.0f}" text-anchor="end">{tick:.0%}</text>'
    yield f'<text x="{(SIDE + EDGE) / 2}" y="{SIDE - EDGE + 32}" text-anchor="middle">said</text>'


def _at(share: float) -> float:
    """Across; going up it is SIDE less this."""
    return EDGE + share * (SIDE - EDGE)


def _svg(width: int, height: int, kind: str, parts: Sequence[str]) -> Markup:
    """Hidden from those who are read to: the table beside it says all."""
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-hidden="true">{"".join(parts)}</svg>'
    )
