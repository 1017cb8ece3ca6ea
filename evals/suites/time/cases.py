"""Lots of time entries that are looked through at once, and of each the entries that are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import numpy as np
import pandas as pd

from demo.catalogue import converted
from evals.cases import Case, GroupName
from evals.corrupt_time import corrupt
from evals.demo_firms import FirmFiles
from evals.quality import records
from evals.quality.timesheets import FEWEST, HISTORY, KINDS, SHARE_ALTERED, teams
from evals.suite import Setting
from evals.tabular.firms import DEMO, MOST, OWN, evenly, sandbox_files
from tools.timesheets import SHOWN

WEEKS = 4  # of a generated firm, the newest whole ones, each looked through by itself as the tool does
IN_ORDER = "in order"
CURRENCY = "EUR"  # that money is added up in
CLEAN = 16  # entries of a generated lot that nothing is wrong with, and that are judged


class Entry(Case):
    """A time entry, and what was planted in it."""

    lot: str
    entry_id: str
    kind: str  # IN_ORDER where nothing was
    stake: float  # what it would be billed for wrongly, in CURRENCY; 0 where that is not known


@dataclass(frozen=True)
class Planted:
    kind: str
    stake: float = 0.0


@dataclass(frozen=True)
class Lot:
    """Entries that are looked through at once."""

    name: str
    source: str
    known: pd.DataFrame  # learnt from, with the columns of `chargehand score time`
    entries: pd.DataFrame
    planted: Mapping[str, Planted]  # by entry
    budget: int  # entries that a reviewer looks at
    judged: Sequence[str]  # entries
    days: tuple[date, date] | None = None  # those that the tool is asked for; None where there is no tool
    groups: Mapping[str, Mapping[GroupName, str]] = field(default_factory=dict)  # more, by project

    @property
    def first_day(self) -> date:
        first: date = self.entries["started_at"].min().date()
        return first


def lots(within: Setting) -> Sequence[Lot]:
    """The newest weeks of the sandbox's firm; of own records each team, of which some entries are altered."""
    return within.once("lots of time entries", lambda: tuple(_lots(within)))


def cases(within: Setting) -> Sequence[Entry]:
    """Of each lot what was planted, what the naive answer takes for the strangest of the rest, and an evenly
    spread part of that rest: false alarms are looked for where they are likely and where they are not."""
    return [case for lot in lots(within) for case in _cases(lot)]


def over_plan(entries: pd.DataFrame) -> "pd.Series[float]":
    """The naive answer: minutes over planned minutes."""
    planned = entries["planned_minutes"].astype(float).clip(lower=1)
    return (entries["minutes"].astype(float) / planned).fillna(0.0)


def _lots(within: Setting) -> Sequence[Lot]:
    found = _of_firm(sandbox_files(within))
    if within.data is not None and (path := within.data / "time" / "history.csv").exists():
        found += _own(records.table(path, KINDS))
    return found


def _of_firm(firm: FirmFiles) -> list[Lot]:
    table = firm.table("time_entries")
    table = table[table["state"] != "returned"].sort_values(["started_at", "entry_id"])
    projects = firm.table("projects")
    groups: dict[str, Mapping[GroupName, str]] = {
        p: {"project": p, "client": client, "practice": practice}
        for p, client, practice in projects[["project_id", "client_id", "practice"]].itertuples(index=False)
    }
    truth = {line["entry_id"]: _planted(line) for line in firm.truth("time")}
    monday = firm.today - timedelta(days=firm.today.weekday(), weeks=WEEKS)
    first = pd.Timestamp(monday, tz="UTC")
    known = table[(table["started_at"] < first) & (table["started_at"] >= first - HISTORY)][list(KINDS)]
    found = []
    for week in range(WEEKS):
        since = monday + timedelta(weeks=week)
        from_day = pd.Timestamp(since, tz="UTC")
        own = table["started_at"].between(from_day, from_day + pd.Timedelta(weeks=1), inclusive="left")
        entries = table.loc[own, list(KINDS)].reset_index(drop=True)
        planted = {e: truth[e] for e in entries["entry_id"] if e in truth}
        judged = [*planted, *_clean(entries, planted, CLEAN)]
        days = since, since + timedelta(days=6)
        name = f"{firm.name}, week of {since}"
        found.append(Lot(name, DEMO, known, entries, planted, SHOWN, judged, days, groups))
    return found


def _planted(line: Mapping[str, str]) -> Planted:
    return Planted(
        line["kind"], float(converted(Decimal(line["amount_at_stake"]), line["currency"], CURRENCY))
    )


def _own(entries: pd.DataFrame) -> list[Lot]:
    team = teams(entries)
    large = [int(t) for t, n in zip(*np.unique(team, return_counts=True), strict=True) if n >= FEWEST]
    found = []
    for own in large:
        altered, kinds = corrupt(entries[team == own], SHARE_ALTERED, seed=own)
        altered["entry_id"] = f"{own}-" + altered["entry_id"]
        planted = {e: Planted(k) for e, k in zip(altered["entry_id"], kinds, strict=True) if k}
        half = MOST // len(large) // 2
        strange = [list(planted)[n] for n in evenly(len(planted), half)]
        judged = [*strange, *_clean(altered, planted, half)]
        known = entries[team != own]
        found.append(Lot(f"history, team {own}", OWN, known, altered, planted, len(planted), judged))
    return found


def _clean(entries: pd.DataFrame, planted: Mapping[str, Planted], count: int) -> list[str]:
    """Half of them the strangest by the naive answer, half evenly spread over the others."""
    rest = entries[~entries["entry_id"].isin(planted)]
    order = rest["entry_id"].to_numpy()[np.argsort(-over_plan(rest).to_numpy(), kind="stable")]
    hard, others = order[: count // 2], np.sort(order[count // 2 :])
    return [*map(str, hard), *map(str, others[evenly(len(others), count - count // 2)])]


def _cases(lot: Lot) -> list[Entry]:
    rows = lot.entries.set_index("entry_id")
    return [_case(lot, entry, cast("dict[str, Any]", rows.loc[entry].to_dict())) for entry in lot.judged]


def _case(lot: Lot, entry_id: str, row: Mapping[str, Any]) -> Entry:
    planted = lot.planted.get(entry_id, Planted(IN_ORDER))
    minutes = float(str(row["minutes"]))
    planned = f", planned {row['planned_minutes']} minutes" if pd.notna(row["planned_minutes"]) else ""
    person, project = str(row["person_id"]), str(row["project_id"])
    return Entry(
        id=f"{lot.name}/{entry_id}",
        text=f"{person} on {project}, {row['started_at']:%a %Y-%m-%d %H:%M}, {minutes / 60:.2f} h{planned}",
        expected=f"{planted.kind}, {planted.stake:.0f} {CURRENCY}" if planted.stake else planted.kind,
        groups={
            "source": lot.source,
            "kind": planted.kind,
            "person": person,
            "project": project,
            **lot.groups.get(project, {}),
        },
        cluster=f"{lot.source}/{person}",
        lot=lot.name,
        entry_id=entry_id,
        kind=planted.kind,
        stake=planted.stake,
    )
