"""The copilot's process, taken over: with exactly its environment, against a server that asks for passwords.
Whatever its code does, it decides nothing, writes no effect and no record, and acts for nobody who is not
talking with it."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.auth.passes import Passes
from api.settings import Settings
from store.checkpoints import TABLES
from store.db import DB_ROLES, Database
from tests.deploy.production import SECRET, Production, copilot_of, free_port, production, ready, until
from tests.workflow import firm

__all__ = ["production"]

Connection = psycopg.Connection[Any]
PLANTED = {  # columns and values of a row of each of LangGraph's tables, beside its thread
    "checkpoints": ("checkpoint_id, checkpoint", "'1', '{}'"),
    "checkpoint_blobs": ("channel, version, type", "'messages', '1', 'empty'"),
    "checkpoint_writes": ("checkpoint_id, task_id, idx, channel, blob", "'1', '1', 0, 'messages', ''"),
}
SCHEMAS = ["workflow", "audit", "firm", "access", "predict", "public", "jobs"]


@dataclass(frozen=True)
class Taken:
    """What the copilot's process holds, and where the desk is."""

    environment: dict[str, str]
    desk: str
    passes: Passes  # as the desk makes them

    @property
    def dsn(self) -> str:
        return self.environment["DATABASE_URL"]

    def admits(self, person_id: str) -> str:
        """The pass of somebody who is talking with it right now."""
        return self.passes.make(firm.principal(person_id))


@pytest.fixture(scope="module")
def taken(production: Production) -> Iterator[Taken]:
    """A desk with its copilot on a firm of its own."""
    assert production.run("migrate", **production.as_owner).returncode == 0
    roles = Settings(secret=SECRET).dsns(production.url)  # type: ignore[arg-type]
    firm.found(roles["steward"])
    with psycopg.connect(production.url, **production.owner) as owner:  # rows that it could alter
        owner.execute(
            "insert into workflow.idempotent_reply (person_id, key, request_sha256) values ('dora', 'k', 'x')"
        )
        owner.execute("insert into workflow.notice (person_id, kind, text) values ('dora', 'report', 'x')")
        owner.execute("update firm.person_rate set cost_rate = 60.37 where person_id = 'carl'")
        (thread,) = owner.execute(
            "insert into talk.thread (owner_id, surface) values ('dora', 'web') returning thread_id::text"
        ).fetchone() or ("",)
        for table in TABLES:
            plant(owner, table, thread)
    port = free_port()
    log = production.home / "serve.log"
    with log.open("wb") as out:
        desk = subprocess.Popen(
            production.command("serve", "--port", str(port)),
            env=production.environment(OPENAI_API_KEY="sk-of-the-model"),
            stdout=out,
            stderr=out,
        )
    database = Database(roles)
    try:
        until(lambda: ready(f"http://127.0.0.1:{port}"), desk, log)
        yield Taken(copilot_of(desk).environ(), f"http://127.0.0.1:{port}", Passes(database))
    finally:
        database.close()
        desk.terminate()
        desk.wait(30)


@pytest.fixture
def inside(taken: Taken) -> Iterator[Connection]:
    """The database as the copilot reaches it."""
    with psycopg.connect(taken.dsn, autocommit=True) as connection:
        yield connection


def enter(inside: Connection, pass_token: str) -> None:
    inside.execute("select set_config('chargehand.pass', %s, false)", (pass_token,))


def plant(connection: Connection, table: str, thread: str) -> None:
    columns, values = PLANTED[table]
    insert = f"insert into langgraph.{table} (thread_id, {columns}) values (%s, {values})"
    connection.execute(insert.encode(), (thread,))


def one(inside: Connection, query: str) -> Any:
    row = inside.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_its_environment_holds_one_password_and_no_other_secret(taken: Taken, production: Production) -> None:
    passwords = Settings(secret=SECRET).role_passwords()  # type: ignore[arg-type]
    held = " ".join(taken.environment.values())
    assert passwords["copilot"] in held and "sk-of-the-model" in held
    assert SECRET not in held
    assert not [role for role in DB_ROLES if role != "copilot" and passwords[role] in held]
    for role in DB_ROLES:
        if role != "copilot":
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(make_conninfo(taken.dsn, user=f"chargehand_{role}"))


def tables(inside: Connection) -> list[tuple[str, str]]:
    return inside.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and n.nspname = any (%s)",
        (SCHEMAS,),
    ).fetchall()


