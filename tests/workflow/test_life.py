"""The life of proposals against the database: people do anything in any order and at once, the firm and its
systems change around them, and what must always hold always holds."""

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from store.db import Database
from tests.workflow.life_machine import Life
from tests.workflow.life_world import found_accounts


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("lives", "steps"),
    [pytest.param(8, 25, id="short"), pytest.param(150, 60, id="long", marks=pytest.mark.chaos)],
)
def test_life(lives: int, steps: int, db: Database, owner: psycopg.Connection[Any]) -> None:
    found_accounts(owner)
    run_state_machine_as_test(
        type("Life", (Life,), {"db": db, "owner": owner}),
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
