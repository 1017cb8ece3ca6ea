"""How sure it is that work is out of scope: by what it was found on, as often as that was right.

Likeness of words is no probability, so none is made of it. Instead findings were counted on messages that the
comparison was not tuned on (the suite `changes`), and a test holds the counts to what is counted there."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from models.rates import smoothed

Ground = Literal[
    "excluded",  # an exclusion of the contract means it
    "alters",  # it changes a work package, by more than is free
    "uncovered",  # nothing in the services resembles it
    "hardly_covered",  # a work package resembles it a little, not enough to be in doubt
]

RESEMBLES = 0.3  # likeness to a work package from which it resembles it a little

RIGHT: Mapping[Ground, tuple[int, int]] = {
    "excluded": (8, 8),
    "alters": (10, 10),
    "uncovered": (19, 19),
    "hardly_covered": (1, 3),
}
"""How many findings were right, of how many."""


def uncovered(likeness: float) -> Ground:
    """The ground where no work package covers the work: `likeness` to the nearest, 0 to 1."""
    return "hardly_covered" if likeness >= RESEMBLES else "uncovered"


def confidence(ground: Ground) -> Decimal:
    """The probability that work found out of scope on this ground is, 0 to 1, from the counts."""
    return Decimal(str(round(smoothed(*RIGHT[ground]), 2)))