@pytest.mark.parametrize("who", ["dora", None])
def test_it_writes_nothing_that_was_decided_done_or_recorded(
    taken: Taken, inside: Connection, who: str | None
) -> None:
    """Under the pass of a director, and under none: insert, update and delete on every table."""
    enter(inside, taken.admits(who) if who else "")
    found = tables(inside)
    assert len(found) > 45
    for schema, name in found:
        table = sql.Identifier(schema, name)
        column = inside.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
            " and not attisdropped and attgenerated = '' and attidentity = '' limit 1",
            (table.as_string(inside),),
        ).fetchone()
        assert column is not None
        attempts = (
            sql.SQL("insert into {} default values").format(table),
            sql.SQL("update {} set {column} = {column}").format(table, column=sql.Identifier(column[0])),
            sql.SQL("delete from {}").format(table),
            sql.SQL("truncate {}").format(table),
        )
        for attempt in attempts:
            with suppress(psycopg.errors.InsufficientPrivilege):
                done = inside.execute(attempt)
                assert done.rowcount == 0 and "insert" not in str(attempt), attempt.as_string(inside)


@pytest.mark.parametrize(
    "statement",
    [
        "set role chargehand_agent",
        "set role chargehand_workflow",
        "set session authorization chargehand_gate",
        "create table firm.mine ()",
        "create function app.me() returns text language sql return 'dora'",
        "alter function app.me() rename to you",
        "alter table access.pass disable row level security",
        "alter role chargehand_copilot createrole",
        "grant chargehand_workflow to chargehand_copilot",
        "select * from access.pass",
        "select * from access.session",
        "insert into access.session (token_sha256, person_id, csrf, expires_at)"
        " values (sha256('x'), 'dora', 'x', now() + interval '1 day')",
        "select pg_read_file('/etc/passwd')",
        "copy firm.person to program 'cat'",
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'chargehand_workflow'"
        " union all select lo_import('/etc/passwd')::int > 0",
    ],
)
def test_it_becomes_nobody_else_and_changes_no_rule(taken: Taken, inside: Connection, statement: str) -> None:
    enter(inside, taken.admits("paula"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        inside.execute(statement.encode())


@pytest.mark.parametrize("claimed", ["dora", "service:worker", "service:set-up"])
def test_whom_it_claims_to_act_for_is_not_believed(taken: Taken, inside: Connection, claimed: str) -> None:
    inside.execute("select set_config('chargehand.principal', %s, false)", (claimed,))
    assert one(inside, "select app.me()") is None
    assert one(inside, "select count(*) from firm.project") == 0
    assert one(inside, "select app.is_service() or app.sees_firm() or app.sees_money()") is False
    enter(inside, taken.admits("carl"))
    assert one(inside, "select app.me()") == "carl"
    assert one(inside, "select app.my_roles()") == ["consultant"]
    assert one(inside, "select count(*) from firm.invoice") == 0


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "none"),
        ("dora", "a name is no pass"),
        ("' or true --", "nor is a piece of SQL"),
        ("\\x00", "nor a byte"),
        ("x" * 43, "as long as one"),
    ],
)
def test_a_pass_cannot_be_made_up(inside: Connection, token: str, why: str) -> None:
    enter(inside, token)
    assert one(inside, "select app.me()") is None, why
    assert inside.execute("select * from access.admitted()").fetchall() == []


def test_a_pass_is_over_when_the_turn_is(taken: Taken, inside: Connection) -> None:
    token = taken.admits("dora")
    enter(inside, token)
    assert one(inside, "select app.me()") == "dora"
    taken.passes.end(token)
    assert one(inside, "select app.me()") is None


def test_what_it_proposes_is_in_the_name_of_whom_it_talks_with(taken: Taken, inside: Connection) -> None:
    """Hostile arguments to the one function that writes to the workflow: any approver, any rule; the name
    stays, and what was made up is derived anew before anybody's signature counts."""
    policy = one(inside, "select sha256 from workflow.active_policy")
    submit = (
        "select workflow.submit(%(id)s, 't', '1', null, 'Pay me', 'create_assignment', null, null, null, 1,"
        " 'EUR', %(text)s, encode(sha256(convert_to(%(text)s, 'UTF8')), 'hex'), %(policy)s, 'none', '{}',"
        " '{}', '{}', '[]', now() + interval '1 day', null, null)"
    )
    text = f'{{"action": {{}}, "evidence": [], "policy": "{policy}", "rule": "none"}}'
    made = {"id": uuid4(), "text": text, "policy": policy}
    inside.execute("select set_config('chargehand.principal', 'dora', false)")
    with pytest.raises(psycopg.errors.RaiseException, match="needs a principal"):
        inside.execute(submit.encode(), made)
    enter(inside, taken.admits("paula"))
    inside.execute(submit.encode(), made)
    assert inside.execute(
        "select proposer_id, state from workflow.proposal where proposal_id = %(id)s", made
    ).fetchone() == ("paula", "pending")


