"""What the demo's tests look at: a generated firm, read as the importer reads it."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from demo.firm import FirmSummary
from demo.scenario import Scenario

TODAY = date(2026, 3, 18)  # a Wednesday
SCALE = 0.05


@dataclass(frozen=True)
class DemoFirm:
    """A generated firm: its directories, its tables as the importer reads them, its truth by file. Time
    entries have their start by the clock of their office besides (`local_start`)."""

    out: Path
    truth: Path
    summary: FirmSummary
    tables: dict[str, pd.DataFrame]

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def lines(self, name: str) -> list[dict[str, Any]]:
        """A JSONL file of the truth."""
        text = (self.truth / f"{name}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    @property
    def scenario(self) -> Scenario:
        return Scenario.load(self.truth)
