"""The audit log: who did what, and whether anybody touched it since."""

from typing import Any

import psycopg
import pytest

from store.admin import audit_unguarded
from store.db import Database
from tests.workflow.firm import assignment, draft, principal, put_in_force, reminder
from workflow import policies
from workflow.errors import PolicyAltered
from workflow.service import Workflow
from workflow.verify import ChainVerdict, verify


@pytest.fixture
def log(workflow: Workflow, db: Database) -> Any:
    """Three proposals, one of them signed; `log()` verifies."""
    for _ in range(2):
        workflow.propose(principal("paula"), draft(assignment()))
    card = workflow.propose(principal("leo"), draft(reminder()))
    workflow.decide(principal("fay"), card.proposal_id, content_hash=card.content_hash, verdict="approve")

    def verified() -> ChainVerdict:
        with db.tx(principal("audrey"), "agent") as tx:
            return verify(tx)

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


def test_a_long_log_is_checked_in_parts(log: Any, monkeypatch: pytest.MonkeyPatch, db: Database) -> None:
    monkeypatch.setattr("workflow.verify.BATCH", 4)
    heard: list[tuple[int, int]] = []
    with db.tx(principal("audrey"), "agent") as tx:
        assert verify(tx, progress=lambda _, done, total: heard.append((done, total))).whole
    assert heard == [(4, 6), (6, 6)]


@pytest.mark.parametrize("batch", [2, 3, 20_000])
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
    change: str,
    seq: int,
    fault: str,
    batch: int,
    log: Any,
    owner: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workflow.verify.BATCH", batch)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
        owner.execute(change)
    with audit_unguarded(owner):
        owner.execute(change)
    verdict = log()
    assert (verdict.seq, verdict.whole) == (seq, False)
    assert fault in verdict.fault


def test_an_entry_that_the_head_does_not_know_is_seen(log: Any, owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "insert into audit.event select 7, at, actor, surface, action, subject, body, hash,"
        " audit.digest(hash, 7, at, actor, surface, action, subject, body) from audit.event where seq = 6"
    )
    assert log().fault == "the log ends at row 7, its head says 6"


def test_nothing_is_truncated_and_no_replica_is_let_past(owner: psycopg.Connection[Any], log: Any) -> None:
    owner.execute("set session_replication_role = replica")
    for statement in (
        "truncate audit.event, audit.personal",
        "truncate audit.personal",
        "delete from audit.personal",
        "delete from audit.event",
        "update audit.event set body = '{}'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
            owner.execute(statement.encode())


def test_only_auditors_read_it(workflow: Workflow, db: Database, log: Any) -> None:
    with db.tx(principal("audrey"), "agent") as tx:
        [entry] = tx.records("audit.of_subject", subject=f"policy:{policies.policy_sha(policies.default())}")
    with db.tx(principal("paula"), "agent") as tx:
        assert tx.rows("audit.hashes", dict, seqs=[1, 2]) == []
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
    read_before, card = (workflow.propose(principal("paula"), draft(assignment(role=r))) for r in "ab")
    workflow.decide(
        principal("rita"), read_before.proposal_id, content_hash=read_before.content_hash, verdict="approve"
    )
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
