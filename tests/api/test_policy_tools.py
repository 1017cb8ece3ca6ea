"""`chargehand policy lint|test|backtest|propose`, as people and build servers run them."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from api.cli.policy import app
from api.wiring import Application
from tests.workflow import firm

RUN = CliRunner()
SCENARIOS = str(files("workflow").joinpath("default_policy.scenarios.yaml"))
DEFAULT = str(files("workflow").joinpath("default_policy.yaml"))


@pytest.fixture
def weaker(tmp_path: Path) -> str:
    """The shipped policy with small change orders up to 1,000,000 EUR, and a rule that never holds."""
    body = yaml.safe_load(Path(DEFAULT).read_text(encoding="utf-8"))
    rules = {r["name"]: r for r in body["rules"]}
    rules["small-change-order"]["when"]["amount_below"] = "1000000"
    never = rules["risk"] | {"name": "never"}
    body["rules"] = [*list(rules.values())[:-1], never, rules["strictest"]]
    file = tmp_path / "weaker.yaml"
    file.write_text(yaml.safe_dump(body), encoding="utf-8")
    return str(file)


def test_lint_of_the_shipped_policy_ends_well() -> None:
    result = RUN.invoke(app, ["lint", DEFAULT, "--no-firm"])
    assert result.exit_code == 0, result.output
    assert "note: overlap" in result.output


def test_lint_ends_with_1_and_names_the_rule(weaker: str) -> None:
    result = RUN.invoke(app, ["lint", weaker, "--no-firm", "--json"])
    assert result.exit_code == 1
    [error] = [f for f in json.loads(result.stdout) if f["severity"] == "error"]
    assert (error["check"], error["rules"]) == ("unreachable", ["never"])


def test_scenarios_fail_where_the_policy_got_weaker(weaker: str, tmp_path: Path) -> None:
    assert RUN.invoke(app, ["test", DEFAULT, SCENARIOS]).exit_code == 0
    result = RUN.invoke(app, ["test", weaker, SCENARIOS, "--junit", str(tmp_path / "junit.xml")])
    assert result.exit_code == 1
    assert "FAIL  A change order that binds the firm: small-change-order" in result.output
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert suite.get("failures") == "3", "whatever of 10,000 EUR or more is now the account owner's alone"


def test_a_file_that_is_no_policy_ends_with_2(tmp_path: Path) -> None:
    file = tmp_path / "none.yaml"
    file.write_text("rules: []", encoding="utf-8")
    assert RUN.invoke(app, ["lint", str(file), "--no-firm"]).exit_code == 2


# --- on an installation


@pytest.fixture
def here(application: Application, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The small firm, as the command line finds it; one change order over 15,000 EUR waits."""
    monkeypatch.setenv("DATABASE_URL", application.place.admin)
    application.workflow.propose(firm.principal("paula"), firm.draft(firm.change_order("100")))
    return application


def test_lint_tries_it_on_the_firm(here: Application) -> None:
    result = RUN.invoke(app, ["lint", DEFAULT, "--json"])
    assert result.exit_code == 0, result.output
    assert "one-person" in {f["check"] for f in json.loads(result.stdout)}


def test_a_backtest_past_its_limit_ends_with_1(here: Application, weaker: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ran = ["backtest", weaker, "--against", "last-30-days", "--html", str(page)]
    assert RUN.invoke(app, ran).exit_code == 0, "without a limit it only tells"
    result = RUN.invoke(app, [*ran, "--limit-fewer-eyes", "10000EUR", "--json"])
    assert result.exit_code == 1
    said: dict[str, Any] = json.loads(result.stdout)
    assert (said["verdict"], said["fewer_eyes"]["amount"]) == ("past", "15000.00")
    assert "Too few to settle anything" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--against", "90 days"),
        ("--against", "last-0-days"),
        ("--limit-fewer-eyes", "1USD"),
        ("--limit-fewer-eyes", "x"),
    ],
)
def test_what_a_backtest_cannot_take(here: Application, wrong: tuple[str, str]) -> None:
    assert RUN.invoke(app, ["backtest", DEFAULT, *wrong]).exit_code == 2


def test_a_change_is_proposed_and_loading_is_over(here: Application, weaker: str) -> None:
    ran = ["propose", weaker, "--why", "It grew.", "--as"]
    result = RUN.invoke(app, [*ran, "ada", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["action"]["kind"] == "change_policy"
    assert RUN.invoke(app, [*ran, "paula"]).exit_code == 2, "she may not"
    assert RUN.invoke(app, ["load", weaker]).exit_code == 2, "one is in force"
    assert RUN.invoke(app, ["load", DEFAULT]).exit_code == 0, "that one"
