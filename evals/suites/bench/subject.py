"""The subject: the bench model, fitted on the periods before, or pinned. Beside it the period before going
on."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from evals.cases import Answer, Step, Usage
from evals.suite import Setting
from evals.suites.bench.cases import PersonMonth, Sheet, sheets
from evals.tabular.pinned import pinned
from models.predict.bench import BENCH_BELOW, VERSION, NextPeriod, fit

SUITE = "bench"
BY = "models.predict.bench"


class NextHours(Answer):
    """What was predicted for a person, and what the naive answer is."""

    p: float
    hours: float
    p_naive: float
    hours_naive: float


def predict(within: Setting, case: PersonMonth) -> NextHours:
    """The case's row of its sheet's predictions."""
    row = within.once(f"hours of {case.sheet}", lambda: _sheet(within, case.sheet))[case.person_id]
    said = f"{row['expected_hours']:.0f} h, on the bench with {row['p_bench']:.0%}"
    return NextHours(
        text=said,
        trace=(
            Step(kind="called", by=BY, text=str(row["fitted"]), data={"person": case.person_id}),
            Step(kind="found", by=BY, text=f"{said}; the period before had {row['hours_naive']:.0f} h"),
        ),
        usage=Usage(seconds=float(row["seconds"])),
        p=float(row["p_bench"]),
        hours=float(row["expected_hours"]),
        p_naive=float(row["p_naive"]),
        hours_naive=float(row["hours_naive"]),
    )


def model_of(within: Setting, of: Sequence[Sheet]) -> NextPeriod | None:
    """The pinned model, which must not have seen any month that is judged."""
    days = [sheet.first_day for sheet in of if sheet.first_day]
    found: NextPeriod | None = pinned(within, SUITE, SUITE, VERSION, min(days)) if days else None
    return found


def _sheet(within: Setting, name: str) -> Mapping[str, Mapping[str, Any]]:
    """By person what is said of them, beside the naive answer."""
    started = time.monotonic()
    sheet = next(s for s in sheets(within) if s.name == name)
    model = model_of(within, sheets(within))
    says = "pinned" if model else f"fitted on {sheet.known['person_id'].nunique()} people"
    predicted = (model or fit(sheet.known)).predict(sheet.asked).set_index("person_id")
    seconds = (time.monotonic() - started) / len(predicted)
    rows = predicted.join(naive(sheet.known, sheet.asked)).assign(fitted=says, seconds=seconds)
    return cast("dict[str, dict[str, Any]]", rows.to_dict("index"))


def naive(known: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """By person the hours of the period before, and how often those who were likewise on the bench or not
    were on it in the period after (with one more of each: Laplace's rule)."""
    ordered = known.sort_values(["person_id", "period"])
    after = ordered.groupby("person_id")["hours"].shift(-1)
    idle, then = ordered["hours"] < BENCH_BELOW, after < BENCH_BELOW
    chance = {
        state: (then[after.notna() & (idle == state)].sum() + 1)
        / (int((after.notna() & (idle == state)).sum()) + 2)
        for state in (True, False)
    }
    before = asked.sort_values("period").groupby("person_id")["hours"].last()
    return pd.DataFrame(
        {
            "hours_naive": before,
            "p_naive": np.where(before < BENCH_BELOW, chance[True], chance[False]),
        }
    )
