"""A firm's own labelled records as the figures part them (`evals.quality`): what is learnt from and what is
judged must share no document, person or text where the part is by these, and nothing that is judged may be
older than what was learnt from where it is by time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evals.growing.likeness import plain
from evals.quality import clauses, invoices, records, risk, routing, staffing, terms, timesheets
from models.formats.table import Kind
from models.predict.clauses import MarkedContract
from models.predict.terms import LabelledPair

SHOWN = 3  # values that a fault names


@dataclass(frozen=True)
class Split:
    """Records in two parts."""

    name: str
    learnt: pd.DataFrame
    judged: pd.DataFrame
    apart: tuple[str, ...] = ()  # columns whose values must not be on both sides
    time: str = ""  # column by which the judged part is the later one
    text: str = ""  # column whose texts must not be on both sides


def own_splits(data: Path) -> list[Split]:
    """The parts of the files that are there. Raises BadInput."""
    return [split for make in _SPLITS for split in make(data)]


def faults(split: Split) -> Iterator[str]:
    """What the two parts share and should not."""
    for column in split.apart:
        shared = sorted(set(split.learnt[column]) & set(split.judged[column]))
        if shared:
            yield f"{len(shared)} {column} on both sides: {_some(shared)}"
    if split.text:
        known = set(split.learnt[split.text].map(plain))
        again = split.judged[split.judged[split.text].map(plain).isin(known - {""})]
        if len(again):
            yield f"{len(again)} of {len(split.judged)} texts on both sides: {_some(again[split.text])}"
    if split.time and len(split.learnt) and len(split.judged):
        newest = pd.to_datetime(split.learnt[split.time]).max()
        older = int((pd.to_datetime(split.judged[split.time]) < newest).sum())
        if older:
            yield f"{older} judged rows are older than the newest that was learnt from, of {newest:%Y-%m-%d}"


def _some(values: Iterable[object]) -> str:
    return "; ".join(str(value)[:60] for value in list(values)[:SHOWN])


def _in_time(name: str, table: pd.DataFrame, time: str, count: int, text: str = "") -> Iterator[Split]:
    """Batches, each learnt from all that is before it."""
    for number, rows in enumerate(records.batches(table[time], count), 1):
        batch = table.iloc[rows]
        known = table[table[time] < batch[time].min()]
        yield Split(f"{name}, batch {number}", known, batch, time=time, text=text)


def _read(data: Path, name: str, kinds: Mapping[str, Kind]) -> Iterator[pd.DataFrame]:
    if (data / name).exists():
        yield records.table(data / name, kinds)


def _routing(data: Path) -> Iterator[Split]:
    for table in _read(data, "routing/labelled.csv", {"text": "text", "intent": "text"}):
        judged = routing.held_out(table)
        yield Split("routing/labelled.csv", table[~judged], table[judged], text="text")


def _risk(data: Path) -> Iterator[Split]:
    for table in _read(data, "risk/labelled.csv", risk.KINDS):
        judged = table["reported_on"] >= risk.first_judged(table["reported_on"])
        yield Split("risk/labelled.csv", table[~judged], table[judged], time="reported_on", text="text")


def _staffing(data: Path) -> Iterator[Split]:
    for table in _read(data, "staffing/history.csv", staffing.KINDS):
        yield from _in_time("staffing/history.csv", table, "requested_on", staffing.BATCHES)


def _invoices(data: Path) -> Iterator[Split]:
    for path in sorted((data / "invoices").glob("*.csv")):
        table = records.table(path, invoices.KINDS)
        yield from _in_time(f"invoices/{path.name}", table, "issued_on", invoices.BATCHES)


def _time(data: Path) -> Iterator[Split]:
    for table in _read(data, "time/history.csv", timesheets.KINDS):
        team = timesheets.teams(table)
        for own in pd.unique(team):
            name = f"time/history.csv, team {own}"
            yield Split(name, table[team != own], table[team == own], apart=("person_id", "project_id"))


def _clauses(data: Path) -> Iterator[Split]:
    for path in sorted((data / "clauses").glob("labelled.jsonl*")):
        read = records.lines(path, MarkedContract)
        table = pd.DataFrame({"contract_id": [c.contract_id for c in read], "text": [c.text for c in read]})
        yield _by_document(f"clauses/{path.name}", table, "contract_id", clauses.PART, text="text")


def _terms(data: Path) -> Iterator[Split]:
    path = data / "terms" / "labelled.jsonl"
    if path.exists():
        ids = [pair.document_id for pair in records.lines(path, LabelledPair)]
        table = pd.DataFrame({"document_id": ids})
        yield _by_document("terms/labelled.jsonl", table, "document_id", terms.PART)


def _by_document(name: str, table: pd.DataFrame, column: str, part: int, text: str = "") -> Split:
    judged = table[column].isin(records.every(table[column].tolist(), part))
    return Split(name, table[~judged], table[judged], apart=(column,), text=text)


_SPLITS = (_routing, _risk, _staffing, _invoices, _time, _clauses, _terms)
