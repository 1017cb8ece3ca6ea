"""Reports of suites: shares with intervals, confusion, failing rows."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.eval_ import app
from evals.report import Report, Row, share
from evals.suite import UnknownSuite, suite


def row(n: int, group: str, passed: bool) -> Row:
    return Row(
        id=f"{group}-{n}",
        group=group,
        hard=group == "odd",
        text="Who\nis free?",
        expected="bench_outlook()",
        got="bench_outlook()" if passed else "no action",
        expected_label="bench_outlook",
        got_label="bench_outlook" if passed else "declines",
        passed=passed,
        fault="" if passed else "None.",
    )


REPORT = Report(
    suite="s",
    subject="rules",
    ran_at=datetime(2026, 11, 23, tzinfo=UTC),
    seconds=1.5,
    rows=(row(1, "plain", True), row(2, "plain", True), row(1, "odd", False), row(2, "odd", True)),
)


def test_figures() -> None:
    assert (REPORT.overall.passed, REPORT.overall.of) == (3, 4)
    assert REPORT.by_group["odd"].share == 0.5
    assert REPORT.by_difficulty["hard"].of == 2
    assert REPORT.confusion == {"bench_outlook": {"declines": 1}}


def test_written_for_machines_and_people(tmp_path: Path) -> None:
    machine, people = REPORT.write(tmp_path / "new")
    assert json.loads(machine.read_text())["overall"]["passed"] == 3
    assert "- `odd-1` Who is free?" in people.read_text()
    assert "odd-2" not in people.read_text()


def test_the_interval_is_wilsons() -> None:
    """Against the worked value for 8 of 10 in Brown, Cai and DasGupta (2001): 0.490 to 0.943."""
    found = share(8, 10)
    assert found.low == pytest.approx(0.490, abs=0.001)
    assert found.high == pytest.approx(0.943, abs=0.001)


@settings(deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(counts: tuple[int, int]) -> None:
    found = share(*counts)
    assert 0 <= found.low <= found.share + 1e-12 and found.share - 1e-12 <= found.high <= 1


def test_an_unknown_suite_is_named() -> None:
    with pytest.raises(UnknownSuite, match=r"there are: .*routing"):
        suite("weather")
    result = CliRunner().invoke(app, ["run", "weather"])
    assert result.exit_code == 2


def test_one_suite_or_all(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["run"]).exit_code == 2
    assert CliRunner().invoke(app, ["run", "routing", "--all"]).exit_code == 2
