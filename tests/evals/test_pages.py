"""Runs as pages: the answer first, every text as text, and nothing that the page does not hold itself."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from api.cli.eval_ import app
from evals.about import about
from evals.cases import Row, Step, Usage
from evals.compare import compare
from evals.leaderboard import boards
from evals.metrics import Better, Metric, Unit, mean
from evals.pages import words
from evals.pages.comparison import comparison_page, headline
from evals.pages.overview import index_page, leaderboard_page
from evals.pages.run import run_page
from evals.pages.site import write
from evals.running import figures
from evals.runs import Run, keep
from prompts.loader import load
from tests.evals.made_runs import made, row

HOSTILE = "</p><script>alert(1)</script>\u202e\" onload='x' <img src=http://198.51.100.1/x>"
PROPOSED = Step(
    kind="proposed",
    by="propose_assignment",
    text="Carl on Aurora",
    data={"proposal": "p-12", "gate": "resource manager", "state": "pending", "action": {"percent": 50}},
)


class Read(HTMLParser):
    """What a browser would make of a page: its elements, their attributes and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def answers(right: Sequence[bool], kinds: Sequence[str] = ("a", "b"), **more: Any) -> list[Row]:
    """A row for each, whose kinds take turns."""
    return [
        row(f"{n:03}", passed, groups={"kind": kinds[n % len(kinds)]}, **more)
        for n, passed in enumerate(right)
    ]


def otherwise(run: Run, folder: Path, rows: Sequence[Row] | None = None, **facts: Any) -> Run:
    """The run with other facts, kept too."""
    rows = run.rows if rows is None else rows
    run_id = facts.pop("run_id", f"{run.facts.run_id}-{len(list(folder.glob('*')))}")
    return keep(folder, run.facts.model_copy(update={"run_id": run_id, **facts}), rows, run.log)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Run, Run]:
    """Two of forty cases: kind a got better, kind b worse."""
    before = made(tmp_path, answers([False] * 20 + [True] * 20), subject="rules")
    after = made(tmp_path, answers([n % 2 == 0 or n > 36 for n in range(40)]), subject="rules copilot/v2")
    return before, after


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param([False] * 20 + [True] * 20, [True] * 40, "Better by 50.0 points", id="better"),
        pytest.param([True] * 40, [False] * 20 + [True] * 20, "Worse by 50.0 points", id="worse"),
        pytest.param([True] * 39 + [False], [True] * 40, "Not told apart: +2.5 points", id="a single case"),
        pytest.param([True] * 40, [True] * 40, "Not told apart: 0 points", id="nothing changed"),
    ],
)
def test_the_answer_comes_first(tmp_path: Path, before: list[bool], after: list[bool], told: str) -> None:
    found = compare(made(tmp_path, answers(before)), made(tmp_path, answers(after)))
    assert headline(found, about("routing")).startswith(told)
    assert re.search(rf"<h1>{re.escape(told)}", comparison_page(found))


def test_slices_that_got_worse_though_the_whole_did_not_are_in_the_headline(tmp_path: Path) -> None:
    kinds = ("a", "a", "a", "b")
    before = made(tmp_path, answers([n % 4 == 3 for n in range(160)], kinds))
    after = made(tmp_path, answers([n % 4 != 3 for n in range(160)], kinds))
    page = comparison_page(compare(before, after))
    assert re.search(r"<h1>Better by .*; 1 slice got worse</h1>", page)
    assert re.search(r'Worse for some.*?<a href="#slice-kind-b">', page, re.DOTALL)
    assert '<tr id="slice-kind-b">' in page


