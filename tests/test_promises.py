"""What docs/security.md promises is tried by the tests that it names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    line
    for line in (ROOT / "docs/security.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`test_" in line
]


@pytest.fixture(scope="module")
def tests() -> set[str]:
    """The names of all test functions."""
    found: set[str] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        found.update(re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE))
    return found


def test_there_are_promises() -> None:
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_a_promise_is_tried(row: str, tests: set[str]) -> None:
    named = re.findall(r"`(test_\w+)`", row.split("|")[3])
    assert named and set(named) <= tests, f"not there: {set(named) - tests}"
