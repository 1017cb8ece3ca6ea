"""What is wrong with the prompts as files is found before anybody signs one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import pytest

from prompts import checks, loader

ROOT = Path(loader.__file__).parent
SECOND = (ROOT / "copilot/v1.md").read_text(encoding="utf-8").replace("  1: First", "  2: Again.\n  1: First")

Spoil = Callable[[Path], object]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The prompts, to be spoilt."""
    folder = copytree(ROOT, tmp_path / "prompts")
    caches = (loader.names, loader.load, loader.in_force, loader.released)
    monkeypatch.setattr(loader, "files", lambda package: folder)
    for cached in caches:
        cached.cache_clear()
    yield folder
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


def found(severity: str) -> list[str]:
    return [
        f"{f.prompt}: {f.says}" for f in checks.faults({"copilot": ["routing"]}) if f.severity == severity
    ]


def test_what_ships_has_no_fault() -> None:
    assert found("error") == []


def test_a_prompt_without_a_suite_is_told() -> None:
    told = found("note")
    assert any(t.startswith("mcp/bench_risk: no suite") for t in told)
    assert not any(t.startswith("copilot:") for t in told)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: _edit(p / "copilot/v1.md", "Be brief", "Be long"), "copilot/v1: was edited after"),
        (lambda p: _edit(p / "copilot/v1.md", "owner: delivery-operations", "owner: ''"), "copilot/v1: "),
        (lambda p: (p / "copilot/v1.md").unlink(), "copilot/v1: was released and is gone"),
        (lambda p: _edit(p / "in_force.yaml", "copilot: 1", "copilot: 7"), "copilot: version 7 is in force"),
        (lambda p: _edit(p / "in_force.yaml", "copilot: 1\n", ""), "copilot: no version is in force"),
        (lambda p: _edit(p / "in_force.yaml", "copilot: 1", "copilot: 1\nghost: 1"), "ghost: is named"),
        (lambda p: (p / "copilot/v2.md").write_text("Be brief."), "copilot/v2: copilot/v2.md has no front"),
        (
            lambda p: (p / "copilot/v2.md").write_text(SECOND.replace("1: First", "1: Worst")),
            "copilot/v2: its change log tells version 1 otherwise",
        ),
        (
            lambda p: (
                (p / "copilot/v2.md").write_text(SECOND),
                _edit(p / "in_force.yaml", "copilot: 1", "copilot: 2"),
            ),
            "copilot/v2: is not released",
        ),
    ],
)
def test_what_is_found(spoil: Spoil, says: str, copy: Path) -> None:
    spoil(copy)
    assert any(told.startswith(says) for told in found("error")), found("error")


def test_a_further_version_changes_nothing_by_being_there(copy: Path) -> None:
    (copy / "copilot/v2.md").write_text(SECOND)
    assert loader.load("copilot").version == 1
    assert loader.versions("copilot") == (1, 2)
    assert found("error") == []
    assert any(told.startswith("copilot/v2: is not released") for told in found("note"))


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
