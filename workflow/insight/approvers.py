"""How approvers decide: whether cards are read, and whether anybody ever says no. Role: agent.

Meant to start a conversation, not to end one. Everybody sees their own numbers; others' only who may read
the audit log. People are in the order of their names, there is no score, a share is shown from FEWEST
observations on and with its interval, and what looks odd in one person is expected by chance in some of
many."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import exp, log
from typing import Any

from pydantic import BaseModel, ConfigDict

from models.actions import ActionKind
from models.overrides import Category, counted
from models.rates import FEWEST, chance_of_run, rate, smoothed
from store.db import Tx
from workflow.insight.views import Days, Rate

# A verdict is quick when it came sooner after the card was opened (or sent, where that
# is not known) than anybody can skim the card: 40 characters
# a second is some 400 words a minute, well above silent reading (M. Brysbaert, 'How many words do we read per
# minute?', 2019: 238), and never more than half a minute is asked of anybody.
CHARACTERS_A_SECOND = 40.0
LEAST_SECONDS, MOST_SECONDS = 3.0, 30.0
RARE = 0.01  # a run of yes that chance explains less often than this is pointed out
FEWEST_PLANTS = 5


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Run(_View):
    """Approvals since the last rejection."""

    length: int
    chance: float | None  # of such a run among so many verdicts, at everybody's rates; None: too few to say

    @property
    def rare(self) -> bool:
        return self.chance is not None and self.chance < RARE


class Planted(_View):
    """How the person answered planted items."""

    agreed: bool
    noticed: int
    missed: int
    rate: Rate


class ApproverQuality(_View):
    person_id: str
    name: str
    verdicts: int
    rejects: Rate
    edits: int
    quick: Rate  # of those whose card is known to have been sent
    median_seconds: float | None
    run: Run
    planted: Planted


class Agreed(_View):
    """Somebody who may be shown planted items."""

    person_id: str
    name: str


class Quality(_View):
    """Approvers of a period."""

    days: Days
    since: datetime
    everybody: bool  # False: one's own numbers alone
    fewest: int  # observations from which a share is shown
    people: tuple[ApproverQuality, ...]
    reasons: Mapping[Category, int]  # of rejections, edits and left-out items
    agreed: bool  # the caller agreed to planted items
    agreeing: tuple[Agreed, ...]  # whom the caller may show some


def quality(tx: Tx, now: datetime, days: Days) -> Quality:
    """The caller's own numbers; everybody's with audit.read."""
    me = tx.principal.person_id
    everybody = "audit.read" in tx.principal.permissions
    asked = {"since": now - timedelta(days=days), "person_id": None if everybody else me}
    rows = tx.records(
        "approvers.quality",
        **asked,
        characters_a_second=CHARACTERS_A_SECOND,
        least_seconds=LEAST_SECONDS,
        most_seconds=MOST_SECONDS,
    )
    edits = {r["person_id"]: r["edits"] for r in tx.records("approvers.edits", **asked)}
    yes = {
        r["kind"]: 1 - smoothed(r["rejects"], r["decisions"])
        for r in tx.records("approvers.base_rates", since=asked["since"])
    }
    answered = {r["person_id"]: r for r in tx.records("plants.answered", since=asked["since"])}
    agreeing = {r["person_id"]: r["name"] or r["person_id"] for r in tx.records("plants.agreeing")}
    return Quality(
        days=days,
        since=now - timedelta(days=days),
        everybody=everybody,
        fewest=FEWEST,
        people=tuple(
            ApproverQuality(
                person_id=(person_id := row["person_id"]),
                name=row["name"],
                verdicts=row["verdicts"],
                rejects=_rate(row["rejects"], row["verdicts"]),
                edits=edits.get(person_id, 0),
                quick=_rate(row["quick"], row["timed"]),
                median_seconds=row["median_seconds"],
                run=_run(row["run"], row["verdicts"], yes),
                planted=_planted(answered.get(person_id), person_id in agreeing),
            )
            for row in rows
        ),
        reasons=counted(r["reason"] for r in tx.records("approvers.reasons", **asked)),
        agreed=me in agreeing,
        agreeing=tuple(Agreed(person_id=p, name=n) for p, n in agreeing.items() if p != me),
    )


def _rate(count: int, of: int, fewest: int = FEWEST) -> Rate:
    return Rate(count=count, of=of, interval=rate(count, of, fewest))


def _run(run: Mapping[ActionKind, int], verdicts: int, yes: Mapping[ActionKind, float]) -> Run:
    """How likely it is to say yes so often in a row when one says no as often as everybody does to what one
    was asked: the geometric mean of the kinds in the run."""
    length = sum(run.values())
    if length == 0 or verdicts < FEWEST or not set(run) <= set(yes):
        return Run(length=length, chance=None)
    mean = exp(sum(n * log(yes[kind]) for kind, n in run.items()) / length)
    return Run(length=length, chance=chance_of_run(length, verdicts, mean))


def _planted(row: Mapping[str, Any] | None, agreed: bool) -> Planted:
    noticed, missed = (row["noticed"], row["missed"]) if row else (0, 0)
    return Planted(
        agreed=agreed,
        noticed=noticed,
        missed=missed,
        rate=_rate(noticed, noticed + missed, FEWEST_PLANTS),
    )
