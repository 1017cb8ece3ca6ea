"""docs/api.md tells the truth: its commands are run in their order against a desk that is served, and what it
shows has the shape of what they print."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.database import Place
from models.access import PERMISSIONS
from tests.api.small_firm import serving
from tests.workflow import firm

PAGE = Path(__file__).parents[2] / "docs/api.md"
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PEOPLE = ("paula", "rita", "dora")


@dataclass(frozen=True)
class Example:
    commands: str
    shown: tuple[Any, ...]  # JSON values, as they are printed; lines of other output are passed over


def examples() -> list[Example]:
    blocks = [(m["language"], m["text"]) for m in _BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
    followed = [*blocks, ("", "")]
    return [
        Example(text, tuple(values(after)) if kind == "json" else ())
        for (language, text), (kind, after) in pairwise(followed)
        if language == "sh"
    ]


def values(text: str) -> Iterator[Any]:
    """The JSON objects and lists of a text, one after the other."""
    decoder = json.JSONDecoder()
    at = 0
    while match := re.compile(r"[\[{]").search(text, at):
        value, at = decoder.raw_decode(text, match.start())
        yield value


def check_shape(shown: Any, printed: Any, where: str) -> None:
    """What is shown is there, of the same kind; a list as its first item."""
    if isinstance(shown, dict):
        assert isinstance(printed, dict), where
        for key, value in shown.items():
            assert key in printed, f"{where}.{key} is shown but not there: {sorted(printed)}"
            check_shape(value, printed[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(printed, list), where
        assert bool(shown) == bool(printed), f"{where}: {printed}"
        if shown:
            check_shape(shown[0], printed[0], f"{where}[0]")
    else:
        assert type(shown) is type(printed), f"{where}: {printed!r}"
        if isinstance(shown, str) and re.fullmatch(r"[a-z_ ]+|\d{3}", shown):
            assert shown == printed, where
        if where.endswith(("status", "version")) or isinstance(shown, bool):
            assert shown == printed, where


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the examples use curl and jq")
def test_every_example_runs_and_prints_what_is_shown(place: Place) -> None:
    found = examples()
    assert len(found) > 20
    script = "set -euo pipefail\n" + "".join(
        f"{e.commands}\nprintf '\\n%s\\n' '--- {number}'\n" for number, e in enumerate(found)
    )
    with serving(place) as (application, url):
        tokens = {
            who.upper(): application.tokens.create(
                firm.principal("ada"), name="page", scopes=PERMISSIONS, days=1, person_id=who
            ).token
            for who in (*PEOPLE, "ada")
        }
        tokens["ADMIN"] = tokens.pop("ADA")
        done = subprocess.run(
            ["bash", "-c", script],
            env={"PATH": "/usr/bin:/bin", "CHARGEHAND": url, **tokens},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    printed = re.split(r"\n--- \d+\n", done.stdout)
    assert done.returncode == 0, f"{found[len(printed) - 1].commands}\n{printed[-1]}\n{done.stderr}"
    for example, output in zip(found, printed[:-1], strict=True):
        got = list(values(output))
        for number, shown in enumerate(example.shown):
            assert number < len(got), f"{example.commands} printed {output}"
            check_shape(shown, got[number], example.commands.splitlines()[0])


def test_every_resource_has_an_example(place: Place) -> None:
    """Each first part of a path of the OpenAPI document."""
    commands = "\n".join(example.commands for example in examples())
    with serving(place) as (application, _):
        paths = create_app(application).openapi()["paths"]
    resources = {path.split("/")[2] for path in paths if path.startswith("/v1/")}
    assert len(resources) > 12
    missing = {r for r in resources if not re.search(rf"/{r}\b", commands)}
    assert not missing
