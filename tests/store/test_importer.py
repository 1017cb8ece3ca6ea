"""Import of a firm's files: every record, all or nothing, idempotent, an upsert."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest

from models.access import Principal
from models.city_zone import zone_of_city
from models.errors import BadInput
from models.formats.firm import FILES
from store.contract_files import EmbedderDoesNotFit
from store.db import Database
from store.importer import ImportSummary, import_firm

Take = Callable[[Path], ImportSummary]
Look = Callable[[str], list[tuple[Any, ...]]]
Write = Callable[..., Path]
Files = dict[str, str]


def test_every_file_of_the_firm_is_tried_here(firm: Files) -> None:
    assert {f"{name}.csv" for name in firm} == set(FILES)


def test_takes_every_record_and_says_so(take: Take, look: Look, tmp_path: Path, write_firm: Write) -> None:
    summary = take(write_firm(tmp_path))
    assert {kind: c.added for kind, c in summary.records.items()} == {
        "offices": 2,
        "people": 3,
        "rates": 3,
        "skills": 2,
        "clients": 1,
        "contracts": 2,
        "projects": 1,
        "assignments": 1,
        "role_requests": 1,
        "time_entries": 2,
        "status_reports": 1,
        "invoices": 1,
        "opportunities": 1,
        "leave": 1,
        "responsibilities": 2,
        "same_persons": 1,
        "grants": 3,
        "documents": 1,
        "clauses": 5,
    }
    assert {name: f.rows for name, f in summary.files.items()}["people.csv"] == 3
    assert look("select office, timezone from firm.office order by 1") == [
        ("London", "Europe/London"),
        ("New York", "America/New_York"),
    ]
    assert look("select office from firm.project") == [("New York",)], "its manager's office"
    assert look("select cost_rate::text, currency from firm.person_rate where person_id = 'P1'") == [
        ("120.50", "GBP")
    ]
    assert look("select skills from firm.role_request") == [({"dbt": 3, "Power BI": 2},)]
    assert look("select note, ended_at - started_at = '1h' from firm.time_entry where entry_id = 'T2'") == [
        ('Line one\nline "two", \\.', True)
    ]
    assert look("select scope_id from access.role_grant where role = 'practice_lead'") == [("Data",)]


def test_clauses_are_stored_with_their_places_in_the_document(
    take: Take, look: Look, tmp_path: Path, write_firm: Write
) -> None:
    take(write_firm(tmp_path))
    rows = look(
        "select c.number, c.heading, c.text, substr(d.text, start_at + 1, end_at - start_at) = c.text"
        " from firm.clause c join firm.contract_document d using (contract_id) order by position"
    )
    assert [row[:2] for row in rows] == [
        ("", "AGREEMENT"),
        ("1", "Fees"),
        ("1.1", "Fees"),
        ("1.2", "Fees"),
        ("2", "Term"),
    ]
    assert rows[3][2] == "1.2 Fees are capped at GBP 250,000."
    assert all(row[3] for row in rows)


def test_the_run_is_on_record(take: Take, look: Look, tmp_path: Path, write_firm: Write) -> None:
    summary = take(write_firm(tmp_path))
    assert look("select imported_by, files from firm.import_run where run_id = " + str(summary.run_id)) == [
        ("service:set-up", {name: asdict(file) for name, file in summary.files.items()})
    ]
    [(actor, body)] = look("select actor, body from audit.event where action = 'firm.imported'")
    assert actor == "service:set-up"
    assert body["files"]["people.csv"] == asdict(summary.files["people.csv"])
    assert body["records"]["people"] == {"added": 3, "updated": 0, "removed": 0}


def test_the_same_files_again_change_nothing(
    take: Take, look: Look, embedder: Any, tmp_path: Path, write_firm: Write
) -> None:
    take(write_firm(tmp_path))
    before = look("select xmin, person_id from firm.person") + look(
        "select xmin, entry_id from firm.time_entry"
    )
    asked = len(embedder.asked)
    assert take(tmp_path).changed == 0
    assert len(embedder.asked) == asked, "nothing was embedded again"
    after = look("select xmin, person_id from firm.person") + look(
        "select xmin, entry_id from firm.time_entry"
    )
    assert after == before, "not even rewritten"


def test_one_file_after_the_other_comes_to_the_same_as_all_at_once(
    take: Take, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    for name, text in firm.items():
        take(write_firm(tmp_path / name, {name: text}))
    assert take(write_firm(tmp_path / "whole")).changed == 0


def test_a_newer_file_updates_adds_and_keeps(
    take: Take, look: Look, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    take(write_firm(tmp_path / "old"))
    newer = firm["people"].splitlines()
    newer = [
        newer[0],
        newer[2].replace("Manager", "Director"),
        newer[1].replace("P1", "P4").replace("ada", "dee"),
    ]
    summary = take(write_firm(tmp_path / "new", {"people": "\n".join(newer) + "\n"}))
    assert asdict(summary.records["people"]) == {"added": 1, "updated": 1, "removed": 0}
    assert summary.records["rates"].changed == 1
    assert look("select person_id, title from firm.person order by 1") == [
        ("P1", "Partner"),
        ("P2", "Director"),
        ("P3", "Consultant"),
        ("P4", "Partner"),
    ]


def test_contracts_are_embedded_again_only_if_the_file_or_the_model_changed(
    take: Take,
    look: Look,
    db: Database,
    administrator: Principal,
    embedder: Any,
    tmp_path: Path,
    write_firm: Write,
) -> None:
    contract = (write_firm(tmp_path) / "contracts" / "k1.txt").read_text()
    take(tmp_path)
    embedder.asked.clear()
    summary = take(write_firm(tmp_path, contract=contract.replace("250,000", "300,000")))
    assert asdict(summary.records["documents"]) == {"added": 0, "updated": 1, "removed": 0}
    assert "1.2 Fees are capped at GBP 300,000." in [t for (t,) in look("select text from firm.clause")]
    assert len(look("select from firm.clause")) == len(embedder.asked) == 5

    embedder.name = "other letters"
    assert take(tmp_path).records["documents"].updated == 1
    assert look("select embedder from firm.contract_document") == [("other letters",)]


def test_a_contract_that_names_its_file_no_longer_loses_the_document(
    take: Take, look: Look, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    take(write_firm(tmp_path))
    summary = take(write_firm(tmp_path, {"contracts": firm["contracts"].replace("contracts/k1.txt", "")}))
    assert summary.records["documents"].removed == 1
    assert look("select from firm.contract_document") == look("select from firm.clause") == []


def test_a_model_of_another_dimension_is_refused(
    take: Take, look: Look, embedder: Any, tmp_path: Path, write_firm: Write
) -> None:
    embedder.dimension = 768
    with pytest.raises(EmbedderDoesNotFit, match="768"):
        take(write_firm(tmp_path))
    assert look("select from firm.person") == []


def test_roles_replace_all_that_the_persons_named_held(
    take: Take, look: Look, tmp_path: Path, write_firm: Write
) -> None:
    take(write_firm(tmp_path))
    roles = "person_id,role,scope_kind,scope_id\nP2,practice_lead,practice,Data\nP2,finance,office,New York\n"
    summary = take(write_firm(tmp_path, {"roles": roles}))
    assert asdict(summary.records["grants"]) == {"added": 1, "updated": 0, "removed": 1}
    assert look("select person_id, role, scope_kind, scope_id from access.role_grant order by 1, 2") == [
        ("P1", "delivery_director", "firm", ""),
        ("P2", "finance", "office", "New York"),
        ("P2", "practice_lead", "practice", "Data"),
    ]


def test_addresses_may_change_hands_within_a_file(
    take: Take, look: Look, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    take(write_firm(tmp_path))
    swapped = firm["people"].replace("ada@", "x@").replace("ben@", "ada@").replace("x@", "Ben@")
    assert take(write_firm(tmp_path, {"people": swapped})).records["people"].updated == 2
    assert look("select person_id, email from firm.person order by 1")[:2] == [
        ("P1", "Ben@firm.example"),
        ("P2", "ada@firm.example"),
    ]


def test_projects_follow_their_manager_to_another_office(
    take: Take, look: Look, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    take(write_firm(tmp_path / "old"))
    moved = firm["people"].replace("New York", "Berlin")
    summary = take(write_firm(tmp_path / "new", {"people": moved}))
    assert summary.records["projects"].updated == 1
    assert look("select office from firm.project") == [("Berlin",)]


def test_an_office_keeps_the_time_zone_it_was_given(
    take: Take, look: Look, admin_dsn: str, tmp_path: Path, write_firm: Write
) -> None:
    take(write_firm(tmp_path))
    with psycopg.connect(admin_dsn) as admin:
        admin.execute("update firm.office set timezone = 'Europe/Dublin' where office = 'London'")
    assert take(tmp_path).changed == 0
    assert look("select timezone from firm.office where office = 'London'") == [("Europe/Dublin",)]


def test_a_failure_while_writing_leaves_nothing(
    take: Take, look: Look, embedder: Any, tmp_path: Path, write_firm: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder, "encode", lambda texts: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take(write_firm(tmp_path))
    for table in ("firm.person", "firm.time_entry", "access.role_grant", "firm.import_run", "audit.event"):
        assert look(f"select * from {table}") == []


def test_two_imports_at_once_take_turns(
    db: Database, administrator: Principal, embedder: Any, tmp_path: Path, write_firm: Write
) -> None:
    directory = write_firm(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(import_firm, db, administrator, directory, embedder=embedder) for _ in range(2)]
        changed = sorted(run.result().changed for run in runs)
    assert changed[0] == 0
    assert changed[1] > 0


@pytest.mark.parametrize(
    ("city", "zone"),
    [
        ("New York", "America/New_York"),
        ("london", "Europe/London"),
        ("Zürich", "Europe/Zurich"),
        ("São Paulo", "America/Sao_Paulo"),
        ("Buenos Aires", "America/Buenos_Aires"),
        ("Frankfurt", "UTC"),
        ("Pacific", "UTC"),
    ],
)
def test_the_time_zone_of_an_office_is_that_of_its_city(city: str, zone: str) -> None:
    assert zone_of_city(city) == zone


def test_a_role_granted_to_an_account_is_held_by_the_person(
    take: Take, look: Look, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    held = "select person_id, role from access.role_grant order by 1, 2"
    roles = firm["roles"] + "P3,finance,firm,\nP3,project_manager,none,\n"
    without = {name: text for name, text in firm.items() if name != "same_persons"} | {"roles": roles}
    take(write_firm(tmp_path / "before", without))
    assert ("P3", "finance") in look(held)
    accounts = {"same_persons": firm["same_persons"]}
    take(write_firm(tmp_path / "accounts", accounts))
    as_one = [
        ("P1", "delivery_director"),
        ("P2", "finance"),
        ("P2", "practice_lead"),
        ("P2", "project_manager"),
    ]
    assert look(held) == as_one, "what the other account held is the person's"
    assert take(write_firm(tmp_path / "again", {"roles": roles, **accounts})).changed == 0
    assert look(held) == as_one


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        ("P1,P1\n", 2, "oneself"),
        ("P3,P2\nP2,P1\n", 2, "an account of an account: who is the person?"),
        ("P9,P1\n", 2, "nobody"),
    ],
)
def test_accounts_of_no_person_are_refused(
    rows: str, line: int, reason: str, take: Take, tmp_path: Path, write_firm: Write, firm: Files
) -> None:
    with pytest.raises(BadInput) as caught:
        take(write_firm(tmp_path, firm | {"same_persons": "person_id,same_as\n" + rows}))
    assert [(Path(p.file).name, p.line) for p in caught.value.problems] == [("same_persons.csv", line)], (
        reason
    )


def test_a_newer_file_says_all_who_answer_for_what_it_names(
    take: Take, look: Look, tmp_path: Path, write_firm: Write
) -> None:
    take(write_firm(tmp_path / "old"))
    newer = "kind,subject_id,person_id\nbudget_owner,J1,P1\nbudget_owner,J1,P3\n"
    summary = take(write_firm(tmp_path / "new", {"responsibilities": newer}))
    assert asdict(summary.records["responsibilities"]) == {"added": 2, "updated": 0, "removed": 1}
    assert look("select kind, subject_id, person_id from firm.responsibility order by 1, 3") == [
        ("budget_owner", "J1", "P1"),
        ("budget_owner", "J1", "P3"),
        ("contract_signatory", "K1", "P1"),
    ]
