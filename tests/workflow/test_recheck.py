"""Before a write: every signature that the gate asked for is there, whatever the policy asks for by now."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import pytest

from connectors.sim.twin import Twin
from models.policy import PolicySet
from tests.workflow.firm import assignment, draft, insert, principal, put_in_force
from workflow.service import Workflow

Owner = psycopg.Connection[Any]
DIRECTORS = {"name": "Directors", "approvers": [{"role": "delivery_director"}]}


def put_under(owner: Owner, step: Mapping[str, Any]) -> None:
    """Every action under a gate of this one step."""
    rule = {"name": "only", "because": "it is asked", "gate": {"steps": [step]}}
    put_in_force(owner, PolicySet.model_validate({"name": "test", "currency": "EUR", "rules": [rule]}))


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        (None, "executed", "both directors signed"),
        (
            "delete from workflow.decision where approver_id = 'dan'",
            "parked",
            "one did not, and one must not do",
        ),
        (
            "delete from workflow.decision where approver_id = 'dan';"
            " delete from access.role_grant where person_id = 'dan'",
            "executed",
            "she is all the directors there are",
        ),
    ],
)
def test_all_of_a_step_is_more_than_one_of_them(
    change: str | None,
    state: str,
    reason: str,
    workflow: Workflow,
    owner: Owner,
    drain: Callable[[], int],
    twin: Twin,
) -> None:
    put_under(owner, DIRECTORS | {"signatures": "all"})
    card = workflow.propose(principal("paula"), draft(assignment()))
    for who in ("dora", "dan"):
        workflow.decide(principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    put_under(owner, DIRECTORS)  # would be content with one
    if change:
        owner.execute(change.encode())
    drain()
    card = workflow.card(principal("audrey"), card.proposal_id)
    assert card.state == state, reason
    assert len(twin.book.written()) == (state == "executed")


def test_who_came_after_the_last_signature_is_not_missing(
    workflow: Workflow, owner: Owner, drain: Callable[[], int]
) -> None:
    put_under(owner, DIRECTORS | {"signatures": "all"})
    card = workflow.propose(principal("paula"), draft(assignment()))
    for who in ("dora", "dan"):
        workflow.decide(principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    put_under(owner, DIRECTORS)
    insert(
        owner,
        "access.role_grant",
        [{"person_id": "ada", "role": "delivery_director", "scope_kind": "firm", "scope_id": ""}],
    )
    drain()
    assert workflow.card(principal("audrey"), card.proposal_id).state == "executed"
