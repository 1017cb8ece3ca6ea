"""The firm's people: names, places, grades, rates, skills, who leads whom, and when they are away."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from demo import cast
from demo.cast import Part
from demo.catalogue import GRADES, OPERATIONS, disciplines, offices, practices, role, skills_of
from demo.records import Grade, Leave, LeaveKind, Office, Person, Role
from demo.setting import Setting, text

# Titles of those who do not work for clients: (title, how many at full scale, least at any scale, cost).
_STAFF: tuple[tuple[str, int, int, int], ...] = (
    ("Managing Partner", 1, 1, 160),
    ("Delivery Director", 2, 1, 110),
    ("Client Director", 8, 2, 104),
    ("Business Data Scientist", 1, 1, 62),
    ("Internal Auditor", 1, 1, 66),
    ("Systems Administrator", 1, 1, 45),
)
_FOLDS = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ı": "i", "đ": "d", "'": "", "’": "", " ": ""})


class _Names:
    """Full names by country of work, none given twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def draw(self, country: str) -> str:
        names = text("names")
        weights = names["weights"][country]
        while True:
            culture = self._rng.choices(list(weights), list(weights.values()))[0]
            family = names["cultures"][culture]["family"]
            if self._rng.random() < 0.12:  # families move
                family = names["cultures"][self._rng.choice(list(weights))]["family"]
            name = f"{self._rng.choice(names['cultures'][culture]['given'])} {self._rng.choice(family)}"
            if name not in self._used:
                self._used.add(name)
                return name


def email_of(name: str, domain: str) -> str:
    """given.family@domain in ASCII."""
    given, family = name.split(" ", 1)
    local = f"{given.translate(_FOLDS)}.{family.translate(_FOLDS)}".lower()
    plain = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    return f"{plain}@{domain}"


class _Hiring:
    """Makes people, one after another, from the streams of one setting."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.rng = setting.random("people")
        self.names = _Names(self.rng)

    def office(self) -> Office:
        return self.rng.choices(offices(), [o.share for o in offices()])[0]

    def _since(self) -> date:
        """A first day: one in five came during the recorded two years."""
        recent = self.rng.random() < 0.2
        ago = self.rng.randint(40, 700) if recent else self.rng.randint(760, 4400)
        return self._weekday(self.setting.today - timedelta(days=ago))

    @staticmethod
    def _weekday(day: date) -> date:
        return day - timedelta(days=max(0, day.weekday() - 4))

    def _person(self, title: str, practice: str, office: Office, cost: float, bill: float) -> Person:
        name = self.names.draw(office.country)
        spread = self.rng.gauss(1.0, 0.05)
        factor = office.cost_factor * (1.0 if office.currency == "GBP" else 1.06)
        return Person(
            person_id="",
            name=name,
            email=email_of(name, text("firm")["domain"]),
            title=title,
            practice=practice,
            office=office,
            cost_rate=Decimal(str(round(cost * factor * spread, 2))).quantize(Decimal("0.01")),
            bill_rate=Decimal(round(bill * text("firm")["currency_factor"][office.currency] * spread)),
            capacity=40 if office.country in ("US", "ES") or self.rng.random() > 0.08 else 32,
            starts_on=self._since(),
        )

    def staff(self, title: str, cost: float, office: Office, practice: str = OPERATIONS) -> Person:
        """Somebody who does not work for clients; in post for longer than the records go back."""
        person = self._person(title, practice, office, cost, 0)
        person.capacity = 40
        person.starts_on = min(person.starts_on, self.setting.first_day - timedelta(days=30))
        return person

    def consultant(self, practice: str, grade: Grade, part: Part | None = None) -> Person:
        """Somebody who works for clients."""
        discipline = part.discipline if part else self.rng.choice(disciplines(practice))
        office = next(o for o in offices() if o.city == part.city) if part else self.office()
        held = role(practice, grade, discipline)
        rates = text("firm")["grades"][grade]
        person = self._person(held.name, practice, office, rates["cost"], rates["bill"])
        person.role = held
        if part:
            person.part, person.capacity = part.name, 40
            person.starts_on = min(person.starts_on, self.setting.first_day - timedelta(days=30))
            person.skills = {skill: (level, self.setting.today) for skill, level in part.skills}
        elif grade in ("consultant", "senior") and self.rng.random() < 0.11:  # who run projects stay
            tenure = (self.setting.today + timedelta(days=45) - person.starts_on).days
            if tenure > 200:
                left = person.starts_on + timedelta(days=self.rng.randint(max(180, tenure - 720), tenure))
                person.ends_on = self._weekday(left)
        self._train(person, held)
        return person

    def _train(self, person: Person, held: Role) -> None:
        """Gives a person the discipline's core skills and some more of the practice and outside it."""
        depth = GRADES.index(held.grade)
        core = text("firm")["core_skills"][held.discipline]
        others = [s for s in skills_of(held.practice) if s not in core]
        self.rng.shuffle(others)
        outside = self.rng.sample(skills_of(self.rng.choice(practices())), 1)
        for n, skill in enumerate([*core, *others[: self.rng.randint(2, 5)], *outside]):
            if skill in person.skills or (person.part == "unskilled" and skill == cast.REQUEST_SKILL):
                continue
            base = 2.4 + 0.6 * min(depth, 3) if n < len(core) else 1.6 + 0.5 * min(depth, 3)
            level = min(5, max(1, round(self.rng.gauss(base, 0.8))))
            used = self.rng.random() < 0.93
            ago = int(self.rng.expovariate(1 / 160))
            last = max(person.starts_on, self.setting.today - timedelta(days=ago)) if used else None
            person.skills[skill] = (level, last)
        for skill, (level, last) in list(person.skills.items()):
            if last == self.setting.today:  # a part's own skills were in use until some days ago
                ago = self.rng.randint(4, 40)
                person.skills[skill] = (level, self.setting.today - timedelta(days=ago))


