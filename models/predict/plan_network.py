"""A planning problem with people of the same skills pooled, and what follows from it without search.

People who have the same of the needed skills are interchangeable: a plan that never uses more of a pool
than it holds can always be turned into one for persons, whoever is free taking the next piece of work
(intervals are an interval graph, which is perfect). So the search is over pools, without their symmetry."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from models.predict.plan_problem import Assignment, Problem

Allocation = dict[tuple[int, str], int]
"""How many of a pool (its index) serve a skill of a piece of work."""

UNIONS = 3
"""Bottlenecks are sought among unions of up to this many skills' holders where there are many skills."""

FEW_SKILLS = 7
"""With so few skills, all their subsets are tried for bottlenecks."""


@dataclass(frozen=True)
class Pool:
    """People who have the same of the skills that anything needs."""

    skills: frozenset[str]
    people: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.people)


@dataclass(frozen=True)
class Bottleneck:
    """Skills that only some people have: at any time, no more than `people` of them can be served (Hall)."""

    skills: frozenset[str]
    people: int


class Network:
    """Works by index, in an order that respects what comes after what."""

    def __init__(self, problem: Problem) -> None:
        """Raises `graphlib.CycleError` where pieces of work come after each other in a circle."""
        self.problem = problem
        by_id = {w.work_id: w for w in problem.work}
        order = list(TopologicalSorter({w.work_id: w.after for w in problem.work}).static_order())
        self.ids = order
        index = {work_id: i for i, work_id in enumerate(order)}
        self.durations = [by_id[w].duration for w in order]
        self.needs = [{s: n for s, n in by_id[w].needs.items() if n} for w in order]
        self.after = [sorted({index[a] for a in by_id[w].after}) for w in order]
        self.before: list[list[int]] = [[] for _ in order]
        for i, earlier in enumerate(self.after):
            for a in earlier:
                self.before[a].append(i)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def pools(self) -> list[Pool]:
        """The pools, those with the least sought-after skills first."""
        needed = {s for needs in self.needs for s in needs}
        members: defaultdict[frozenset[str], list[str]] = defaultdict(list)
        for person in self.problem.people:
            if useful := needed.intersection(person.skills):
                members[frozenset(useful)].append(person.person_id)
        energy = Counter[str]()
        for duration, needs in zip(self.durations, self.needs, strict=True):
            energy.update({s: duration * n for s, n in needs.items()})
        pools = [Pool(skills, tuple(people)) for skills, people in members.items()]
        holders = {s: sum(p.size for p in pools if s in p.skills) for s in needed}
        return sorted(pools, key=lambda p: sum(energy[s] / holders[s] for s in p.skills))

    @cached_property
    def heads(self) -> list[int]:
        """Earliest start of each work, were there people enough."""
        heads: list[int] = []
        for i in range(len(self)):
            heads.append(max((heads[a] + self.durations[a] for a in self.after[i]), default=0))
        return heads

    @cached_property
    def tails(self) -> list[int]:
        """Least time from each work's end to the end of the plan."""
        tails = [0] * len(self)
        for i in reversed(range(len(self))):
            tails[i] = max((self.durations[b] + tails[b] for b in self.before[i]), default=0)
        return tails

    @cached_property
    def bottlenecks(self) -> list[Bottleneck]:
        """Sets of skills that may bind, each as large as its people allow."""
        skills = sorted({s for needs in self.needs for s in needs})
        most = len(skills) if len(skills) <= FEW_SKILLS else UNIONS
        chosen: Iterable[Sequence[str]] = (c for n in range(1, most + 1) for c in combinations(skills, n))
        sets: dict[frozenset[str], int] = {}
        for some in [*chosen, skills]:
            inside = [p for p in self.pools if p.skills.intersection(some)]
            outside = {s for p in self.pools if p not in inside for s in p.skills}
            sets[frozenset(skills) - outside] = sum(p.size for p in inside)
        return [Bottleneck(s, people) for s, people in sets.items() if s]

    def demand(self, work: int, bottleneck: Bottleneck) -> int:
        """How many people of a bottleneck a work needs."""
        return sum(n for s, n in self.needs[work].items() if s in bottleneck.skills)

    def allocate(self, needs: dict[str, int], free: Sequence[int]) -> Allocation | None:
        """People for all needs out of so many free of each pool, the least sought-after first; None where
        they do not suffice. A bipartite matching by augmenting paths."""
        used: list[list[str]] = [[] for _ in self.pools]  # the skills that members of the pool serve

        def serve(skill: str, tried: set[int]) -> bool:
            for p, pool in enumerate(self.pools):
                if p in tried or skill not in pool.skills or not free[p]:
                    continue
                tried.add(p)
                if len(used[p]) < free[p]:
                    used[p].append(skill)
                    return True
                for other in set(used[p]) - {skill}:
                    if serve(other, tried):
                        used[p][used[p].index(other)] = skill
                        return True
            return False

        if not all(serve(skill, set()) for skill, n in needs.items() for _ in range(n)):
            return None
        return dict(Counter((p, skill) for p, skills in enumerate(used) for skill in skills))

    def persons(self, starts: Sequence[int], allocations: Sequence[Allocation]) -> list[list[Assignment]]:
        """The plan for persons that a plan for pools stands for."""
        free_from = [dict.fromkeys(pool.people, 0) for pool in self.pools]
        served: list[list[Assignment]] = [[] for _ in self.ids]
        for work in sorted(range(len(self)), key=lambda w: starts[w]):
            for (p, skill), count in sorted(allocations[work].items()):
                for person in [x for x, t in free_from[p].items() if t <= starts[work]][:count]:
                    free_from[p][person] = starts[work] + self.durations[work]
                    served[work].append(Assignment(person_id=person, skill=skill))
        return served


def impossible(problem: Problem) -> list[str]:
    """Why a problem has no plan: works in a circle, or a work that needs more than there is. None where it
    has one, for then its works can at worst be done one after another."""
    try:
        network = Network(problem)
    except CycleError as error:
        return [f"work comes after itself: {' -> '.join(error.args[1])}"]
    everyone = [pool.size for pool in network.pools]
    reasons = []
    for work, needs in zip(network.ids, network.needs, strict=True):
        if network.allocate(needs, everyone) is None:
            reasons.append(f"work {work} needs {_listed(needs)}, and there are not people enough at once")
    return reasons


def _listed(needs: dict[str, int]) -> str:
    return ", ".join(f"{n} of {skill}" for skill, n in needs.items())
