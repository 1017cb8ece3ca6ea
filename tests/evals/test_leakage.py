"""What stands on both sides is found, and what only resembles is not."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.eval_ import app
from evals.growing import leakage, sources
from evals.growing.cases import file_of
from evals.growing.likeness import Said, measured, twins, twins_among
from evals.growing.splits import Split, faults, own_splits
from evals.subjects import Subject
from evals.suite import setting
from evals.suites.routing.cases import cases

FORGOTTEN = "Who on earth could look after the Snowflake loads while Ana is away in spring?"


def found_of(one: str, other: str) -> list[str]:
    return [t.how for t in twins([Said("one", one)], [Said("other", other)])]


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        (FORGOTTEN, FORGOTTEN, ["the same text"]),
        (FORGOTTEN, FORGOTTEN.upper().replace("?", " !"), ["the same words"]),
        ("Keep INV-2041 back for 2 weeks", "keep INV-77 back for 3 weeks", ["the same words"]),
        (FORGOTTEN, FORGOTTEN.replace("spring", "autumn"), ["nearly the same words"]),
        ("Put it on hold, please", "Show me the bench of the Cloud practice", []),
        ("propose it", "propose it", []),  # too short to be anybody's words
    ],
)
def test_how_two_texts_are_alike(one: str, other: str, how: list[str]) -> None:
    assert found_of(one, other) == how


def test_twins_are_told_about_as_well_as_the_docs_say() -> None:
    chosen, rest = measured()["chosen on"], measured()["the rest"]
    assert (chosen.pairs, rest.pairs) == (44, 44)
    assert chosen.precision == 1
    assert chosen.recall >= 0.9
    assert rest.precision >= 0.75
    assert rest.recall >= 0.7


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(sorted({c.rule.say for c in cases()})), min_size=2, max_size=6, unique=True))
def test_likeness_does_not_depend_on_sides_or_company(said: list[str]) -> None:
    texts = [Said(str(n), text) for n, text in enumerate(said)]
    pairs = {frozenset((t.one.text, t.other.text)) for t in twins_among(texts)}
    assert pairs == {frozenset((t.one.text, t.other.text)) for t in twins_among(texts[::-1])}
    assert pairs == {
        frozenset((a.text, b.text)) for n, a in enumerate(texts) for b in texts[n + 1 :] if twins([a], [b])
    }


def test_texts_of_one_cluster_are_no_twins() -> None:
    one, other = Said("a", FORGOTTEN, "suite/x"), Said("b", FORGOTTEN, "suite/x")
    assert twins_among([one, other]) == []
    assert len(twins_among([one, Said("b", FORGOTTEN, "suite/y")])) == 1


def test_no_case_that_ships_leaks() -> None:
    with setting(Subject()) as within:
        assert [f for f in leakage.leakage(within) if f.leaks] == []


def planted(folder: Path, say: str) -> None:
    """A case that somebody put into the file by hand."""
    case = {"say": say, "call": "find_people", "with": {"role": "Data Engineer"}}
    provenance = {"candidate": "c", "override": "o", "week": "2026-W40", "reviewer": "eva"}
    file = file_of("routing", folder)
    file.parent.mkdir(parents=True)
    line = {"id": "grown-1", "case": case, "provenance": provenance}
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("say", "fault", "other"),
    [
        ("Any Python people free next month", "leak", "prompts/routing/find_people.yaml"),
        ("Put INV-7 on hold", "duplicate", "suite routing: plain-33"),
        (
            "be brief: answer first, then what it rests on, in business language, no praise or apologies",
            "leak",
            "prompts/copilot/v1.md",
        ),
    ],
)
def test_a_case_that_is_elsewhere_is_found_with_both_places(
    tmp_path: Path, say: str, fault: str, other: str
) -> None:
    planted(tmp_path, say)
    with setting(Subject(), grown=tmp_path) as within:
        places = {(f.fault, f.one, f.other) for f in leakage.leakage(within)}
    ours = "suite routing: grown-1"
    assert (fault, ours, other) in places or (fault, other, ours) in places


def test_what_rules_were_fitted_to_leaks_into_what_measures_them() -> None:
    tuned, blind = (
        Said("suite changes (tuned): a", FORGOTTEN, learnt=True),
        Said("suite changes: b", FORGOTTEN),
    )
    (twin,) = twins_among([tuned, blind])
    assert leakage._of_twin(twin).leaks
    both = twins_among([tuned, Said("c", FORGOTTEN, learnt=True)])
    assert not leakage._of_twin(both[0]).leaks


def test_labelled_records_are_learnt_from(tmp_path: Path) -> None:
    (tmp_path / "routing").mkdir()
    rows = f"text,intent\n{FORGOTTEN},a\n"
    (tmp_path / "routing" / "labelled.csv").write_text(rows, encoding="utf-8")
    (found,) = twins([Said("case", FORGOTTEN)], sources.learnt_from(tmp_path))
    assert found.other.place == "routing/labelled.csv line 2"


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("split", "says"),
    [
        (
            Split("x", frame(doc=["a", "b"]), frame(doc=["b", "c"]), apart=("doc",)),
            ["1 doc on both sides: b"],
        ),
        (
            Split("x", frame(on=["2026-02-01"]), frame(on=["2026-01-31", "2026-02-02"]), time="on"),
            ["1 judged rows are older than the newest that was learnt from, of 2026-02-01"],
        ),
        (
            Split("x", frame(t=["The plan slips.", ""]), frame(t=["the plan slips", ""]), text="t"),
            ["1 of 2 texts on both sides: the plan slips"],
        ),
        (
            Split(
                "x",
                frame(doc=["a"], on=["2026-01-01"], t=["one"]),
                frame(doc=["b"], on=["2026-01-01"], t=["two"]),
                ("doc",),
                "on",
                "t",
            ),
            [],
        ),
    ],
    ids=["a document on both sides", "judged before it was known", "a text on both sides", "apart"],
)
def test_what_two_parts_may_not_share(split: Split, says: list[str]) -> None:
    assert list(faults(split)) == says


def test_own_records_are_parted_as_the_figures_part_them(tmp_path: Path) -> None:
    for name in ("risk", "invoices"):
        (tmp_path / name).mkdir()
    reports = pd.DataFrame(
        {
            "report_id": [f"r{n}" for n in range(20)],
            "project_id": "p",
            "organisation": "o",
            "reported_on": [f"2026-{n // 2 + 1:02}-01" for n in range(20)],
            "text": [f"Report {'x' * (n + 1)} is here" for n in range(20)],
            "rag": "green",
        }
    )
    reports.loc[19, "text"] = reports.loc[0, "text"]
    reports.to_csv(tmp_path / "risk" / "labelled.csv", index=False)
    (split,) = own_splits(tmp_path)
    assert len(split.learnt) + len(split.judged) == 20
    assert split.learnt["reported_on"].max() < split.judged["reported_on"].min()
    assert [fault.split(":")[0] for fault in faults(split)] == [
        f"1 of {len(split.judged)} texts on both sides"
    ]


def test_the_command_ends_with_1_and_names_both_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEHAND_HOME", str(tmp_path))
    monkeypatch.delenv("CHARGEHAND_DATA", raising=False)
    assert CliRunner().invoke(app, ["leakage"]).exit_code == 0
    planted(tmp_path / "evals" / "cases", "Any Python people free next month?")
    leaking = CliRunner().invoke(app, ["leakage", "--json"])
    assert leaking.exit_code == 1
    places = [
        {found["one"], found["other"]} for found in json.loads(leaking.stdout) if found["fault"] == "leak"
    ]
    assert places == [{"suite routing: grown-1", "prompts/routing/find_people.yaml"}]