def _grades(rng: random.Random, size: int) -> list[Grade]:
    """A pyramid of grades for a practice of `size` people: at least two managers."""
    shares = {g: text("firm")["grades"][g]["share"] for g in GRADES}
    counts = {g: round(size * share) for g, share in shares.items()}
    counts["manager"] = max(2, counts["manager"])
    found = [g for g in GRADES for _ in range(counts[g])]
    while len(found) < size:
        found.append(rng.choice(("consultant", "senior")))
    return found[:0] + sorted(found, key=lambda g: g not in ("manager", "senior"))[:size]


def hire(setting: Setting) -> list[Person]:
    """Everybody, numbered by how long they have been with the firm."""
    hiring = _Hiring(setting)
    found: list[Person] = []
    for title, many, least, cost in _STAFF:
        found += [hiring.staff(title, cost, hiring.office()) for _ in range(setting.count(many, least))]
    found += [hiring.staff("Finance Controller", 64, office) for office in offices()]
    for facts in text("firm")["practices"]:
        name = facts["name"]
        found.append(hiring.staff("Resource Manager", 54, hiring.office()))
        found[-1].part = f"resources:{name}"
        found.append(hiring.staff("Practice Lead", 135, hiring.office(), name))
        parts = cast.PARTS if name == cast.PRACTICE else ()
        found += [hiring.consultant(name, part.grade, part) for part in parts]
        size = setting.count(round(210 * facts["share"]), 4 + len(parts)) - len(parts)
        found += [hiring.consultant(name, grade) for grade in _grades(hiring.rng, size)]
    found.sort(key=lambda p: (p.starts_on, p.email))
    for n, person in enumerate(found, 1):
        person.person_id = f"P-{n:03d}"
    _appoint_managers(hiring.rng, found)
    return found


