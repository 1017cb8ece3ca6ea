"""Signing faster than one can read: noticed, said, and nothing more."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.workflow.firm import assignment, draft, principal
from workflow.pace import FLOOR_SECONDS, reading_seconds
from workflow.service import Workflow

Sign = Callable[..., UUID]


@pytest.fixture
def sign(workflow: Workflow, owner: psycopg.Connection[Any]) -> Sign:
    """Propose and decide as Rita, who opened it some seconds before; None: never."""

    def signed(opened: float | None = 1.0, verdict: Any = "approve") -> UUID:
        card = workflow.propose(principal("paula"), draft(assignment()))
        if opened is not None:
            workflow.open_card(principal("rita"), card.proposal_id)
            owner.execute(
                "update workflow.reading set opened_at = opened_at - make_interval(secs => %s)"
                " where proposal_id = %s",
                (opened, card.proposal_id),
            )
        workflow.decide(
            principal("rita"),
            card.proposal_id,
            content_hash=card.content_hash,
            verdict=verdict,
            reason="No." if verdict == "reject" else "",
        )
        return card.proposal_id

    return signed


@pytest.mark.parametrize(
    ("opened", "told", "reason"),
    [
        ([1.0] * 5, 5, "five in a row, a second each"),
        ([1.0] * 4, None, "four are no habit"),
        ([None] * 6, 6, "never opened at all"),
        ([600.0] * 6, None, "read, then signed one after the other"),
        ([1.0, 1.0, 600.0, 1.0, 1.0, 1.0], None, "one was read in between"),
        ([600.0, *[1.0] * 5], 5, "only the last ones"),
    ],
)
def test_a_run_of_fast_approvals(
    opened: list[float | None], told: int | None, reason: str, workflow: Workflow, sign: Sign
) -> None:
    for seconds in opened:
        sign(seconds)
    found = workflow.pace(principal("rita"))
    assert (found.signed if found else None) == told, reason
    if found:
        assert found.seconds < found.reading_seconds
        assert found.reading_seconds >= found.signed * FLOOR_SECONDS
    assert workflow.pace(principal("rolf")) is None, "it is nobody else's"


def test_a_rejection_ends_a_run(workflow: Workflow, sign: Sign) -> None:
    for verdict in ("approve", "approve", "approve", "reject", "approve", "approve"):
        sign(verdict=verdict)
    assert workflow.pace(principal("rita")) is None


def test_only_who_is_asked_leaves_a_reading_and_the_first_counts(
    workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    for who in ("paula", "dora", "rita"):
        workflow.open_card(principal(who), card.proposal_id)
    query = "select person_id, version, opened_at from workflow.reading"
    [first] = owner.execute(query).fetchall()
    assert first[:2] == ("rita", 1)
    workflow.open_card(principal("rita"), card.proposal_id)
    assert owner.execute(query).fetchall() == [first]


@pytest.mark.parametrize(
    ("text", "seconds", "reason"),
    [("Yes", FLOOR_SECONDS, "nothing is weighed in no time"), ("word " * 238, 60.0, "238 words a minute")],
)
def test_reading_time(text: str, seconds: float, reason: str) -> None:
    assert reading_seconds({"statement": text}, []) == pytest.approx(seconds), reason
