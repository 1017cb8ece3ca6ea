"""The demo firm is imported like any customer's files."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from demo.firm import generate
from store.importer import ImportSummary


def test_a_small_demo_firm_is_taken_whole(
    take: Callable[[Path], ImportSummary], look: Callable[[str], list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    firm = tmp_path / "firm"
    generated = generate(firm, tmp_path / "truth", scale=0.05, today=date(2026, 11, 20))
    summary = take(firm)
    assert {
        kind: (summary.records[kind].added, len(look(f"select from firm.{table}")))
        for kind, table in (
            ("people", "person"),
            ("time_entries", "time_entry"),
            ("documents", "contract_document"),
        )
    } == {
        "people": (generated.people, generated.people),
        "time_entries": (generated.time_entries, generated.time_entries),
        "documents": (generated.contracts, generated.contracts),
    }
    for number in ("1.1", "Schedule 1", "Schedule 2"):
        [(contracts,)] = look(
            f"select count(distinct contract_id) from firm.clause where number = '{number}'"
        )
        assert contracts == generated.contracts
    assert take(firm).changed == 0
