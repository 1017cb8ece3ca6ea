"""Corrections, answers that are none, and names that are nearly right: what conversations had shown."""

import pytest

from agents.choices import choose
from agents.linking import Linker
from agents.toolbox import Name
from evals.subjects import Subject
from evals.suites.routing.cases import Expected, Sentence
from evals.suites.routing.judge import judge
from evals.suites.routing.subject import hear

FOUND = {"project": "Lighthouse", "role": "Data Engineer"}


@pytest.mark.parametrize(
    ("say", "changed"),
    [
        pytest.param("no, from February", {"starts_on": "2027-02-01"}, id="another day"),
        pytest.param(
            "wait, not Lighthouse, I meant Orchard CRM", {"project": "Orchard CRM"}, id="another project"
        ),
        pytest.param("I meant Harbour Analytics", {"project": "Harbour Analytics"}, id="without a no"),
    ],
)
def test_what_is_put_right_is_looked_up_again(say: str, changed: dict[str, object]) -> None:
    rule = Expected.model_validate(
        {"say": say, "after": "find_people", "call": "find_people", "with": FOUND | changed}
    )
    case = Sentence(id="one", text=say, expected="", rule=rule)
    assert judge(case, hear(case, Subject())).fault == ""


def test_for_now_is_no_day() -> None:
    rule = Expected.model_validate(
        {
            "say": "ok, pencil in Luca Ferrari for it, just a hold for now",
            "after": "find_people",
            "call": "propose_assignment",
            "with": {"person": "Luca Ferrari", "hold": True, "starts_on": "2027-01-04"},
        }
    )
    case = Sentence(id="one", text=rule.say, expected="", rule=rule)
    assert judge(case, hear(case, Subject())).fault == ""


@pytest.mark.parametrize(
    ("said", "linked"),
    [
        pytest.param("remind them about INV-2026-00221", ["INV-2026-00221"], id="this one"),
        pytest.param("remind them about INV-2026-00212", [], id="a digit more is another one"),
        pytest.param("how is Lighthose doing", ["Lighthouse"], id="words may be misspelt"),
    ],
)
def test_numbers_are_taken_as_they_are_written(said: str, linked: list[str]) -> None:
    names = [Name("invoice", "INV-2026-00221", "INV-2026-00221"), Name("project", "PR-1", "Lighthouse")]
    assert [m.value for m in Linker(names).mentions(said)] == linked


def test_somebody_is_told_by_what_they_are() -> None:
    options = (
        "Franziska Brandt (Senior Analytics Engineer, Data, P-57)",
        "Franziska Hartwig (Director, P-41)",
    )
    assert choose("the one who is Senior Analytics Engineer", options) == options[0]
