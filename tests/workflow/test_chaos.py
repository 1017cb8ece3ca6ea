"""Processes killed and stopped at random, outages, lost replies: every write once, in order, nobody unheard.

The long run is `make chaos`; the short one is part of every test run."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.sim.twin import Twin
from connectors.testing import serving
from store.db import Database
from tests.workflow.chaos_run import Plan, Run, check, propose
from tests.workflow.firm import records
from workflow.service import Workflow

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)

SHORT = Plan(effects=60, keys=True, kills=6, stops=1, outages=1, lost_replies=0.2, patience_seconds=240)
LONG = Plan(effects=2_000, keys=True, kills=100, stops=5, outages=2, lost_replies=0.2)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("keys", [True, False], ids=["with keys", "without keys"])
@pytest.mark.parametrize(
    "plan",
    [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.chaos)],
)
def test_nothing_is_lost_and_nothing_happens_twice(
    plan: Plan,
    keys: bool,
    workflow: Workflow,
    db: Database,
    owner: psycopg.Connection[Any],
    tmp_path: Path,
) -> None:
    plan = replace(plan, keys=keys)
    twin = Twin(tmp_path / "systems.db", ignore_keys=not keys, seed=plan.seed)
    proposals = propose(plan, workflow, owner)
    twin.plant(records(owner))
    with serving(twin) as url:
        happened = Run(plan, db, owner, twin, url, tmp_path).play()
        check(plan, owner, twin)
    assert happened.kills.total() >= plan.kills
    assert (happened.stops, happened.outages) == (plan.stops, plan.outages)
    log.info("%s proposals, %s writes; %s", proposals, plan.effects, happened)
