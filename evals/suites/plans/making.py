"""Problems whose shortest plan is known because they are cut out of one.

A plan is made first, of a given length and with everybody's hours in it; the problem is what is left when the
starts and the persons are forgotten. Something in it (a person, a chain of work) is busy from beginning to
end, so that no plan can be shorter."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from models.predict.plan_problem import Person, Problem, Work

Family = Literal["packed", "chain", "scarce", "impossible"]

SKILLS = ("design", "data", "cloud", "test")
LONGEST = 6  # a piece of work
TOGETHER = 3  # people on one piece


@dataclass
class _Draft:
    """A plan in the making: who is busy when, and the work so far with its start and end."""

    random: Random
    people: dict[str, list[str]]
    span: int
    work: list[tuple[int, int, Counter[str]]] = field(default_factory=list)  # start, end, needs

    def add(self, start: int, end: int, team: Mapping[str, str]) -> None:
        """A piece of work that these people do, each with one skill."""
        self.work.append((start, end, Counter(team.values())))

    def problem(self, name: str) -> Problem:
        """The problem, each piece after up to two that had ended when it started."""
        order = sorted(range(len(self.work)), key=lambda n: self.work[n][:2])
        names = {n: f"w{place:02d}" for place, n in enumerate(order)}
        pieces = []
        for n in order:
            start, end, needs = self.work[n]
            done = [m for m in order if self.work[m][1] <= start]
            after = self.random.sample(done, min(len(done), self.random.randint(0, 2)))
            pieces.append(
                Work(
                    work_id=names[n],
                    duration=end - start,
                    needs=dict(sorted(needs.items())),
                    after=sorted(names[m] for m in after),
                )
            )
        people = [Person(person_id=p, skills=skills) for p, skills in self.people.items()]
        return Problem(problem_id=name, skills=list(SKILLS), people=people, work=pieces)


def make(family: Family, size: int, span: int, seed: int) -> tuple[Problem, int | None]:
    """A problem and the length of its shortest plan; None for an impossible one.

    Args:
        size: how many people there are.
        span: the length of the plan that the problem is cut out of.
        seed: the same one makes the same problem.
    """
    random = Random(f"{family} {size} {span} {seed}")
    people = {f"p{n}": sorted(random.sample(SKILLS, random.randint(1, 3))) for n in range(size)}
    draft = _Draft(random, people, span)
    _FAMILIES[family](draft)
    name = f"{family}-{size}x{span}-{seed}"
    return draft.problem(name), None if family == "impossible" else span


def _packed(draft: _Draft) -> None:
    """Nobody is ever idle: whatever is longer wastes hours, and nothing can be shorter."""
    _fill(draft, list(draft.people))


def _chain(draft: _Draft) -> None:
    """One piece of work after another from beginning to end, and others beside it with room to spare."""
    first, *others = draft.people
    start = 0
    while start < draft.span:
        end = min(start + draft.random.randint(2, LONGEST), draft.span)
        draft.add(start, end, {first: draft.people[first][0]})
        start = end
    # Only the first has this skill, so that the others cannot relieve them.
    own = draft.people[first][0]
    draft.people[first] = [own]
    for person in others:
        draft.people[person] = [s for s in draft.people[person] if s != own] or [_another(own)]
    _fill(draft, others, idle=0.5)


def _scarce(draft: _Draft) -> None:
    """One skill that only two people have, who are busy with it all the time, at times together."""
    skill = SKILLS[0]
    for n, person in enumerate(draft.people):
        skills = [s for s in draft.people[person] if s != skill] or [_another(skill)]
        draft.people[person] = [skill] if n < 2 else skills
    first, second, *others = draft.people
    start = 0
    while start < draft.span:
        end = min(start + draft.random.randint(2, LONGEST), draft.span)
        if draft.random.random() < 0.3:
            draft.add(start, end, {first: skill, second: skill})
        else:
            draft.add(start, end, {first: skill})
            draft.add(start, end, {second: skill})
        start = end
    _fill(draft, others, idle=0.4)


def _impossible(draft: _Draft) -> None:
    """A piece of work for more people of a skill than there are."""
    _fill(draft, list(draft.people), idle=0.3)
    have = sum(SKILLS[-1] in skills for skills in draft.people.values())
    draft.work.append((0, 2, Counter({SKILLS[-1]: have + 1})))


def _fill(draft: _Draft, people: list[str], idle: float = 0.0) -> None:
    """Work for these people until the end, with breaks now and then."""
    free = dict.fromkeys(people, 0)
    while (start := min(free.values(), default=draft.span)) < draft.span:
        at_hand = [person for person, since in free.items() if since == start]
        end = min(start + draft.random.randint(1, LONGEST), draft.span)
        if draft.random.random() < idle:
            free[draft.random.choice(at_hand)] = end
            continue
        together = draft.random.sample(at_hand, min(len(at_hand), draft.random.randint(1, TOGETHER)))
        draft.add(start, end, {person: draft.random.choice(draft.people[person]) for person in together})
        free.update(dict.fromkeys(together, end))


def _another(skill: str) -> str:
    return next(s for s in SKILLS if s != skill)


_FAMILIES: Mapping[Family, Callable[[_Draft], None]] = {
    "packed": _packed,
    "chain": _chain,
    "scarce": _scarce,
    "impossible": _impossible,
}
