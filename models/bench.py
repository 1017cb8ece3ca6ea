"""The bench ahead: who runs out of booked work in the coming weeks, and which open roles they could take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.fit import Candidate, Fit, SkillHeld, Wanted, Week, fit

BENCH_SHARE = Decimal("0.5")  # a week with more than this share of the capacity free counts as bench
MATCH = 0.45  # least fit for a role to be suggested


@dataclass(frozen=True)
class Worker:
    """A person with the weeks ahead."""

    person_id: str
    name: str
    title: str
    practice: str
    office: str
    capacity: Decimal  # hours a week
    skills: Sequence[SkillHeld]
    weeks: Sequence[Week]

    def bench_weeks(self) -> list[Week]:
        """Weeks with more than half the working hours free, leave aside."""
        return [w for w in self.weeks if w.free_hours > BENCH_SHARE * self.at_work(w) > 0]

    def at_work(self, week: Week) -> Decimal:
        return self.capacity * max(0, 5 - week.leave_days) / 5

    def bench_from(self) -> date | None:
        """The Monday from which on every week ahead is bench; None while work is booked to the end."""
        start = None
        benched = {w.monday for w in self.bench_weeks()}
        for week in reversed(self.weeks):
            if week.monday not in benched and week.leave_days < 5:
                break
            start = week.monday
        return start if benched else None


@dataclass(frozen=True)
class OpenRole:
    """A role request that nobody fills yet."""

    request_id: str
    project_id: str
    project: str
    practice: str
    role: str
    skills: Mapping[str, int]
    starts_on: date
    ends_on: date
    hours_per_week: Decimal

    def wanted(self) -> Wanted:
        return Wanted(self.role, self.skills, self.starts_on, self.ends_on, self.hours_per_week)


@dataclass(frozen=True)
class PracticeWeek:
    practice: str
    monday: date
    capacity: Decimal  # hours at work
    booked: Decimal
    held: Decimal
    bench_people: int

    @property
    def utilisation(self) -> Decimal:
        return (self.booked / self.capacity).quantize(Decimal("0.001")) if self.capacity else Decimal(0)


def by_practice(workers: Sequence[Worker]) -> list[PracticeWeek]:
    """Capacity, bookings and bench for each practice and week, in that order."""
    mondays = sorted({w.monday for worker in workers for w in worker.weeks})
    found = []
    for practice in sorted({w.practice for w in workers}):
        team = [w for w in workers if w.practice == practice]
        for index, monday in enumerate(mondays):
            weeks = [(t, t.weeks[index]) for t in team]
            capacity = sum((t.at_work(w) for t, w in weeks), Decimal(0))
            free = sum((w.free_hours for _, w in weeks), Decimal(0))
            held = sum((w.held_hours for _, w in weeks), Decimal(0))
            benched = sum(w in t.bench_weeks() for t, w in weeks)
            found.append(PracticeWeek(practice, monday, capacity, capacity - free, held, benched))
    return found


@dataclass(frozen=True)
class Suggestion:
    """A person who could take an open role."""

    worker: Worker
    role: OpenRole
    fit: Fit


def suggest(
    workers: Sequence[Worker], roles: Sequence[OpenRole], likeness: Mapping[tuple[str, str], float]
) -> list[Suggestion]:
    """Who could go where: pairs of a benched person and an open role, best fit first, each person and each
    role at most once. `likeness`: of (title, role name), 0 to 1."""
    pairs = []
    for worker in workers:
        if not worker.bench_weeks():
            continue
        for role in roles:
            candidate = Candidate(
                person_id=worker.person_id,
                skills=[s for s in worker.skills if s.skill in role.skills],
                weeks=[w for w in worker.weeks if role.starts_on <= w.monday <= role.ends_on]
                or list(worker.weeks[-1:]),
                role_likeness=likeness.get((worker.title, role.role), 0.0),
                past_weeks_with_client=0,
                past_weeks_in_role=0,
            )
            found = fit(candidate, role.wanted())
            if found.score >= MATCH and (found.parts["skills"] > 0 or not role.skills):
                pairs.append(Suggestion(worker, role, found))
    pairs.sort(key=lambda s: (-s.fit.score, s.worker.person_id, s.role.request_id))
    taken: set[str] = set()
    chosen = []
    for pair in pairs:
        if pair.worker.person_id not in taken and pair.role.request_id not in taken:
            taken |= {pair.worker.person_id, pair.role.request_id}
            chosen.append(pair)
    return chosen
