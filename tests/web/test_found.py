"""Whatever a tool finds can be drawn: what it is known by shape, and everything else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.copilot.wire import Call
from api.web.render import environment
from api.wiring import Application
from tests.api.small_firm import application
from tests.workflow import firm

__all__ = ["application"]

DRAW = '{% import "_found.html" as found with context %}{{ found.all(data) }}'

leaf = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
json = st.recursive(
    leaf,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

known = [
    "shortlist",
    "candidate",
    "invoices",
    "prediction",
    "near_misses",
    "items",
    "order",
    "practices",
    "terms",
]
keys = st.sampled_from([*known, "sender"]) | st.text(min_size=1)


def draw(data: dict[str, Any]) -> str:
    return environment().from_string(DRAW).render(data=data, names={}, zone="UTC", now=datetime.now(UTC))


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("find_people", {"project": "Aurora", "role": "Consultant"}),
        ("bench_outlook", {}),
        ("predict_payments", {}),
        ("check_readiness", {"project": "Aurora"}),
        ("check_time", {"project": "Aurora"}),
        ("my_proposals", {}),
    ],
)
def test_what_the_tools_find_is_drawn(application: Application, tool: str, arguments: dict[str, Any]) -> None:
    application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    found = application.copilot.call(firm.principal("dora"), tool, Call(arguments=arguments))
    assert found.question is None, found.text
    assert "<" in draw(found.model_dump(mode="json")["data"])


@example({"shortlist": {"_id": []}})  # named like an id, and none
@given(st.dictionaries(keys, json, max_size=5))
def test_findings_of_any_other_shape_are_drawn_too(data: dict[str, Any]) -> None:
    draw(data)
