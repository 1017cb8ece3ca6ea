"""What a suite found: a verdict for each row, accuracy with intervals by group, what was confused with what,
and every failing row in full. Written as JSON for machines and Markdown for people."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from math import sqrt
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

Z = 1.959964  # of a 95% interval


class Row(BaseModel):
    """One case and what became of it."""

    model_config = ConfigDict(frozen=True)

    id: str
    group: str
    hard: bool
    text: str
    expected: str  # in words
    got: str
    expected_label: str  # for the confusion table: a tool, 'asks' or 'declines'
    got_label: str
    passed: bool
    fault: str = ""  # why not


class Share(BaseModel):
    """A share of rows with its 95% Wilson interval (Wilson 1927), which stays within 0 and 1 for few rows."""

    model_config = ConfigDict(frozen=True)

    passed: int
    of: int
    share: float
    low: float
    high: float


def share(passed: int, of: int) -> Share:
    """Raises ZeroDivisionError for no rows: there is nothing to say about them."""
    p, z2 = passed / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Share(passed=passed, of=of, share=p, low=max(0.0, middle - half), high=min(1.0, middle + half))


class Report(BaseModel):
    """A run of a suite."""

    suite: str
    subject: str  # what was measured, e.g. "rules"
    ran_at: datetime
    seconds: float
    rows: tuple[Row, ...]

    @cached_property
    def overall(self) -> Share:
        return _share(self.rows)

    @cached_property
    def by_group(self) -> dict[str, Share]:
        groups = dict.fromkeys(r.group for r in self.rows)
        return {g: _share([r for r in self.rows if r.group == g]) for g in groups}

    @cached_property
    def by_difficulty(self) -> dict[str, Share]:
        halves = {"hard": [r for r in self.rows if r.hard], "other": [r for r in self.rows if not r.hard]}
        return {name: _share(rows) for name, rows in halves.items() if rows}

    @cached_property
    def confusion(self) -> dict[str, dict[str, int]]:
        """Expected label -> what it was taken for -> how often, right ones left out."""
        pairs = Counter((r.expected_label, r.got_label) for r in self.rows if r.expected_label != r.got_label)
        table: dict[str, dict[str, int]] = {}
        for (expected, got), count in pairs.most_common():
            table.setdefault(expected, {})[got] = count
        return table

    def as_json(self) -> dict[str, Any]:
        return {
            **self.model_dump(mode="json", exclude={"rows"}),
            "overall": self.overall.model_dump(),
            "by_difficulty": {k: s.model_dump() for k, s in self.by_difficulty.items()},
            "by_group": {k: s.model_dump() for k, s in self.by_group.items()},
            "confusion": self.confusion,
            "rows": [r.model_dump() for r in self.rows],
        }

    def as_markdown(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def write(self, folder: Path) -> tuple[Path, Path]:
        """`<suite>.json` and `<suite>.md` in the folder; their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        machine, people = folder / f"{self.suite}.json", folder / f"{self.suite}.md"
        machine.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        people.write_text(self.as_markdown(), encoding="utf-8")
        return machine, people

    def _lines(self) -> Iterator[str]:
        yield f"# {self.suite}: {_words(self.overall)}"
        yield f"\nSubject: {self.subject}. {self.ran_at:%Y-%m-%d %H:%M} UTC, {self.seconds:.1f} s."
        yield "\n| rows | right | share | 95% interval |\n|---|---|---|---|"
        for name, part in {**self.by_difficulty, **self.by_group}.items():
            interval = f"{part.low:.0%} to {part.high:.0%}"
            yield f"| {name} | {part.passed} of {part.of} | {part.share:.0%} | {interval} |"
        if self.confusion:
            yield "\n## Taken for something else\n\n| expected | got | rows |\n|---|---|---|"
            yield from (f"| {e} | {g} | {n} |" for e, row in self.confusion.items() for g, n in row.items())
        failing = [r for r in self.rows if not r.passed]
        if failing:
            yield "\n## Failing rows\n"
        for row in failing:
            yield f"- `{row.id}` {_one_line(row.text)}  "
            yield f"  expected {row.expected}; got {row.got}. {row.fault}"


def new_report(suite: str, subject: str, started: datetime, rows: Sequence[Row]) -> Report:
    """A report of a run that ends now."""
    now = datetime.now(UTC)
    return Report(
        suite=suite,
        subject=subject,
        ran_at=started,
        seconds=(now - started).total_seconds(),
        rows=tuple(rows),
    )


def _share(rows: Sequence[Row]) -> Share:
    return share(sum(r.passed for r in rows), len(rows))


def _words(part: Share) -> str:
    return f"{part.passed} of {part.of} right ({part.share:.0%}, {part.low:.0%} to {part.high:.0%})"


def _one_line(text: str) -> str:
    return " ".join(text.split())
