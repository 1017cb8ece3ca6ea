"""Rates of two ways to do a thing, taken in turns so that a busy machine is busy for both."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

Job = Callable[[], object]
Way = Callable[[int], Sequence[Job]]  # so many jobs, each to be done once


@dataclass(frozen=True)
class Comparison:
    """One thing done in Chargehand's way and in a plainer one."""

    name: str
    clients: int  # threads that do it at once
    unit: str  # of what is counted
    rate: float  # a second
    against: str  # the baseline in words
    baseline: float  # a second
    note: str = ""  # what else was seen, e.g. recall

    @property
    def ratio(self) -> float:
        """1 is as fast as the baseline, 0.5 half as fast."""
        return self.rate / self.baseline

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio}


@dataclass(frozen=True)
class Effort:
    """How much is done of each thing."""

    rounds: int  # of each way; the median counts
    jobs: int  # a client, round and way
    waiting: int  # proposals in the inbox
    clauses: int  # that are searched
    texts: int  # that are embedded
    scale: float  # of the demo firm
    clients: tuple[int, ...]


FULL = Effort(rounds=3, jobs=12, waiting=2_000, clauses=8_000, texts=160, scale=0.05, clients=(1, 4, 16))
QUICK = Effort(rounds=1, jobs=2, waiting=30, clauses=0, texts=16, scale=0.02, clients=(1, 2))


def compare(
    name: str,
    unit: str,
    against: str,
    ours: Way,
    baseline: Way,
    *,
    rounds: int,
    jobs: int,
    clients: int = 1,
    each: int = 1,
    note: str = "",
) -> Comparison:
    """Rates of both ways. Each makes its jobs afresh for each round, outside the time that is taken; a first
    job of each warms it up.

    Args:
        name, unit, against, note: see `Comparison`.
        ours, baseline: the two ways.
        rounds: how often each is timed.
        jobs: in a round.
        clients: threads that share them.
        each: units that one job does."""
    for way in (ours, baseline):
        together(way(1), 1)
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        ways = ((rates[0], ours), (rates[1], baseline))
        for found, way in ways if number % 2 == 0 else reversed(ways):
            made = way(jobs)
            found.append(each * jobs / together(made, clients))
    return Comparison(name, clients, unit, median(rates[0]), against, median(rates[1]), note)


def together(jobs: Sequence[Job], clients: int) -> float:
    """Seconds in which so many threads did all jobs. Raises what a job raises."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(clients)) if clients > 1 else None
        started = time.perf_counter()
        if pool is None:
            for job in jobs:
                job()
        else:
            for done in [pool.submit(job) for job in jobs]:
                done.result()
        return time.perf_counter() - started
