"""The generated firms that predictions are measured on, and which rows of many are judged."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from evals.demo_firms import FirmFiles, generated
from evals.sandbox import SCALE, SEED, TODAY
from evals.suite import Setting

MOST = 300  # judged rows of one table
LARGER = ((12, 0.25),)  # seeds and scales of the firms that a whole run adds
DEMO, OWN = "demo firm", "own records"  # sources


def firms(within: Setting) -> Sequence[FirmFiles]:
    """The sandbox's firm; in a whole run a larger one beside it."""
    return [_firm(within, *one) for one in ((SEED, SCALE), *(() if within.small else LARGER))]


def sandbox_files(within: Setting) -> FirmFiles:
    """The sandbox's firm, without its database."""
    return _firm(within, SEED, SCALE)


def evenly(count: int, most: int = MOST) -> npt.NDArray[np.intp]:
    """The positions of at most so many of `count` rows, evenly spread: the same ones each time."""
    if not count:
        return np.empty(0, dtype=np.intp)
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def _firm(within: Setting, seed: int, scale: float) -> FirmFiles:
    make = partial(generated, seed, scale, TODAY, progress=within.progress)
    return within.held(f"files of demo firm {seed}", make)
