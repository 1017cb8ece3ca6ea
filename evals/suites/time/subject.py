"""The subject: the detector, fitted on what came before, or pinned. On the sandbox's firm it is put on the
shelf, and the tool `check_time` looks through each week with it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evals.cases import Answer, Step, Usage
from evals.demo_firms import DemoFirm
from evals.suite import Setting
from evals.suites.time.cases import Entry, Lot, lots, over_plan
from evals.tabular.pinned import pinned
from models.access import service
from models.predict.timesheets import VERSION, Detector, fit
from models.text.embed import default_embedder
from store.shelf import Shelf, put
from tools.catalogue import TOOLS
from tools.registry import Registry, ToolResult
from tools.timesheets import CHECK, MODEL

SUITE = "time"
BY = "models.predict.timesheets"
ASKS = "delivery_director"  # the persona of the demo who sees all time
FITTER = service("model-fitting")

Floats = npt.NDArray[np.float64]


class Looked(Answer):
    """What was said of an entry, and how it stands among those of its lot."""

    p: float
    flagged: bool
    kinds: tuple[str, ...]
    listed: bool  # among what a reviewer gets to see
    listed_naive: bool
    precision: float  # of the entries as strange as this one or stranger, over all lots of the source
    precision_naive: float
    planted: int  # in all lots of the source
    shown: int  # entries that reviewers see, likewise


def look(within: Setting, case: Entry) -> Looked:
    """The case's row of what was found in its lot."""
    source = case.groups["source"]
    return within.once(f"time entries of {source}", lambda: _looked(within, source))[case.id]


def model_of(within: Setting, of: Sequence[Lot]) -> Detector | None:
    """The pinned model, which must not have seen any entry that is judged."""
    found: Detector | None = pinned(within, SUITE, SUITE, VERSION, min(lot.first_day for lot in of))
    return found


def _looked(within: Setting, source: str) -> Mapping[str, Looked]:
    """Each judged entry of a source, by the id of its case."""
    own = [lot for lot in lots(within) if lot.source == source]
    tables = [_scored(within, lot) for lot in own]
    everything = pd.concat(tables)
    strange = everything["planted"].to_numpy(bool)
    everything["precision"] = precision_at(strange, everything["score"].to_numpy(float))
    everything["precision_naive"] = precision_at(strange, everything["over_plan"].to_numpy(float))
    shown = int(everything["listed"].sum())
    seconds = float(everything["seconds"].mean())
    judged = everything[everything["judged"]]
    return {
        f"{row['lot']}/{row['entry_id']}": Looked(
            text=_says(row),
            trace=tuple(_trace(row)),
            usage=Usage(seconds=seconds),
            p=float(row["score"]),
            flagged=bool(row["flagged"]),
            kinds=tuple(k for k in str(row["kinds"]).split(";") if k),
            listed=bool(row["listed"]),
            listed_naive=bool(row["listed_naive"]),
            precision=float(row["precision"]),
            precision_naive=float(row["precision_naive"]),
            planted=int(strange.sum()),
            shown=shown,
        )
        for row in judged.to_dict("records")
    }


def precision_at(strange: npt.NDArray[np.bool_], score: Floats) -> Floats:
    """For each entry the share of planted ones among those with its score or a higher one. Its mean over the
    planted ones is the average precision."""
    order = np.argsort(-score, kind="stable")
    last_of_its_score = np.searchsorted(-score[order], -score, side="right")
    return np.asarray(strange[order].cumsum()[last_of_its_score - 1] / last_of_its_score)


def _scored(within: Setting, lot: Lot) -> pd.DataFrame:
    """A lot's entries with what the model and the naive answer say, and which ones are listed."""
    started = time.monotonic()
    model = _model(within, lot)
    said = model.predict(lot.entries).drop(columns="entry_id")
    table = pd.concat([lot.entries.reset_index(drop=True), said.reset_index(drop=True)], axis=1)
    table["over_plan"] = over_plan(table)
    if lot.days is not None:
        found = _checked(within, lot)
        ids = [entry["entry_id"] for entry in found.data["entries"]]
        table["listed"], table["tool_says"] = table["entry_id"].isin(ids), found.text.partition("\n")[0]
    else:
        table["listed"], table["tool_says"] = _top(table["score"], lot.budget), ""
    return table.assign(
        lot=lot.name,
        since=str(lot.days[0]) if lot.days else "",
        until=str(lot.days[1]) if lot.days else "",
        known=len(lot.known),
        planted=table["entry_id"].isin(lot.planted),
        judged=table["entry_id"].isin(lot.judged),
        listed_naive=_top(table["over_plan"], int(table["listed"].sum())),
        seconds=(time.monotonic() - started) / len(table),
    )


def _top(score: "pd.Series[float]", count: int) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(score), dtype=bool)
    chosen[np.argsort(-score.to_numpy(), kind="stable")[:count]] = True
    return chosen


def _model(within: Setting, lot: Lot) -> Detector:
    """Lots with the same history share a model."""
    chosen = model_of(within, lots(within))
    name = f"detector of {lot.name if lot.days is None else lot.source}"
    return chosen or within.once(name, lambda: fit(lot.known, progress=within.progress))


def _checked(within: Setting, lot: Lot) -> ToolResult:
    firm = within.held("firm with a time model", lambda: _shelved(within, _model(within, lot)))
    assert lot.days is not None
    since, until = (day.isoformat() for day in lot.days)
    return firm.call(ASKS, CHECK.name, since=since, until=until)


@contextmanager
def _shelved(within: Setting, model: Detector) -> Iterator[DemoFirm]:
    """A copy of the firm that the model serves, with a registry of its own: a shelf knows models by their
    version, which those of other suites may have too."""
    with within.sandbox.firm(within.subject.policy_set()) as firm:
        with firm.db.tx(FITTER, "worker") as tx:
            put(tx, MODEL, model, {"suite": SUITE}, "serving")
        yield replace(firm, registry=Registry(TOOLS, embedder=default_embedder(), shelf=Shelf()))


def _says(row: Mapping[object, object]) -> str:
    listed = "listed" if row["listed"] else "flagged, not listed" if row["flagged"] else "not flagged"
    why = f": {row['reason']}" if row["reason"] else ""
    return f"{listed}, {row['score']:.2f}{why}"


def _trace(row: Mapping[object, object]) -> Iterator[Step]:
    if row["since"]:
        yield Step(kind="called", by=CHECK.name, data={"since": row["since"], "until": row["until"]})
        yield Step(kind="found", by=CHECK.name, text=str(row["tool_says"]))
    else:
        yield Step(kind="called", by=BY, text=f"fitted on {row['known']} entries")
    data = {"score": float(str(row["score"])), "kinds": row["kinds"], "listed": bool(row["listed"])}
    yield Step(kind="found", by=BY, text=_says(row), data=data)
