"""The search for the shortest plan, by constraint programming (OR-tools CP-SAT)."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, isfinite

from ortools.sat.python import cp_model

from models.predict.plan_greedy import PoolPlan, schedule
from models.predict.plan_network import Network

WORKERS = 2
RELAXED_SHARE = 0.3  # of the time left, for the relaxed model, and again for staffing its starts
MARGIN_SECONDS = 0.2  # the solver may overrun its limit by about so much


@dataclass
class _Model:
    """A constraint model of a network, with a plan to start from.

    Relaxed, it leaves out who serves and keeps only what no staffing can get around: an ordinary
    resource-constrained project, much quicker to search, whose bounds hold for the whole problem."""

    network: Network
    warm: PoolPlan
    bound: int
    relaxed: bool
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    starts: list[cp_model.IntVar] = field(default_factory=list)
    counts: list[dict[tuple[int, str], cp_model.IntVar]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._add_times()
        if not self.relaxed:
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
            for p in {p for p, _ in counts}:
                skills = [skill for q, skill in counts if q == p]
                total = model.new_int_var(0, pools[p].size, f"use_{w}_{p}")
                model.add(total == sum(counts[p, skill] for skill in skills))
                model.add_hint(total, sum(self.warm.allocations[w].get((p, skill), 0) for skill in skills))
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


def _solve(built: _Model, seconds: float) -> tuple[cp_model.CpSolver, bool]:
    """The solver after so many seconds at most, and whether it holds a solution."""
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(seconds, 0.01)
    solver.parameters.num_workers = WORKERS
    solver.parameters.random_seed = 0
    status = solver.solve(built.model)
    return solver, status in (cp_model.OPTIMAL, cp_model.FEASIBLE)


def _bound(solver: cp_model.CpSolver, known: int, most: int) -> int:
    """The bound that a solver has proved, if it is better than the one known."""
    proved = solver.best_objective_bound
    return max(known, min(ceil(proved - 1e-6), most)) if isfinite(proved) else known


def _plan(built: _Model, solver: cp_model.CpSolver) -> PoolPlan:
    starts = [solver.value(s) for s in built.starts]
    allocations = [{k: n for k, v in counts.items() if (n := solver.value(v))} for counts in built.counts]
    ends = (s + d for s, d in zip(starts, built.network.durations, strict=True))
    return PoolPlan(starts, allocations, max(ends, default=0))


def _staffed(network: Network, starts: list[int], warm: PoolPlan, seconds: float) -> PoolPlan:
    """A plan like a relaxed one: with its very starts where people can be found for them, else with its works
    in that order. The warm plan if that is no worse."""
    built = _Model(network, warm, 0, relaxed=False)
    built.model.clear_hints()  # type: ignore[no-untyped-call]
    built.model.clear_objective()  # type: ignore[no-untyped-call]
    for variable, start in zip(built.starts, starts, strict=True):
        built.model.add(variable == start)
    solver, found = _solve(built, seconds)
    plan = _plan(built, solver) if found else schedule(network, [-start for start in starts])
    return min(plan, warm, key=lambda p: p.makespan)


def improve(network: Network, warm: PoolPlan, bound: int, deadline: float) -> tuple[PoolPlan, int]:
    """The best plan found until the deadline (of `time.monotonic`), and a lower bound that is proved.

    First the relaxed model is searched, for a bound and for starts that people can perhaps be found for; then
    the whole one.

    Args:
        network: what to plan.
        warm: a plan to start from; the answer is never worse.
        bound: a lower bound known already.
    """

    def left() -> float:
        return deadline - time.monotonic() - MARGIN_SECONDS

    best = warm
    relaxed = _Model(network, best, bound, relaxed=True)
    solver, found = _solve(relaxed, RELAXED_SHARE * left())
    bound = _bound(solver, bound, best.makespan)
    if found and (solver.objective_value < best.makespan):
        best = _staffed(network, _plan(relaxed, solver).starts, best, RELAXED_SHARE * left())
    if best.makespan > bound and left() > 0:
        whole = _Model(network, best, bound, relaxed=False)
        solver, found = _solve(whole, left())
        bound = _bound(solver, bound, best.makespan)
        best = _plan(whole, solver) if found else best
    return best, bound
