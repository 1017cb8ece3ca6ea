"""The audit log: who did what, and whether anybody touched it since."""

from typing import Any

import psycopg
import pytest

from store.db import Database
from tests.workflow.firm import assignment, draft, principal, put_in_force, reminder
from workflow import policies
from workflow.errors import PolicyAltered
from workflow.service import Workflow
from workflow.verify import ChainVerdict, Head, verify


@pytest.fixture
def log(workflow: Workflow, db: Database) -> Any:
    """Three proposals, one of them signed; `log()` verifies."""
    for _ in range(2):
        workflow.propose(principal("paula"), draft(assignment()))
    card = workflow.propose(principal("leo"), draft(reminder()))
    workflow.decide(principal("fay"), card.proposal_id, content_hash=card.content_hash, verdict="approve")

    def verified(anchors: dict[int, str] | None = None) -> ChainVerdict:
        with db.tx(principal("audrey"), "agent") as tx:
            return verify(tx, anchors)

    return verified


def test_who_did_what(log: Any, audited: Any) -> None:
    assert [(who, what) for who, what, _ in audited()] == [
        ("service:setup", "policy.loaded"),
        ("paula", "proposal.submitted"),
        ("paula", "proposal.submitted"),
        ("leo", "proposal.submitted"),
        ("fay", "proposal.decided"),
        ("fay", "proposal.approved"),
    ]


def test_an_untouched_log_is_whole(log: Any) -> None:
    verdict = log()
    assert verdict.whole
    assert verdict.head is not None
    assert verdict.head.seq == 6


@pytest.mark.parametrize(
    ("change", "seq", "fault"),
    [
        ("update audit.event set actor = 'leo' where seq = 2", 2, "altered"),
        ('update audit.event set body = body || \'{"rule": "x"}\' where seq = 3', 3, "altered"),
        ("update audit.event set at = at - interval '1 day' where seq = 4", 4, "altered"),
        ("delete from audit.event where seq = 3", 4, "rows 3 to 3 are missing"),
        ("delete from audit.event where seq >= 5", 6, "ends at row 4, its head says 6"),
        ("delete from audit.event", 6, "ends at row 0"),
        (
            "update audit.event set actor = 'leo', hash = audit.digest(prev, seq, at, 'leo', surface, action,"
            " subject, body) where seq = 2",
            3,
            "does not follow",
        ),
    ],
)
def test_the_owner_of_the_database_cannot_change_it_unseen(
    change: str, seq: int, fault: str, log: Any, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(change)
    verdict = log()
    assert (verdict.seq, verdict.whole) == (seq, False)
    assert fault in verdict.fault


def test_a_log_written_anew_is_seen_by_an_anchor(log: Any, owner: psycopg.Connection[Any]) -> None:
    """Who may change everything can make a chain that holds: only what was kept elsewhere shows it."""
    head = log().head
    anchors = {head.seq: head.hash}
    assert log(anchors).whole
    owner.execute(
        """
        do $$
        declare e audit.event; before bytea := '\\x00'; digest bytea;
        begin
          update audit.event set actor = 'leo' where seq = 2;
          for e in select * from audit.event order by seq loop
            digest := audit.digest(before, e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body);
            update audit.event set prev = before, hash = digest where seq = e.seq;
            before := digest;
          end loop;
          update audit.head set hash = before;
        end $$"""
    )
    assert log().whole
    assert log(anchors) == ChainVerdict(log().head, head.seq, "the entry is not the one that was anchored")


def test_only_auditors_read_it(workflow: Workflow, db: Database, log: Any) -> None:
    with db.tx(principal("audrey"), "agent") as tx:
        head = tx.row("audit.head", Head)
        assert head is not None
        [entry] = tx.records("audit.of_subject", subject=f"policy:{policies.policy_sha(policies.default())}")
    with db.tx(principal("paula"), "agent") as tx:
        assert tx.row("audit.head", Head) is None
        assert tx.records("audit.of_subject", subject=entry["subject"]) == []


def test_a_policy_is_kept_and_replaced(
    workflow: Workflow, db: Database, owner: psycopg.Connection[Any]
) -> None:
    first = policies.default()
    second = first.model_copy(update={"name": "Another"})
    sha = put_in_force(owner, second)
    with db.tx(principal("paula"), "agent") as tx:
        assert policies.active(tx) == (second, sha)
        assert policies.pinned(tx, policies.policy_sha(first)) == first, "for what was proposed under it"


def test_a_policy_that_was_changed_behind_our_back_decides_nothing(
    workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    owner.execute(
        """update workflow.policy_version set body = jsonb_set(body, '{rules,2,gate,steps,0,approvers}',
        '[{"person": "carl", "role": null, "relation": null}]')"""
    )
    with pytest.raises(PolicyAltered):
        workflow.propose(principal("paula"), draft(assignment()))
    with pytest.raises(PolicyAltered):
        workflow.decide(
            principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )
