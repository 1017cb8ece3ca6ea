"""Errors: one class a thing, with a sentence somebody can act on, wherever it is defined."""

import ast
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.errors import TYPE_URI, BadInput, ChargehandError, Problem

ROOT = Path(__file__).parents[2]
ROOMS = ("models", "store", "connectors", "workflow", "tools", "agents", "api")


@dataclass(frozen=True)
class Defined:
    """An error class as it stands in its file."""

    name: str
    where: str
    docstring: str


def errors() -> list[Defined]:
    """Every error class of ours, read from the files: importing all of them takes long."""
    classes: list[tuple[str, ast.ClassDef]] = [
        (file.relative_to(ROOT).as_posix(), node)
        for room in ROOMS
        for file in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    known, found = {"ChargehandError"}, dict[tuple[str, str], Defined]()
    while True:
        fresh = {
            (where, c.name): Defined(c.name, where, ast.get_docstring(c) or "")
            for where, c in classes
            if known & {ast.unparse(b) for b in c.bases} and (where, c.name) not in found
        }
        if not fresh:
            return list(found.values())
        found |= fresh
        known |= {name for _, name in fresh}


class CableCut(ChargehandError):
    """The cable of {system} is cut
    since {since}."""

    status = 503
    retry = "later"


def test_an_error_says_what_it_knows() -> None:
    problem = CableCut(system="erp", since="noon").problem()
    assert problem == {
        "type": f"{TYPE_URI}cable-cut",
        "title": "Cable cut",
        "status": 503,
        "detail": "The cable of erp is cut since noon.",
        "retry": "later",
        "system": "erp",
        "since": "noon",
    }


def test_what_it_is_about_cannot_overwrite_what_it_is() -> None:
    assert CableCut(system="erp", since="now", status=200, type="about:blank").problem()["status"] == 503


def test_a_sentence_may_hold_braces_when_it_has_no_facts() -> None:
    assert CableCut("Use {curly} braces.").sentence == "Use {curly} braces."


def test_every_error_has_a_sentence_of_its_own() -> None:
    assert len(errors()) > 50
    for error in errors():
        sentence = error.docstring.split("\n\n")[0]
        assert sentence.endswith((".", "}", ")", "?")), f"{error.where}: {error.name}: {sentence!r}"


def test_no_two_errors_have_one_name() -> None:
    """The machine name is made of the class name: a program could not tell them apart."""
    names = Counter(error.name for error in errors() if not error.name.startswith("_"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            Problem("people.csv", 17, "currency", "'EURO' is no code"),
            "people.csv:17, column currency: 'EURO' is no code",
        ),
        (Problem("people.csv", 1, "", "no header"), "people.csv:1: no header"),
    ],
)
def test_a_problem_says_where(problem: Problem, said: str) -> None:
    assert str(problem) == said
    error = BadInput([problem, problem])
    assert error.sentence == f"The input has 2 problem(s); the first: {said}"
    assert error.facts["problems"][0]["line"] == problem.line
