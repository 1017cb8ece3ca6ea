"""The multi-skill project scheduling problem (MSPSP), as read and as written.

Pieces of work, some after others, need people of certain skills, each for their whole duration; a person
serves one skill of one piece of work at a time. The aim is the shortest makespan. See Bellenguez-Morineau
and Néron, 'A branch-and-bound method for solving multi-skill project scheduling problem' (RAIRO, 2007)."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1)]
Status = Literal["optimal", "feasible", "infeasible"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Person(_Strict):
    """Someone who can serve any one of these skills at a time."""

    person_id: Name
    skills: list[Name]


class Work(_Strict):
    """A piece of work: how many people of which skills it needs for how long, and what it comes after."""

    work_id: Name
    duration: Annotated[int, Field(ge=0, le=1_000_000)]
    needs: dict[Name, Annotated[int, Field(ge=0, le=10_000)]]
    after: list[Name]

    @model_validator(mode="after")
    def _people_serve_for_some_time(self) -> Self:
        if self.duration == 0 and any(self.needs.values()):
            raise ValueError("a piece of work that needs people must have a duration of at least 1")
        return self


class Problem(_Strict):
    """A problem whose names all refer to something. Whether it has a plan is another question."""

    problem_id: Name
    skills: list[Name]
    people: list[Person]
    work: list[Work]

    @model_validator(mode="after")
    def _names_refer(self) -> Self:
        wrong = [
            *_twice("skill", self.skills),
            *_twice("person", [p.person_id for p in self.people]),
            *_twice("work", [w.work_id for w in self.work]),
        ]
        skills, work = set(self.skills), {w.work_id for w in self.work}
        for person in self.people:
            wrong += [
                f"person {person.person_id} has unknown skill {s}" for s in person.skills if s not in skills
            ]
        for piece in self.work:
            wrong += [f"work {piece.work_id} needs unknown skill {s}" for s in piece.needs if s not in skills]
            wrong += [
                f"work {piece.work_id} comes after unknown work {a}" for a in piece.after if a not in work
            ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class Assignment(_Strict):
    """A person serving one skill of a piece of work."""

    person_id: Name
    skill: Name


class Plan(_Strict):
    """An answer to a problem. Without a plan, the makespan and the bound are None, and `reasons` says why."""

    problem_id: Name
    status: Status
    makespan: int | None
    lower_bound: int | None  # no plan can be shorter than this
    starts: dict[Name, int]
    people: dict[Name, list[Assignment]]
    reasons: list[str] = Field(default=[], exclude_if=lambda reasons: not reasons)


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{what} {name} comes twice"
        seen.add(name)
