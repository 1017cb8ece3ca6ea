"""Least privilege, read off the catalogue: what each database role may write is exactly what is listed here,
each with its reason. A new grant fails until somebody says why it is needed."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from uuid import uuid4

import psycopg
import pytest

from store.cluster import SUPERUSER
from store.db import DB_ROLES
from store.migrate import migrate
from store.server import Server
from tests.firm_fixtures import Template

# role, tables, rights, why. `update(...)` holds for these columns only.
ALLOWED: tuple[tuple[str, str, str, str], ...] = (
    ("agent", "talk.thread", "insert update(title, updated_at)", "people's conversations"),
    ("agent", "talk.message", "insert", "what was said stays said"),
    ("agent", "talk.tool_call", "insert", "every call is recorded, none is taken back"),
    ("agent", "langgraph.checkpoints", "insert update delete", "the conversation's memory, LangGraph's own"),
    ("agent", "langgraph.checkpoint_[bw]*", "insert update delete", "blobs and writes: parts of that memory"),
    (
        "agent",
        "workflow.idempotent_reply",
        "insert update delete",
        "a caller's own replies, claimed and kept",
    ),
    ("agent", "workflow.notice", "update(read_at)", "having read one's own"),
    ("agent", "workflow.subscription", "insert update", "what one hears where, for oneself alone"),
    ("agent", "workflow.reading", "insert", "having had a card before oneself"),
    ("agent", "talk.place", "insert", "where one's own conversation takes place"),
    ("agent", "workflow.post", "insert", "a message that shows a proposal to oneself"),
    (
        "gate",
        "access.chat_account",
        "insert update(channel, linked_at, linked_by, person_id, service_url, unlinked_at)",
        "whose chat account it is",
    ),
    ("gate", "access.chat_invitation", "insert update(used_at) delete", "asking whose it is"),
    (
        "gate",
        "talk.inbound",
        "insert update(attempts, fence, last_error, lease_until, message_before, not_before, payload,"
        " settled_at, state) delete",
        "what chat surfaces hand in, kept until it is worked",
    ),
    ("gate", "access.sign_in_link", "insert update delete", "signing in"),
    ("gate", "access.session", "insert update delete", "being signed in"),
    ("gate", "access.api_token", "insert update delete", "tokens, made and revoked"),
    ("gate", "access.pass", "insert delete", "for whom the copilot acts, and until when"),
    ("gate", "access.identity", "insert", "who somebody is at the provider, linked once"),
    ("gate", "access.sign_in_attempt", "insert delete", "a sign-in begun there, used up by coming back"),
    ("gate", "access.role_grant", "insert delete", "roles by group, and by its policy no others"),
    ("steward", "firm.*", "insert update delete", "the import mirrors the firm's files"),
    ("steward", "firm.import_run", "insert", "an import that was stays told"),
    ("steward", "firm.system_record", "", "what systems wrote is not the import's"),
    ("steward", "access.role_grant", "insert update delete", "roles.csv is part of the import"),
    ("steward", "access.identity", "delete", "an administrator has an account forgotten"),
    ("steward", "access.deactivated", "insert delete", "accounts that end, and begin again"),
    ("steward", "access.same_person", "insert update delete", "same_persons.csv is part of the import"),
    ("steward", "predict.model", "insert update(state)", "a model is added or retired, never altered"),
    ("workflow", "workflow.proposal_version", "insert", "an edit is a new version"),
    ("workflow", "workflow.approver", "insert update(held)", "who may sign it; a seat that is handed over"),
    ("workflow", "workflow.handover", "insert", "who handed whose seat to whom"),
    ("workflow", "workflow.question", "insert", "what an approver asks back"),
    ("workflow", "workflow.answer", "insert", "the one answer to it"),
    ("workflow", "workflow.decision", "insert", "a signature, never taken back"),
    (
        "workflow",
        "workflow.delegation",
        "insert update(revoked_at, revoked_by)",
        "made and revoked, never altered",
    ),
    ("workflow", "workflow.stand_in_begun", "insert", "whose cards went to their stand-ins"),
    ("workflow", "workflow.declined_item", "insert", "what an approver left out"),
    (
        "workflow",
        "workflow.proposal",
        "update(amount, currency, escalate_at, escalated_at, expires_at, remind_at, state, state_since, step,"
        " title, version)",
        "moving it on; who proposed what, and how, stays",
    ),
    (
        "workflow",
        "workflow.effect",
        "insert update(attempts, external_ref, last_error, lease_owner, lease_until, not_before, result,"
        " settled_at, slowed_since, state, waits_since)",
        "with the last signature; by hand when it is parked; taken back unsent; never what is written",
    ),
    ("workflow", "workflow.basis", "insert", "what the records said when a version was made"),
    ("workflow", "workflow.promotion", "", "what is in force is promoted by signatures alone"),
    ("workflow", "workflow.notice", "insert", "telling people"),
    ("workflow", "workflow.plant_consent", "insert delete", "agreeing to be tested, for oneself alone"),
    ("workflow", "workflow.circuit", "update", "pausing a system by hand"),
    ("workflow", "firm.assignment", "insert", "mirrors what a person settled by hand"),
    ("workflow", "firm.system_record", "insert", "mirrors what a person settled by hand"),
    ("workflow", "firm.time_entry", "update(state)", "mirrors what a person settled by hand"),
    (
        "workflow",
        "workflow.saved_filter",
        "insert update(narrowed, opens, saved_at) delete",
        "one's own filters; the copilot, as the agent's role, may not hide a proposal behind one",
    ),
    (
        "workflow",
        "workflow.webhook",
        "insert update(disabled_at, disabled_why, failing_since, generation, outages, removed_at, resume_at,"
        " rotated_at)",
        "set up by who keeps access; another address is another endpoint",
    ),
    ("workflow", "workflow.webhook_event", "insert", "a test event, by who keeps access"),
    (
        "workflow",
        "workflow.webhook_delivery",
        "insert update(attempts, not_before, settled_at, state)",
        "replaying, by who keeps access",
    ),
    (
        "worker",
        "workflow.webhook",
        "update(disabled_at, disabled_why, failing_since, outages, resume_at)",
        "an endpoint that is down, or gone",
    ),
    ("worker", "workflow.webhook_event", "delete", "what is too old to be replayed"),
    (
        "worker",
        "workflow.webhook_delivery",
        "update(attempts, fence, lease_until, not_before, settled_at, state)",
        "sending events; never whom or what",
    ),
    ("worker", "workflow.webhook_attempt", "insert", "how endpoints answered"),
    ("worker", "workflow.digest", "insert delete", "whose digest of which day was entered"),
    ("worker", "workflow.proposal", "update(state, state_since)", "executed, parked or failed"),
    (
        "worker",
        "workflow.effect",
        "update(attempts, external_ref, fence, last_error, lease_owner, lease_until, not_before, result,"
        " sent_at, settled_at, slowed_since, state, waits_since)",
        "claiming and settling; never what is written",
    ),
    ("worker", "workflow.claimable", "update(lease_until)", "locking what is claimed, through its view"),
    ("worker", "workflow.notice", "insert", "telling people"),
    (
        "worker",
        "workflow.delivery",
        "update(attempts, fence, last_error, lease_until, not_before, reference, sent_at, settled_at, state)",
        "sending messages; never whom or what",
    ),
    (
        "worker",
        "workflow.post",
        "insert update(attempts, fence, gone_at, last_error, lease_until, not_before, stale_since)",
        "messages that show a proposal, drawn anew; never whose or where",
    ),
    (
        "worker",
        "access.chat_account",
        "insert update(channel, service_url)",
        "who is first reached by an address, and where; never whose it is",
    ),
    ("worker", "workflow.surface", "update(enabled, resume_at)", "a surface that is connected, or down"),
    ("worker", "workflow.circuit", "update", "a system that is down"),
    ("worker", "firm.assignment", "insert", "mirrors what the PSA confirmed"),
    ("worker", "firm.system_record", "insert", "mirrors what a system confirmed"),
    ("worker", "firm.time_entry", "update(state)", "mirrors what the PSA confirmed"),
    ("worker", "talk.thread", "insert", "reports open a conversation"),
    ("worker", "talk.message", "insert", "a thread hears the outcome"),
    ("worker", "talk.tool_call", "insert", "jobs call tools too"),
    ("worker", "predict.model", "insert update(state)", "refitting"),
    ("worker", "predict.report", "insert update delete", "the nightly report is replaced"),
    ("worker", "jobs.procrastinate_*", "insert update delete truncate", "the job queue, Procrastinate's own"),
)

TABLES = """
select n.nspname || '.' || c.relname, c.oid
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
"""
COLUMNS = """
select attname, has_column_privilege(%(role)s, attrelid, attname, 'update')
from pg_attribute where attrelid = %(table)s and attnum > 0 and not attisdropped order by attname
"""

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def migrated(server: Server, template: Template) -> str:
    """One migrated database for all: nothing here gets written."""
    return template(f"privileges_{uuid4().hex}", migrate)


@pytest.fixture(scope="module")
def owner(server: Server, migrated: str) -> Iterator[Connection]:
    with psycopg.connect(server.dsn(migrated, SUPERUSER), autocommit=True) as connection:
        yield connection


@pytest.fixture
def agent(server: Server, migrated: str) -> Iterator[Connection]:
    with psycopg.connect(server.dsn(migrated, "chargehand_agent"), autocommit=True) as connection:
        yield connection


def rights(owner: Connection, role: str, table: object) -> str:
    """What the role may write in the table, in the words of ALLOWED; empty for nothing."""
    may = [
        right
        for right in ("insert", "update", "delete", "truncate")
        if owner.execute("select has_table_privilege(%s, %s::oid, %s)", (role, table, right)).fetchone()
        == (True,)
    ]
    if "update" not in may:
        columns = owner.execute(COLUMNS, {"role": role, "table": table}).fetchall()
        if some := [str(name) for name, granted in columns if granted]:
            may.insert(1 if "insert" in may else 0, f"update({', '.join(some)})")
    return " ".join(may)


@pytest.mark.parametrize("role", DB_ROLES)
def test_a_role_may_write_exactly_what_is_listed(owner: Connection, role: str) -> None:
    # The copilot is a member of the agent's role; what it may not do: tests/deploy/test_copilot_attacks.py.
    rows = [row for row in ALLOWED if row[0] == ("agent" if role == "copilot" else role)]
    found = {
        str(name): rights(owner, f"chargehand_{role}", oid) for name, oid in owner.execute(TABLES).fetchall()
    }
    held = {name: right for name, right in found.items() if right}
    listed = {name: row[2] for row in rows for name in found if fnmatchcase(name, row[1])}
    assert held == {name: right for name, right in listed.items() if right}
    idle = [row[1] for row in rows if not any(fnmatchcase(name, row[1]) for name in found)]
    assert not idle, "listed, but there is no such table"


def test_nobody_else_holds_a_table(owner: Connection) -> None:
    """Neither the public nor a role of ours that this file does not know."""
    granted = owner.execute(
        "select distinct grantee from information_schema.role_table_grants"
        " where table_schema not in ('pg_catalog', 'information_schema')"
    ).fetchall()
    assert {g for (g,) in granted} <= {"postgres", *(f"chargehand_{role}" for role in DB_ROLES)}


def test_no_role_of_ours_can_pass_row_level_security_or_make_roles(owner: Connection) -> None:
    found = owner.execute(
        "select rolname from pg_roles where rolname like 'chargehand\\_%'"
        " and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit)"
    ).fetchall()
    assert found == []


def test_every_table_has_row_level_security(owner: Connection) -> None:
    """Also where a grant alone would do: the next grant should not show a table to everybody."""
    open_to_all = owner.execute(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and not c.relrowsecurity"
        " and n.nspname in ('firm', 'access', 'talk', 'workflow', 'audit', 'predict', 'langgraph')"
    ).fetchall()
    assert open_to_all == []


def test_the_copilot_may_do_what_the_agents_role_may_and_become_nobody(owner: Connection) -> None:
    held = owner.execute(
        "select roleid::regrole::text, inherit_option, set_option, admin_option from pg_auth_members"
        " where member = 'chargehand_copilot'::regrole"
    ).fetchall()
    assert held == [("chargehand_agent", True, False, False)]


def test_no_role_of_ours_may_create_anything_that_lasts(owner: Connection) -> None:
    found = owner.execute(
        "select r.rolname, n.nspname from pg_roles r cross join pg_namespace n"
        " where r.rolname like 'chargehand\\_%' and n.nspname not like 'pg\\_%'"
        " and has_schema_privilege(r.oid, n.oid, 'create')"
    ).fetchall()
    assert found == []


def test_functions_with_the_owners_rights_are_granted_by_name_and_pin_their_path(owner: Connection) -> None:
    found = owner.execute(
        "select p.oid::regprocedure::text, p.proconfig, p.proacl is null or p.proacl::text like '%,=X/%'"
        " or p.proacl::text like '{=X/%' from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')"
    ).fetchall()
    assert len(found) > 15
    for name, settings, public in found:
        assert not public, f"anyone may call {name}"
        assert isinstance(settings, list) and settings[0].startswith("search_path=pg_catalog"), name


def test_a_temporary_table_of_the_same_name_fools_no_function(agent: Connection) -> None:
    """Temporary tables come first on every search path: functions must name their schemas."""
    agent.execute("create temp table role_grant (person_id text, role text, scope_kind text, scope_id text)")
    agent.execute("insert into role_grant values ('mallory', 'delivery_director', 'firm', '')")
    agent.execute("select set_config('chargehand.principal', 'mallory', false)")
    seen = agent.execute("select app.my_roles(), app.sees_firm(), app.sees_money(), app.sees_rates()")
    assert seen.fetchone() == ([], False, False, False)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from access.session",  # others' ways in
        "select * from access.role_grant",  # who may do what
        "select * from audit.head",
        "insert into audit.event select * from audit.event",
        "insert into workflow.proposal (proposal_id) values (gen_random_uuid())",
        "update workflow.proposal set state = 'approved'",
        "insert into workflow.decision (proposal_id) values (gen_random_uuid())",
        "insert into workflow.effect (idempotency_key) values ('x')",
        "update firm.person set name = 'x'",
        "insert into jobs.procrastinate_jobs (task_name) values ('refit-models')",
        "update langgraph.checkpoint_migrations set v = 0",
        "select audit.digest(null, 1, now(), '', '', '', '', '{}')",
        "select audit.redact('person:P-1', null, 'x')",  # an operator's hand
        "select audit.retain(30)",  # a job
        "select audit.blank(array[1], 'audit.redacted', 'x', '{}', 'x')",
        "update audit.personal set value = null, salt = null",
        "alter table audit.event disable trigger append_only",
        "set role chargehand_workflow",
        "set role postgres",
        "alter table firm.person disable row level security",
        "create table firm.mine ()",
        "copy firm.person to program 'true'",
    ],
)
def test_the_agents_role_is_refused(agent: Connection, statement: str) -> None:
    agent.execute("select set_config('chargehand.principal', 'service:mallory', false)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        agent.execute(statement.encode())
