"""The verdict on one shortlist."""

from collections.abc import Collection, Sequence

from evals.cases import Verdict
from evals.suites.staffing.cases import Feasible, Request
from evals.suites.staffing.subject import Shortlist
from evals.tabular.figures import NAIVE

FIRST = 3  # whom a reader looks at
CUTS = (FIRST, 10)


def judge(case: Request, said: Shortlist) -> Verdict:
    """Right when one of the first three fits; the score is 1 over the place of the first one who does."""
    values = {
        f"{name}{ending}": value
        for ending, people in (("", said.people), (NAIVE, said.naive))
        for name, value in _of_list(case, people).items()
    }
    first = said.people[:FIRST]
    if first:
        values["reasons"] = sum(map(bool, said.reasons[:FIRST])) / len(first)
    passed = bool(set(first) & set(case.fits))
    return Verdict(
        score=values["reciprocal_rank"],
        passed=passed,
        got=", ".join(said.people[:5]) or "nobody",
        fault="" if passed else _fault(case, first),
        values=values,
    )


def _of_list(case: Request, people: Sequence[str]) -> dict[str, float]:
    places = [place for place, person in enumerate(people, 1) if person in case.fits]
    values = {"reciprocal_rank": 1 / places[0] if places else 0.0}
    for cut in CUTS:
        could_be = min(cut, len(case.fits))
        values[f"recall_{cut}"] = sum(place <= cut for place in places) / could_be
    if case.feasible and people:
        for name, able in _able(case.feasible).items():
            values[name] = sum(p in able for p in people[:FIRST]) / len(people[:FIRST])
    return values


def _able(feasible: Feasible) -> dict[str, Collection[str]]:
    return {
        "free": feasible.free,
        "skilled": feasible.skilled,
        "affordable": feasible.affordable,
        "feasible": feasible.free & feasible.skilled & feasible.affordable,
    }


def _fault(case: Request, first: Sequence[str]) -> str:
    if not first:
        return f"Nobody is listed; {', '.join(case.fits)} could take it."
    if case.feasible is None:
        return "None of the first three did it."
    lacks = [
        f"{person} is not {' nor '.join(names)}"
        for person in first
        if (
            names := [n for n, able in _able(case.feasible).items() if n != "feasible" and person not in able]
        )
    ]
    return "; ".join(lacks) + "." if lacks else "The first three are of another grade or practice."
