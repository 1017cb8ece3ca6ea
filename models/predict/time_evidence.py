"""What can be seen of a time entry beside the other entries of its person, project, activity and work item.

Every figure leaves the entry itself out of what it is compared with, so that an odd entry is not its own
excuse."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY = 1440  # minutes
LONGEST_SITTING = 14 * 60  # minutes; an entry that spans more was not worked through without a break
WHOLE = (60, 30, 15, 5)  # minutes that people round to

# The figures of which more makes an entry stranger, those of which less does, and those that may mean either.
STRANGER_ABOVE = (
    "backwards", "excess", "over_elapsed", "over_plan", "over_plan_for_activity", "over_plan_for_person",
    "log_minutes", "length_for_activity", "length_for_person", "roundness", "same_item", "same_item_before",
    "same_item_and_minutes", "same_item_and_minutes_before", "same_start", "same_start_before",
    "same_start_and_minutes", "same_start_and_minutes_before", "item_elsewhere", "overlap_elsewhere",
    "same_day_elsewhere", "weekend", "ends_on_weekend", "project_after_most", "project_before_most",
    "project_since_previous", "a_day", "day_total", "own_if_one_day",
)  # fmt: skip
STRANGER_BELOW = (
    "person_exceeds", "person_rounds", "project_rounds", "person_here", "person_here_share", "item_here",
    "activity_here", "project_near", "project_share_later", "project_same_day", "starts_at_an_end",
    "ends_at_a_start", "person_weekends", "person_near",
)  # fmt: skip
EITHER = ("equals_elapsed", "equals_plan", "person_equals", "person_entries", "days", "day_others")
FIGURES = (*STRANGER_ABOVE, *STRANGER_BELOW, *EITHER)


def evidence(entries: pd.DataFrame) -> pd.DataFrame:
    """The `FIGURES` of each entry, of one at least, in the order given: durations in minutes, gaps in days,
    ratios as natural logarithms."""
    minutes = entries["minutes"].to_numpy(float)
    started, ended = _minutes(entries["started_at"]), _minutes(entries["ended_at"])
    codes = {name: _codes(entries[name]) for name in ("person_id", "project_id", "work_item_id", "activity")}
    person, project = codes["person_id"], codes["project_id"]
    figures = (
        _amount(entries, minutes, started, ended, codes)
        | _roundness(minutes, person, project)
        | _repeats(minutes, started, person, codes["work_item_id"], codes["activity"])
        | _place(started, ended, minutes, person, project, codes["work_item_id"], codes["activity"])
        | _calendar(started, ended, person, project)
        | _load(minutes, started, ended, person)
    )
    return pd.DataFrame({name: figures[name] for name in FIGURES}, index=entries.index, dtype=float)


def _codes(names: "pd.Series[Any]") -> Ints:
    """A number for each name; what has no name is like nothing else."""
    codes = pd.factorize(names)[0].astype(np.int64)
    nameless = np.flatnonzero(codes < 0)
    codes[nameless] = codes.max(initial=0) + 1 + np.arange(len(nameless))
    return codes


def _minutes(times: "pd.Series[Any]") -> Ints:
    """Times as minutes since 1970."""
    return times.to_numpy(dtype="datetime64[m]").astype(np.int64)


def _log_ratio(one: Any, other: Any, softened_by: float = 5.0) -> Floats:
    return np.asarray(np.log((one + softened_by) / (other + softened_by)))


def _others_mean(values: Floats, group: Ints, weight: float = 5.0) -> Floats:
    """The mean of the other entries of each entry's group, drawn towards that of all as `weight` entries
    would."""
    total, count = np.bincount(group, values), np.bincount(group)
    return np.asarray((total[group] - values + weight * values.mean()) / (count[group] - 1 + weight))


def _centre(values: Floats, group: Ints, weight: float = 5.0) -> Floats:
    """The median of each entry's group, drawn towards that of all where the group is small."""
    grouped = pd.Series(values).groupby(group)
    median, count = grouped.transform("median").to_numpy(), grouped.transform("size").to_numpy()
    return np.asarray((median * count + weight * np.median(values)) / (count + weight))


def _spread(values: Floats, group: Ints, weight: float = 5.0) -> Floats:
    return np.asarray(1.4826 * _centre(np.abs(values), group, weight) + 0.1)