def test_rows_that_flipped_or_stayed_wrong_show_both_traces(tmp_path: Path) -> None:
    said = Step(kind="said", by="paula", text="Who for Aurora?")
    before = made(tmp_path, answers([True, False, False, True], trace=(said,)))
    after = made(tmp_path, answers([False, True, False, True], trace=(said, PROPOSED)))
    page = comparison_page(compare(before, after))
    shown = re.findall(r'<details class="row".*?<code>(\d+)</code>.*?</details>\n', page, re.DOTALL)
    assert shown == ["000", "001", "002"], "lost, gained and wrong in both; not what was right in both"
    lost = page[page.index('id="row-000-1"') : page.index('id="row-001-1"')]
    assert lost.count("Who for Aurora?") == 2
    assert all(f"<dd>{value}</dd>" in lost for value in ("p-12", "resource manager", "pending"))
    assert 'class="proposed apart"' in lost, "where the two traces part"


def test_traces_do_not_part_where_only_drawn_ids_do(tmp_path: Path) -> None:
    def proposed(id: UUID, milliseconds: int) -> Step:
        return PROPOSED.model_copy(update={"data": {"proposal": str(id)}, "milliseconds": milliseconds})

    before = made(tmp_path, answers([False, True], trace=(proposed(uuid4(), 3),)))
    after = made(tmp_path, answers([False, True], trace=(proposed(uuid4(), 4),)))
    page = comparison_page(compare(before, after))
    assert 'class="proposed"' in page
    assert 'class="proposed apart"' not in page


def test_what_decides_the_figures_is_laid_side_by_side(runs: tuple[Run, Run], tmp_path: Path) -> None:
    prompt = load("copilot", 1)
    policy = {"policy": "a" * 64}
    before = otherwise(runs[0], tmp_path / "runs", versions={"prompt": {"copilot": prompt.label}, **policy})
    after = otherwise(runs[1], tmp_path / "runs", versions={"prompt": {"copilot": "copilot/v9@0a"}, **policy})
    told = Read(comparison_page(compare(before, after))).words
    assert f"{prompt.label}: {prompt.changelog[1]}" in told
    assert "copilot/v9@0a" in told
    same = told[told.index("The same in both") :]
    assert "policy" in same[:200] and "aaaaaaaaaaaa" in same[:200]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        pytest.param({"small": False}, "One of the runs is small", id="sizes"),
        pytest.param({"own_records": {"x.csv": "0"}}, "other records of the firm's own", id="own records"),
        pytest.param({"epochs": 3}, "One run has 1 epochs, the other 3", id="epochs"),
        pytest.param({}, "same versions and the same code", id="nothing differs"),
    ],
)
def test_what_makes_a_comparison_doubtful_is_said(
    runs: tuple[Run, Run], tmp_path: Path, facts: dict[str, Any], told: str
) -> None:
    after = otherwise(runs[1], tmp_path / "runs", **facts)
    assert told in Read(comparison_page(compare(runs[0], after))).words


def test_few_clusters_and_other_cases_are_said(runs: tuple[Run, Run], tmp_path: Path) -> None:
    few = [r.model_copy(update={"cluster": r.id[-1]}) for r in runs[1].rows[:30]]
    told = Read(comparison_page(compare(runs[0], otherwise(runs[1], tmp_path / "runs", few)))).words
    assert "the cases come from 10 clusters" in told
    assert "30 are the same in both and are compared; 10 are only in the run before" in told


def test_every_text_stays_text(tmp_path: Path) -> None:
    def hostile(passed: bool) -> Row:
        made_up = row(
            HOSTILE,
            passed,
            text=HOSTILE,
            expected=HOSTILE,
            groups={"kind": HOSTILE, "client": "plain"},
            cluster=HOSTILE,
            trace=(Step(kind="called", by=HOSTILE, text=HOSTILE, data={HOSTILE: HOSTILE, "n": [HOSTILE]}),),
        )
        labels = {"got": HOSTILE, "fault": HOSTILE, "expected_label": HOSTILE, "got_label": "other"}
        return made_up.model_copy(update={"verdict": made_up.verdict.model_copy(update=labels)})

    calm = [row(f"{n:03}", False, groups={"kind": "calm", "client": "other"}) for n in range(3)]
    before = made(tmp_path, [hostile(True), *calm], subject=HOSTILE)
    after = made(tmp_path, [hostile(False), *calm], subject=HOSTILE)
    pages = [
        comparison_page(compare(before, after), served=True),
        run_page(after, [before], served=True),
        index_page([before, after], [(before, after)], served=True),
        leaderboard_page(boards([before, after], {}), served=True),
    ]
    for page in pages:
        read = Read(page)
        assert [tag for tag, _ in read.elements].count("script") == 1, "its own"
        assert not [tag for tag, _ in read.elements if tag in ("img", "iframe", "link", "base", "object")]
        assert not [a for _, attributes in read.elements for a in attributes if a.startswith("on")]
        assert "\u202e" not in page
        assert "⟦U+202E⟧" in read.words and "<script>alert(1)</script>" in read.words


