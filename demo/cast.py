"""The people and the project at the centre of the demo. They are placed first, so that the day that is
played on the firm always has its parts: who fits the request, who is busy, who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from demo.records import Grade, Person
from demo.setting import Setting

PRACTICE = "Data & AI"
PROJECT_NAME = "Project Kestrel"
REQUEST_SKILL = "Snowflake"
REQUEST_ROLE = "Senior Data Engineer"
REQUEST_HOURS = 24  # 60% of a 40-hour week
REQUEST_WEEKS = 12
AWAY_DAYS = 18  # of leave, from next Monday


@dataclass(frozen=True)
class Part:
    """A part in the story and what its player must be like."""

    name: str
    grade: Grade
    discipline: str
    city: str
    skills: tuple[tuple[str, int], ...]
    free_hours: int | None  # a week, from next Monday on; None: as it comes


PARTS: tuple[Part, ...] = (
    Part("manager", "manager", "Data Engineer", "London", (("SQL", 3), ("Data modelling", 4)), 0),
    Part("fit-1", "senior", "Data Engineer", "London", (("Snowflake", 5), ("dbt", 4), ("Kafka", 3)), 24),
    Part("fit-2", "senior", "Data Engineer", "London", (("Snowflake", 4), ("dbt", 5), ("Airflow", 4)), 40),
    Part("fit-3", "senior", "Data Engineer", "Berlin", (("Snowflake", 4), ("Kafka", 4), ("Spark", 3)), 32),
    Part("fit-4", "senior", "Data Engineer", "Madrid", (("Snowflake", 3), ("Airflow", 3)), 40),
    Part("busy-1", "senior", "Data Engineer", "London", (("Snowflake", 5), ("dbt", 5), ("Spark", 4)), 0),
    Part("busy-2", "senior", "Data Engineer", "New York", (("Snowflake", 4), ("Databricks", 4)), 8),
    Part("away", "senior", "Data Engineer", "London", (("Snowflake", 5), ("dbt", 5), ("Kafka", 5)), 40),
    Part("unskilled", "senior", "Data Engineer", "London", (("Databricks", 4), ("Spark", 5)), 40),
    Part("junior", "consultant", "Data Engineer", "London", (("Snowflake", 4), ("dbt", 3)), 40),
)

_BY_NAME = {part.name: part for part in PARTS}


def part_of(person: Person) -> Part | None:
    """The part that a person plays, if any."""
    return _BY_NAME.get(person.part)


def player(people: list[Person], part: str) -> Person:
    """Who plays a part."""
    return next(p for p in people if p.part == part)


def free_hours(person: Person) -> int | None:
    """The hours a week that the story wants the person free for, from next Monday on."""
    part = part_of(person)
    return part.free_hours if part else None


def request_period(setting: Setting) -> tuple[date, date]:
    """First and last day of the staffing request."""
    return setting.next_monday, setting.next_monday + timedelta(weeks=REQUEST_WEEKS, days=-3)
