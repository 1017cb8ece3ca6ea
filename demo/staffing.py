"""Who works, worked or will work on what: bookings and the requests that led to some of them."""

from __future__ import annotations

import random
from datetime import date, timedelta

from demo import cast
from demo.load import WeeklyHours
from demo.records import Assignment, BookingState, Person, Project
from demo.setting import Setting
from demo.workdays import monday_of

_OWN_PRACTICE, _OTHER_PRACTICE = 1.0, 0.05  # how readily people are booked inside and outside their own
_SIDE_HOURS = (4, 8, 8, 12)


class Bookings:
    """Weekly booked hours by person and by project, and the list of bookings behind them."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.made: list[Assignment] = []
        self._person = WeeklyHours()
        self._project = WeeklyHours()

    def room(self, person: Person, first: date, last: date) -> int:
        """The least hours a week that the person has free between two days, as the story allows."""
        free = person.capacity - self._person.most(person.person_id, first, last)
        wanted = cast.free_hours(person)
        monday = self.setting.next_monday
        if wanted is not None and last >= monday:
            booked = self._person.most(person.person_id, max(first, monday), last)
            free = min(free, person.capacity - wanted - booked)
        return free

    def shortfall(self, project: Project, day: date) -> float:
        """Hours a week that a project still wants in the week of that day."""
        return project.demand - self._project.at(project.project_id, day)

    def book(
        self, person: Person, project: Project, first: date, last: date, hours: int, state: BookingState
    ) -> None:
        """Books the person, or does nothing where that would leave no working week or no hour."""
        if (last - first).days < 4 or person.role is None:
            return
        hours = min(hours, self.room(person, first, last)) if person.part else hours
        if hours < 4:
            return
        self.made.append(Assignment("", person, project, person.role.name, first, last, hours, state))
        self._person.add(person.person_id, first, last, hours)
        self._project.add(project.project_id, first, last, hours)


def staff(setting: Setting, people: list[Person], projects: list[Project]) -> list[Assignment]:
    """All bookings, numbered by start."""
    rng = setting.random("staffing")
    bookings = Bookings(setting)
    by_id = {p.person_id: p for p in people}
    for project in projects:
        _book_manager(setting, rng, bookings, by_id[project.manager_id], project)
    workers = [p for p in people if p.role]
    rng.shuffle(workers)
    workers.sort(key=lambda p: not p.part)  # the story's people choose first
    _book_story(setting, bookings, workers, projects)
    for person in workers:
        _main_track(setting, rng, bookings, person, projects)
    for person in workers:
        _side_track(setting, rng, bookings, person, projects)
    made = sorted(bookings.made, key=lambda a: (a.starts_on, a.person.person_id, a.project.project_id))
    return [
        Assignment(
            f"AS-{n:05d}", a.person, a.project, a.role, a.starts_on, a.ends_on, a.hours_per_week, a.state
        )
        for n, a in enumerate(made, 1)
    ]


def _within(person: Person, first: date, last: date) -> tuple[date, date]:
    first = max(first, person.starts_on + timedelta(days=3))
    return first, min(last, person.ends_on) if person.ends_on else last


def _book_manager(
    setting: Setting, rng: random.Random, bookings: Bookings, manager: Person, project: Project
) -> None:
    """A project's manager is on it from start to end, for the hours that are left in the week."""
    first, last = _within(manager, project.starts_on, project.ends_on)
    if last <= first:
        return
    hours = 16 if project.name == cast.PROJECT_NAME else rng.choice((8, 8, 12, 16))
    room = max(4, min(hours, bookings.room(manager, first, last)))
    bookings.book(manager, project, first, last, room, "booked")


def _book_story(setting: Setting, bookings: Bookings, workers: list[Person], projects: list[Project]) -> None:
    """Keeps the story's busy people busy through the weeks of the request."""
    _, last = cast.request_period(setting)
    project = max(
        (p for p in projects if p.status == "active" and p.name != cast.PROJECT_NAME),
        key=lambda p: (min(p.ends_on, last), p.practice == cast.PRACTICE, p.project_id),
    )
    for person in workers:
        wanted = cast.free_hours(person)
        if wanted is None or person.part == "manager" or wanted >= person.capacity:
            continue
        start = max(project.starts_on, setting.today - timedelta(days=80))
        hours = person.capacity - wanted
        bookings.book(person, project, monday_of(start), project.ends_on, hours, "booked")


