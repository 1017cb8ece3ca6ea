"""Requests for people: those that are open in the sandbox's firm, more of the same kind, and own records."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from demo.catalogue import converted, roles
from evals.cases import Case, GroupName
from evals.demo_firms import FirmFiles
from evals.quality import records
from evals.quality.staffing import BATCHES, KINDS
from evals.suite import Setting
from evals.suites.staffing.reading import Reading, Wanted
from evals.tabular.firms import DEMO, OWN, evenly, sandbox_files

SMALL = 24  # requests of the generated firm in the small part
WEEKS_AHEAD = (0, 2, 4)  # after next Monday, when the further requests begin
HOURS = (8, 16, 32)  # a week
LASTS = timedelta(weeks=10, days=4)
LEVEL = 2


class Asked(BaseModel):
    """What the tool is asked."""

    model_config = ConfigDict(frozen=True)

    project: str
    role: str
    skills: tuple[str, ...]  # as in 'dbt:4'
    starts_on: date
    ends_on: date
    hours_per_week: str
    max_cost_rate: str | None = None
    office: str | None = None


class Feasible(BaseModel):
    """Who could take a role as far as one thing goes, read from the files."""

    model_config = ConfigDict(frozen=True)

    free: frozenset[str]
    skilled: frozenset[str]
    affordable: frozenset[str]


class Request(Case):
    """A request and who fits it."""

    table: str
    request_id: str
    fits: tuple[str, ...]
    asked: Asked | None = None  # None of own records, which no tool is asked about
    feasible: Feasible | None = None


@dataclass(frozen=True)
class Batch:
    """Own requests that are ranked together."""

    known: pd.DataFrame
    rows: pd.DataFrame


def cases(within: Setting) -> Sequence[Request]:
    """Requests that somebody fits: where nobody does, no order is better than another."""
    return [*_of_firm(within), *(case for batch in batches(within) for case in _own(batch))]


def batches(within: Setting) -> Sequence[Batch]:
    """Own requests, the newest ones in two parts, each to be ranked by what came before it."""
    if within.data is None or not (path := within.data / "staffing" / "history.csv").exists():
        return ()

    def make() -> tuple[Batch, ...]:
        history = records.table(path, KINDS)
        parts = [history.iloc[rows] for rows in records.batches(history["requested_on"], BATCHES)]
        return tuple(
            Batch(history[history["requested_on"] < rows["requested_on"].min()], rows) for rows in parts
        )

    return within.once("own requests", make)


def _of_firm(within: Setting) -> list[Request]:
    firm = sandbox_files(within)
    reading = Reading(firm)
    open_ones = {line["request_id"] for line in firm.truth("staffing")}
    requests = firm.table("role_requests")
    asked = {
        row["request_id"]: wanted_of(row)
        for row in requests.to_dict("records")
        if row["request_id"] in open_ones
    }
    found = [case for name, wanted in asked.items() if (case := _case(reading, name, wanted))]
    further = [case for name, wanted in _further(firm) if (case := _case(reading, name, wanted))]
    most = SMALL - len(found) if within.small else len(further)
    return [*found, *(further[n] for n in evenly(len(further), most))]


def wanted_of(row: Mapping[Any, Any]) -> Wanted:
    parts = [part.partition(":") for part in row["skills"].split(";")]
    return Wanted(
        row["project_id"],
        row["role"],
        {skill: int(level) for skill, _, level in parts},
        row["starts_on"],
        row["ends_on"],
        float(row["hours_per_week"]),
        row["max_cost_rate"],
        row["office"] if pd.notna(row["office"]) else None,
    )


def _further(firm: FirmFiles) -> Iterator[tuple[str, Wanted]]:
    """For each running project and each role of its practice that people hold: the two skills that most of
    them have, at a fair level, at no more than what the dearer half of them costs."""
    people, skills, projects = (firm.table(name) for name in ("people", "skills", "projects"))
    monday = firm.today + timedelta(days=7 - firm.today.weekday())
    running = projects[(projects["status"] == "active") & (projects["ends_on"] > monday + LASTS)]
    for project in running.to_dict("records"):
        for role in roles(project["practice"]):
            holders = people[(people["title"] == role.name) & (people["practice"] == project["practice"])]
            held = Counter(skills.loc[skills["person_id"].isin(holders["person_id"]), "skill"])
            common = sorted(held, key=lambda s: (-held[s], s))[:2]
            if not common:
                continue
            costs = sorted(
                converted(cost, currency, project["currency"])
                for cost, currency in holders[["cost_rate", "currency"]].itertuples(index=False)
            )
            ceiling = Decimal(round(costs[len(costs) // 2]) + 1)
            for ahead in WEEKS_AHEAD:
                for hours in HOURS:
                    first = monday + timedelta(weeks=ahead)
                    name = f"{project['project_id']}, {role.name}, {first}, {hours} h"
                    wanted = dict.fromkeys(common, LEVEL)
                    yield (
                        name,
                        Wanted(
                            project["project_id"],
                            role.name,
                            wanted,
                            first,
                            first + LASTS,
                            float(hours),
                            ceiling,
                            None,
                        ),
                    )


def _case(reading: Reading, name: str, wanted: Wanted) -> Request | None:
    fits = reading.fits(wanted)
    if not fits:
        return None
    project = reading.project(wanted.project_id)
    skills = tuple(f"{skill}:{level}" for skill, level in wanted.skills.items())
    groups: dict[GroupName, str] = {
        "source": DEMO,
        "kind": "open" if name.startswith("RR-") else "further",
        "project": wanted.project_id,
        "client": str(project["client_id"]),
        "practice": str(project["practice"]),
    }
    ceiling = (
        f", at most {wanted.max_cost_rate} {project['currency']} an hour" if wanted.max_cost_rate else ""
    )
    return Request(
        id=name,
        text=f"{wanted.role} for {wanted.project_id} with {', '.join(skills)}, "
        f"{wanted.hours_per_week:.0f} h a week from {wanted.starts_on} to {wanted.ends_on}{ceiling}"
        f"{f', in {wanted.office}' if wanted.office else ''}",
        expected=f"first one of {', '.join(fits)}",
        groups=groups,
        cluster=wanted.project_id,
        table=DEMO,
        request_id=name,
        fits=tuple(fits),
        asked=Asked(
            project=wanted.project_id,
            role=wanted.role,
            skills=skills,
            starts_on=wanted.starts_on,
            ends_on=wanted.ends_on,
            hours_per_week=str(Decimal(str(wanted.hours_per_week))),
            max_cost_rate=str(wanted.max_cost_rate) if wanted.max_cost_rate is not None else None,
            office=wanted.office,
        ),
        feasible=Feasible(
            free=frozenset(p for p in reading.everybody if reading.free(p, wanted)),
            skilled=frozenset(p for p in reading.everybody if reading.skilled(p, wanted)),
            affordable=frozenset(p for p in reading.everybody if reading.affordable(p, wanted)),
        ),
    )


def _own(batch: Batch) -> list[Request]:
    chosen = batch.rows.iloc[evenly(len(batch.rows), 150)]
    return [
        Request(
            id=f"history/{row['request_id']}",
            text=f"{row['role_or_category']} for {row['project_id']}: {row['summary']}",
            expected=f"first {row['person_id']}",
            groups={"source": OWN, "project": row["project_id"]},
            cluster=f"history/{row['project_id']}",
            table=OWN,
            request_id=row["request_id"],
            fits=(row["person_id"],),
        )
        for row in chosen.to_dict("records")
    ]
