"""`chargehand import` as a person runs it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app

PEOPLE = """\
person_id,name,email,title,practice,office,manager_id,cost_rate,bill_rate,currency,capacity_hours_per_week,starts_on,ends_on
P1,Ada Crewe,ada@firm.example,Partner,Data,London,,120.50,240,GBP,40,2019-01-07,
"""


@pytest.fixture
def run(admin_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command on the test's database."""
    monkeypatch.setenv("DATABASE_URL", admin_dsn)

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, ["import", *map(str, arguments)])

    return invoke


def test_says_what_it_took_and_that_a_second_run_changes_nothing(run: Any, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    first = run(tmp_path)
    assert (first.exit_code, first.stdout) == (0, "")
    assert "3 records changed" in first.stderr, "an office, a person, their rates"
    second = run(tmp_path)
    assert second.exit_code == 0
    assert "nothing has changed" in second.stderr


def test_speaks_json(run: Any, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    said = json.loads(run(tmp_path, "--json").stdout)
    assert said["changed"] == 3
    assert said["files"]["people.csv"]["rows"] == 1
    assert said["records"]["people"] == {"added": 1, "updated": 0, "removed": 0}


def test_bad_input_is_said_problem_by_problem(run: Any, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE.replace("GBP", "pounds").replace(",,120.50", ",P7,120.505"))
    ended = run(tmp_path)
    assert ended.exit_code == 2
    assert f"{tmp_path / 'people.csv'}:2, column currency: 'pounds' is not a currency code" in ended.stderr


def test_rejects_are_collected_in_a_file(run: Any, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE.replace(",,120.50", ",P7,120.505"))
    rejects = tmp_path / "rejects.txt"
    assert run(tmp_path, "--rejects", rejects).exit_code == 1
    with rejects.open(newline="") as file:
        problems = [(row["file"], row["line"], row["column"]) for row in csv.DictReader(file)]
    assert problems == [(str(people), "2", "cost_rate"), (str(people), "2", "manager_id")]
    people.write_text(PEOPLE)
    assert "3 records changed" in run(tmp_path).stderr, "nothing had been taken"


def test_a_directory_that_is_not_there(run: Any, tmp_path: Path) -> None:
    ended = run(tmp_path / "nowhere")
    assert ended.exit_code == 2
    assert "there is no such directory" in ended.stderr