def _appoint_managers(rng: random.Random, people: list[Person]) -> None:
    """Gives everybody but the managing partner a manager."""
    head = next(p for p in people if p.title == "Managing Partner")
    leads = {p.practice: p for p in people if p.title == "Practice Lead"}
    for person in people:
        if person is head:
            continue
        if person.role is None:
            person.manager_id = head.person_id
        elif person.role.grade in ("consultant", "senior"):
            seniors = [
                p
                for p in people
                if p.practice == person.practice and p.role and p.role.grade in ("manager", "principal")
                if p.ends_on is None and p.starts_on <= max(person.starts_on, p.starts_on)
            ]
            near = [p for p in seniors if p.office == person.office]
            person.manager_id = rng.choice(near or seniors or [leads[person.practice]]).person_id
        else:
            person.manager_id = leads[person.practice].person_id


def leave(setting: Setting, people: list[Person]) -> list[Leave]:
    """Two years of leave and what is already planned: no two of a person's leaves overlap."""
    rng = setting.random("leave")
    found: list[Leave] = []
    for person in people:
        taken: list[Leave] = []
        if person.part == "away":
            last = setting.next_monday + timedelta(days=cast.AWAY_DAYS)
            taken.append(Leave(person.person_id, setting.next_monday, last, "annual"))
        for start, length, kind in _absences(setting, rng, person):
            end = start + timedelta(days=length - 1)
            if person.ends_on:
                end = min(end, person.ends_on)
            clash = any(start <= t.ends_on and t.starts_on <= end for t in taken)
            if end >= start >= person.starts_on and not clash and not _in_story(setting, person, start, end):
                taken.append(Leave(person.person_id, start, end, kind))
        found += sorted(taken, key=lambda t: t.starts_on)
    return found


def _in_story(setting: Setting, person: Person, start: date, end: date) -> bool:
    """Whether leave would keep a player off the stage in the weeks that the story needs."""
    first, last = cast.request_period(setting)
    return bool(person.part) and start <= last and end >= first - timedelta(days=21)


def _absences(setting: Setting, rng: random.Random, person: Person) -> Iterator[tuple[date, int, LeaveKind]]:
    """Wanted absences as (first day, calendar days, kind), some of which will clash."""
    first = setting.first_day - timedelta(days=20)
    for year in range(first.year, setting.horizon.year + 1):
        summer = date(year, 7, 1) + timedelta(days=rng.randint(0, 55))
        yield summer - timedelta(days=summer.weekday()), rng.choice((12, 12, 19)), "annual"
        if rng.random() < 0.75:
            yield date(year, 12, 22) + timedelta(days=rng.randint(0, 2)), rng.choice((8, 10, 12)), "annual"
        if rng.random() < 0.6:
            spring = date(year, 2, 10) + timedelta(days=rng.randint(0, 75))
            yield spring - timedelta(days=spring.weekday()), 5, "annual"
        autumn = date(year, 10, 1) + timedelta(days=rng.randint(0, 75))
        yield autumn - timedelta(days=autumn.weekday()), rng.choice((2, 5, 5)), "annual"
    span = (setting.last_day - first).days
    for _ in range(rng.choice((1, 2, 3, 3, 4, 6))):
        sick = first + timedelta(days=rng.randint(0, span))
        yield sick, rng.choice((1, 1, 2, 2, 3, 5)), "sick"
    for _ in range(rng.choice((0, 1, 2))):
        course = first + timedelta(days=rng.randint(0, span + 60))
        yield course - timedelta(days=course.weekday()), rng.choice((1, 2, 3)), "training"
    if rng.random() < 0.05:
        yield first + timedelta(days=rng.randint(60, span)), rng.randint(60, 180), "parental"
    soon = setting.today + timedelta(days=rng.randint(1, 20))
    if rng.random() < 0.15:
        yield soon - timedelta(days=max(0, soon.weekday() - 4)), rng.choice((1, 2, 4)), "annual"
