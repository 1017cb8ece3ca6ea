"""The scenarios: enough of them, of every kind, and about people and things that there are."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.firm import generate
from demo.scenario import Scenario
from evals.sandbox import SCALE, SEED, TODAY
from evals.suites.conversations.suite import SUITE
from evals.talking.script import Says
from evals.talking.suite import Conversation, conversations
from models.formats.firm import FILES
from models.formats.table import read_table
from tools.catalogue import TOOLS

CASES = conversations(SUITE.folder / "scenarios")
PEOPLE, IDS = "people.csv", re.compile(r"\b(?:P|PJ|CL|CT|INV|TE|RR|SR)-\d[\d-]*\b")
NAME = re.compile(r"\b[^\W\da-z_][\w'’]+(?: [^\W\da-z_][\w'’]+)+")
MAILS = frozenset({"change requests", "languages"})  # which name people of clients


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sandbox's firm."""
    root = tmp_path_factory.mktemp("sandbox")
    generate(root / "firm", root / "truth", seed=SEED, scale=SCALE, today=TODAY)
    return root


@pytest.fixture(scope="module")
def cells(files: Path) -> frozenset[str]:
    """Whatever stands in a cell of the firm's files that has an id or a name."""
    columns = re.compile(r"_id$|name$|^role$|^title$|^practice$|^office$|^skill$")
    found: set[str] = set()
    for file, spec in FILES.items():
        table = read_table(files / "firm" / file, spec)
        for column in (c for c in table.columns if columns.search(c)):
            found |= {str(v) for v in table[column].dropna().unique()}
    return frozenset(found)


def test_there_are_many_of_every_kind_and_some_are_held_out() -> None:
    kinds = Counter(c.groups["kind"] for c in CASES)
    assert len(CASES) >= 60
    assert set(kinds) == set(SUITE.card.groups)
    assert len({c.id for c in CASES}) == len(CASES)
    held_out = [c for c in CASES if c.groups["difficulty"] == "held out"]
    assert len(held_out) >= 12
    assert not any(c.script.small for c in held_out)
    assert 10 <= sum(c.script.small for c in CASES) <= 16


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_whoever_and_whatever_is_named_is_there(case: Conversation, cells: frozenset[str]) -> None:
    script = case.script
    assert [id for id in IDS.findall(script.model_dump_json()) if id not in cells] == []
    parts = {word.casefold() for cell in cells for word in re.findall(r"[\w'’]+", cell)}
    made_up = {word.casefold() for name in script.made_up for word in name.split()}
    unknown = [
        name
        for line in _lines(case)
        for name in NAME.findall(line)
        if name.split()[-1].removesuffix("'s").casefold() not in parts | made_up
    ]
    assert unknown == []
    assert not {name for name in script.made_up if name in cells}


def test_people_are_given_by_part_or_id_and_tools_by_name(files: Path, cells: frozenset[str]) -> None:
    parts = Scenario.load(files / "truth").personas.keys()
    tools = {t.name for t in TOOLS}
    for case in CASES:
        assert case.script.people() <= parts | cells, case.id
        expect = case.script.expect
        assert {c.tool for c in expect.called} | set(expect.never_called) <= tools, case.id


def test_a_case_says_what_is_expected_of_it() -> None:
    case = next(c for c in CASES if c.id == "invoice-03")
    assert "INV-2026-00214" in case.text
    assert "version 2" in case.expected
    assert json.loads(case.model_dump_json())["script"]["expect"]["effects"][0]["state"] == "returned"


def _lines(case: Conversation) -> Iterator[str]:
    """What its people say in their own words."""
    if case.groups["kind"] in MAILS:
        return
    yield case.script.says
    yield from (fact.answer for fact in case.script.knows)
    yield from (event.says for event in case.script.events() if isinstance(event, Says))
