"""Texts that must be apart: the cases of suites, and what the copilot and the models learn from."""

import csv
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from evals.growing.likeness import Said
from evals.suite import Setting, suite, suite_names
from prompts.loader import routing_examples

LABELLED = {"routing/labelled.csv": "text", "staffing/history.csv": "summary"}
"""Records of short texts that models are fitted to, with their column (docs/formats.md)."""

FITTED_TO = ("tuned",)  # values of the group 'difficulty' of cases that were looked at while rules were made


def of_suites(within: Setting) -> list[Said]:
    """The texts of the suites whose cases people wrote, each once."""
    return [said for name in suite_names() for said in _of_suite(name, within)]


def learnt_from(data: Path | None = None) -> list[Said]:
    """The router's examples, the lines of all prompts, and a firm's labelled records where they are given."""
    examples = [
        Said(f"prompts/routing/{of.intent}.yaml", sentence, learnt=True)
        for of in routing_examples()
        for sentence in of.sentences
    ]
    return [*examples, *_prompt_lines(), *(_labelled(data) if data else ())]


def _of_suite(name: str, within: Setting) -> Iterator[Said]:
    of = suite(name)
    if of.words is None:
        return
    there: set[tuple[str, str]] = set()
    for case in of.every_case(within):
        text, cluster = of.words(case), case.cluster or case.id
        if (text, cluster) not in there:
            there.add((text, cluster))
            fitted = case.groups.get("difficulty") in FITTED_TO
            place = f"suite {name}{' (tuned)' if fitted else ''}: {case.id}"
            yield Said(place, text, f"{name}/{cluster}", learnt=fitted)


def _prompt_lines() -> Iterator[Said]:
    root = Path(str(files("prompts")))
    for file in sorted(root.rglob("*.md")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield Said(f"prompts/{file.relative_to(root).as_posix()}", line.strip(" -"), learnt=True)


def _labelled(data: Path) -> Iterator[Said]:
    for name, column in LABELLED.items():
        if (data / name).exists():
            with (data / name).open(encoding="utf-8", newline="") as file:
                for number, row in enumerate(csv.DictReader(file), 2):
                    yield Said(f"{name} line {number}", row.get(column) or "", learnt=True)
