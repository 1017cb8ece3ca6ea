"""`chargehand people import`: accounts from the directory, and what ends with them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from api.auth.sessions import Sessions
from api.cli.main import app
from api.wiring import Application
from models.access import PERMISSIONS
from store.db import Database
from tests.api.small_firm import Browser
from tests.workflow import firm

HEADER = (
    "userName,externalId,displayName,emails.value,active,roles,groups,department,addresses.locality,manager\n"
)
Run = Callable[..., Result]
Look = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def run(application: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run(csv, *options)`: import the accounts into the small firm."""
    monkeypatch.setenv("DATABASE_URL", application.place.admin)
    groups = tmp_path / "groups.yaml"
    groups.write_text("groups: {leads: [practice_lead@practice:Data]}")
    monkeypatch.setenv("CHARGEHAND_OIDC_GROUPS_FILE", str(groups))

    def invoke(text: str, *options: str) -> Result:
        file = tmp_path / "accounts.csv"
        file.write_text(text)
        return CliRunner().invoke(app, ["people", "import", str(file), *options])

    return invoke


@pytest.fixture
def look(application: Application) -> Look:
    def ask(statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(application.place.admin) as connection:
            return connection.execute(statement.encode()).fetchall()

    return ask


NEW = """\
nina@example.com,p-90,,nina@example.com,true,consultant;project_manager,leads,Data,Munich,rita
rita@example.com,rita,Rita Roth-Ray,rita@example.com,true,resource_manager@practice:Data,,,,
"""


def test_people_are_added_and_changed_and_the_same_again_changes_nothing(run: Run, look: Look) -> None:
    text = HEADER.replace("displayName", "displayName,name.givenName,name.familyName")
    rows = NEW.replace("p-90,,", "p-90,,Nina,Noll,").replace("Rita Roth-Ray,", "Rita Roth-Ray,,,")
    said = json.loads(run(text + rows, "--json").stdout)
    assert said == {
        "rows": 2,
        "added": 1,
        "updated": 1,
        "deactivated": 0,
        "activated": 0,
        "roles_changed": 1,
        "dry_run": False,
        "changed": 3,
    }
    nina = look("select name, practice, office, manager_id from firm.person where person_id = 'p-90'")
    assert nina == [("Nina Noll", "Data", "Munich", "rita")]
    assert look("select role, source from access.role_grant where person_id = 'p-90' order by 1") == [
        ("consultant", "records"),
        ("practice_lead", "groups"),
        ("project_manager", "records"),
    ]
    assert look("select name, office from firm.person where person_id = 'rita'") == [
        ("Rita Roth-Ray", "Berlin")
    ]
    before = look("select count(*) from audit.event")
    again = run(text + rows)
    assert again.exit_code == 0 and "nothing has changed" in again.stderr
    assert look("select count(*) from audit.event") == before


def test_a_dry_run_says_all_and_writes_nothing(run: Run, look: Look) -> None:
    state = "select (select count(*) from firm.person), (select count(*) from access.role_grant), max(seq)"
    before = look(f"{state} from audit.event")
    rows = NEW.replace("p-90,,", "p-90,Nina,") + "leo,leo,,,false,,,,,\n"
    said = json.loads(run(HEADER + rows, "--dry-run", "--json").stdout)
    assert (said["added"], said["deactivated"], said["dry_run"]) == (1, 1, True)
    assert look(f"{state} from audit.event") == before


def test_deactivating_ends_every_way_in_at_once_and_for_good(
    run: Run, look: Look, application: Application, browser: Browser
) -> None:
    rita: TestClient = browser("rita")
    token = application.tokens.create(
        firm.principal("ada"), name="t", scopes=PERMISSIONS, days=1, person_id="rita"
    ).token
    link = application.sessions.make_link(firm.principal("ada"), "rita").token
    text = "userName,active\nrita,false\n"
    assert run(text).exit_code == 0
    assert rita.get("/v1/me").status_code == 401
    assert application.tokens.of(token) is None and not application.sessions.is_open(link)
    assert look("select role from access.role_grant where person_id = 'rita'") == []
    logged = look("select action from audit.event where subject = 'person:rita' order by seq desc limit 1")
    assert logged == [("access.deactivated",)]
    assert "nothing has changed" in run(text).stderr

    assert json.loads(run("userName,active\nrita,true\n", "--json").stdout)["activated"] == 1
    assert look("select ends_on from firm.person where person_id = 'rita'") == [(None,)]
    assert rita.get("/v1/me").status_code == 401 and application.tokens.of(token) is None, "for good"
    assert not application.sessions.is_open(link)


def test_other_records_do_not_bring_somebody_back(run: Run, look: Look, application: Application) -> None:
    """An import of the firm's records that knows nothing about it says that Rita works here."""
    ended = "select ends_on < current_date from firm.person where person_id = 'rita'"
    assert run("userName,active\nrita,false\n").exit_code == 0
    with psycopg.connect(application.place.roles["steward"]) as steward:
        steward.execute("update firm.person set ends_on = '2099-01-31' where person_id = 'rita'")
    assert look(ended) == [(True,)]
    assert run("userName,active\nrita,true\n").exit_code == 0
    assert look("select ends_on::text from firm.person where person_id = 'rita'") == [("2099-01-31",)]


def test_addresses_change_hands(run: Run, look: Look) -> None:
    rows = "userName,emails.value\nrita,leo@example.com\nleo,rita@example.com\n"
    assert run(rows).exit_code == 0
    swapped = "select person_id, email from firm.person where person_id in ('rita', 'leo') order by 1"
    assert look(swapped) == [("leo", "rita@example.com"), ("rita", "leo@example.com")]


@pytest.mark.parametrize(
    ("rows", "line", "column", "reason"),
    [
        ("nina,,,,,,,,,", 2, "displayName", "needed for somebody new"),
        ("nina,,Nina,n@example.com,,,,Data,,", 2, "addresses.locality", "needed for somebody new"),
        ("rita,,,leo@example.com,,,,,,", 2, "emails.value", "belongs to leo already"),
        ("rita,,,,,emperor,,,,", 2, "roles", "'emperor' is not a role"),
        ("rita,,,,,practice_lead@practice:Ships,,,,", 2, "roles", "there is no practice Ships"),
        ("rita,,,,perhaps,,,,,", 2, "active", "neither true nor false"),
        ("rita,,,,,,,,,nobody", 2, "manager", "there is no person nobody"),
        ("rita,,,,,,,,,\nrita,,,,,,,,,", 3, "userName", "is on line 2 already"),
        ("rita,,,,,,,,,\nrr,rita,,,,,,,,", 3, "externalId", "is on line 2 already"),
        (",p-1,,,,,,,,", 2, "userName", "value missing"),
        ("service:import,,X,x@example.com,,,,Data,Berlin,", 2, "externalId", "name of a service"),
        ("rita,short", 2, "", "2 fields where the header has 10"),
    ],
)
def test_what_is_wrong_is_said_by_line_and_nothing_is_taken(
    run: Run, look: Look, rows: str, line: int, column: str, reason: str
) -> None:
    before = look("select md5(string_agg(p::text, '' order by person_id)) from firm.person p")
    good = "dora,dora,Dora New,,,,,,,\n"
    ended = run(f"{HEADER}{rows}\n{good}")
    assert ended.exit_code == 2
    where = f"accounts.csv:{line}" + (f", column {column}" if column else "")
    assert where in ended.stderr and reason in ended.stderr
    assert look("select md5(string_agg(p::text, '' order by person_id)) from firm.person p") == before


def test_the_first_administrator_is_made_once(
    application: Application, monkeypatch: pytest.MonkeyPatch, look: Look
) -> None:
    monkeypatch.setenv("DATABASE_URL", application.place.admin)

    def create(*options: str) -> Result:
        return CliRunner().invoke(app, ["admin", "create", *options])

    refused = create("--email", "rita@example.com")
    assert refused.exit_code == 2 and "There is an administrator already" in " ".join(refused.stderr.split())
    with psycopg.connect(application.place.admin, autocommit=True) as owner:
        owner.execute("delete from access.role_grant where role = 'admin'")
    unknown = create("--email", "eve@example.com")
    assert unknown.exit_code == 2 and "give a name too" in unknown.stderr
    made = json.loads(create("--email", "Eve@example.com", "--name", "Eve Eins", "--json").stdout)
    assert made["person_id"] == "admin"
    found = application.sessions.of(application.sessions.sign_in(made["url"].rsplit("/", 1)[1]))
    assert found is not None and found.principal.over_firm("access.manage")
    assert create("--email", "rita@example.com").exit_code == 2
    logged = look("select subject from audit.event where action = 'access.first_administrator'")
    assert logged == [("person:admin",)]


def test_an_empty_installation_gets_an_administrator(
    db: Database, admin_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", admin_dsn)
    options = ["--email", "ops@example.com", "--name", "Olga Ops", "--office", "Berlin"]
    made = CliRunner().invoke(app, ["admin", "create", *options])
    assert made.exit_code == 0, made.stderr
    token = made.stdout.strip().rsplit("/", 1)[1]
    sessions = Sessions(db)
    found = sessions.of(sessions.sign_in(token))
    assert found is not None and found.principal.name == "Olga Ops"
    assert found.principal.timezone == "Europe/Berlin"


def test_an_account_at_the_provider_is_forgotten_by_hand(
    application: Application, monkeypatch: pytest.MonkeyPatch, look: Look
) -> None:
    monkeypatch.setenv("DATABASE_URL", application.place.admin)
    with psycopg.connect(application.place.admin, autocommit=True) as owner:
        owner.execute("insert into access.identity values ('https://login.example', 's-1', 'rita')")
    ended = CliRunner().invoke(app, ["people", "forget", "rita"])
    assert ended.exit_code == 0 and "1 accounts of Rita Roth" in ended.stderr
    assert look("select * from access.identity") == []
