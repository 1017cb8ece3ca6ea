"""Runs as they are kept of whole suites, by a language model that was instructed by one prompt or another."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from evals import promoting
from evals.cases import Row
from evals.runs import Run, keep
from tests.evals.made_runs import made

MODEL = "qwen3:8b"
NOW = datetime.now(UTC)
LIMITS = "suites: {routing: {metrics: {passed: {may_worsen: 0.05, at_least: 0.9}}}}"


@pytest.fixture
def limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the routing suite, for rows that are made up."""
    file = tmp_path / "gates.yaml"
    file.write_text(LIMITS, encoding="utf-8")
    monkeypatch.setattr(promoting, "GATES", file)


def told(
    folder: Path, rows: Sequence[Row], prompt: str, *, model: str = MODEL, days_ago: int = 1, **changes: Any
) -> Run:
    """A run of the whole routing suite. `folder` holds `runs`; `prompt`: the label of the copilot's."""
    first = made(folder / uuid4().hex, rows)
    started_at = NOW - timedelta(days=days_ago)
    facts = first.facts.model_copy(
        update={
            "run_id": f"{started_at:%Y%m%dT%H%M%S}-routing-{uuid4().hex[:6]}",
            "subject": f"{model} {prompt}",
            "versions": {"model": model, "prompt": {"copilot": prompt}, "policy": "p"},
            "small": False,
            "started_at": started_at,
            **changes,
        }
    )
    return keep(folder / "runs", facts, first.rows, first.log)
