"""`chargehand policy lint|test`, as a build server runs them."""

import json
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from api.cli.policy import app

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
    assert suite.get("failures") == "1"


def test_a_file_that_is_no_policy_ends_with_2(tmp_path: Path) -> None:
    file = tmp_path / "none.yaml"
    file.write_text("rules: []", encoding="utf-8")
    assert RUN.invoke(app, ["lint", str(file), "--no-firm"]).exit_code == 2
