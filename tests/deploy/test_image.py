"""The image's recipe: what it copies is there, what it runs as is not root, and the wheel holds every file
that is not Python."""

import fnmatch
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
FINAL = RECIPE[RECIPE.rindex("\nFROM ") :]
ROOMS = ("api", "agents", "tools", "workflow", "connectors", "store", "models", "prompts", "evals", "demo")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built as the image builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_file_of_the_rooms(wheel: zipfile.ZipFile) -> None:
    held = set(wheel.namelist())
    listed = subprocess.run(
        ["git", "ls-files", "-z", *ROOMS], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    tracked = {f for f in listed.split("\0") if f and (ROOT / f).exists()}
    assert {Path(f).suffix for f in tracked} >= {
        ".py",
        ".sql",
        ".yaml",
        ".html",
        ".json",
        ".css",
        ".js",
        ".woff2",
    }
    assert tracked <= held


def test_the_wheel_starts_chargehand(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    assert "chargehand = api.cli.main:main" in wheel.read(entry_points).decode()


def test_the_build_context_holds_what_the_wheel_is_made_of() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines  # everything else stays out: .git, .env, data
    assert let_in == {*ROOMS, "pyproject.toml", "README.md", "requirements"}
    assert not [line for line in lines if fnmatch.fnmatch(line, "*.sql")]


def test_everything_downloaded_is_checked_against_a_hash() -> None:
    commands = RECIPE.replace("\\\n", " ").replace("&&", "\n").split("\n")
    installs = [c for c in commands if "pip install" in c]
    from_locks = [i for i in installs if " -r " in i]
    assert len(from_locks) == 3 and all("--require-hashes" in i for i in from_locks)
    (ours,) = (i for i in installs if " -r " not in i)
    assert "--constraint requirements/runtime.lock" in ours and "/dist/*.whl" in ours


def test_the_image_runs_as_nobody_special_and_keeps_no_tools() -> None:
    assert re.search(r"^USER 10001$", FINAL, re.MULTILINE)
    assert "/opt/build" not in FINAL and "pip install" not in FINAL and "apt-get" not in RECIPE
    assert "CHARGEHAND_ENVIRONMENT=production" in FINAL


def test_its_health_is_asked_of_the_running_service() -> None:
    assert "/healthz" in FINAL and "HEALTHCHECK" in FINAL
