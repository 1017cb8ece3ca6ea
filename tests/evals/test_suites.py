"""Suites by name, as the command takes them."""

import pytest
from typer.testing import CliRunner

from api.cli.eval_ import app
from evals.suite import UnknownSuite, suite, suite_names


def test_an_unknown_suite_is_named() -> None:
    with pytest.raises(UnknownSuite, match=r"there are: .*routing"):
        suite("weather")
    result = CliRunner().invoke(app, ["run", "weather"])
    assert result.exit_code == 2


def test_one_suite_or_all() -> None:
    assert CliRunner().invoke(app, ["run"]).exit_code == 2
    assert CliRunner().invoke(app, ["run", "routing", "--all"]).exit_code == 2


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_has_a_card(name: str) -> None:
    found = suite(name)
    assert found.card.name == name
    assert found.card.not_measured and found.card.point
