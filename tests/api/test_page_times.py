"""The run that times every page: all of them are asked for, and what takes too long is told apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from api.cli import page_times
from evals import demo_firms
from evals.demo_firms import DemoFirm
from tests.evals.measured_firm import measured_firm
from tests.firm_fixtures import Firm, firm, own_firm

__all__ = ["firm", "own_firm"]


def test_every_page_is_timed(own_firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[DemoFirm]:
        yield measured_firm(own_firm)

    monkeypatch.setattr(demo_firms, "opened", opened)
    found = page_times.measured(3, 1, rounds=1)
    assert [(t.who, t.page) for t in found] == list(page_times.PAGES)
    assert all(0 < t.best <= t.median for t in found)
    slow = page_times.Timed("auditor", "/audit", page_times.LIMIT_MS + 1, 200.0)
    assert page_times.table([slow]).rows[0].style == "red"
