"""The load in its short form: both services run, are measured from both sides, and end."""

import json
from pathlib import Path

import numpy as np
import psutil
import pytest

from evals.bench.load.__main__ import Effort, on_firm
from evals.bench.load.figures import Load, Part, Sample, picture, slope, table
from evals.bench.load.people import KINDS, MOST_PEOPLE, Plan, Seen
from models.predict.base import silent
from tests.evals.measured_firm import measured_firm
from tests.firm_fixtures import Firm, firm, own_firm

__all__ = ["firm", "own_firm"]

SHORT = Effort(talkers=6, deciders=2, seconds=4, think=1, decide=1, scale=0.02)


def test_a_short_load_on_both_services(own_firm: Firm, tmp_path: Path) -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    loads = on_firm(measured_firm(own_firm), SHORT, silent)
    assert [load.service for load in loads] == ["Chargehand", "bare LangGraph"]
    for load in loads:
        assert load.seen.errors == {}
        for kind in KINDS:
            assert load.seen.latencies[kind], f"{load.service}: no {kind}"
        assert load.parts[-1].name == "database" and all(p.samples for p in load.parts)
    assert [p.name for p in loads[0].parts] == ["desk", "copilot", "worker", "database"]
    figures = json.loads(json.dumps([load.as_json() for load in loads]))
    assert figures[0]["actions"]["answer"]["milliseconds"]["p95"] > 0
    assert table(loads).row_count > 2 * len(KINDS)
    picture(loads, tmp_path / "load.png")
    assert (tmp_path / "load.png").stat().st_size > 10_000
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert not [p for p in left if "postgres" not in p.name()]


@pytest.mark.parametrize(
    ("growth", "flat"),
    [
        pytest.param(0.0, True, id="nothing"),
        pytest.param(-1.0, True, id="it gives memory back"),
        pytest.param(5.0, False, id="a leak"),
    ],
)
def test_growth_is_told_from_noise(growth: float, flat: bool) -> None:
    noise = np.random.default_rng(3).normal(0, 1, 200)
    points = [(float(s), 300 + growth * s / 60 + n) for s, n in zip(range(0, 1_000, 5), noise, strict=True)]
    found = slope(points)
    assert found is not None and found.flat is flat and found.low <= growth <= found.high


def test_a_start_that_fills_caches_is_no_growth() -> None:
    assert (found := slope([(float(s), 200 + min(s, 200)) for s in range(0, 1_000, 5)])) and found.flat
    assert slope([(0.0, 1.0), (1.0, 2.0)]) is None


def test_a_load_stays_small_and_on_this_machine() -> None:
    plan = {"sentences": ["x"], "talker_thinks": 1.0, "decider_thinks": 1.0, "seed": 1, "deciders": []}
    with pytest.raises(ValueError, match="this machine"):
        Plan(url="https://chargehand.firm.example", talkers=["t"], seconds=1, **plan)  # type: ignore[arg-type]
    for talkers, seconds in ((["t"] * (MOST_PEOPLE + 1), 1.0), (["t"], 100_000.0)):
        with pytest.raises(ValueError, match="at most"):
            Plan(url="http://127.0.0.1:1", talkers=talkers, seconds=seconds, **plan)  # type: ignore[arg-type]


def test_errors_and_cores_are_counted() -> None:
    seen = Seen({k: [] for k in KINDS}, {"POST /v1/threads: 503": 2}, 0, 0, 10.0, 1.0)
    part = Part("desk", (Sample(0, 1e8, 1.0), Sample(10, 1e8, 6.0)))
    load = Load("x", seen, (part,))
    assert (load.errors, part.cores, load.as_json()["parts"][0]["megabytes"]) == (2, 0.5, [100.0, 100.0])
