"""Plots as SVG, made on the server. Shapes carry classes and no style, so that they follow the page's
colours, light and dark, and the strict content policy; the figures stand in a table beside each plot."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, LEFT, RIGHT = 640, 42, 14


@dataclass(frozen=True)
class Series:
    """One row of values under a class of its own."""

    name: str  # the CSS class, and the word in the legend
    values: Sequence[float]


@dataclass(frozen=True)
class Bar:
    """A horizontal bar: from `start` for `length`, with an interval where it is uncertain."""

    label: str
    length: float
    says: str  # the figure in words, at the bar's end
    start: float = 0.0
    low: float | None = None
    high: float | None = None
    kind: str = "plain"


def columns(labels: Sequence[str], series: Sequence[Series], title: str, height: int = 180) -> Markup:
    """Stacked columns, e.g. counts by day. `title`: for those who do not see the plot."""
    totals = [sum(s.values[i] for s in series) for i in range(len(labels))]
    top = nice(max(totals, default=0))
    floor, ceiling = height - 22, 8
    scale = (floor - ceiling) / top
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    width = max(2.0, step * 0.68)
    every = max(1, -(-len(labels) // 10))
    parts = [_grid(top, floor, scale)]
    for i, label in enumerate(labels):
        x, y = LEFT + step * i + (step - width) / 2, float(floor)
        for s in series:
            if value := s.values[i]:
                y -= value * scale
                parts.append(
                    Markup('<rect class="block {}" x="{}" y="{}" width="{}" height="{}"/>').format(
                        s.name, _n(x), _n(y), _n(width), _n(value * scale)
                    )
                )
        if i % every == 0:
            parts.append(_text("tick middle", x + width / 2, height - 6, label))
    return _svg(height, title, parts)


def bars(rows: Sequence[Bar], title: str) -> Markup:
    """Horizontal bars with their interval as a whisker. Starts may be negative: a waterfall."""
    label_width, end_width, line = 150, 150, 30
    least = min((min(b.start, b.start + b.length, _or(b.low, 0)) for b in rows), default=0)
    most = max((max(b.start, b.start + b.length, _or(b.high, 0)) for b in rows), default=0)
    scale = (WIDTH - label_width - end_width) / ((most - min(least, 0)) or 1)

    def at(value: float) -> float:
        return label_width + (value - min(least, 0)) * scale

    parts = [
        Markup('<line class="axis" x1="{0}" y1="0" x2="{0}" y2="{1}"/>').format(_n(at(0)), line * len(rows))
    ]
    for i, bar in enumerate(rows):
        middle = line * i + line / 2
        left, right = sorted((at(bar.start), at(bar.start + bar.length)))
        parts.append(_text("label", 0, middle + 4, bar.label))
        parts.append(
            Markup('<rect class="block {}" x="{}" y="{}" width="{}" height="14" rx="2"/>').format(
                bar.kind, _n(left), _n(middle - 7), _n(max(right - left, 1))
            )
        )
        end = right
        if bar.low is not None and bar.high is not None:
            low, high = at(bar.low), at(bar.high)
            parts.append(
                Markup('<path class="whisker" d="M{0} {2}V{3}M{0} {4}H{1}M{1} {2}V{3}"/>').format(
                    _n(low), _n(high), _n(middle - 4), _n(middle + 4), _n(middle)
                )
            )
            end = max(end, high)
        parts.append(_text("value", min(end + 6, WIDTH - end_width + 6), middle + 4, bar.says))
    return _svg(line * len(rows), title, parts)


def lines(labels: Sequence[str], series: Sequence[Series], title: str, height: int = 170) -> Markup:
    """Lines over the same labels, from zero."""
    top = nice(max((v for s in series for v in s.values), default=0))
    floor, ceiling = height - 22, 8
    scale = (floor - ceiling) / top
    step = (WIDTH - LEFT - RIGHT - 20) / max(len(labels) - 1, 1)
    xs = [LEFT + 10 + step * i for i in range(len(labels))]
    parts = [_grid(top, floor, scale)]
    for s in series:
        points = " ".join(f"{_n(x)},{_n(floor - v * scale)}" for x, v in zip(xs, s.values, strict=True))
        parts.append(Markup('<polyline class="curve {}" points="{}"/>').format(s.name, points))
    parts += [_text("tick middle", x, height - 6, label) for x, label in zip(xs, labels, strict=True)]
    return _svg(height, title, parts)


def nice(most: float) -> float:
    """The least of 1, 2, 5, 10, ... that nothing exceeds."""
    size = 1.0
    while True:
        for factor in (1, 2, 5):
            if most <= factor * size:
                return factor * size
        size *= 10


def _grid(top: float, floor: float, scale: float) -> Markup:
    found = Markup("")
    for value in dict.fromkeys((0.0, top / 2, top)):
        y = floor - value * scale
        found += Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
            LEFT, _n(y), WIDTH - RIGHT, _n(y)
        )
        found += _text("tick end", LEFT - 6, y + 4, f"{value:,.0f}" if top > 1 else f"{value:g}")
    return found


def _svg(height: float, title: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{0}">'
        '<svg class="chart" viewBox="0 0 {1} {2}" role="img" aria-label="{0}">{3}</svg></div>'
    ).format(title, WIDTH, _n(height), Markup("").join(parts))


def _text(kind: str, x: float, y: float, words: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, _n(x), _n(y), words)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
