"""The gate stops what fell past its limits, says which rows, and is the same each time."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.eval_ import app
from evals import baselines
from evals.cases import Row
from evals.compare import NotComparable
from evals.gate import Held, UnknownMetric, hold
from evals.limits import GATES, Limits, SuiteLimits, limits
from evals.runs import runs as kept_runs
from evals.suite import suite, suite_names
from evals.suites.routing.cases import cases
from models.errors import BadInput
from models.yaml_text import parse_yaml
from tests.evals.made_runs import made, row, rows

ROOT = Path(__file__).parents[2]


def held(folder: Path, before: list, after: list, allowed: dict) -> Held:
    baseline = baselines.of_run(made(folder, before)) if before else None
    return hold(made(folder, after), baseline, SuiteLimits.model_validate(allowed))


@pytest.mark.parametrize(
    ("lost", "allowed", "broken", "why"),
    [
        (0, {"may_worsen": 0}, False, "nothing changed"),
        (1, {"may_worsen": 0}, True, "not one may be lost"),
        (1, {"may_worsen": 0.025}, False, "just what is allowed"),
        (2, {"may_worsen": 0.025}, True, "one more than is allowed"),
        (3, {"may_worsen": 0, "only_if_significant": True}, False, "chance loses 3 of 40 as well"),
        (9, {"may_worsen": 0, "only_if_significant": True}, True, "chance does not lose 9 of 40"),
        (9, {"at_least": 0.7}, False, "enough are left"),
        (9, {"at_least": 0.8}, True, "too few are left"),
        (9, {"at_most": 0.5}, True, "too many are left"),
    ],
)
def test_a_limit_holds_or_names_the_rows(
    tmp_path: Path, lost: int, allowed: dict, broken: bool, why: str
) -> None:
    after = [n >= lost for n in range(40)]
    found = held(tmp_path, rows([True] * 40), rows(after), {"metrics": {"passed": allowed}})
    assert found.passed is not broken, why
    for b in found.broken:
        assert b.rows == tuple(f"{n:03}" for n in range(lost)), why


def test_gained_rows_do_not_hide_lost_ones(tmp_path: Path) -> None:
    before, after = [True] * 20 + [False] * 5, [False] * 2 + [True] * 23
    found = held(tmp_path, rows(before), rows(after), {"metrics": {"passed": {"may_worsen": 0}}})
    assert found.passed
    assert found.lost == ("000", "001") and len(found.gained) == 5


def test_what_may_never_fail_stops_whatever_the_baseline_did(tmp_path: Path) -> None:
    of = [
        row("a", False, groups={"kind": "injection"}),
        row("b", groups={"kind": "injection"}),
        row("c", False),
    ]
    must = {"must": [{"because": "text is data", "groups": {"kind": "injection"}}]}
    found = held(tmp_path, of, of, must)
    assert [b.rows for b in found.broken] == [("a",)] and "text is data" in found.broken[0].reason
    assert held(tmp_path, [], of, {"must": [{"because": "x", "ids": ["b"]}]}).passed


def test_a_row_that_may_never_fail_may_not_vanish(tmp_path: Path) -> None:
    found = held(tmp_path, [], [row("a")], {"must": [{"because": "x", "ids": ["a", "b"]}]})
    assert "no row is left of b" in found.broken[0].reason
    found = held(tmp_path, [], [row("a")], {"must": [{"because": "x", "groups": {"kind": "k"}}]})
    assert "no row is left of kind k" in found.broken[0].reason


def test_one_failing_epoch_of_what_may_never_fail_is_enough(tmp_path: Path) -> None:
    of = [row("a", e != 2, epoch=e) for e in (1, 2, 3)]
    assert not held(tmp_path, [], of, {"must": [{"because": "x", "ids": ["a"]}]}).passed


def test_a_slice_that_fell_stops_though_the_whole_rose(tmp_path: Path) -> None:
    def told(german: bool, english: int) -> list:
        return [row(f"de-{n}", german or n > 2, groups={"language": "de"}) for n in range(6)] + [
            row(f"en-{n}", n < english, groups={"language": "en"}) for n in range(30)
        ]

    allowed = {
        "metrics": {"passed": {"may_worsen": 0}},
        "slices": {"groups": ["language"], "may_worsen": 0.1},
    }
    found = held(tmp_path, told(True, 9), told(False, 25), allowed)
    (broken,) = found.broken
    assert broken.limit == "slices.language.de" and broken.rows == ("de-0", "de-1", "de-2")
    allowed["slices"] = {"groups": ["language"], "may_worsen": 0.1, "only_if_significant": True}
    assert held(tmp_path, told(True, 9), told(False, 25), allowed).passed
    allowed["slices"] = {"groups": ["language"], "may_worsen": 0.1, "cases": 7}
    assert held(tmp_path, told(True, 9), told(False, 25), allowed).passed


def test_rows_are_blamed_for_a_figure_that_is_no_share(tmp_path: Path) -> None:
    """Of 20 invoices the prediction of two is further off now, of one more than of the other; a third is
    nearer."""

    def told(**off: float) -> list:
        of = []
        for n in range(20):
            error = off.get(f"i{n}", 0.1)
            values = {"p": 0.5, "y": 1.0, "squared_error": error, "log_loss": error}
            values |= {f"{k}_naive": v for k, v in values.items()}
            of.append(row(f"i{n}", error < 0.5, **values))
        return of

    allowed = SuiteLimits.model_validate({"metrics": {"brier": {"may_worsen": 0.01}}})
    before = made(tmp_path, told(), "invoices")
    found = hold(made(tmp_path, told(i3=0.4, i7=0.9, i9=0.05), "invoices"), baselines.of_run(before), allowed)
    assert found.broken[0].rows == ("i7", "i3")


def test_new_and_gone_cases_are_told(tmp_path: Path) -> None:
    before = [row("a"), row("b"), row("c", text="as it was")]
    found = held(tmp_path, before, [row("a"), row("c", False), row("d", False)], {})
    assert found.new == ("c", "d") and found.gone == ("b", "c") and found.passed


def test_nothing_in_common_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotComparable):
        held(tmp_path, [row("a")], [row("b")], {})


def test_a_limit_of_a_metric_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownMetric, match="it has passed, tokens"):
        held(tmp_path, [], [row("a")], {"metrics": {"pased": {"at_least": 0}}})


def test_a_shipped_baseline_says_what_the_run_said(tmp_path: Path) -> None:
    run = made(tmp_path, [row("a", p=1 / 3, groups={"kind": "k"}), row("b", False, cluster="d")])
    first = baselines.write(run, tmp_path).read_bytes()
    kept = baselines.shipped("routing", tmp_path)
    assert kept and [(r.id, r.verdict.passed, r.cluster) for r in kept.rows] == [
        ("a", True, "a"),
        ("b", False, "d"),
    ]
    found = hold(run, kept, SuiteLimits.model_validate({"metrics": {"passed": {"may_worsen": 0}}}))
    assert found.passed and found.new == found.gone == ()
    assert baselines.write(run, tmp_path).read_bytes() == first and b"case a" not in first
    assert baselines.shipped("weather", tmp_path) is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (
            "suites:\n  routing:\n    metrics:\n      passed: {may_worsen: -1}",
            4,
            "greater than or equal to 0",
        ),
        ("suites:\n  routing:\n    metric: {}", 3, "Extra inputs"),
        ("suites:\n  a:\n    must:\n      - because: x", 4, "name groups or ids"),
        ("suites:\n  a:\n    metrics:\n      passed: {}", 4, "a limit says"),
        ("suites:\n  a:\n    slices: {groups: [colour], may_worsen: 0}", 3, "Input should be"),
        ("suites:\n  a: {}\n  a: {}", 3, "written twice"),
    ],
)
def test_a_fault_in_the_limits_is_found_by_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_yaml(text, "gates.yaml", Limits)
    (problem, *_) = caught.value.problems
    assert (problem.file, problem.line) == ("gates.yaml", line) and reason in problem.reason


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_has_limits_that_its_metrics_know(name: str) -> None:
    allowed = limits(GATES).of(name)
    assert set(allowed.metrics) <= {m.name for m in suite(name).metrics} and allowed.metrics


def gate(folder: Path, *arguments: str) -> list[str]:
    places = ["--baselines", str(folder / "baselines"), "--runs", str(folder / "runs")]
    return ["gate", *arguments, *places]


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a baseline of what routing answers now."""
    folder = tmp_path_factory.mktemp("gate")
    result = CliRunner().invoke(app, gate(folder, "--small", "--suite", "routing", "--write-baselines"))
    assert result.exit_code == 0, result.output
    return folder


