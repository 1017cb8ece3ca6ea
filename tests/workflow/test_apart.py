"""What one practice proposes, asks, decides and reports is not shown to the next: all tables, as the agent's
role sees them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from models.access import Grant, Principal, Role, ScopeKind
from store.db import Database
from tests.workflow.firm import assignment, draft, principal
from workflow.delegations import Wanted
from workflow.service import Workflow

OWNER = psycopg.Connection[Any]
TOLD_TO_ALL = {
    "audit.log": "which log it is",
    "firm.office": "the firm's offices",
    "firm.person": "the directory",
    "firm.skill": "the directory",
    "workflow.policy_version": "the rules are everybody's",
    "workflow.active_policy": "and which of them hold",
    "workflow.circuit": "which systems of record answer",
    "workflow.surface": "which surfaces are connected",
}
OUTSIDERS: dict[str, tuple[Role, ScopeKind, str]] = {
    "lena": ("practice_lead", "practice", "Design"),
    "rene": ("resource_manager", "practice", "Design"),
    "finn": ("finance", "office", "Lisbon"),
    "pia": ("project_manager", "none", ""),
    "cora": ("consultant", "none", ""),
}
TABLES = """
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname in
  ('firm', 'access', 'workflow', 'talk', 'predict', 'audit', 'langgraph', 'jobs')
  and has_table_privilege(%s, c.oid, 'select')
"""


@pytest.fixture
def busy(workflow: Workflow, owner: OWNER) -> None:
    """A practice at work: one row at least in all that comes of proposing, and strangers beside it."""
    thread = owner.execute(
        "insert into talk.thread (owner_id, surface) values ('paula', 'web') returning thread_id"
    ).fetchone()
    assert thread
    owner.execute("insert into talk.message (thread_id, author, text) values (%s, 'person', 'x')", thread)
    owner.execute(
        "insert into talk.tool_call (thread_id, person_id, tool, version, arguments, outcome, milliseconds)"
        " values (%s, 'paula', 't', '1', '{}', 'ok', 1)",
        thread,
    )
    owner.execute(
        "insert into langgraph.checkpoints (thread_id, checkpoint_id, checkpoint) values (%s, '1', '{}')",
        (str(thread[0]),),
    )
    card = workflow.propose(principal("paula"), draft(assignment(), thread[0]))
    asked = workflow.ask(
        principal("rita"), card.proposal_id, content_hash=card.content_hash, question="Since when?"
    )
    [question] = asked.questions
    workflow.answer(principal("paula"), card.proposal_id, question.question_id, answer="Monday.")
    workflow.decide(principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve")
    today = datetime.now(UTC).date()
    workflow.delegate(principal("rita"), Wanted("leo", "a trip", (today, today + timedelta(9))))
    owner.execute(
        "insert into predict.report (kind, for_date, practice, html, data)"
        " values ('bench', current_date, 'Data', '', '{}')"
    )
    owner.execute("insert into firm.office (office, timezone) values ('Lisbon', 'Europe/Lisbon')")
    for person, (role, kind, scope) in OUTSIDERS.items():
        owner.execute(
            "insert into firm.person (person_id, name, email, title, practice, office,"
            " capacity_hours_per_week, starts_on)"
            " values (%s, %s, %s, 'x', 'Design', 'Lisbon', 40, '2020-01-01')",
            (person, person.title(), f"{person}@example.com"),
        )
        owner.execute(
            "insert into access.role_grant (person_id, role, scope_kind, scope_id) values (%s, %s, %s, %s)",
            (person, role, kind, scope),
        )


def counts(db: Database, person_id: str, tables: list[str]) -> dict[str, int]:
    role, kind, scope = OUTSIDERS.get(person_id, ("consultant", "none", ""))
    caller = Principal(person_id, person_id, (Grant(role, kind, scope or None),), "web")
    with db.tx(caller, "agent") as tx:
        found = {}
        for table in tables:
            row = tx.connection.execute(f"select count(*) from {table}".encode()).fetchone()
            assert row
            found[table] = row[0]
    return found


def test_a_practice_sees_nothing_of_what_the_next_one_does(busy: None, db: Database, owner: OWNER) -> None:
    tables = [name for (name,) in owner.execute(TABLES, ("chargehand_agent",))]
    assert len(tables) > 40
    inside = {name for who in ("paula", "rita", "dora") for name, n in counts(db, who, tables).items() if n}
    told = {
        "workflow.proposal",
        "workflow.decision",
        "workflow.effect",
        "workflow.question",
        "workflow.answer",
    }
    assert told | {"workflow.notice", "workflow.asked", "talk.message", "audit.event"} <= inside
    for outsider in OUTSIDERS:
        shown = {name for name, n in counts(db, outsider, tables).items() if n}
        assert shown <= {*TOLD_TO_ALL}, outsider
