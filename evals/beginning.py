"""Beginning a suite: the files of `evals/template`, under a name of its own."""

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import ClassVar

from evals.suite import suite_names
from models.errors import ChargehandError, Retry

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class SuiteNameWrong(ChargehandError):
    """A suite cannot be called '{name}': {reason}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


def begin(name: str, folder: Path) -> list[Path]:
    """Write the suite `folder/name`; its files. Raises SuiteNameWrong."""
    if not _NAME.fullmatch(name):
        raise SuiteNameWrong(name=name, reason="small letters, digits and _ make a name, after a letter")
    if name in suite_names() or (folder / name).exists():
        raise SuiteNameWrong(name=name, reason="there is one of this name")
    with as_file(files("evals").joinpath("template")) as template:
        shutil.copytree(template, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    card = folder / name / "card.yaml"
    card.write_text(card.read_text(encoding="utf-8").replace("NAME", name, 1), encoding="utf-8")
    return sorted(p for p in (folder / name).rglob("*") if p.is_file())
