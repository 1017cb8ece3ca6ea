"""The performance run: every part measures something, and says against what."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.bench import __main__ as bench
from evals.bench.measure import QUICK, compare, together
from evals.demo_firms import DemoFirm
from tests.evals.measured_firm import measured_firm
from tests.firm_fixtures import Firm, firm, own_firm

__all__ = ["firm", "own_firm"]

NAMES = [
    "inbox",
    *["decisions"] * 4,  # two baselines each, with one client and with two
    *["effects"] * 2,
    "audit",
    "audit",
    "clause search",
    "embedding",
    "find_people",
]


@pytest.fixture
def on_own_firm(own_firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run finds a firm that other tests have made before."""

    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[DemoFirm]:
        yield measured_firm(own_firm)

    monkeypatch.setattr(bench, "opened", opened)


@pytest.mark.usefixtures("on_own_firm")
def test_every_part_is_measured_beside_a_named_baseline() -> None:
    result = CliRunner().invoke(bench.app, ["--quick", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [c["name"] for c in found] == NAMES
    assert {c["clients"] for c in found if c["name"] == "decisions"} == set(QUICK.clients)
    for c in found:
        assert c["rate"] > 0 and c["baseline"] > 0 and c["against"]
        assert c["ratio"] == pytest.approx(c["rate"] / c["baseline"])


@pytest.mark.usefixtures("on_own_firm")
def test_search_is_measured_among_as_many_clauses_as_asked() -> None:
    effort = replace(QUICK, clauses=1_000)
    (search,) = [c for c in bench.measured(effort) if c.name == "clause search"]
    clauses = int(search.note.split("; ")[1].split()[0].replace(",", ""))
    assert clauses >= 1_000


def test_each_way_is_warmed_up_and_its_jobs_are_made_anew() -> None:
    made: list[str] = []
    done: list[str] = []

    def jobs(way: str, count: int) -> list[Any]:
        made.append(way)
        return [lambda: done.append(way)] * count

    found = compare("x", "job", "y", partial(jobs, "ours"), partial(jobs, "theirs"), rounds=2, jobs=3)
    assert made == ["ours", "theirs", "ours", "theirs", "theirs", "ours"]
    assert done.count("ours") == done.count("theirs") == 1 + 2 * 3
    assert found.ratio > 0


def test_a_job_that_fails_ends_the_run() -> None:
    def fail() -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        together([fail, fail], clients=2)
