"""What holds of the repository as a whole: no addresses of anybody's machines or package registries,
documents that speak of commands and files which exist, and locks that can be trusted."""

import re
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli.main import app

ROOT = Path(__file__).parents[1]
BINARY = {".png", ".woff2", ".pdf", ".docx", ".jpg"}

# Put together so that this file does not name what it looks for.
REGISTRIES = [
    *("py" + "pi.org", "py" + "thonhosted.org", "npm" + "js.", "regis" + "try.yarn", "docker" + ".io"),
    *("gh" + "cr.io", "qua" + "y.io", "download." + "pytorch.org", "crates" + ".io", "conda." + "anaconda"),
    *("--extra-index" + "-url http", "--index" + "-url http", "find" + "-links http"),
]
MACHINES = [r"/wor" + r"k/\w", r"/ho" + r"me/\w+/", r"/Us" + r"ers/\w+/", r"/ro" + r"ot/", r"/tm" + r"p/ch\b"]


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for file in tracked():
        if file.suffix not in BINARY:
            yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


DOCUMENTS = [p for p in tracked("*.md") if p.is_relative_to(ROOT / "docs") or p.parent == ROOT]
ids = {"ids": lambda p: p.name}


def test_no_file_names_a_package_registry() -> None:
    named = [(name, host) for name, text in texts() for host in REGISTRIES if host in text]
    assert not named


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    pattern = re.compile("|".join(MACHINES))
    named = [(name, match[0]) for name, text in texts() for match in pattern.finditer(text)]
    assert not named


def test_no_file_is_a_secret_or_a_leftover() -> None:
    names = {p.name for p in tracked()}
    assert ".env" not in names and not {
        n for n in names if n.endswith((".pem", ".key", ".orig", ".rej", ".pyc"))
    }
    unfinished = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    found = [
        name for name, text in texts() if not name.endswith((".lock", ".min.js")) and unfinished.search(text)
    ]
    assert not found


@pytest.mark.parametrize("record", tracked("docs/decisions/*.md"), **ids)
def test_a_decision_record_has_its_four_parts(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.match(r"# \d+\. \S", text)
    assert int(record.name[:4]) == int(text[2 : text.index(".")])
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Alternatives", "Consequences"]


def test_decision_records_are_numbered_without_a_gap() -> None:
    numbers = [int(p.name[:4]) for p in tracked("docs/decisions/*.md")]
    assert numbers == list(range(1, len(numbers) + 1))


def find_command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words begin with, and the words after it."""
    command: Any = typer.main.get_command(app)
    while is_group(command) and words and (sub := command.get_command(None, words[0])):
        command, words = sub, words[1:]
    return command, words


def is_group(command: Any) -> bool:
    return hasattr(command, "get_command")


@pytest.mark.parametrize("document", DOCUMENTS, **ids)
def test_a_document_speaks_of_commands_that_exist(document: Path) -> None:
    """Every `chargehand ...` with its options, and every `make ...`."""
    text = document.read_text(encoding="utf-8")
    code = [
        *re.findall(r"`([^`\n]+)`", text),
        *re.findall(r"^(?!#)(.+)$", "\n".join(fences(text)), re.MULTILINE),
    ]
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in code:
        for said in re.findall(r"(?:^|[\s;&]|bin/)chargehand +([a-z][^#&;\n]*)", line):
            for words in product(*(word.split("|") for word in said.split())):  # `policy show|check|load`
                command, rest = find_command(list(words))
                assert not is_group(command) or not rest, f"no such command: chargehand {said}"
                known = {"--help", *(option for parameter in command.params for option in parameter.opts)}
                unknown = [w for w in rest if w.startswith("--") and w not in known]
                assert not unknown, f"chargehand {said} knows no {unknown}"
        for target in re.findall(r"^make ([a-z]+)", line):
            assert target in made, f"no such target: make {target}"


def fences(text: str) -> list[str]:
    return re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, **ids)
def test_a_document_links_to_files_that_exist(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing


def test_the_readme_tells_every_setting_and_every_role() -> None:
    from api.settings import Settings
    from models.access import ROLES

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.sub(r"`\.\.\._(\w+)`", r"CHARGEHAND_\1", readme)
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"CHARGEHAND_{name.upper()}")
        variable = re.sub("_(ERP|HRIS)_TOKEN", "_PSA_TOKEN", variable)  # told by example
        assert variable in told, variable
    for role in ROLES:
        assert f"| {role} |" in readme or role == "service", role


@pytest.mark.parametrize("lock", tracked("requirements/*.lock"), **ids)
def test_a_lock_pins_every_package_by_hash_and_names_no_index(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip())
    assert entries and all(re.match(r"[a-z0-9][a-z0-9.-]*==\S+", entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "http://" not in text and "https://" not in text and "file:" not in text


def test_locks_agree() -> None:
    """What runs in tests is what is served."""
    runtime, dev = (
        dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("runtime.lock", "dev.lock")
    )
    assert runtime and {name: dev.get(name) for name in runtime} == runtime
