"""Labelled records in the formats of docs/formats.md, which a firm may give to have the models judged on.

They are read as the commands read them, and parted by time, or by person, document or problem where there is
no time."""

import gzip
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel

from models.formats.jsonl import read_jsonl
from models.formats.table import Column, Kind, TableSpec, read_table

Record = TypeVar("Record", bound=BaseModel)
LAST = 0.3  # share of the records, the newest, that is judged


def table(path: Path, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """A CSV file with these columns and any `x_` ones. Raises BadInput."""
    spec = TableSpec(path.name, tuple(Column(name, kind, required=False) for name, kind in kinds.items()))
    return read_table(path, spec).reset_index(drop=True)


def lines(path: Path, record: type[Record]) -> list[Record]:
    """A JSONL file, which may be gzipped. Raises BadInput."""
    if path.suffix != ".gz":
        return read_jsonl(path, record)
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as plain:
        plain.write(gzip.decompress(path.read_bytes()))
        plain.flush()
        return read_jsonl(Path(plain.name), record)


def batches(days: "pd.Series[Any]", count: int) -> list[npt.NDArray[np.intp]]:
    """The rows of the newest records in chronological batches of like size; a day is never divided."""
    dates = pd.to_datetime(days).to_numpy()
    newest = np.sort(dates)[int(len(dates) * (1 - LAST)) :]
    firsts = np.unique([part[0] for part in np.array_split(newest, min(count, len(newest)))])
    ends = [*firsts[1:], dates.max() + np.timedelta64(1, "D")]
    return [np.flatnonzero((dates >= first) & (dates < end)) for first, end in zip(firsts, ends, strict=True)]


def every(names: list[str], step: int) -> set[str]:
    """Every so-manieth of the names in order: a part that is the same each time."""
    return set(sorted(set(names))[::step])