def test_pages_hold_all_they_need(runs: tuple[Run, Run], tmp_path: Path) -> None:
    paths = write(tmp_path / "out", runs, [runs], {})
    names = {path.name for path in paths}
    for path in paths:
        read = Read(path.read_text(encoding="utf-8"))
        led_to = {v for _, a in read.elements for k, v in a.items() if k in ("href", "src", "action") and v}
        assert {at for at in led_to if not at.startswith("#")} <= names, path.name
        assert all(at[1:] in {a.get("id") for _, a in read.elements} for at in led_to if at[0] == "#")


def test_probabilities_are_plotted_against_what_came_true(tmp_path: Path) -> None:
    judged = [row(f"{n:03}", True, p=n / 100, y=float(n % 3 == 0)) for n in range(100)]
    plain = made(tmp_path, answers([True] * 4))
    page = run_page(made(tmp_path, judged))
    assert page.count('<circle class="s0"') == 10
    assert "said 4%, came true 40%, 10 cases" in page
    assert "Calibration" not in run_page(plain)


def test_a_run_shows_figures_groups_and_every_failing_row(runs: tuple[Run, Run]) -> None:
    page = run_page(runs[1])
    told = Read(page).words
    assert "rules copilot/v2: 55.0%" in told
    assert re.search(r"<h2>By kind</h2>.*?>a<.*?100\.0%.*?>b<.*?10\.0%", page, re.DOTALL)
    assert page.count('<details class="row"') == 18


def test_a_suite_that_is_no_more_still_has_pages(tmp_path: Path) -> None:
    gone = made(tmp_path, answers([True, False]), suite="gone")
    assert "passed" in Read(run_page(gone)).words
    assert "gone" in Read(index_page([gone])).words


@pytest.mark.parametrize("page", [index_page([]), leaderboard_page([])], ids=["index", "leaderboard"])
def test_without_a_run_it_says_what_to_run(page: str) -> None:
    assert "No run is kept yet." in page
    assert "chargehand eval run routing" in page


@pytest.mark.parametrize(
    ("difference", "better", "unit", "told"),
    [
        pytest.param(0.031, "high", "share", "+3.1 points", id="points"),
        pytest.param(-0.031, "high", "share", "−3.1 points", id="lost points"),
        pytest.param(-1.25, "low", "days", "+1.25 days", id="less is better"),
        pytest.param(0.0004, "high", "share", "0 points", id="nothing to speak of"),
        pytest.param(2500, "low", "tokens", "−2,500 tokens", id="thousands"),
        pytest.param(float("nan"), "low", "tokens", "not defined", id="not defined"),
    ],
)
def test_gains_in_words(difference: float, better: Better, unit: Unit, told: str) -> None:
    assert words.gain(difference, None, None, better, unit) == told


