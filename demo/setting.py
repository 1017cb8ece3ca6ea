"""What one run of the generator depends on: seed, scale and 'today'. Everything random is drawn from a
stream named after what it is for, so that a change in one part leaves the others as they were."""

from __future__ import annotations

import math
import random
import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

HISTORY_DAYS = 730  # two years of time, reports and payments
HORIZON_DAYS = 210  # how far bookings and planned projects reach into the future

_YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is optional in PyYAML


@dataclass(frozen=True)
class Setting:
    """Seed, scale (1.0 is a firm of about 240 people) and the day on which the firm's history ends."""

    seed: int
    scale: float
    today: date

    @property
    def first_day(self) -> date:
        """The first day of recorded time."""
        return self.today - timedelta(days=HISTORY_DAYS)

    @property
    def last_day(self) -> date:
        """The last day on which anybody can have worked: yesterday."""
        return self.today - timedelta(days=1)

    @property
    def horizon(self) -> date:
        """The last day for which bookings are made."""
        return self.today + timedelta(days=HORIZON_DAYS)

    @property
    def next_monday(self) -> date:
        """The first Monday after today."""
        return self.today + timedelta(days=7 - self.today.weekday())

    def count(self, at_full_scale: int, least: int = 1) -> int:
        """How many of something there are at this scale; `least` is what the demo needs at any scale."""
        return max(least, round(at_full_scale * self.scale))

    def random(self, purpose: str) -> random.Random:
        """A stream of Python random numbers for one purpose."""
        return random.Random(f"{self.seed}/{self.scale!r}/{purpose}")

    def numpy(self, purpose: str) -> np.random.Generator:
        """A stream of numpy random numbers for one purpose."""
        scale = math.floor(self.scale * 1_000_000)
        return np.random.default_rng([self.seed, scale, zlib.crc32(purpose.encode())])


@cache
def text(name: str) -> Any:
    """The parsed YAML file `demo/text/{name}.yaml`. Shared between callers: do not change it."""
    source = resources.files("demo").joinpath("text", f"{name}.yaml")
    return yaml.load(source.read_text(encoding="utf-8"), Loader=_YamlLoader)
