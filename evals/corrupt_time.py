"""Alters time entries in the eight ways that the audit literature names, so that a detector can be measured.

It is a referee: it shares nothing with the detector in `models/predict/timesheets.py`, which is not to know
how the altered entries were made. Each kind has more than one form, since people err and cheat in more than
one way."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pandas as pd

MINUTE = pd.Timedelta(minutes=1)
DAY = pd.Timedelta(days=1)

Row = dict[str, Any]
Alter = Callable[[Row, pd.DataFrame, np.random.Generator], Row]


def corrupt(entries: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Entries of which a share is altered, in random order, and the kind that each was altered by.

    Args:
        entries: with the columns of `chargehand score time`, times as UTC.
        share: of all entries afterwards, roughly equal by kind; a duplicate is a further row.
        seed: the same one alters the same rows in the same way.

    Returns:
        The entries with new ids, and a series indexed by entry id, with an empty kind for what was left
        alone."""
    random = np.random.default_rng(seed)
    entries = entries.reset_index(drop=True)
    kinds = list(_ALTER)
    chosen = random.choice(len(entries), size=round(share * len(entries)), replace=False)
    rows = cast("list[Row]", entries.to_dict("records"))
    labels = [""] * len(rows)
    for number, position in enumerate(chosen):
        kind = kinds[number % len(kinds)]
        altered = _ALTER[kind](dict(rows[position]), entries, random)
        if kind == "duplicate":
            rows.append(altered)
            labels.append(kind)
        else:
            rows[position], labels[position] = altered, kind
    order = random.permutation(len(rows))
    mixed = pd.DataFrame([rows[i] for i in order])[list(entries.columns)]
    mixed["entry_id"] = [f"e{n:06d}" for n in range(len(mixed))]
    return mixed, pd.Series([labels[i] for i in order], index=mixed["entry_id"], name="kind")


def _moved(row: Row, by: pd.Timedelta) -> Row:
    return row | {"started_at": row["started_at"] + by, "ended_at": row["ended_at"] + by}


def _another_project(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> str:
    projects = entries["project_id"].unique()
    others = projects[projects != row["project_id"]]
    return str(random.choice(others)) if len(others) else f"{row['project_id']}-b"


def _inflated_hours(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    """More time than was worked; half of the people move the end along, so that it looks right."""
    minutes = int(np.ceil(row["minutes"] * random.uniform(1.5, 4.0))) + int(random.integers(10, 60))
    later = row["ended_at"] + (minutes - row["minutes"]) * MINUTE
    return row | {"minutes": minutes} | ({"ended_at": later} if random.random() < 0.5 else {})


def _rounded_up(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    """To the next half or full hour."""
    step = int(random.choice([30, 60]))
    return row | {"minutes": (int(row["minutes"]) // step + 1) * step}


def _duplicate(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    """Entered again: as it was, a few minutes off, or on the next day."""
    by = random.choice([0, int(random.integers(1, 30)), 24 * 60])
    return _moved(row, int(by) * MINUTE)


def _overlapping_projects(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    """Booked on another project while the same person's other entry runs."""
    mine = entries[(entries["person_id"] == row["person_id"]) & (entries["entry_id"] != row["entry_id"])]
    same_day = mine[mine["started_at"].dt.floor("D") == mine["ended_at"].dt.floor("D")]
    mine = same_day if len(same_day) else mine
    other = _another_project(row, entries, random)
    if not len(mine):
        return row | {"project_id": other}
    beside = mine.iloc[int(random.integers(len(mine)))]
    length = max(row["ended_at"] - row["started_at"], row["minutes"] * MINUTE)
    length = min(length, 8 * 60 * MINUTE)
    started = beside["started_at"] + int(random.integers(-15, 16)) * MINUTE
    return row | {
        "started_at": started,
        "ended_at": started + length,
        "minutes": min(int(row["minutes"]), int(length / MINUTE)),
        "project_id": _another_project({"project_id": beside["project_id"]}, entries, random),
    }


def _weekend(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    """Posted on the Saturday or Sunday near by."""
    day = int(random.choice([5, 6]))
    return _moved(row, (day - row["started_at"].day_of_week) * DAY)


def _wrong_project(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    return row | {"project_id": _another_project(row, entries, random)}


def _after_close(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    """Posted days to months after all else on the project."""
    end = entries.loc[entries["project_id"] == row["project_id"], "ended_at"].max()
    start = end.floor("D") + int(random.integers(3, 90)) * DAY
    start += (7 - start.day_of_week) * DAY if start.day_of_week >= 5 else 0 * DAY
    return _moved(row, start - row["started_at"].floor("D"))


def _impossible_day(row: Row, entries: pd.DataFrame, random: np.random.Generator) -> Row:
    """A day with more hours than people work, or than there are."""
    started = row["started_at"].floor("D") + int(random.integers(6, 10)) * 60 * MINUTE
    minutes = int(random.integers(16 * 60, 30 * 60))
    return row | {
        "started_at": started,
        "ended_at": started + min(minutes, 14 * 60) * MINUTE,
        "minutes": minutes,
    }


_ALTER: dict[str, Alter] = {
    "inflated_hours": _inflated_hours,
    "rounded_up": _rounded_up,
    "duplicate": _duplicate,
    "overlapping_projects": _overlapping_projects,
    "weekend": _weekend,
    "wrong_project": _wrong_project,
    "after_close": _after_close,
    "impossible_day": _impossible_day,
}
