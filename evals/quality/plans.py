"""How close plans come to the shortest there is."""

import csv
import time
from pathlib import Path

import numpy as np

from evals.quality.results import Judged, Result
from models.predict.base import Progress
from models.predict.plan import make_plan
from models.predict.plan_check import check_plan
from models.predict.plan_greedy import schedule
from models.predict.plan_network import Network
from models.predict.plan_problem import Problem

NAME = "plan"
AGAINST = "one greedy schedule, the longest way from the end first"
PART = 6  # every sixth problem
SECONDS = 10.0  # a problem


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`plan/`: every sixth problem whose least makespan `plan/optima.csv` knows (problem_id, makespan)."""
    path = data / "plan" / "optima.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        optima = {row["problem_id"]: int(row["makespan"]) for row in csv.DictReader(file)}
    files = {f.stem: f for f in sorted((data / "plan").rglob("*.json")) if f.stem in optima}
    chosen = list(files)[::PART]
    ours, greedy, faults = [], [], []
    for number, name in enumerate(chosen):
        progress("plans", number, len(chosen))
        problem = Problem.model_validate_json(files[name].read_bytes())
        plan = make_plan(problem, time.monotonic() + SECONDS)
        wrong_bound = (plan.lower_bound or 0) > optima[name]
        faults.append(bool(check_plan(problem, plan)) or wrong_bound)
        ours.append((plan.makespan or np.inf) / optima[name] - 1)
        greedy.append(one_greedy(problem) / optima[name] - 1)
    progress("plans", len(chosen), len(chosen))
    gap, naive, faulty = 100 * np.array(ours), 100 * np.array(greedy), np.array(faults)
    judged = Judged(NAME, path.parent.name, AGAINST, np.array(chosen))
    return [
        judged.measure(
            "mean gap, %", lambda r: float(gap[r].mean()), lambda r: float(naive[r].mean()), aim="low"
        ),
        judged.measure(
            "shortest", lambda r: float((gap[r] <= 0).mean()), lambda r: float((naive[r] <= 0).mean())
        ),
        judged.must("unsound plans or bounds", lambda r: float(faulty[r].mean()), be=0.0),
    ]


def one_greedy(problem: Problem) -> int:
    """The baseline's length of a problem that has a plan."""
    network = Network(problem)
    tails = [d + t for d, t in zip(network.durations, network.tails, strict=True)]
    return schedule(network, tails).makespan
