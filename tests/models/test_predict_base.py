"""A kept model is used only where it is what it says it is."""

from pathlib import Path

import pytest

from models.predict.base import CARD, FITTED, Card, NoFittedModel, UnusableModel, load, load_card, save


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    source = tmp_path / "history.csv"
    source.write_text("a\n1\n")
    save({"a": 1}, Card.of("invoices", 1, [source]), tmp_path / "model")
    return tmp_path / "model"


def test_what_is_kept_is_loaded(kept: Path) -> None:
    assert load(kept, "invoices", 1) == {"a": 1}


def test_nothing_kept(tmp_path: Path) -> None:
    assert load_card(tmp_path) is None
    with pytest.raises(NoFittedModel):
        load(tmp_path, "invoices", 1)


def test_another_task_or_version_is_refused(kept: Path) -> None:
    for task, version in (("bench", 1), ("invoices", 2)):
        with pytest.raises(UnusableModel):
            load(kept, task, version)


@pytest.mark.parametrize("damaged", [FITTED, CARD])
def test_a_damaged_file_is_refused_before_it_is_unpickled(kept: Path, damaged: str) -> None:
    (kept / damaged).write_bytes((kept / damaged).read_bytes()[:-2])
    with pytest.raises(UnusableModel):
        load(kept, "invoices", 1)


def test_the_card_tells_files_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    assert Card.of("t", 1, [one, two]).data_hash != Card.of("t", 1, [two, one]).data_hash
    three, four = tmp_path / "three", tmp_path / "four"
    three.write_text("a")
    four.write_text("bc")
    assert Card.of("t", 1, [one, two]).data_hash != Card.of("t", 1, [three, four]).data_hash
