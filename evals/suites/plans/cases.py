"""The problems: cut out of known plans, and own ones whose shortest plan is known."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from evals.cases import Case
from evals.quality.plans import PART
from evals.suite import Setting
from evals.suites.plans.making import Family, make
from evals.tabular.firms import OWN
from models.predict.plan_problem import Problem

GENERATED = "generated"  # the source of the problems that are cut out of plans
FAMILIES: tuple[Family, ...] = ("packed", "chain", "scarce", "impossible")
EASY = ((3, 12), (4, 12), (5, 24))  # people, span: solved to proof in a moment on any machine
HARD = ((6, 30), (8, 40), (10, 60))
SEEDS: Mapping[Family, int] = {"packed": 6, "chain": 2, "scarce": 2, "impossible": 2}  # of each size


class Task(Case):
    """A problem and the length of its shortest plan."""

    problem: Problem
    optimum: int | None  # None: it has no plan


def cases(within: Setting) -> Sequence[Task]:
    own = list(_own(within.data)) if within.data is not None else []
    return [*_generated(within.small), *own]


def _generated(small: bool) -> Iterator[Task]:
    """A packed problem takes longest to solve: of five people it is no part of the small ones."""
    for family in FAMILIES:
        for people, span in (*EASY, *(() if small else HARD)):
            if small and family == "packed" and people > 4:
                continue
            for seed in range(SEEDS[family]):
                problem, optimum = make(family, people, span, seed)
                difficulty = "hard" if (people, span) in HARD else "plain"
                cluster = f"{family} {people}x{span}"
                yield _task(problem, optimum, GENERATED, family, cluster, difficulty)


def _own(data: Path) -> Iterator[Task]:
    """Every so-manieth own problem whose shortest plan `plan/optima.csv` knows."""
    path = data / "plan" / "optima.csv"
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        optima = {row["problem_id"]: int(row["makespan"]) for row in csv.DictReader(file)}
    files = {f.stem: f for f in sorted((data / "plan").rglob("*.json")) if f.stem in optima}
    for name in list(files)[::PART]:
        problem = Problem.model_validate_json(files[name].read_bytes())
        family = name.rpartition("_")[0] or name
        yield _task(problem, optima[name], OWN, family, family, "hard")


def _task(
    problem: Problem, optimum: int | None, source: str, kind: str, cluster: str, difficulty: str
) -> Task:
    return Task(
        id=f"{source}/{problem.problem_id}",
        text=f"{len(problem.work)} pieces of work for {len(problem.people)} people",
        expected="no plan, and why" if optimum is None else f"a plan of {optimum}",
        groups={"source": source, "kind": kind, "difficulty": difficulty},
        cluster=f"{source}/{cluster}",
        problem=problem,
        optimum=optimum,
    )
