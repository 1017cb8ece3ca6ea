"""The search for the shortest plan, by constraint programming (OR-tools CP-SAT)."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

from ortools.sat.python import cp_model

from models.predict.plan_greedy import PoolPlan
from models.predict.plan_network import Network

WORKERS = 2
MARGIN_SECONDS = 0.2  # the solver may overrun its limit by about so much


@dataclass
class _Model:
    """The constraint model of a network, with a plan to start from."""

    network: Network
    warm: PoolPlan
    bound: int
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    starts: list[cp_model.IntVar] = field(default_factory=list)
    counts: list[dict[tuple[int, str], cp_model.IntVar]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._add_times()
        self._add_people()
        self._add_bottlenecks()
        self._add_cliques()

    def _add_times(self) -> None:
        network, horizon = self.network, self.warm.makespan
        self.makespan = self.model.new_int_var(self.bound, horizon, "makespan")
        self.intervals = []
        for w, (duration, tail) in enumerate(zip(network.durations, network.tails, strict=True)):
            start = self.model.new_int_var(network.heads[w], horizon - tail - duration, f"start_{w}")
            self.model.add_hint(start, self.warm.starts[w])
            for before in network.after[w]:
                self.model.add(start >= self.starts[before] + network.durations[before])
            self.model.add(start + duration + tail <= self.makespan)
            self.starts.append(start)
            self.intervals.append(self.model.new_fixed_size_interval_var(start, duration, f"work_{w}"))
        self.model.add_hint(self.makespan, horizon)
        self.model.minimize(self.makespan)

    def _add_people(self) -> None:
        """How many of each pool serve each skill of each work, and that no pool is used beyond its size."""
        model, pools = self.model, self.network.pools
        using: list[list[tuple[int, cp_model.LinearExprT]]] = [[] for _ in pools]
        for w, needs in enumerate(self.network.needs):
            counts: dict[tuple[int, str], cp_model.IntVar] = {}
            for skill, need in needs.items():
                for p, pool in enumerate(pools):
                    if skill in pool.skills:
                        count = model.new_int_var(0, min(need, pool.size), f"use_{w}_{p}_{skill}")
                        model.add_hint(count, self.warm.allocations[w].get((p, skill), 0))
                        counts[p, skill] = count
                model.add(sum(v for (_, s), v in counts.items() if s == skill) == need)
            for p, pool in enumerate(pools):
                used = [v for (q, _), v in counts.items() if q == p]
                if used:
                    total = model.new_int_var(0, pool.size, f"use_{w}_{p}")
                    model.add(total == sum(used))
                    using[p].append((w, total))
            self.counts.append(counts)
        for pool, uses in zip(pools, using, strict=True):
            if uses:
                model.add_cumulative([self.intervals[w] for w, _ in uses], [u for _, u in uses], pool.size)

    def _add_bottlenecks(self) -> None:
        """What follows from the pools, said outright: it is what the solver propagates best."""
        for bottleneck in self.network.bottlenecks:
            demands = {w: self.network.demand(w, bottleneck) for w in range(len(self.network))}
            users = [w for w, demand in demands.items() if demand]
            if sum(demands.values()) > bottleneck.people:
                self.model.add_cumulative(
                    [self.intervals[w] for w in users], [demands[w] for w in users], bottleneck.people
                )

    def _add_cliques(self) -> None:
        for clique in _cliques(self.network):
            self.model.add_no_overlap([self.intervals[w] for w in clique])


def _cliques(network: Network) -> Iterator[list[int]]:
    """Sets of works no two of which can go on at once, grown from each work, the longest works first."""
    size = len(network)
    everyone = [pool.size for pool in network.pools]
    apart = [[False] * size for _ in range(size)]
    for a in range(size):
        for b in range(a):
            both = {
                s: network.needs[a].get(s, 0) + network.needs[b].get(s, 0)
                for s in network.needs[a] | network.needs[b]
            }
            apart[a][b] = apart[b][a] = network.allocate(both, everyone) is None
    seen = set()
    for first in range(size):
        clique = [first]
        for w in sorted(range(size), key=lambda w: -network.durations[w]):
            if all(apart[w][c] for c in clique):
                clique.append(w)
        if len(clique) > 2 and (key := frozenset(clique)) not in seen:
            seen.add(key)
            yield clique


def improve(network: Network, warm: PoolPlan, bound: int, deadline: float) -> tuple[PoolPlan, int]:
    """The best plan found until the deadline (of `time.monotonic`), and a lower bound that is proved.

    Args:
        network: what to plan.
        warm: a plan to start from; the answer is never worse.
        bound: a lower bound known already.
    """
    built = _Model(network, warm, bound)
    solver = cp_model.CpSolver()
    remaining = deadline - time.monotonic() - MARGIN_SECONDS
    if remaining <= 0:
        return warm, bound
    solver.parameters.max_time_in_seconds = remaining
    solver.parameters.num_workers = WORKERS
    solver.parameters.random_seed = 0
    status = solver.solve(built.model)
    bound = max(bound, ceil(solver.best_objective_bound - 1e-6)) if status != cp_model.UNKNOWN else bound
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return warm, min(bound, warm.makespan)
    starts = [solver.value(s) for s in built.starts]
    allocations = [{k: n for k, v in counts.items() if (n := solver.value(v))} for counts in built.counts]
    makespan = max((s + d for s, d in zip(starts, network.durations, strict=True)), default=0)
    return PoolPlan(starts, allocations, makespan), bound
