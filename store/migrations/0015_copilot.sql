-- The copilot gets a login role of its own, and the database stops believing it about who is asking
-- (docs/decisions/0006-the-copilot-holds-no-pen.md). A pass is issued by the desk with the rights of the gate;
-- it says for whom, from which surface and how far the copilot may act, and for how long. Only its hash is kept.
do $$
begin
  create role chargehand_copilot login noinherit;
exception when duplicate_object or unique_violation then null;
end $$;
do $$ begin execute format('grant connect on database %I to chargehand_copilot', current_database()); end $$;
-- What the agent's role may do, the copilot may do, but not become that role.
grant chargehand_agent to chargehand_copilot with inherit true, set false;

create table access.pass (
  token_sha256 bytea primary key,
  person_id    text not null references firm.person check (person_id not like 'service:%'),
  surface      text not null,
  scopes       text[],  -- of the bearer token that asked; null: all that the person may do
  expires_at   timestamptz not null
);
create index pass_expires on access.pass (expires_at);
grant select, insert, delete on access.pass to chargehand_gate;

-- The pass of this transaction, or a row of nulls.
create function app.admission() returns access.pass language sql stable security definer
  set search_path = pg_catalog, access as $$
  select p from access.pass p
  where p.token_sha256 = sha256(convert_to(current_setting('chargehand.pass', true), 'UTF8'))
    and p.expires_at > now() $$;

-- Who asks. The session's user cannot be set by a caller, so that the copilot is whom its pass names or nobody;
-- every other role's process is believed.
create or replace function app.me() returns text language sql stable
  return case when session_user = 'chargehand_copilot' then (app.admission()).person_id
    else nullif(current_setting('chargehand.principal', true), '') end;

create or replace function app.surface() returns text language sql stable
  return case when session_user = 'chargehand_copilot' then coalesce((app.admission()).surface, 'job')
    else coalesce(nullif(current_setting('chargehand.surface', true), ''), 'job') end;

-- Whom the pass admits, with all that a principal is made of. No row: it is not or no longer good.
create function access.admitted()
  returns table (person_id text, name text, email text, timezone text, grants jsonb, surface text, scopes text[])
  language sql stable security definer set search_path = pg_catalog, access, firm as $$
  select p.person_id, p.name, p.email, o.timezone,
    coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'scope_kind', g.scope_kind,
        'scope_id', nullif(g.scope_id, ''))) from access.role_grant g where g.person_id = p.person_id), '[]'),
    a.surface, a.scopes
  from app.admission() a join firm.person p on p.person_id = a.person_id join firm.office o using (office)
  where p.ends_on is null or p.ends_on >= current_date $$;

revoke all on function app.admission, access.admitted from public;
grant execute on function app.admission to chargehand_agent, chargehand_workflow, chargehand_worker,
  chargehand_steward, chargehand_gate;  -- app.me() is inlined where it is used
grant execute on function access.admitted to chargehand_copilot;

-- What the agent's role keeps for the desk: replies to idempotent requests, and that a notice was read.
create policy desk_only on workflow.idempotent_reply as restrictive to chargehand_copilot using (false);
create policy desk_only on workflow.notice as restrictive for update to chargehand_copilot using (false);

-- The log believes the copilot about what it does, and about nothing else: no decision, sign-in or write that
-- never was.
create function audit.refuse() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception 'the copilot may not log %', new.action using errcode = 'insufficient_privilege';
end $$;
revoke all on function audit.refuse from public;
create trigger copilot_logs_its_own before insert on audit.event for each row
  when (session_user = 'chargehand_copilot' and new.action not in ('proposal.submitted', 'tool.refused'))
  execute function audit.refuse();

-- The import runs once and stays told; what systems of record wrote for proposals is not the import's.
revoke update, delete on firm.import_run from chargehand_steward;
revoke insert, update, delete on firm.system_record from chargehand_steward;

-- No table without row-level security, also where a grant alone would do.
do $$
declare t record;
begin
  for t in select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relrowsecurity
      and n.nspname in ('access', 'audit', 'predict') loop
    execute format('alter table %s enable row level security', t.name);
  end loop;
end $$;
create policy gate on access.pass to chargehand_gate using (true) with check (true);
create policy gate on access.sign_in_link to chargehand_gate using (true) with check (true);
create policy gate on access.session to chargehand_gate using (true) with check (true);
create policy gate on access.api_token to chargehand_gate using (true) with check (true);
create policy trusted on access.role_grant to chargehand_gate, chargehand_workflow, chargehand_worker
  using (true);
create policy steward on access.role_grant to chargehand_steward using (true) with check (true);
create policy seen on predict.model to chargehand_agent using (true);  -- holds no record of the firm
create policy trusted on predict.model to chargehand_worker, chargehand_steward using (true) with check (true);
