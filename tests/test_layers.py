"""The rooms import one way only, and their names are ours."""

import ast
import gc
import importlib.metadata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "api": {"agents", "tools", "workflow", "connectors", "store", "models", "prompts", "demo", "evals"},
    "agents": {"tools", "workflow", "store", "models", "prompts"},
    "tools": {"workflow", "store", "models", "prompts"},
    "workflow": {"connectors", "store", "models", "prompts"},
    "connectors": {"models"},
    "store": {"models"},
    "models": set(),
    "prompts": set(),
    "demo": {"models"},
    "evals": {"agents", "tools", "workflow", "connectors", "store", "models", "prompts", "demo"},
}
# Only the command line starts evals and the demo: nothing that serves people depends on them.
ONLY_FROM = {"evals": "api/cli/", "demo": "api/cli/"}


@cache
def imports(path: Path) -> tuple[tuple[int, str], ...]:
    """Lines and rooms or libraries. Nothing is collected meanwhile: what a collection ends in the middle of a
    parse can make Python 3.11 miscount its depth (SystemError)."""
    gc.disable()
    try:
        return tuple(_imports(path))
    finally:
        gc.enable()


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module.split(".")[0]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    wrong = []
    for path in sorted((ROOT / room).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for line, imported in imports(path):
            if imported in MAY_IMPORT and imported != room:
                allowed = imported in MAY_IMPORT[room]
                if not allowed or (room == "api" and not name.startswith(ONLY_FROM.get(imported, ""))):
                    wrong.append(f"{name}:{line} imports {imported}")
    assert not wrong


def test_sql_lives_in_the_store_only() -> None:
    """Elsewhere there is no driver to run any with."""
    users = {
        path.relative_to(ROOT).parts[0]
        for room in MAY_IMPORT
        for path in (ROOT / room).rglob("*.py")
        if path != ROOT / "evals/bench/load/plain.py"  # a service that is not ours, to compare with
        and any(name in ("psycopg", "psycopg_pool") for _, name in imports(path))
    }
    assert users <= {"store", "api", "agents", "tools", "workflow"}


def test_tools_and_agents_hold_no_connector() -> None:
    for room in ("tools", "agents"):
        for path in (ROOT / room).rglob("*.py"):
            assert "connectors" not in {name for _, name in imports(path)}, path


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_no_other_distribution_owns_a_room(room: str) -> None:
    """Another installed package with a top-level module of this name would be imported instead of ours."""
    owners = set(importlib.metadata.packages_distributions().get(room, [])) - {"chargehand"}
    assert not owners
