"""Does a plan keep every rule of its problem? Written apart from the solver, straight from the rules."""

from collections import Counter
from itertools import pairwise

from models.predict.plan_problem import Plan, Problem


def check_plan(problem: Problem, plan: Plan) -> list[str]:
    """Everything that is wrong with a plan; nothing for a sound one.

    That a plan is optimal or a problem infeasible is not proved here: only that the plan's own figures agree
    with each other and with the problem."""
    if plan.status == "infeasible":
        return ["an infeasible problem has no starts"] if plan.starts or plan.people else []
    work = {w.work_id: w for w in problem.work}
    if plan.starts.keys() != work.keys():
        return [f"starts are missing or unknown for {sorted(plan.starts.keys() ^ work.keys())}"]
    if unknown := plan.people.keys() - work.keys():
        return [f"people are given for unknown work {sorted(unknown)}"]
    return _check_times(problem, plan) + _check_people(problem, plan)


def _check_times(problem: Problem, plan: Plan) -> list[str]:
    wrong = []
    ends = {w.work_id: plan.starts[w.work_id] + w.duration for w in problem.work}
    for piece in problem.work:
        start = plan.starts[piece.work_id]
        if start < 0:
            wrong.append(f"work {piece.work_id} starts at {start}, before 0")
        wrong += [
            f"work {piece.work_id} starts at {start}, before {before} ends at {ends[before]}"
            for before in piece.after
            if start < ends[before]
        ]
    makespan = max(ends.values(), default=0)
    if plan.makespan != makespan:
        wrong.append(f"the makespan is {makespan}, not {plan.makespan}")
    if plan.lower_bound is None or plan.lower_bound > makespan:
        wrong.append(f"the lower bound {plan.lower_bound} is not one: the makespan is {makespan}")
    if plan.status == "optimal" and plan.lower_bound != makespan:
        wrong.append(f"called optimal with a lower bound of {plan.lower_bound} under {makespan}")
    return wrong


def _check_people(problem: Problem, plan: Plan) -> list[str]:
    wrong = []
    skills = {p.person_id: set(p.skills) for p in problem.people}
    busy: dict[str, list[tuple[int, int, str]]] = {person: [] for person in skills}
    for piece in problem.work:
        given = plan.people.get(piece.work_id, [])
        served = Counter(a.skill for a in given)
        if served != (needed := Counter({s: n for s, n in piece.needs.items() if n})):
            wrong.append(f"work {piece.work_id} needs {dict(needed)} and is given {dict(served)}")
        for assignment in given:
            person = assignment.person_id
            if assignment.skill not in skills.get(person, ()):
                wrong.append(f"work {piece.work_id}: {person} does not have skill {assignment.skill}")
            if person in busy:
                start = plan.starts[piece.work_id]
                busy[person].append((start, start + piece.duration, piece.work_id))
    for person, spells in busy.items():
        wrong += [
            f"person {person} serves {first} until {end} and {second} from {start}"
            for (_, end, first), (start, _, second) in pairwise(sorted(spells))
            if start < end
        ]
    return wrong
