"""A firm's own suites stand beside those that ship, in a folder of theirs."""

from pathlib import Path

import pytest

from evals import suite as suites
from evals.beginning import SuiteNameWrong, begin
from evals.suite import SuiteBroken, look_in, suite, suite_names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where own suites lie, for this test alone."""
    monkeypatch.setattr(suites, "_folders", [suites.ROOT])
    look_in(tmp_path)
    return tmp_path


def test_a_suite_that_was_begun_is_there_and_complete(folder: Path) -> None:
    begin("own_begun", folder)
    assert "own_begun" in suite_names()
    found = suite("own_begun")
    assert found.card.name == found.name == "own_begun"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("routing", id="one that ships"),
        pytest.param("../up", id="a path"),
        pytest.param("Our", id="capitals"),
        pytest.param("", id="nothing"),
    ],
)
def test_names_that_are_none(folder: Path, name: str) -> None:
    with pytest.raises(SuiteNameWrong):
        begin(name, folder)
    assert not list(folder.iterdir())


def test_one_that_ships_is_not_replaced(folder: Path) -> None:
    (folder / "routing").mkdir()
    (folder / "routing" / "suite.py").write_text("SUITE = None")
    assert suite("routing").folder.parent == suites.ROOT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("SUITE = 1 / 0", "division by zero", id="an error"),
        pytest.param("", "SUITE", id="no suite in it"),
        pytest.param("def", "invalid syntax", id="no Python"),
    ],
)
def test_a_suite_that_cannot_be_read_names_its_file(folder: Path, text: str, reason: str) -> None:
    (folder / "broken").mkdir()
    (folder / "broken" / "suite.py").write_text(text)
    with pytest.raises(SuiteBroken, match=reason) as found:
        suite("broken")
    assert str(folder / "broken" / "suite.py") in found.value.sentence