def _amount(
    entries: pd.DataFrame, minutes: Floats, started: Ints, ended: Ints, codes: dict[str, Ints]
) -> dict[str, Floats]:
    """How long the entry is, beside its own times, its plan, and what its activity and person usually
    take."""
    planned = entries["planned_minutes"].to_numpy(float)
    elapsed = (ended - started).astype(float)
    has_plan = planned > 0
    over_plan = _log_ratio(minutes, np.nan_to_num(planned))
    over_plan[~has_plan] = np.median(over_plan[has_plan]) if has_plan.any() else 0.0
    of_activity = over_plan - _centre(over_plan, codes["activity"])
    of_person = of_activity - _centre(of_activity, codes["person_id"])
    log_minutes = np.log1p(minutes)
    length = log_minutes - _centre(log_minutes, codes["activity"])
    exceeds = (minutes > elapsed).astype(float)
    return {
        "log_minutes": log_minutes,
        "backwards": elapsed < 0,
        "excess": np.clip(minutes - elapsed, -3000, 3000),
        "over_elapsed": _log_ratio(minutes, np.maximum(elapsed, 0), 1.0),
        "equals_elapsed": minutes == elapsed,
        "person_exceeds": _others_mean(exceeds, codes["person_id"]),
        "person_equals": _others_mean((minutes == elapsed).astype(float), codes["person_id"]),
        "over_plan": over_plan,
        "over_plan_for_activity": of_activity,
        "over_plan_for_person": of_person / _spread(of_person, codes["person_id"]),
        "equals_plan": np.abs(minutes - planned) < 1,
        "length_for_activity": length,
        "length_for_person": (length - _centre(length, codes["person_id"]))
        / _spread(length, codes["person_id"]),
    }


def _roundness(minutes: Floats, person: Ints, project: Ints) -> dict[str, Floats]:
    roundness = np.select([minutes % step == 0 for step in WHOLE], [4.0, 3.0, 2.0, 1.0], 0.0)
    half_hours = (roundness >= 3).astype(float)
    return {
        "roundness": roundness,
        "person_rounds": _others_mean(half_hours, person),
        "project_rounds": _others_mean(half_hours, project),
    }


def _repeats(minutes: Floats, started: Ints, person: Ints, item: Ints, activity: Ints) -> dict[str, Floats]:
    """How often the same person has entered the same thing, and whether this entry is the later one."""
    frame = pd.DataFrame(
        {"person": person, "item": item, "activity": activity, "minutes": minutes, "started": started}
    )
    order = np.lexsort((np.arange(len(frame)), started))
    sorted_frame = frame.iloc[order]
    found: dict[str, Floats] = {}
    for name, keys in {
        "same_item": ["person", "item", "activity"],
        "same_item_and_minutes": ["person", "item", "activity", "minutes"],
        "same_start": ["person", "started"],
        "same_start_and_minutes": ["person", "started", "minutes"],
    }.items():
        groups = sorted_frame.groupby(keys, sort=False)
        for figure, values in (
            (name, groups["item"].transform("size") - 1),
            (f"{name}_before", groups.cumcount()),
        ):
            found[figure] = np.empty(len(frame))
            found[figure][order] = values.to_numpy()
    return found


def _place(
    started: Ints, ended: Ints, minutes: Floats, person: Ints, project: Ints, item: Ints, activity: Ints
) -> dict[str, Floats]:
    """Whether the project is one that the person works on, that the work item belongs to and that does such
    activities, and whether the person was on another project at the same time."""
    pairs, of_person, of_project = _pair_counts(person, project)
    _, per_item, _ = _pair_counts(item, project)
    item_here, _, _ = _pair_counts(item, project)
    activity_here, per_activity, _ = _pair_counts(activity, project)
    overall = per_activity / len(person)
    until = started + np.clip(minutes, 15, LONGEST_SITTING).astype(np.int64)
    until = np.maximum(until, np.minimum(ended, started + LONGEST_SITTING))
    elsewhere, same_day = _overlaps(started, until, person, project)
    return {
        "person_here": pairs - 1,
        "person_here_share": (pairs - 1 + 0.1) / (of_person - 1 + 0.2),
        "person_entries": np.log1p(of_person),
        "item_elsewhere": per_item - item_here,
        "item_here": item_here - 1,
        "activity_here": np.log((activity_here - 1 + 5 * overall) / (of_project - 1 + 5) / overall),
        "overlap_elsewhere": elsewhere,
        "same_day_elsewhere": same_day,
    }