class TestLeaderboard:
    def test_only_runs_on_the_same_cases_stand_beside_each_other(
        self, runs: tuple[Run, Run], tmp_path: Path
    ) -> None:
        whole = otherwise(runs[0], tmp_path / "runs", small=False)
        other = otherwise(runs[0], tmp_path / "runs", cases_sha256="1")
        found = boards([*runs, whole, other], {})
        by = {(b.small, b.cases_sha256): [s.newest.facts.subject for s in b.standings] for b in found}
        assert by == {
            (False, "0"): ["rules"],
            (True, "0"): ["rules copilot/v2", "rules"],
            (True, "1"): ["rules"],
        }
        assert [b.small for b in found] == [False, True, True], "whole runs first"

    def test_the_newest_run_of_a_subject_counts_and_the_spread_is_said(
        self, runs: tuple[Run, Run], tmp_path: Path
    ) -> None:
        rows = answers([True] * 30 + [False] * 10)
        later = otherwise(
            runs[0],
            tmp_path / "runs",
            rows,
            started_at=runs[0].facts.started_at + timedelta(hours=1),
            figures=figures((Metric("passed", "", mean("passed")),), rows),
        )
        (board,) = boards([later, *runs], {"routing": later.sha256})
        first = board.standings[0]
        assert (first.newest.facts.run_id, first.spread, first.baseline) == (
            later.facts.run_id,
            (0.5, 0.75),
            True,
        )
        told = " ".join(Read(leaderboard_page([board])).words.split())
        assert "rules baseline in force" in told
        assert "newest of 2 runs, 50.0% to 75.0%" in told

    def test_other_versions_are_another_subject(self, runs: tuple[Run, Run], tmp_path: Path) -> None:
        other = otherwise(runs[0], tmp_path / "runs", versions={"policy": "b" * 64})
        (board,) = boards([runs[0], other], {})
        assert len(board.standings) == 2


class TestCommands:
    def test_two_runs_are_written_as_pages(self, runs: tuple[Run, Run], tmp_path: Path) -> None:
        ids = [run.facts.run_id for run in runs]
        out = tmp_path / "out"
        result = CliRunner().invoke(app, ["view", *ids, "--out", str(out), "--runs", str(tmp_path / "runs")])
        assert result.exit_code == 0, result.output
        assert {f.name for f in out.iterdir()} == {
            "index.html",
            "leaderboard.html",
            *(f"{id}.html" for id in ids),
            f"{ids[0]}..{ids[1]}.html",
        }

    @pytest.mark.parametrize(
        ("names", "told"),
        [
            pytest.param(["a", "b", "c"], "two to compare", id="three"),
            pytest.param(["nope"], "There is no run nope", id="unknown"),
        ],
    )
    def test_what_cannot_be_shown_is_refused(self, tmp_path: Path, names: list[str], told: str) -> None:
        result = CliRunner().invoke(app, ["view", *names, "--runs", str(tmp_path)])
        assert result.exit_code == 2
        assert told in result.output

    def test_the_leaderboard_for_people_and_machines(self, runs: tuple[Run, Run], tmp_path: Path) -> None:
        at = ["--runs", str(tmp_path / "runs")]
        told = CliRunner().invoke(app, ["leaderboard", *at]).stdout
        assert re.search(r"1\. rules copilot/v2: 55\.0%.*\n  2\. rules: 50\.0%", told)
        (board,) = json.loads(CliRunner().invoke(app, ["leaderboard", *at, "--json"]).stdout)
        assert [s["figure"]["value"] for s in board["standings"]] == [0.55, 0.5]
        assert board["standings"][0]["run"] == runs[1].facts.run_id

    def test_the_leaderboard_without_a_run_says_what_to_run(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(app, ["leaderboard", "--runs", str(tmp_path)])
        assert (result.exit_code, "chargehand eval run routing" in result.output) == (0, True)


def test_what_answers_took_is_told_with_it(tmp_path: Path) -> None:
    spent = Usage(input_tokens=900, output_tokens=100, seconds=2.5, cost=Decimal("0.0021"))
    rows = [r.model_copy(update={"usage": spent}) for r in answers([False])]
    told = " ".join(Read(run_page(made(tmp_path, rows))).words.split())
    assert "2.5 s, 1000 tokens, cost 0.0021" in told
