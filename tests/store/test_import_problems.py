"""What is wrong with a firm's files is said by file, line, column and reason, and nothing is taken."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.errors import BadInput
from store.importer import ImportSummary

Take = Callable[[Path], ImportSummary]
Look = Callable[[str], list[tuple[Any, ...]]]
Write = Callable[..., Path]
Files = dict[str, str]
Case = tuple[str, dict[str, str], str, str]

WRONG: dict[str, Case] = {
    # what: (file, its first row's values replaced in one more row, column, words of the reason)
    "a reference to nobody": ("skills", {"person_id": "P9"}, "person_id", "there is no person P9"),
    "a manager who is not there": (
        *("people", {"person_id": "P9", "email": "z@firm.example", "manager_id": "P8"}),
        *("manager_id", "there is no person P8"),
    ),
    "a contract that is not there": (
        *("projects", {"project_id": "J9", "contract_id": "K9"}),
        *("contract_id", "there is no contract K9"),
    ),
    "an entry on no project": (
        *("time_entries", {"entry_id": "T9", "project_id": "J9"}),
        *("project_id", "there is no project J9"),
    ),
    "an address twice": (
        *("people", {"person_id": "P9", "email": "ADA@firm.example"}),
        *("email", "belongs to P1 already"),
    ),
    "an end before the start": (
        *("assignments", {"assignment_id": "A9", "ends_on": "2024-01-01"}),
        *("ends_on", "ends before it starts"),
    ),
    "no hours": (
        *("assignments", {"assignment_id": "A9", "hours_per_week": "0"}),
        *("hours_per_week", "must be more than 0"),
    ),
    "a part of a cent": (
        *("invoices", {"invoice_id": "I9", "amount": "1.005"}),
        *("amount", "more than two decimals"),
    ),
    "an amount too large to keep": (
        *("people", {"person_id": "P9", "cost_rate": "1" + "0" * 11}),
        *("cost_rate", "is more than 9999999999"),
    ),
    "skills not as name:level": (
        *("role_requests", {"request_id": "R9", "skills": "dbt=3"}),
        *("skills", "'dbt=3' is not a skill and a level"),
    ),
    "a level that is none": (
        *("role_requests", {"request_id": "R9", "skills": "dbt:6"}),
        *("skills", "from 1 to 5"),
    ),
    "a skill twice": (
        *("role_requests", {"request_id": "R9", "skills": "dbt:3;dbt:4"}),
        *("skills", "'dbt' comes twice"),
    ),
    "a scope where none belongs": (
        *("roles", {"person_id": "P3", "scope_id": "Data"}),
        *("scope_id", "must be empty where scope_kind is firm"),
    ),
    "no scope where one belongs": ("roles", {"scope_kind": "office"}, "scope_id", "names no office"),
    "a practice nobody works in": (
        *("roles", {"scope_kind": "practice", "scope_id": "Dta"}),
        *("scope_id", "there is no practice Dta"),
    ),
    "a role that nobody can hold": (
        *("roles", {"person_id": "P3", "role": "service"}),
        *("role", "'service' is none of"),
    ),
    "a file that is not there": (
        *("contracts", {"contract_id": "K9", "file": "k9.txt"}),
        *("file", "there is no file k9.txt"),
    ),
    "a path out of the directory": (
        *("contracts", {"contract_id": "K9", "file": "../outside.txt"}),
        *("file", "lies outside of the directory"),
    ),
    "an absolute path": (
        *("contracts", {"contract_id": "K9", "file": "/etc/hostname"}),
        *("file", "lies outside of the directory"),
    ),
    "a link out of the directory": (
        *("contracts", {"contract_id": "K9", "file": "link.txt"}),
        *("file", "lies outside of the directory"),
    ),
    "a kind of file that is not read": (
        *("contracts", {"contract_id": "K9", "file": "k.doc"}),
        *("file", "must end in .txt, .md, .pdf or .docx"),
    ),
    "an empty document": (
        *("contracts", {"contract_id": "K9", "file": "empty.txt"}),
        *("file", "has no text"),
    ),
}


def with_row(text: str, values: dict[str, str]) -> str:
    """A CSV with one more row: its first one, with other values."""
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows([*rows, rows[0] | values])
    return out.getvalue()


def rows_held(look: Look) -> dict[str, int]:
    tables = [f"firm.{t}" for (t,) in look("select tablename from pg_tables where schemaname = 'firm'")]
    tables += ["access.role_grant", "audit.event"]
    return {table: look(f"select count(*) from {table}")[0][0] for table in tables}


def test_names_file_line_column_and_reason_and_takes_nothing(
    take: Take, look: Look, tmp_path: Path, write_firm: Write, firm: Files, subtests: pytest.Subtests
) -> None:
    (tmp_path / "outside.txt").write_text("1. Not for us.")
    directory = write_firm(tmp_path / "firm")
    (directory / "k.doc").write_text("x")
    (directory / "empty.txt").write_text("  ")
    (directory / "link.txt").symlink_to(tmp_path / "outside.txt")
    before = rows_held(look)
    for what, (name, values, column, reason) in WRONG.items():
        with subtests.test(what):
            file = directory / f"{name}.csv"
            file.write_text(with_row(firm[name], values))
            with pytest.raises(BadInput) as caught:
                take(directory)
            [problem] = caught.value.problems
            last_line = len(file.read_text().splitlines())
            assert (problem.file, problem.line, problem.column) == (str(file), last_line, column)
            assert reason in problem.reason
        file.write_text(firm[name])
    assert rows_held(look) == before
    assert take(directory).changed, "the firm's files themselves are good"


def test_a_stored_persons_address_is_not_given_to_another(
    take: Take, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    take(write_firm(tmp_path / "old"))
    header, ada, *_ = firm["people"].splitlines()
    newcomer = {"people": f"{header}\n{ada.replace('P1', 'P9')}\n"}
    with pytest.raises(BadInput, match="belongs to P1 already"):
        take(write_firm(tmp_path / "new", newcomer))


def test_collects_the_problems_of_all_files_at_once(
    take: Take, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    wrong = {
        "clients": firm["clients"].replace("30", "soon"),
        "invoices": firm["invoices"].replace("J1", "J7"),
        "projects": firm["projects"].replace("C1", "C8"),
        "peeple": "person_id\n",
    }
    with pytest.raises(BadInput) as caught:
        take(write_firm(tmp_path, firm | wrong, contract=""))
    assert {(Path(p.file).name, p.line, p.column) for p in caught.value.problems} == {
        ("clients.csv", 2, "payment_terms_days"),
        ("contracts.csv", 2, "file"),
        ("invoices.csv", 2, "project_id"),
        ("peeple.csv", 1, ""),
    }, "and none about clients, which cannot be known"


def test_a_directory_without_any_of_the_files_is_refused(take: Take, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none of the firm's files"):
        take(tmp_path)
    with pytest.raises(BadInput, match="no such directory"):
        take(tmp_path / "nowhere")
