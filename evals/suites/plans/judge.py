"""The verdict on one plan. Whether it keeps the rules is checked straight from the problem, and what is
claimed of it is held against the length that is known to be the least."""

from evals.cases import Verdict
from evals.suites.plans.cases import Task
from evals.suites.plans.subject import Planned
from evals.tabular.figures import NAIVE
from models.predict.plan_check import check_plan

NO_PLAN = 1.0  # the gap of a problem that has a plan and was given none that is sound


def judge(case: Task, said: Planned) -> Verdict:
    """Right when the plan is sound, in time and as short as can be; the score is the least length over the
    plan's, and 0 for a plan that is not sound."""
    faults = _faults(case, said)
    sound = not faults
    if not said.in_time:
        faults.append("It came after the time limit.")
    values = {"sound": float(sound), "in_time": float(said.in_time)}
    score = float(sound)
    if case.optimum is not None:
        length = said.plan.makespan if sound else None
        gap = length / case.optimum - 1 if length is not None else NO_PLAN
        score = case.optimum / length if length is not None else 0.0
        values |= {
            "optimum": float(case.optimum),
            "gap": gap,
            "shortest": float(gap == 0),
            "proved": float(sound and said.plan.status == "optimal"),
        }
        if said.plan.makespan is not None and said.plan.lower_bound is not None:
            values |= {
                "makespan": float(said.plan.makespan),
                "lower_bound": float(said.plan.lower_bound),
                "bound": said.plan.lower_bound / case.optimum,
            }
        if said.greedy is not None:
            greedy = said.greedy / case.optimum - 1
            values |= {f"gap{NAIVE}": greedy, f"shortest{NAIVE}": float(greedy == 0)}
        if gap > 0 and sound:
            faults.append(f"There is a plan of {case.optimum}.")
    return Verdict(
        score=min(score, 1.0), passed=not faults, got=said.text, fault=" ".join(faults), values=values
    )


def _faults(case: Task, said: Planned) -> list[str]:
    """What is unsound: a rule that the plan breaks, or a claim that cannot be."""
    plan = said.plan
    if case.optimum is None:
        if plan.status != "infeasible":
            return ["The problem has no plan."]
        return [] if plan.reasons else ["It does not say why there is no plan."]
    if plan.status == "infeasible":
        return ["The problem has a plan."]
    faults = [f"{fault[:1].upper()}{fault[1:]}." for fault in check_plan(case.problem, plan)]
    if (plan.lower_bound or 0) > case.optimum:
        faults.append(f"The lower bound {plan.lower_bound} is above the least length {case.optimum}.")
    if plan.status == "optimal" and (plan.makespan or 0) > case.optimum:
        faults.append(f"It is called optimal, and {case.optimum} is the least length.")
    return faults
