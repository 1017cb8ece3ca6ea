"""LangGraph's tables, where conversations are kept between turns, in a schema of their own: everybody's own
threads only. LangGraph makes and changes them; who sees which rows is ours."""

from importlib.metadata import version

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")

# A thread is its owner's: talk.thread shows the agent's role those of app.me() only.
_APART = """
do $$
declare name text;
begin
  foreach name in array array[{tables}] loop
    if not exists (select from pg_policies p where p.schemaname = 'langgraph' and p.tablename = name) then
      execute format('alter table langgraph.%I enable row level security', name);
      execute format('create policy own on langgraph.%I to chargehand_agent'
        ' using (thread_id in (select t.thread_id::text from talk.thread t))', name);
      execute format('grant select, insert, update, delete on langgraph.%I to chargehand_agent', name);
    end if;
  end loop;
end $$;
"""


def apply(admin_dsn: str) -> None:
    """Bring the tables up to date. `setup()` builds an index concurrently, so it cannot run inside a
    transaction; call it under the lock of migrations."""
    release = version("langgraph-checkpoint-postgres")
    with psycopg.connect(admin_dsn, autocommit=True, prepare_threshold=0, row_factory=dict_row) as connection:
        connection.execute("create schema if not exists langgraph")
        if _set_up_by(connection) != release:
            from langgraph.checkpoint.postgres import PostgresSaver  # nobody else here needs it

            connection.execute("set search_path = langgraph")
            PostgresSaver(connection).setup()
            connection.execute(sql.SQL("comment on schema langgraph is {}").format(sql.Literal(release)))
        connection.execute("grant usage on schema langgraph to chargehand_agent")
        connection.execute("alter table langgraph.checkpoint_migrations enable row level security")
        connection.execute("revoke all on langgraph.checkpoint_migrations from chargehand_agent")
        connection.execute(sql.SQL(_APART).format(tables=sql.SQL(", ").join(map(sql.Literal, TABLES))))


def _set_up_by(connection: psycopg.Connection[dict[str, str | None]]) -> str | None:
    """The release of LangGraph that last set up the schema."""
    row = connection.execute("select obj_description('langgraph'::regnamespace) as release").fetchone()
    return row["release"] if row else None