def _pair_counts(one: Ints, other: Ints) -> tuple[Floats, Floats, Floats]:
    """How many entries share both codes, the first, and the second with each entry."""
    pair = pd.factorize(one * (other.max() + 1) + other)[0]
    return tuple(np.bincount(codes)[codes].astype(float) for codes in (pair, one, other))  # type: ignore[return-value]


def _by_group(group: Ints, started: Ints) -> Iterator[npt.NDArray[np.intp]]:
    """The positions of each group's entries, earliest first."""
    order = np.lexsort((started, group))
    yield from np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _overlaps(started: Ints, until: Ints, person: Ints, project: Ints) -> tuple[Floats, Floats]:
    """Minutes worked on other projects meanwhile, and how many entries on other projects the same day."""
    minutes, same_day = np.zeros(len(person)), np.zeros(len(person))
    for rows in _by_group(person, started):
        if (project[rows] == project[rows[0]]).all():
            continue
        start, end, where = started[rows], until[rows], project[rows]
        for n in range(len(rows)):
            near = slice(*np.searchsorted(start, [start[n] - LONGEST_SITTING, end[n]]))
            other = where[near] != where[n]
            shared = np.minimum(end[near], end[n]) - np.maximum(start[near], start[n])
            minutes[rows[n]] = np.maximum(shared[other], 0).sum()
            day = slice(*np.searchsorted(start, [start[n] // DAY * DAY, (start[n] // DAY + 1) * DAY]))
            same_day[rows[n]] = (where[day] != where[n]).sum()
    return minutes, same_day


def _calendar(started: Ints, ended: Ints, person: Ints, project: Ints) -> dict[str, Floats]:
    """When the entry lies, beside when its project and its person are busy."""
    day = started // DAY
    weekend = (day + 3) % 7 >= 5
    found: dict[str, Floats] = {
        "weekend": weekend.astype(float),
        "ends_on_weekend": ((ended // DAY + 3) % 7 >= 5).astype(float),
        "person_weekends": _others_mean(weekend.astype(float), person, 20.0),
        "starts_at_an_end": np.zeros(len(day)),
        "ends_at_a_start": np.zeros(len(day)),
    }
    for name in ("share_later", "after_most", "before_most", "near", "since_previous", "same_day"):
        found[f"project_{name}"] = np.zeros(len(day))
    for rows in _by_group(project, started):
        start = started[rows] / DAY
        size = len(rows)
        found["project_share_later"][rows] = (size - np.searchsorted(start, start, side="right")) / size
        found["project_after_most"][rows] = np.clip(start - np.quantile(start, 0.97), 0, 400)
        found["project_before_most"][rows] = np.clip(np.quantile(start, 0.03) - start, 0, 400)
        near = np.searchsorted(start, start + 10) - np.searchsorted(start, start - 10) - 1
        found["project_near"][rows] = near / size
        found["project_since_previous"][rows] = np.clip(np.diff(start, prepend=start[0] - 1), 0, 400)
        whole = day[rows]
        found["project_same_day"][rows] = (
            np.searchsorted(whole, whole, side="right") - np.searchsorted(whole, whole) - 1
        )
    found["person_near"] = np.zeros(len(day))
    for rows in _by_group(person, started):
        mine = started[rows]
        close = np.searchsorted(mine, mine + 7 * DAY) - np.searchsorted(mine, mine - 7 * DAY)
        found["person_near"][rows] = np.log(close)
        found["starts_at_an_end"][rows] = np.isin(started[rows], ended[rows])
        found["ends_at_a_start"][rows] = np.isin(ended[rows], started[rows])
    return found


def _load(minutes: Floats, started: Ints, ended: Ints, person: Ints) -> dict[str, Floats]:
    """How much the person's day holds."""
    day = started // DAY
    days = np.maximum(ended // DAY - day, 0) + 1
    person_day = pd.factorize(person * (day.max() - day.min() + 1) + day - day.min())[0]
    within = np.where(days == 1, minutes, 0.0)
    return {
        "days": np.log(days),
        "a_day": minutes / days,
        "day_total": np.bincount(person_day, within)[person_day],
        "day_others": np.bincount(person_day, minutes)[person_day] - minutes,
        "own_if_one_day": within,
    }