def test_two_small_runs_are_the_same_but_for_the_times(baseline: Path) -> None:
    """Byte for byte, and so is the second one's baseline."""
    first = (baseline / "baselines" / "routing.jsonl").read_bytes()
    result = CliRunner().invoke(app, gate(baseline, "--small", "--suite", "routing", "--write-baselines"))
    assert result.exit_code == 0, result.output
    assert (baseline / "baselines" / "routing.jsonl").read_bytes() == first
    one, two = ([timeless(r) for r in run.rows] for run in kept_runs(baseline / "runs"))
    assert one == two


def timeless(row: Row) -> str:
    trace = tuple(step.model_copy(update={"milliseconds": None}) for step in row.trace)
    usage = row.usage.model_copy(update={"seconds": 0.0})
    return row.model_copy(update={"usage": usage, "trace": trace}).model_dump_json()


def test_a_planted_regression_is_stopped_by_name(baseline: Path, tmp_path: Path) -> None:
    """What the router learns one tool from is replaced in a copy of the prompts: the gate ends with 1, says
    which sentences were lost, and the comparison of the two runs shows the same ones."""
    shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    (tmp_path / "prompts" / "routing" / "find_people.yaml").write_text(
        (ROOT / "prompts" / "routing" / "out_of_scope.yaml")
        .read_text()
        .replace("out_of_scope", "find_people")
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "api.cli.main",
            "eval",
            *gate(baseline, "--small", "--suite", "routing", "--json"),
        ],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (found,) = json.loads(done.stdout)
    (broken,) = [b for b in found["broken"] if b["limit"] == "metrics.passed.may_worsen"]
    assert len(broken["rows"]) >= 3 and set(broken["rows"]) <= set(found["lost"])
    wanted = [c.expected for c in cases() if c.id in broken["rows"]]
    assert sum("find_people" in expected for expected in wanted) >= 3
    told = CliRunner().invoke(app, gate(baseline, "--run", "latest"))
    assert told.exit_code == 1 and all(f"{id}: " in told.output for id in broken["rows"])
    before = next(iter(kept_runs(baseline / "runs"))).facts.run_id
    compared = CliRunner().invoke(
        app, ["compare", before, "latest", "--json", "--runs", str(baseline / "runs")]
    )
    assert compared.exit_code == 0 and set(json.loads(compared.stdout)["lost"]) == set(found["lost"])


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--suite", "weather"], "there is no such suite"),
        (["--run", "nothing"], "there is no such run"),
        (["--write-baselines"], "only the small part is shipped"),
        (["--small", "--subject", "other", "--write-baselines"], "only what the rules answer is shipped"),
        (["--small", "--run", "latest"], "a run is there already"),
    ],
)
def test_what_cannot_be_gated_ends_with_2(arguments: list[str], why: str, tmp_path: Path) -> None:
    assert CliRunner().invoke(app, gate(tmp_path, *arguments)).exit_code == 2, why
