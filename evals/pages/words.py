"""Figures in words: shares in per cent and their differences in points, everything else in its unit."""

from math import isnan

from evals.metrics import Better, Unit
from evals.runs import Figure

MINUS = "\N{MINUS SIGN}"
UNITS: dict[Unit, str] = {
    "share": " points",
    "number": "",
    "days": " days",
    "hours": " hours",
    "seconds": " s",
    "tokens": " tokens",
    "money": "",
}


def value(number: float | None, unit: Unit = "number") -> str:
    """A figure, e.g. "90.6%", "3.2 days"."""
    if number is None or isnan(number):
        return "not defined"
    if unit == "share":
        return f"{number:.1%}"
    return seconds(number) if unit == "seconds" else f"{_plain(number)}{UNITS[unit]}"


def figure(found: Figure, unit: Unit = "number") -> str:
    """A figure with its interval."""
    if found.value is None or found.low is None or found.high is None:
        return value(found.value, unit)
    return f"{value(found.value, unit)} ({value(found.low, unit)} to {value(found.high, unit)})"


def gain(
    difference: float, low: float | None, high: float | None, better: Better, unit: Unit = "number"
) -> str:
    """How much better, with its interval, e.g. "+3.1 points (+0.4 to +5.8)"; less than nothing is worse."""
    if isnan(difference):
        return "not defined"
    sign = 1 if better == "high" else -1
    ends = sorted(sign * end for end in (low, high) if end is not None)
    words = f"{_signed(sign * difference, unit)}{UNITS[unit]}"
    return f"{words} ({_signed(ends[0], unit)} to {_signed(ends[1], unit)})" if ends else words


def by(difference: float, low: float | None, high: float | None, unit: Unit = "number") -> str:
    """How much better or worse, with its interval, without the signs that the word before it makes needless,
    e.g. "3.1 points (0.4 to 5.8)"."""
    forth: Better = "high" if difference > 0 else "low"
    return gain(difference, low, high, forth, unit).replace("+", "")


def seconds(number: float) -> str:
    """A time, e.g. "12 ms", "3.4 s"."""
    return f"{number * 1000:.0f} ms" if number < 1 else f"{number:.1f} s"


def _signed(number: float, unit: Unit) -> str:
    size = f"{abs(number) * 100:.1f}" if unit == "share" else _plain(abs(number))
    if size in ("0", "0.0"):
        return "0"
    return f"{MINUS if number < 0 else '+'}{size}"


def _plain(number: float) -> str:
    text = f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
    return text.replace("-", MINUS)
