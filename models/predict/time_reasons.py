"""What is strange about a time entry, in words; and how strange it plainly is, where there is little to learn
from."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.predict.time_evidence import DAY, Floats
from models.predict.time_simulation import KINDS, Kind

LONG_DAY = 16 * 60  # minutes of work in one day that nobody should do

Row = dict[str, Any]


def plain_scores(figures: pd.DataFrame) -> Floats:
    """How strange each entry is in each of `KINDS` by what needs no comparison with many others, 0 to 1."""
    beyond_times = figures["over_elapsed"] > 0
    day = np.maximum(figures["day_total"], figures["a_day"])
    known_person = figures["person_entries"] >= np.log(5)
    found: dict[Kind, Any] = {
        "inflated_hours": 0.5 * ((figures["over_plan"] > np.log(3)) & beyond_times),
        "rounded_up": 0.3 * ((figures["roundness"] >= 3) & beyond_times & (figures["person_rounds"] < 0.5)),
        "duplicate": 0.9 * (figures["same_item_and_minutes_before"] > 0),
        "overlapping_projects": 0.7 * (figures["overlap_elsewhere"] > 0),
        "weekend": 0.6 * ((figures["weekend"] > 0) & (figures["person_weekends"] < 0.3)),
        "wrong_project": 0.4 * (known_person & (figures["person_here"] == 0)),
        "after_close": 0.6
        * ((figures["project_since_previous"] > 30) & (figures["project_after_most"] > 30)),
        "impossible_day": np.select([day > DAY, day > LONG_DAY], [0.99, 0.7], 0.0),
    }
    return np.column_stack([np.asarray(found[kind], float) for kind in KINDS])


def reasons(entries: pd.DataFrame, figures: pd.DataFrame, kinds: Sequence[Sequence[Kind]]) -> list[str]:
    """A sentence for each kind that each entry was given."""
    said = [""] * len(entries)
    for number, names in enumerate(kinds):
        if names:
            row: Row = dict(entries.iloc[number]) | dict(figures.iloc[number])
            said[number] = "; ".join(_SENTENCES[name](row) for name in names)
    return said


def _hours(minutes: float) -> str:
    return f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"


def _times(count: float) -> str:
    return "once" if count == 1 else f"{count:.0f} times"


def _inflated(row: Row) -> str:
    elapsed = (row["ended_at"] - row["started_at"]).total_seconds() / 60
    plan = row["planned_minutes"]
    beside = [f"{_hours(elapsed)} from start to end" if elapsed >= 0 else "an end before the start"]
    if plan > 0:
        beside.append(f"{_hours(plan)} planned")
    return f"{_hours(row['minutes'])} booked, {' and '.join(beside)}"


def _rounded(row: Row) -> str:
    return (
        f"exactly {_hours(row['minutes'])}; about {row['person_rounds']:.0%} of this person's other entries "
        "are in half hours"
    )


def _duplicate(row: Row) -> str:
    if row["same_item"]:
        return f"this person has entered the same work {_times(row['same_item'])} besides"
    if row["same_start"]:
        return f"this person has entered the same start {_times(row['same_start'])} besides"
    return "much like another entry of this person"


def _overlap(row: Row) -> str:
    if row["overlap_elsewhere"]:
        return f"{_hours(row['overlap_elsewhere'])} on another project at the same time"
    return f"{row['same_day_elsewhere']:.0f} entries on other projects that day"


def _weekend(row: Row) -> str:
    return (
        f"starts on a {row['started_at']:%A}; about {row['person_weekends']:.0%} of this person's other "
        "entries are on weekends"
    )


def _wrong_project(row: Row) -> str:
    if row["item_elsewhere"]:
        return f"this work item is booked {_times(row['item_elsewhere'])} on another project"
    return f"this person has {row['person_here']:.0f} other entries on project {row['project_id']}"


def _after_close(row: Row) -> str:
    return (
        f"{row['project_after_most']:.0f} days after nearly all other entries of project {row['project_id']}"
    )


def _impossible_day(row: Row) -> str:
    return f"{_hours(max(row['day_total'], row['a_day']))} in one day"


_SENTENCES: dict[Kind, Callable[[Row], str]] = {
    "inflated_hours": _inflated,
    "rounded_up": _rounded,
    "duplicate": _duplicate,
    "overlapping_projects": _overlap,
    "weekend": _weekend,
    "wrong_project": _wrong_project,
    "after_close": _after_close,
    "impossible_day": _impossible_day,
}
