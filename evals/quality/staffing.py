"""Who is found for a role: those who fit, in a demo firm; who did it in the end, in real records."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evals.demo_firms import DemoFirm
from evals.quality import records
from evals.quality.plain import WORDS, words_to_labels
from evals.quality.results import Judged, Result, Rows
from models.formats.table import Kind
from models.predict.base import Progress
from models.predict.staffing import fit

NAME = "staffing"
SHORTLIST = 5
BATCHES = 2
RANKS = 10
KINDS: Mapping[str, Kind] = {
    "request_id": "text",
    "requested_on": "date",
    "project_id": "text",
    "role_or_category": "text",
    "summary": "text",
    "priority": "number",
    "hours_estimate": "number",
    "person_id": "text",
}

Floats = npt.NDArray[np.float64]


def on_firm(firm: DemoFirm, progress: Progress) -> list[Result]:
    """Shortlists for the open requests, by the tool; the baseline ranks by how many of the skills somebody
    has, whether or not they are free. The truth says who fits; it is all of the right grade with the skills
    but those who are busy, away, leaving, too expensive or below the level."""
    requests = firm.table("role_requests").set_index("request_id")
    skills = firm.table("skills")
    ours, counted = [], []
    judged_requests = [
        line for line in firm.truth("staffing") if any(p["verdict"] == "fit" for p in line["people"])
    ]
    for number, line in enumerate(judged_requests):
        progress("shortlists", number, len(judged_requests))
        request = requests.loc[line["request_id"]]
        fits = {p["person_id"] for p in line["people"] if p["verdict"] == "fit"}
        ours.append(_shortlist_figures(_shortlist(firm, request), fits))
        wanted = str(request["skills"]).split(";")
        counted.append(_shortlist_figures(by_skill_count(wanted, skills, SHORTLIST), fits))
    progress("shortlists", len(judged_requests), len(judged_requests))
    found, naive = np.array(ours), np.array(counted)
    judged = Judged(NAME, firm.name, "people by number of the skills they have", np.arange(len(found)))

    def mean(figures: Floats, column: int, rows: Rows) -> float:
        return float(figures[rows, column].mean())

    return [
        judged.measure(metric, partial(mean, found, column), partial(mean, naive, column))
        for column, metric in enumerate((f"fits among the first {SHORTLIST}", "first one fits"))
    ]


def _shortlist(firm: DemoFirm, request: "pd.Series[Any]") -> list[str]:
    arguments: dict[str, Any] = {
        "project": request["project_id"],
        "role": request["role"],
        "skills": [s for s in str(request["skills"]).split(";") if s],
        "starts_on": request["starts_on"].isoformat(),
        "ends_on": request["ends_on"].isoformat(),
        "hours_per_week": str(request["hours_per_week"]),
        "limit": SHORTLIST,
    }
    arguments |= {name: str(request[name]) for name in ("office", "max_cost_rate") if pd.notna(request[name])}
    found = firm.call("delivery_director", "find_people", **arguments)
    return [person["person_id"] for person in found.data["shortlist"]]


def by_skill_count(wanted: Sequence[str], skills: pd.DataFrame, count: int) -> list[str]:
    """So many people by how many of the wanted skills (such as 'dbt:4') they have, and at which levels."""
    names = [part.split(":")[0] for part in wanted]
    counts = (
        skills[skills["skill"].isin(names)]
        .groupby("person_id")
        .agg(n=("skill", "size"), level=("level", "sum"))
    )
    return [str(p) for p in counts.sort_values(["n", "level"], ascending=False, kind="stable").index[:count]]


def _shortlist_figures(listed: list[str], fits: set[str]) -> tuple[float, float]:
    """How many of those who could be on the list are on it, and whether its first one fits."""
    right = sum(person in fits for person in listed)
    return right / min(SHORTLIST, len(fits)), float(bool(listed) and listed[0] in fits)


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`staffing/history.csv`: the newest requests in two batches, each learnt from all before it."""
    path = data / "staffing" / "history.csv"
    if not path.exists():
        return []
    history = records.table(path, KINDS)
    parts = records.batches(history["requested_on"], BATCHES)
    ours, plain, groups = [], [], []
    for number, rows in enumerate(parts):
        progress("requests", number, len(parts))
        batch = history.iloc[rows]
        known = history[history["requested_on"] < batch["requested_on"].min()]
        ranked = fit(known).rank(batch.drop(columns="person_id"))
        found = batch[["request_id", "person_id"]].merge(ranked, on=["request_id", "person_id"], how="left")
        ours.append(1 / found["rank"].to_numpy(float))
        plain.append(np.array(list(_reciprocal_ranks(known, batch))))
        groups.append(pd.to_datetime(batch["requested_on"]).dt.strftime("%G-%V").to_numpy())
    progress("requests", len(parts), len(parts))
    found_at, naive = np.nan_to_num(np.concatenate(ours)), np.concatenate(plain)
    judged = Judged(NAME, path.stem, WORDS, np.concatenate(groups))

    def hit(at: int, ranks: Floats, rows: Rows) -> float:
        return float((ranks[rows] >= 1 / at).mean())

    return [
        judged.measure("hit at 1", lambda r: hit(1, found_at, r), lambda r: hit(1, naive, r)),
        judged.measure("hit at 3", lambda r: hit(3, found_at, r), lambda r: hit(3, naive, r)),
        judged.measure(
            "mean reciprocal rank", lambda r: float(found_at[r].mean()), lambda r: float(naive[r].mean())
        ),
    ]


def request_text(requests: pd.DataFrame) -> list[str]:
    """The words of each request."""
    return list(requests["project_id"] + " " + requests["role_or_category"] + " " + requests["summary"])


def _reciprocal_ranks(known: pd.DataFrame, batch: pd.DataFrame) -> Iterator[float]:
    """The baseline: 1 over the place of who did each request, 0 beyond the tenth."""
    people, chances = words_to_labels(request_text(known), known["person_id"].tolist(), request_text(batch))
    for doer, row in zip(batch["person_id"], chances, strict=True):
        order = [str(p) for p in people[np.argsort(-row, kind="stable")[:RANKS]]]
        yield 1 / (order.index(doer) + 1) if doer in order else 0.0
