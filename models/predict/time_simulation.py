"""Entries altered on purpose, for a detector to learn from where nobody has labelled any.

The eight kinds are those that the audit literature names. How an entry is altered is drawn from wide ranges,
since what will be met is not known."""

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind = Literal[
    "inflated_hours",
    "rounded_up",
    "duplicate",
    "overlapping_projects",
    "weekend",
    "wrong_project",
    "after_close",
    "impossible_day",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

DAY = 1440  # minutes
Frame = pd.DataFrame
Random = np.random.Generator
Row = dict[str, Any]


def simulate(
    entries: pd.DataFrame, share: float, random: Random
) -> tuple[pd.DataFrame, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The entries with a share of them altered; for each the number of its kind in `KINDS`, or -1; and the
    position of the entry that it was made of.

    Duplicates follow at the end, as further entries."""
    columns = ["person_id", "project_id", "activity", "work_item_id", "minutes", "planned_minutes"]
    table = entries[columns].reset_index(drop=True)
    table["minutes"] = table["minutes"].astype(float)
    for name in ("started_at", "ended_at"):
        table[name] = entries[name].to_numpy(dtype="datetime64[m]").astype(np.int64)
    labels = np.full(len(table), -1)
    chosen = random.permutation(len(table))[: max(round(share * len(table)), len(KINDS))]
    parts = np.array_split(chosen, len(KINDS))
    copied = parts[KINDS.index("duplicate")]
    copies = _duplicated(table.iloc[copied], random)
    for kind, alter in _ALTER.items():
        rows = parts[KINDS.index(kind)]
        if len(rows):
            labels[rows] = KINDS.index(kind)
            altered = alter(table.iloc[rows].copy(), table, random)
            table.loc[rows, altered.columns] = altered.to_numpy()
    table = pd.concat([table, copies], ignore_index=True).infer_objects()
    labels = np.concatenate([labels, np.full(len(copies), KINDS.index("duplicate"))])
    for name in ("started_at", "ended_at"):
        table[name] = _times(table[name].to_numpy(dtype=np.int64))
    return table, labels, np.concatenate([np.arange(len(entries)), copied])


def _times(minutes: npt.NDArray[np.int64]) -> "pd.Series[Any]":
    return pd.Series(minutes.astype("datetime64[m]").astype("datetime64[us]")).dt.tz_localize("UTC")


def _move(rows: Frame, minutes: Any) -> Frame:
    rows["started_at"] += minutes
    rows["ended_at"] += minutes
    return rows


def _duplicated(rows: Frame, random: Random) -> Frame:
    shift = random.choice([0, 0, 1, 2], size=len(rows))
    by = np.select(
        [shift == 1, shift == 2],
        [random.integers(-60, 60, len(rows)), DAY * random.integers(1, 8, len(rows))],
        0,
    )
    return _move(rows.copy(), by)


def _inflated_hours(rows: Frame, table: Frame, random: Random) -> Frame:
    more = np.ceil(rows["minutes"] * np.exp(random.uniform(0.2, 1.8, len(rows)))) - rows["minutes"]
    more = np.maximum(more, random.integers(5, 60, len(rows)))
    rows["minutes"] += more
    rows["ended_at"] += np.where(random.random(len(rows)) < 0.4, more, 0).astype(int)
    return rows


def _rounded_up(rows: Frame, table: Frame, random: Random) -> Frame:
    step = random.choice([15, 30, 60, 60], size=len(rows))
    more = step - rows["minutes"] % step
    rows["minutes"] += more
    rows["ended_at"] += np.where(random.random(len(rows)) < 0.2, more, 0).astype(int)
    return rows


def _other_projects(projects: Any, table: Frame, random: Random) -> Any:
    """For each project another one, more likely one with many entries."""
    drawn = table["project_id"].sample(len(projects), replace=True, random_state=random).to_numpy()
    anywhere = random.choice(table["project_id"].unique(), size=len(projects))
    drawn = np.where(random.random(len(projects)) < 0.5, drawn, anywhere)
    same = drawn == projects
    names = table["project_id"].unique()
    following = {name: names[(n + 1) % len(names)] for n, name in enumerate(names)}
    drawn[same] = [following[name] for name in drawn[same]]
    return np.where(drawn == projects, "another project", drawn)


def _wrong_project(rows: Frame, table: Frame, random: Random) -> Frame:
    rows["project_id"] = _other_projects(rows["project_id"].to_numpy(), table, random)
    return rows


def _overlapping_projects(rows: Frame, table: Frame, random: Random) -> Frame:
    """Put beside another entry of the same person, on another project than that one."""
    by_person = table.groupby("person_id").indices
    beside = np.array([random.choice(by_person[person]) for person in rows["person_id"]])
    host = table.iloc[beside].reset_index(drop=True)
    length = (rows["ended_at"] - rows["started_at"]).to_numpy(float)
    length = np.clip(np.maximum(length, rows["minutes"].to_numpy(float)), 1, 10 * 60).astype(int)
    offset = random.integers(-30, 31, len(rows))
    rows["started_at"] = host["started_at"].to_numpy() + offset
    rows["ended_at"] = rows["started_at"] + length
    rows["minutes"] = np.minimum(rows["minutes"], length)
    rows["project_id"] = _other_projects(host["project_id"].to_numpy(), table, random)
    return rows


def _weekend(rows: Frame, table: Frame, random: Random) -> Frame:
    weekday = (rows["started_at"] // DAY + 3) % 7
    ahead = random.integers(5, 7, len(rows)) - weekday
    return _move(rows, DAY * (ahead - 7 * (random.random(len(rows)) < 0.3)))


def _after_close(rows: Frame, table: Frame, random: Random) -> Frame:
    close = table.groupby("project_id")["ended_at"].quantile(0.999).reindex(rows["project_id"]).to_numpy()
    days = (close // DAY).astype(int) + np.ceil(np.exp(random.uniform(0, 5, len(rows)))).astype(int)
    days += np.array([(2, 1)[int(d)] if d < 2 else 0 for d in 6 - (days + 3) % 7])  # not on a weekend
    return _move(rows, DAY * (days - (rows["started_at"] // DAY).to_numpy()))


def _impossible_day(rows: Frame, table: Frame, random: Random) -> Frame:
    """One day of an entry holds more than anyone works, by itself or together with the others."""
    start = rows["started_at"] // DAY * DAY + random.integers(0, 12 * 60, len(rows))
    rows["minutes"] = random.integers(13 * 60, 40 * 60, len(rows))
    rows["started_at"] = start
    rows["ended_at"] = start + np.minimum(rows["minutes"], random.integers(60, 24 * 60, len(rows)))
    rows["ended_at"] = np.minimum(rows["ended_at"], start // DAY * DAY + DAY - 1)
    return rows


_ALTER = {
    "inflated_hours": _inflated_hours,
    "rounded_up": _rounded_up,
    "overlapping_projects": _overlapping_projects,
    "weekend": _weekend,
    "wrong_project": _wrong_project,
    "after_close": _after_close,
    "impossible_day": _impossible_day,
}
