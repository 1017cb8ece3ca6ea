"""Shares that come with their uncertainty, and how surprising a run is. Pure."""

from collections.abc import Sequence
from math import sqrt

from pydantic import BaseModel, ConfigDict

Z95 = 1.959964  # the standard normal's 97.5% point
FEWEST = 20  # observations below which no share of a person or a kind is shown


class Interval(BaseModel):
    """A share with its 95% interval."""

    model_config = ConfigDict(frozen=True)

    share: float
    low: float
    high: float


def wilson(count: int, of: int) -> Interval:
    """A share with its 95% score interval, which keeps its coverage for few observations and shares near 0
    and 1. E. B. Wilson, 'Probable inference, the law of succession, and statistical inference', 1927.

    Raises ValueError unless 0 <= count <= of and of > 0."""
    if not 0 <= count <= of or of == 0:
        raise ValueError(f"{count} of {of} is no share")
    share, z2 = count / of, Z95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    # Exact at the ends, where rounding would leave the share outside.
    return Interval(
        share=share,
        low=0.0 if count == 0 else max(0.0, middle - half),
        high=1.0 if count == of else min(1.0, middle + half),
    )


def rate(count: int, of: int, fewest: int = FEWEST) -> Interval | None:
    """The share with its interval, or None where fewer than `fewest` were counted."""
    return wilson(count, of) if of >= fewest else None


def smoothed(count: int, of: int) -> float:
    """The share as the mean under Jeffreys' prior, Beta(1/2, 1/2): never 0 or 1, so that no run is
    impossible. H. Jeffreys, 'An invariant form for the prior probability in estimation problems', 1946."""
    return (count + 0.5) / (of + 1)


def chance_of_run(length: int, trials: int, yes: float) -> float:
    """The probability that `trials` independent answers, each yes with probability `yes`, hold a run of at
    least `length` times yes. W. Feller, 'An Introduction to Probability Theory', vol. 1, XIII.7, as a
    recursion over the trials; O(trials).

    Raises ValueError for a length below 1 or a probability outside [0, 1]."""
    if length < 1 or not 0 <= yes <= 1:
        raise ValueError(f"no run: {length} times yes at {yes}")
    # none[n]: no such run within the first n. The first run may end at n only after a no at n - length.
    none: list[float] = [1.0] * min(length, trials + 1)
    run = yes**length
    for n in range(length, trials + 1):
        ends_here = run if n == length else none[n - length - 1] * (1 - yes) * run
        none.append(none[n - 1] - ends_here)
    return min(1.0, max(0.0, 1.0 - none[trials]))


def median(values: Sequence[float]) -> float | None:
    """The middle value; None of none."""
    found = sorted(values)
    if not found:
        return None
    middle = len(found) // 2
    return found[middle] if len(found) % 2 else (found[middle - 1] + found[middle]) / 2
