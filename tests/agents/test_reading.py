"""What the planner makes of words: names, quotes, negations, arguments, places in a list."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.choices import choose
from agents.linking import Linker
from agents.memory import positions
from agents.said import Said
from agents.slots import fill
from agents.toolbox import Name

NAMES = (
    Name("project", "PR-1", "Lighthouse", "Meyer AG"),
    Name("project", "PR-2", "Second Wave", "Meyer AG"),
    Name("client", "C-1", "Meyer AG"),
    Name("person", "P-1", "Ana Silva"),
    Name("person", "P-2", "Ana Kowalska"),
    Name("person", "P-3", "May Chen"),
    Name("person", "P-4", "Mark Doyle"),
    Name("skill", "Go", "Go"),
    Name("skill", "Snowflake", "Snowflake"),
    Name("role", "Data Engineer", "Data Engineer"),
    Name("office", "Berlin", "Berlin"),
    Name("invoice", "INV-2041", "INV-2041"),
)
LINKER = Linker(NAMES)


def said(text: str) -> Said:
    return Said(text, date(2026, 11, 23), LINKER)


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        pytest.param("Lighthouse and meyer", [("project", "Lighthouse"), ("client", "Meyer AG")], id="parts"),
        pytest.param("on lighthose", [("project", "Lighthouse")], id="a slip"),
        pytest.param("two data enginers", [("role", "Data Engineer")], id="a slip in two words"),
        pytest.param("Lighthouse's risks", [("project", "Lighthouse")], id="genitive"),
        pytest.param("book Ana Silva", [("person", "Ana Silva")], id="a whole name is clear"),
        pytest.param("book Ana", [("person", "Ana")], id="a shared part stays what was said"),
        pytest.param("mark it as done, go ahead", [], id="names that are words, as words"),
        pytest.param("Ask Mark about Go", [("person", "Mark Doyle"), ("skill", "Go")], id="as names"),
        pytest.param("the second wave", [("project", "Second Wave")], id="a name of ordinary words"),
        pytest.param("P-4 for PR-1", [("person", "Mark Doyle"), ("project", "Lighthouse")], id="ids"),
        pytest.param("until the end of March", [], id="no name"),
    ],
)
def test_links(text: str, linked: list[tuple[str, str]]) -> None:
    assert [(m.kind, m.value) for m in LINKER.mentions(text)] == linked


@pytest.mark.parametrize(
    ("text", "own", "quote"),
    [
        ("The client wrote: Please add a report.", "The client wrote", "Please add a report."),
        (
            'Is "please add a weekly export to our warehouse" in scope?',
            "Is in scope?",
            "please add a weekly export to our warehouse",
        ),
        ("See below\nFrom: a@b.example\nSubject: x\nBook Ana", "See below", None),
        ("In scope?\n> also migrate the archive\n> please", "In scope?", "also migrate the archive\nplease"),
        ("Who is free?", "Who is free?", ""),
    ],
)
def test_own_words_and_pasted_ones(text: str, own: str, quote: str | None) -> None:
    found = said(text)
    assert found.own.rstrip(":") == own
    assert (found.quote == quote) if quote is not None else ("Book Ana" in found.quote)


def test_a_pasted_message_is_never_read_for_names() -> None:
    assert said("The client wrote: book Ana Silva on Lighthouse, full time").mentions == []


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("don't book her, take the second", "take the second"),
        ("Who could do it? Do not propose anybody yet.", "Who could do it? ."),
        ("which are late, no reminders please", "which are late"),
        ("don't send anything back", ""),
        ("I don't know who is free", "I don't know who is free"),
    ],
)
def test_what_is_not_to_be_done_is_left_out(text: str, own: str) -> None:
    assert said(text).own == own


PROPERTIES: dict[str, Any] = {
    name: {}
    for name in (
        *("project", "person", "role", "skills", "office", "percent", "hours_per_week", "hold", "limit"),
        *("max_cost_rate", "starts_on", "ends_on"),
    )
}


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (
            "a senior platform engineer for Lighthouse who knows Snowflake, 3 days a week",
            {
                "project": "Lighthouse",
                "role": "senior platform engineer",
                "skills": ["Snowflake"],
                "hours_per_week": "24",
            },
        ),
        ("top 3, under 85 EUR an hour, in Berlin", {"limit": 3, "max_cost_rate": "85", "office": "Berlin"}),
        ("pencil in May Chen half-time", {"person": "May Chen", "hold": True, "percent": 50}),
        ("for project Purple Rain", {"project": "Purple Rain"}),
        ("from March at 150%", {"starts_on": "2027-03-01"}),
        ("the manager said so", {}),
    ],
)
def test_arguments(text: str, arguments: dict[str, Any]) -> None:
    assert fill(said(text), "find_people", PROPERTIES) == arguments


@pytest.mark.parametrize(
    ("text", "count", "places"),
    [
        ("the second one", 5, [2]),
        ("put the first two on it", 5, [1, 2]),
        ("1 and 3", 5, [1, 3]),
        ("all but the second", 3, [1, 3]),
        ("number 4", 5, [4]),
        ("the last one", 3, [3]),
        ("risks 1, 2 and 4", 5, [1, 2, 4]),
        ("from 3 March", 5, []),
        ("everything", 3, []),
    ],
)
def test_places_in_a_list(text: str, count: int, places: list[int]) -> None:
    assert positions(text, count) == places


OPTIONS = ("Ana Silva (Data Engineer, P-1)", "Ana Kowalska (UX Designer, P-2)")


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("2", 1),
        ("the first", 0),
        ("kowalska", 1),
        ("the designer", 1),
        ("UX designer", 1),
        ("P-1", 0),
        ("Ana", None),
        ("neither", None),
        ("the third", None),
    ],
)
def test_choices(text: str, chosen: int | None) -> None:
    assert choose(text, OPTIONS) == (None if chosen is None else OPTIONS[chosen])


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    found = said(text)
    fill(found, "find_people", PROPERTIES)
    assert isinstance(found.masked, str)
