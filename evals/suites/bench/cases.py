"""Hours of people by month, and the months that are to be told from the ones before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evals.cases import Case, GroupName
from evals.demo_firms import FirmFiles
from evals.quality import records
from evals.quality.bench import FOLDS, KINDS
from evals.suite import Setting
from evals.tabular.firms import DEMO, OWN, evenly, firms
from models.errors import ChargehandError, Retry
from models.predict.bench import BENCH_BELOW

JUDGED = 3  # of a firm's whole months, the newest
MONTHS = 12  # that are looked back on


class RowsWithoutDays(ChargehandError):
    """The periods of {file} have no dates, so that nobody can tell whether the pinned model of suite bench
    has seen them: measure it without --data."""

    status = 409
    retry: ClassVar[Retry] = "with a fix"


class PersonMonth(Case):
    """A person's month, and the hours it had."""

    sheet: str
    person_id: str
    hours: float

    @property
    def idle(self) -> bool:
        return self.hours < BENCH_BELOW


@dataclass(frozen=True)
class Sheet:
    """One period to be told."""

    name: str
    source: str
    organisation: str
    known: pd.DataFrame  # hours by person and period, learnt from: person_id, period, hours, x_*
    asked: pd.DataFrame  # of the people who are asked about, up to the period before
    truth: Mapping[str, float]  # their hours in the period
    practices: Mapping[str, str]
    first_day: date | None  # of the period; None where periods have no dates


def sheets(within: Setting) -> Sequence[Sheet]:
    """Of generated firms the newest whole months; of own records everybody's last period, the others' being
    learnt from, in turn."""
    return within.once("sheets of hours", lambda: tuple(_sheets(within)))


def cases(within: Setting) -> Sequence[PersonMonth]:
    by_table: dict[tuple[str, str], list[PersonMonth]] = {}
    for sheet in sheets(within):
        by_table.setdefault((sheet.source, sheet.organisation), []).extend(_cases(sheet))
    return [found[n] for found in by_table.values() for n in evenly(len(found))]


def monthly(firm: FirmFiles) -> pd.DataFrame:
    """Hours by person and month (first day), as query `bench.all_monthly_hours` has them: people with a
    booking, in months that they were employed throughout; who logs nothing has 0."""
    people, booked = firm.table("people"), firm.table("assignments")["person_id"]
    people = people[people["person_id"].isin(booked)]
    entries = firm.table("time_entries")
    worked = entries["minutes"].groupby([entries["person_id"], _month(entries["started_at"])]).sum() / 60
    last = pd.Timestamp(firm.today.replace(day=1))
    months = pd.date_range(end=last, periods=MONTHS + JUDGED + 1, freq="MS")[:-1]
    rows = [
        {"person_id": person, "month": month.date(), "hours": float(worked.get((person, month), 0))}
        for person, starts, ends in people[["person_id", "starts_on", "ends_on"]].itertuples(index=False)
        for month in months
        if starts <= month.date() and (pd.isna(ends) or ends >= (month + pd.offsets.MonthEnd()).date())
    ]
    return pd.DataFrame(rows)


def _month(times: "pd.Series[Any]") -> "pd.Series[Any]":
    utc = pd.to_datetime(times, utc=True).dt.tz_localize(None)
    return pd.Series(utc.dt.to_period("M").dt.to_timestamp())


def _sheets(within: Setting) -> Sequence[Sheet]:
    found = [sheet for firm in firms(within) for sheet in _of_firm(firm)]
    if within.data is not None and (path := within.data / "bench" / "history.csv").exists():
        if "bench" in within.subject.models:
            raise RowsWithoutDays(file=str(path))
        found += _own(records.table(path, KINDS))
    return found


def _of_firm(firm: FirmFiles) -> Sequence[Sheet]:
    table, people = monthly(firm), firm.table("people")
    months = sorted(table["month"].unique())
    table["period"] = table["month"].map({month: n for n, month in enumerate(months)})
    practices = dict(zip(people["person_id"], people["practice"], strict=True))
    found = []
    for period in range(len(months) - JUDGED, len(months)):
        known = table[table["period"].between(period - MONTHS, period - 1)]
        # A prediction is of the month after a person's last one, so that one must be the month before.
        before = set(known.loc[known["period"] == period - 1, "person_id"])
        truth = table[(table["period"] == period) & table["person_id"].isin(before)]
        columns = ["person_id", "period", "hours"]
        found.append(
            Sheet(
                f"{firm.name}, {months[period]:%Y-%m}",
                DEMO,
                firm.name,
                known[columns],
                known.loc[known["person_id"].isin(truth["person_id"]), columns],
                dict(zip(truth["person_id"], truth["hours"], strict=True)),
                practices,
                months[period],
            )
        )
    return found


def _own(hours: pd.DataFrame) -> Sequence[Sheet]:
    people = np.array(sorted(hours["person_id"].unique()))
    last = hours["period"] == hours.groupby("person_id")["period"].transform("max")
    found = []
    for fold in range(FOLDS):
        own = hours["person_id"].isin(people[np.arange(len(people)) % FOLDS == fold])
        truth = hours[own & last]
        hours_of = dict(zip(truth["person_id"], truth["hours"], strict=True))
        name = f"last period, part {fold + 1}"
        found.append(Sheet(name, OWN, "history", hours[~own], hours[own & ~last], hours_of, {}, None))
    return found


def _cases(sheet: Sheet) -> list[PersonMonth]:
    return [_case(sheet, person, hours) for person, hours in sorted(sheet.truth.items())]


def _case(sheet: Sheet, person: str, hours: float) -> PersonMonth:
    groups: dict[GroupName, str] = {
        "source": sheet.source,
        "organisation": sheet.organisation,
        "person": person,
    }
    if person in sheet.practices:
        groups["practice"] = sheet.practices[person]
    return PersonMonth(
        id=f"{sheet.name}/{person}",
        text=f"{person}: hours in {sheet.name}",
        expected=f"{hours:.0f} h{', on the bench' if hours < BENCH_BELOW else ''}",
        groups=groups,
        cluster=f"{sheet.organisation}/{person}",
        sheet=sheet.name,
        person_id=person,
        hours=hours,
    )
