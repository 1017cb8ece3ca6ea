"""The ledger of returns: what must hold of it whatever stands in the log."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.actions import ACTION_KINDS
from models.errors import BadInput
from models.roi import EXACT_UP_TO, Assumptions, Case, Range, default_assumptions, parse_assumptions, returns

NOW = datetime(2026, 11, 23, tzinfo=UTC)

cases = st.builds(
    Case,
    proposal_id=st.uuids(),
    kind=st.sampled_from(ACTION_KINDS[:7]),
    verdicts=st.integers(0, 4),
    days=st.none() | st.floats(0, 60),
    amount=st.none() | st.floats(0, 1e6),
    last_at=st.just(NOW),
    entries=st.integers(1, 5),
)
ranges = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(
    lambda v: Range(low=sorted(v)[0], likely=sorted(v)[1], high=sorted(v)[2], because="x")
)


def case(**changes: Any) -> Case:
    plain = Case(UUID(int=1), "send_reminder", 1, 1.0, None, NOW, 1)
    return replace(plain, **changes)


@given(st.lists(cases, max_size=12), ranges)
@settings(max_examples=25)
def test_every_interval_holds_its_figure(found: list[Case], minutes: Range) -> None:
    assumed = default_assumptions().model_copy(update={"coordination_minutes": minutes})
    for line in returns(found, assumed):
        assert line.low <= line.point <= line.high, line


@given(st.lists(cases, min_size=1, max_size=8), cases)
@settings(max_examples=25)
def test_more_events_never_shrink_what_is_counted(found: list[Case], more: Case) -> None:
    before = {line.name: line.point for line in returns(found, default_assumptions())}
    after = {line.name: line.point for line in returns([*found, more], default_assumptions())}
    for name in set(before) - {"days_net"}:  # net may shrink: what was slower is taken off
        assert after[name] >= before[name] - 1e-9, name


def test_nothing_happened_is_nothing_to_show() -> None:
    assert returns([], default_assumptions()) == ()
    assert returns([case(verdicts=0, days=None)], default_assumptions()) == ()


def test_what_is_counted_is_what_the_assumptions_say() -> None:
    assumed = default_assumptions()
    found = {
        line.name: line
        for line in returns(
            [case(), case(days=9.0), case(kind="create_change_order", amount=1000.0, days=None)], assumed
        )
    }
    assert found["hours_avoided"].point == pytest.approx(3 * 10 / 60)
    assert found["days_gained"].point == pytest.approx(5 - 1)
    assert found["days_lost"].point == pytest.approx(9 - 5)
    assert found["days_net"].point == pytest.approx(0)
    assert found["leakage_caught"].point == pytest.approx(100)
    assert found["leakage_caught"].low < 100 < found["leakage_caught"].high


def test_the_same_log_gives_the_same_ledger() -> None:
    many = [case(days=float(n % 9)) for n in range(40)]
    assert returns(many, default_assumptions()) == returns(many, default_assumptions())


def test_the_normal_limit_meets_the_bootstrap_where_it_takes_over() -> None:
    few = [case(days=float(n % 9)) for n in range(EXACT_UP_TO)]
    exact = {line.name: line for line in returns(few, default_assumptions())}
    limit = {line.name: line for line in returns([*few, case(days=4.0)], default_assumptions())}
    for name, line in exact.items():
        for end in ("low", "high"):
            wide = line.high - line.low
            assert abs(getattr(limit[name], end) - getattr(line, end)) <= 0.12 * wide + 1, (name, end)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (
            {"coordination_minutes": {"low": 5, "likely": 1, "high": 9, "because": "x"}},
            "coordination_minutes",
        ),
        (
            {"leaked_share": {"send_reminder": {"low": 0, "likely": 1, "high": 2, "because": "x"}}},
            "at most 1",
        ),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_assumptions_that_make_no_sense_are_refused(change: dict[str, Any], where: str) -> None:
    body = default_assumptions().model_dump(mode="json") | change
    with pytest.raises(BadInput, match=where):
        parse_assumptions(yaml.safe_dump(body), "ours.yaml")


def test_every_kind_of_the_default_says_why() -> None:
    assumed: Assumptions = default_assumptions()
    every = [
        assumed.coordination_minutes,
        *assumed.settled_after_days.values(),
        *assumed.leaked_share.values(),
    ]
    assert all(len(r.because) > 20 for r in every)
