"""A good plan at once: at each moment, start what can be started, the longest way from the end first."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from models.predict.plan_network import Allocation, Network


@dataclass(frozen=True)
class PoolPlan:
    """A plan for pools of people: a start and an allocation for each work of a network."""

    starts: list[int]
    allocations: list[Allocation]
    makespan: int


def schedule(network: Network, priorities: Sequence[float]) -> PoolPlan:
    """The parallel schedule generation scheme (Kelley 1963): moment by moment, works whose predecessors are
    done start in order of priority, highest first, if people free now suffice."""
    free = [pool.size for pool in network.pools]
    waiting = sorted(range(len(network)), key=lambda w: -priorities[w])
    starts, ends = [0] * len(network), [-1] * len(network)
    allocations: list[Allocation] = [{} for _ in network.ids]
    running: list[int] = []
    now = 0
    while waiting:
        for work in [w for w in running if ends[w] <= now]:
            running.remove(work)
            for (pool, _), count in allocations[work].items():
                free[pool] += count
        started = set()
        for work in waiting:
            if any(not 0 <= ends[a] <= now for a in network.after[work]):
                continue
            allocation = network.allocate(network.needs[work], free)
            if allocation is None:
                continue
            for (pool, _), count in allocation.items():
                free[pool] -= count
            starts[work], ends[work], allocations[work] = now, now + network.durations[work], allocation
            running.append(work)
            started.add(work)
        waiting = [w for w in waiting if w not in started]
        now = min((ends[w] for w in running), default=now)
    return PoolPlan(starts, allocations, max(ends, default=0))


def greedy(network: Network, seconds: float, bound: int) -> PoolPlan:
    """The best of schedules by the longest tail, then by randomly stretched tails, until time is up or the
    bound is reached. The first one is always made."""
    generator = random.Random(0)
    end = time.monotonic() + seconds
    tails = [d + t for d, t in zip(network.durations, network.tails, strict=True)]
    best = schedule(network, tails)
    while best.makespan > bound and time.monotonic() < end:
        plan = schedule(network, [t * generator.uniform(0.6, 1.4) for t in tails])
        if plan.makespan < best.makespan:
            best = plan
    return best
