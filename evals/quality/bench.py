"""Who comes to the bench: roll-offs that a demo firm's bookings hold, and the hours of the next period."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score, roc_auc_score

from evals.demo_firms import DemoFirm
from evals.quality import records
from evals.quality.results import Judged, Result, Rows
from models.formats.table import Kind
from models.predict.base import Progress
from models.predict.bench import BENCH_BELOW, fit

NAME = "bench"
KINDS: Mapping[str, Kind] = {"person_id": "text", "period": "integer", "hours": "number"}
FOLDS = 3
WEEKS = 8

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def on_firm(firm: DemoFirm, progress: Progress) -> list[Result]:
    """Who rolls off in eight weeks with nothing booked after, by the tool's outlook: those whose weeks ahead
    end idle and whose last booking ends by then. The baseline is whoever has a booking that ends by then."""
    progress("bench outlook", 0, 1)
    outlook = firm.call("delivery_director", "bench_outlook", weeks=WEEKS).data
    progress("bench outlook", 1, 1)
    people = sorted(firm.table("people")["person_id"])
    bookings = firm.table("assignments")
    until = firm.today + timedelta(weeks=WEEKS)
    ending = bookings[(bookings["ends_on"] >= firm.today) & (bookings["ends_on"] < until)]
    named = [
        person["person_id"]
        for person in outlook["rolling_off"]
        if person["booked_until"] is None or date.fromisoformat(person["booked_until"]) < until
    ]
    planted = [line["person_id"] for line in firm.truth("bench")]
    truth, found, naive = (np.isin(people, list(who)) for who in (planted, named, ending["person_id"]))
    judged = Judged(
        NAME, firm.name, "everybody with a booking that ends in those weeks", np.arange(len(people))
    )

    def precision(said: Bools, rows: Rows) -> float:
        return float(truth[rows][said[rows]].mean()) if said[rows].any() else np.nan

    def recall(said: Bools, rows: Rows) -> float:
        return float(said[rows][truth[rows]].mean()) if truth[rows].any() else np.nan

    def f1(said: Bools, rows: Rows) -> float:
        return float(f1_score(truth[rows], said[rows], zero_division=0))

    return [
        judged.measure(f"roll-offs, {name}", partial(f, found), partial(f, naive), decides=f is f1)
        for name, f in (("precision", precision), ("recall", recall), ("f1", f1))
    ]


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`bench/history.csv`: people of every third part, learnt from the others; the last period is to be told.
    The baseline goes on as in the period before."""
    path = data / "bench" / "history.csv"
    if not path.exists():
        return []
    hours = records.table(path, KINDS)
    people = np.array(sorted(hours["person_id"].unique()))
    last = hours["period"] == hours.groupby("person_id")["period"].transform("max")
    truth = hours[last].set_index("person_id")["hours"].reindex(people).to_numpy(float)
    before = hours[~last].sort_values("period").groupby("person_id")["hours"].last()
    naive = before.reindex(people).fillna(0).to_numpy(float)
    expected, chance = np.empty(len(people)), np.empty(len(people))
    fold = np.arange(len(people)) % FOLDS
    for number in range(FOLDS):
        progress("people", number, FOLDS)
        mine = set(people[fold == number])
        own = hours["person_id"].isin(mine)
        predicted = (
            fit(hours[~own])
            .predict(hours[own & ~last])
            .set_index("person_id")
            .reindex(people[fold == number])
        )
        expected[fold == number] = predicted["expected_hours"]
        chance[fold == number] = predicted["p_bench"]
    progress("people", FOLDS, FOLDS)
    idle = truth < BENCH_BELOW

    def auc(score: Floats, rows: Rows) -> float:
        return float(roc_auc_score(idle[rows], score[rows])) if 0 < idle[rows].sum() < len(rows) else np.nan

    judged = Judged(NAME, path.stem, "the period before goes on", people)
    return [
        judged.measure("auc bench", lambda r: auc(chance, r), lambda r: auc(-naive, r)),
        judged.measure(
            "mean absolute error, hours",
            lambda r: float(np.abs(expected - truth)[r].mean()),
            lambda r: float(np.abs(naive - truth)[r].mean()),
            aim="low",
        ),
    ]