@pytest.mark.parametrize("table", TABLES)
def test_what_it_remembers_is_of_whom_it_talks_with(taken: Taken, inside: Connection, table: str) -> None:
    """LangGraph's memory of a conversation is its owner's: others neither read, alter, drop nor add to it."""
    enter(inside, taken.admits("dora"))
    (thread,) = one(inside, f"select array_agg(distinct thread_id) from langgraph.{table}")
    for other in (taken.admits("paula"), ""):
        enter(inside, other)
        assert one(inside, f"select count(*) from langgraph.{table}") == 0
        assert inside.execute(f"update langgraph.{table} set thread_id = thread_id".encode()).rowcount == 0
        assert inside.execute(f"delete from langgraph.{table}".encode()).rowcount == 0
        for alien in (thread, str(uuid4()), "no thread"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                plant(inside, table, alien)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            inside.execute("select * from langgraph.checkpoint_migrations")
    enter(inside, taken.admits("dora"))
    assert one(inside, f"select count(*) from langgraph.{table}") == 1


@pytest.mark.parametrize(
    "action", ["proposal.decided", "proposal.approved", "access.signed_in", "effect.done"]
)
def test_the_log_takes_from_it_no_act_of_others(taken: Taken, inside: Connection, action: str) -> None:
    enter(inside, taken.admits("dora"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        inside.execute("select audit.append(%s, 'proposal:1', '{}')", (action,))


HOSTILE = {
    "text": "'dora'",
    "text[]": "array['dora', 'aurora', 'te-1']",
    "uuid": "gen_random_uuid()",
    "date": "current_date",
    "integer": "1",
    "bigint": "1",
    "numeric": "1",
    "boolean": "true",
    "jsonb": "'[]'",
    "bytea": "sha256('x')",
    "timestamp with time zone": "now()",
    "interval": "interval '1 day'",
}
REFUSALS = (
    psycopg.errors.RaiseException,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.SerializationFailure,
    psycopg.IntegrityError,
)
TOLD_TO_ALL = {
    "holders": "who holds a role: the firm's answer to 'who decides'",
    "check_rows": "whether the log is whole: numbers and hashes",
    "tip": "where the log ends: numbers and hashes",
    "canonical": "which person an account is of; of an unknown one, itself",
    "working_people": "whether somebody of a known id works here",
}


def called(inside: Connection, **arguments: str) -> Iterator[tuple[str, list[Any]]]:
    """Each function with the owner's rights that it may execute, and all that it tells."""
    found = inside.execute(
        "select n.nspname, p.proname, array(select format_type(t, null) from unnest(p.proargtypes) t)"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where p.prosecdef and p.prorettype <> 'trigger'::regtype"
        " and has_function_privilege(p.oid, 'execute') and n.nspname not in ('pg_catalog')"
    ).fetchall()
    assert len(found) > 15
    for schema, name, types in found:
        given = ", ".join(f"{(HOSTILE | arguments)[t]}::{t}" for t in types)
        with suppress(*REFUSALS):
            rows = inside.execute(f"select * from {schema}.{name}({given})".encode()).fetchall()
            yield name, [value for row in rows for value in row if value]


def test_functions_with_the_owners_rights_tell_it_nothing_without_a_pass(inside: Connection) -> None:
    inside.execute("select set_config('chargehand.principal', 'service:worker', false)")
    for name, told in called(inside):
        assert not told or name in TOLD_TO_ALL, f"{name} tells {told}"


@pytest.mark.parametrize("text", ["'carl'", "'aurora'", "app.me()", "'service:worker'"])
def test_no_function_tells_what_somebody_costs_whom_the_caller_does_not_answer_for(
    taken: Taken, inside: Connection, text: str
) -> None:
    """Paula manages a project and sees rates; Carl, who costs 60.37 an hour, is not on it."""
    for who, exactly in (("paula", False), ("leo", True)):
        enter(inside, taken.admits(who))
        people = {"text": text, "text[]": "array['carl']"}
        told = {name for name, values in called(inside, **people) if "60.37" in str(values)}
        assert told == ({"work_rates", *(["told_costs"] if text == "app.me()" else [])} if exactly else set())


def test_a_pass_opens_no_door_of_the_desk(taken: Taken) -> None:
    """So it cannot decide there either."""
    token = taken.admits("dora")
    for headers, cookies in (
        ({"Authorization": f"Bearer {token}"}, {}),
        ({}, {"chargehand": token, "__Host-chargehand": token}),
    ):
        assert httpx.get(f"{taken.desk}/v1/me", headers=headers, cookies=cookies).status_code == 401