def _candidates(
    bookings: Bookings, person: Person, projects: list[Project], day: date
) -> tuple[list[Project], list[float]]:
    """Projects that want somebody on that day, and how much they want this person."""
    wanting, weights = [], []
    for project in projects:
        if project.starts_on <= day + timedelta(days=14) and project.ends_on >= day + timedelta(days=20):
            near = _OWN_PRACTICE if project.practice == person.practice else _OTHER_PRACTICE
            short = bookings.shortfall(project, max(day, project.starts_on))
            wanting.append(project)
            weights.append(near * (max(short, 0.0) ** 1.5 + 1.0))
    return wanting, weights


def _main_track(
    setting: Setting, rng: random.Random, bookings: Bookings, person: Person, projects: list[Project]
) -> None:
    """One long booking after another, with gaps between, until the horizon or until nothing follows."""
    day = max(setting.first_day - timedelta(days=rng.randint(0, 60)), person.starts_on)
    end_of_work = min(setting.horizon, person.ends_on or setting.horizon)
    while day < end_of_work:
        if day > setting.today and rng.random() < 0.3:
            return  # nothing follows yet: this is how people come to the bench
        wanting, weights = _candidates(bookings, person, projects, day)
        if not wanting:
            day += timedelta(days=7)
            continue
        project = rng.choices(wanting, weights)[0]
        first, last = _within(person, max(day, project.starts_on), project.ends_on)
        last = min(last, first + timedelta(weeks=rng.randint(8, 34)) - timedelta(days=3))
        last = min(last, end_of_work)
        last -= timedelta(days=max(0, last.weekday() - 4))
        if person.part and first <= last and last >= setting.next_monday:
            last = _story_end(setting, bookings, person, first, last)
        hours = _hours(rng, bookings, person, first, last) if last > first else 0
        state: BookingState = "hold" if first > setting.today and rng.random() < 0.4 else "booked"
        bookings.book(person, project, first, last, hours, state)
        gap = rng.choices((0, 3, 7, 14, 28, 49), (46, 26, 16, 8, 3, 1))[0]
        day = max(last, day) + timedelta(days=3 + gap)


def _story_end(setting: Setting, bookings: Bookings, person: Person, first: date, last: date) -> date:
    """Ends a player's booking this week if it would eat the hours that the story wants free."""
    friday = setting.next_monday - timedelta(days=3)
    return last if bookings.room(person, first, last) >= 8 else min(last, friday)


def _hours(rng: random.Random, bookings: Bookings, person: Person, first: date, last: date) -> int:
    room = bookings.room(person, first, last)
    usual = rng.choices((40, 36, 32, 28, 24, 20), (50, 12, 20, 6, 8, 4))[0] * person.capacity // 40
    return min(usual, room // 4 * 4)


def _side_track(
    setting: Setting, rng: random.Random, bookings: Bookings, person: Person, projects: list[Project]
) -> None:
    """Some hours a week beside the main booking; now and then more than there is room for."""
    for _ in range(rng.choice((2, 3, 4, 5))):
        day = setting.first_day + timedelta(days=rng.randint(0, 720))
        wanting, weights = _candidates(bookings, person, projects, day)
        if not wanting:
            continue
        project = rng.choices(wanting, weights)[0]
        first, last = _within(person, max(day, project.starts_on), project.ends_on)
        last = min(last, first + timedelta(weeks=rng.randint(6, 20)) - timedelta(days=3))
        if last <= first:
            continue
        hours = rng.choice(_SIDE_HOURS)
        if bookings.room(person, first, last) >= hours or (not person.part and rng.random() < 0.06):
            bookings.book(person, project, first, last, hours, "booked")
