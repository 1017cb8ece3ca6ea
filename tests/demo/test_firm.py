"""The demo firm: same arguments, same bytes; every reference leads somewhere; dates agree."""

import hashlib
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from demo.cast import PROJECT_NAME
from demo.firm import DirectoryNotEmpty, TruthInsideFirm, generate
from models.access import ROLES
from models.formats.firm import FILES, skills_wanted
from tests.demo.generated import SCALE, TODAY, DemoFirm

REFERENCES = [
    ("skills", "person_id", "people"),
    ("clients", "account_owner_id", "people"),
    ("contracts", "client_id", "clients"),
    ("projects", "client_id", "clients"),
    ("projects", "contract_id", "contracts"),
    ("projects", "manager_id", "people"),
    ("assignments", "person_id", "people"),
    ("assignments", "project_id", "projects"),
    ("role_requests", "project_id", "projects"),
    ("role_requests", "requested_by", "people"),
    ("time_entries", "person_id", "people"),
    ("time_entries", "project_id", "projects"),
    ("status_reports", "project_id", "projects"),
    ("status_reports", "author_id", "people"),
    ("invoices", "customer_id", "clients"),
    ("invoices", "project_id", "projects"),
    ("opportunities", "client_id", "clients"),
    ("opportunities", "owner_id", "people"),
    ("opportunities", "contract_id", "contracts"),
    ("leave", "person_id", "people"),
    ("roles", "person_id", "people"),
    ("people", "manager_id", "people"),
]


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_arguments_give_the_same_bytes(small: DemoFirm, tmp_path: Path) -> None:
    generate(tmp_path / "firm", tmp_path / "truth", scale=SCALE, today=TODAY)
    assert digests(tmp_path / "firm") == digests(small.out)
    assert digests(tmp_path / "truth") == digests(small.truth)


def test_another_seed_gives_another_firm(small: DemoFirm, tmp_path: Path) -> None:
    generate(tmp_path / "firm", tmp_path / "truth", seed=8, scale=SCALE, today=TODAY)
    other = digests(tmp_path / "firm")
    same = {name for name, digest in digests(small.out).items() if other.get(name) == digest}
    assert same == {"same_persons.csv"}, "nobody is listed twice in any firm"


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 3, 1), date(2028, 2, 29)], ids=str)
def test_any_day_can_be_today(today: date, tmp_path: Path) -> None:
    """A Thursday that is a holiday, a Sunday, a leap day."""
    summary = generate(tmp_path / "firm", tmp_path / "truth", scale=0.01, today=today)
    assert summary.time_entries > 10_000


