"""Strange time entries: planted ones in a demo firm, altered ones (`evals.corrupt_time`) in real records."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import average_precision_score, roc_auc_score

from evals.corrupt_time import corrupt
from evals.demo_firms import DemoFirm
from evals.quality import records
from evals.quality.results import Judged, Result, Rows
from models.formats.table import Kind
from models.predict.base import Progress
from models.predict.metrics import recall_by_kind, top
from models.predict.timesheets import fit

NAME = "time"
AGAINST = "minutes over planned minutes"
RECENT = timedelta(weeks=8)
HISTORY = timedelta(weeks=34)
SHARE_ALTERED = 0.05
FEWEST = 500  # entries of a team that is judged by itself
KINDS: Mapping[str, Kind] = {
    "entry_id": "text",
    "person_id": "text",
    "project_id": "text",
    "work_item_id": "text",
    "activity": "text",
    "started_at": "timestamp",
    "ended_at": "timestamp",
    "minutes": "number",
    "planned_minutes": "number",
}

Floats = npt.NDArray[np.float64]


def on_firm(firm: DemoFirm, progress: Progress) -> list[Result]:
    """The last eight weeks, learnt from the half year before them."""
    entries = firm.table("time_entries")[list(KINDS)]
    now = entries["started_at"].max()
    recent = entries["started_at"] > now - RECENT
    before = entries[~recent & (entries["started_at"] > now - HISTORY)]
    kinds = {line["entry_id"]: line["kind"] for line in firm.truth("time")}
    judged = entries[recent]
    scored = fit(before, progress=progress).predict(judged)
    return measured(firm.name, judged, scored, judged["entry_id"].map(kinds).fillna("").tolist())


def on_records(data: Path, progress: Progress) -> list[Result]:
    """`time/history.csv`: each team's entries in turn, some of them altered, learnt from the other teams."""
    path = data / "time" / "history.csv"
    if not path.exists():
        return []
    entries = records.table(path, KINDS)
    team = teams(entries)
    judged, scored, kinds = [], [], []
    large = [t for t, count in zip(*np.unique(team, return_counts=True), strict=True) if count >= FEWEST]
    for number, own in enumerate(large):
        progress("teams", number, len(large))
        altered, kind = corrupt(entries[team == own], SHARE_ALTERED, seed=int(own))
        altered["entry_id"] = f"{own}-" + altered["entry_id"]
        scored.append(fit(entries[team != own]).predict(altered))
        judged.append(altered)
        kinds += kind.tolist()
    progress("teams", len(large), len(large))
    return measured(path.stem, pd.concat(judged), pd.concat(scored), kinds)


def teams(entries: pd.DataFrame) -> npt.NDArray[np.int32]:
    """Which team each entry is of: people who share projects, directly or through others."""
    person, people = pd.factorize(entries["person_id"])
    project, projects = pd.factorize(entries["project_id"])
    nodes = len(people) + len(projects)
    links = coo_matrix((np.ones(len(entries)), (person, project + len(people))), shape=(nodes, nodes))
    _, team = connected_components(links, directed=False)
    return np.asarray(team[person], dtype=np.int32)


def measured(group: str, entries: pd.DataFrame, scored: pd.DataFrame, kinds: Sequence[str]) -> list[Result]:
    """Ranking figures over all entries, and how many of each kind are among as many as were planted. A way
    that sees one kind only is good at that kind, so kinds do not decide."""
    named = np.array(kinds, dtype=object)
    strange = named != ""
    score = scored["score"].to_numpy(float)
    over_plan = (entries["minutes"] / entries["planned_minutes"].clip(lower=1)).fillna(0).to_numpy(float)
    judged = Judged(NAME, group, AGAINST, entries["person_id"].to_numpy())

    def precision(by: Floats, rows: Rows) -> float:
        return float(average_precision_score(strange[rows], by[rows])) if strange[rows].any() else np.nan

    def auc(by: Floats, rows: Rows) -> float:
        return (
            float(roc_auc_score(strange[rows], by[rows])) if 0 < strange[rows].sum() < len(rows) else np.nan
        )

    def at_k(by: Floats, rows: Rows) -> float:
        chosen = strange[rows][top(by[rows], int(strange[rows].sum()))]
        return float(chosen.mean()) if len(chosen) else np.nan

    def recall(kind: str, by: Floats, rows: Rows) -> float:
        return recall_by_kind(named[rows].tolist(), by[rows]).get(kind, np.nan)

    results = [
        judged.measure("average precision", lambda r: precision(score, r), lambda r: precision(over_plan, r)),
        judged.measure("auc", lambda r: auc(score, r), lambda r: auc(over_plan, r)),
        judged.measure("precision at k", lambda r: at_k(score, r), lambda r: at_k(over_plan, r)),
    ]
    for kind in sorted(set(kinds) - {""}):
        results.append(
            judged.measure(
                f"recall at k, {kind}",
                partial(recall, kind, score),
                partial(recall, kind, over_plan),
                decides=False,
            )
        )
    return results
