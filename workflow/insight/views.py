"""What insight says, as numbers with their counts. Durations are hours."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from models.actions import ActionKind, System
from models.rates import Interval

Days = Annotated[Literal[7, 30, 90], BeforeValidator(int)]  # also as a query has it

# Upper bounds of the ages that are shown, in hours; one more class holds what is older.
AGE_BOUNDS: tuple[float, ...] = (1, 4, 8, 24, 48, 72, 120)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Queue(_View):
    """Proposals that wait at one step of one rule."""

    rule: str
    step: str
    waiting: int
    oldest_hours: float
    median_hours: float
    p90_hours: float
    spread: tuple[int, ...]  # how many are within each of AGE_BOUNDS


class QueuedFor(_View):
    """What waits for one person. Several people may be able to sign the same proposal."""

    person_id: str
    name: str
    waiting: int
    alone: int  # of them, those that nobody else could sign
    oldest_hours: float
    median_hours: float


class Queues(_View):
    """What waits now."""

    waiting: int
    oldest_hours: float | None  # None: nothing waits
    median_hours: float | None
    p90_hours: float | None
    spread: tuple[int, ...]
    by_step: tuple[Queue, ...]
    by_person: tuple[QueuedFor, ...]


class StepLoad(_View):
    """The waiting that fell on one step in a period."""

    rule: str
    step: str
    stretches: int
    hours: float  # within the period; what still waits counts until now
    share: float  # of all waiting of the period
    median_hours: float | None  # of a stretch that ended; None: none did
    p90_hours: float | None


class PersonLoad(_View):
    """The waiting for one person in a period: each stretch shared equally by those asked to sign it."""

    person_id: str
    name: str
    stretches: int
    hours: float
    share: float


class Rate(_View):
    """A share with what it was counted from. None where too few were counted to say."""

    count: int
    of: int
    interval: Interval | None


class Outcomes(_View):
    """How the proposals of one kind ended in a period."""

    kind: ActionKind | None  # None: all kinds
    ended: int
    approved: int
    rejected: int
    expired: int
    withdrawn: int
    edited: int
    expiry: Rate  # of those that ended
    overturn: Rate  # signed by one, then rejected or rewritten by another; of those that ended
    rejects: Rate  # of all verdicts
    median_hours: float | None  # to the verdict that settled it
    p90_hours: float | None
    spread: tuple[int, ...]


class Slot(_View):
    """How many proposals ended on a day, or in the week that begins with it."""

    day: date
    approved: int
    rejected: int
    expired: int
    withdrawn: int


class CircuitEvent(_View):
    at: datetime
    system: System
    event: Literal["opened", "closed", "paused", "resumed"]
    reason: str


class Flow(_View):
    """How proposals went through the gates in a period, of what the caller may see."""

    days: Days
    since: datetime
    practice: str | None
    total: Outcomes | None  # None: nothing ended
    by_kind: tuple[Outcomes, ...]
    steps: tuple[StepLoad, ...]
    people: tuple[PersonLoad, ...]
    trend: tuple[Slot, ...]
    circuits: tuple[CircuitEvent, ...]


class PracticeWeek(_View):
    """A practice's week: hours."""

    practice: str
    week: date  # its Monday
    people: int
    capacity: float
    booked: float
    worked: float

    @property
    def variance(self) -> float | None:
        """Worked over booked, less one; None where nothing was booked."""
        return self.worked / self.booked - 1 if self.booked else None