def test_writes_only_into_empty_directories(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(DirectoryNotEmpty):
        generate(tmp_path, tmp_path.parent / "truth", scale=SCALE, today=TODAY)
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_never_writes_the_truth_where_it_would_be_imported(tmp_path: Path) -> None:
    with pytest.raises(TruthInsideFirm):
        generate(tmp_path / "firm", tmp_path / "firm" / "truth", scale=SCALE, today=TODAY)


def test_tells_its_progress(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    generate(tmp_path / "f", tmp_path / "t", scale=0.01, today=TODAY, progress=lambda *a: told.append(a))
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert told[-1][1] == told[-1][2]


def test_the_summary_counts_the_rows(small: DemoFirm) -> None:
    counted = asdict(small.summary)
    assert {spec.name: counted[spec.name] for spec in FILES.values()} == {
        name: len(table) for name, table in small.tables.items()
    }


@pytest.mark.parametrize(("table", "column", "target"), REFERENCES)
def test_every_reference_leads_somewhere(small: DemoFirm, table: str, column: str, target: str) -> None:
    key = FILES[f"{target}.csv"].key[0]
    assert set(small[table][column].dropna()) <= set(small[target][key])


def test_every_file_of_a_contract_lies_beside_the_table(small: DemoFirm) -> None:
    files = set(small["contracts"]["file"])
    assert {Path(f).suffix for f in files} == {".txt", ".pdf", ".docx"}
    assert files == {p.name for p in small.out.iterdir() if p.suffix != ".csv"}


def test_only_one_person_has_no_manager_and_nobody_leads_themselves(small: DemoFirm) -> None:
    people = small["people"].set_index("person_id")
    assert list(people[people["manager_id"].isna()]["title"]) == ["Managing Partner"]
    for person in people.index:
        chain = [person]
        while isinstance(boss := people.loc[chain[-1], "manager_id"], str):
            assert boss not in chain
            chain.append(boss)


def test_nobody_works_while_away_or_before_they_came(small: DemoFirm) -> None:
    """Local days of time entries against leave and employment. Planted entries keep to this too."""
    entries = small["time_entries"].merge(small["people"], on="person_id")
    day = small["time_entries"]["local_start"].dt.date
    assert not (day < entries["starts_on"]).any()
    assert not (day > entries["ends_on"].fillna(date.max)).any()
    away = {
        (row.person_id, row.starts_on + timedelta(days=n))
        for row in small["leave"].itertuples()
        for n in range((row.ends_on - row.starts_on).days + 1)
    }
    assert not away & set(zip(small["time_entries"]["person_id"], day, strict=True))


def test_history_ends_today(small: DemoFirm) -> None:
    assert small["time_entries"]["local_start"].max().date() == TODAY - timedelta(days=1)
    assert max(small["status_reports"]["reported_on"]) >= TODAY - timedelta(days=7)
    invoices = small["invoices"]
    assert max(invoices["issued_on"]) < TODAY
    unpaid = invoices[invoices["paid_on"].isna()]
    assert (unpaid["due_on"] < TODAY).any(), "some are overdue"
    assert (unpaid["due_on"] > TODAY).any(), "some are not due yet"
    assert all(paid < TODAY for paid in invoices["paid_on"].dropna())
    assert (small["leave"]["starts_on"] > TODAY).any()
    assert (small["assignments"]["starts_on"] > TODAY).any()


def test_time_is_submitted_after_the_work_and_never_in_the_future(small: DemoFirm) -> None:
    entries = small["time_entries"]
    now = pd.Timestamp(TODAY, tz="UTC") + pd.Timedelta(hours=12)
    assert (entries["submitted_at"].dropna() < now).all()
    handed_in = entries.dropna(subset=["submitted_at"])
    assert (handed_in["submitted_at"].dt.floor("D") >= handed_in["started_at"].dt.floor("D")).all()
    assert (entries["submitted_at"].isna() == (entries["state"] == "draft")).all()
    assert set(entries["state"]) == {"draft", "submitted", "approved"}


def test_projects_lie_within_their_contracts_and_their_status_fits_today(small: DemoFirm) -> None:
    both = small["projects"].merge(small["contracts"], on="contract_id", suffixes=("", "_contract"))
    assert (both["client_id"] == both["client_id_contract"]).all()
    assert (both["currency"] == both["currency_contract"]).all()
    assert (both["signed_on"] < both["starts_on"]).all()
    assert (both["starts_on_contract"] <= both["starts_on"]).all()
    assert (both["ends_on_contract"] >= both["ends_on"]).all()
    for project in both.itertuples():
        running = project.starts_on <= TODAY <= project.ends_on
        assert (project.status == "active") == running, project.name
        assert (project.status == "planned") == (project.starts_on > TODAY), project.name


def test_assignments_lie_within_their_projects(small: DemoFirm) -> None:
    both = small["assignments"].merge(small["projects"], on="project_id", suffixes=("", "_project"))
    assert (both["starts_on"] >= both["starts_on_project"]).all()
    assert (both["ends_on"] <= both["ends_on_project"]).all()
    assert (both["starts_on"] <= both["ends_on"]).all()


def test_everybody_is_a_consultant_but_who_sees_no_names_and_every_role_is_held(small: DemoFirm) -> None:
    held = small["roles"]
    consultants = set(held[held["role"] == "consultant"]["person_id"])
    nameless = set(held[held["role"] == "data_scientist"]["person_id"])
    assert consultants == set(small["people"]["person_id"]) - nameless
    assert set(held["role"]) == set(ROLES) - {"service"}
    scoped = held["scope_kind"].isin(["practice", "office"])
    assert (held["scope_id"].notna() == scoped).all()
    managers = set(held[held["role"] == "project_manager"]["person_id"])
    assert set(small["projects"]["manager_id"]) == managers
    offices = set(held[held["role"] == "finance"]["scope_id"])
    assert offices == set(small["people"]["office"])


def test_open_requests_ask_for_skills_that_exist(small: DemoFirm) -> None:
    known = set(small["skills"]["skill"])
    for cell in small["role_requests"]["skills"]:
        assert set(skills_wanted(cell)) <= known


def test_the_demo_project_is_there(small: DemoFirm) -> None:
    projects = small["projects"].set_index("name")
    kestrel = projects.loc[PROJECT_NAME]
    assert kestrel["status"] == "active"
    assert kestrel["practice"] == "Data & AI"
    contract = small["contracts"].set_index("contract_id").loc[kestrel["contract_id"]]
    assert contract["kind"] == "time_and_materials"
