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

-- What people cost is for those who answer for them: over the firm, over their practice or office, or by managing
-- a project that they are on.
create function app.rated_people() returns text[] language sql stable security definer
  set search_path = pg_catalog, firm, access as $$
  with held as (
    select role, scope_kind, scope_id from access.role_grant
    where person_id = (select app.me())
      and role in ('project_manager', 'resource_manager', 'practice_lead', 'delivery_director', 'finance')),
  projects as (
    select j.project_id from firm.project j
    where (j.manager_id = (select app.me()) and exists (select from held))
       or exists (select from held h where (h.scope_kind = 'practice' and h.scope_id = j.practice)
                                        or (h.scope_kind = 'office' and h.scope_id = j.office)))
  select coalesce(array_agg(p.person_id), '{}') from firm.person p
  where app.is_service()
     or exists (select from held h where h.role <> 'project_manager' and (h.scope_kind = 'firm'
          or (h.scope_kind = 'practice' and h.scope_id = p.practice)
          or (h.scope_kind = 'office' and h.scope_id = p.office)))
     or p.person_id in (select a.person_id from firm.assignment a where a.project_id in (table projects)) $$;

-- What work with people bills and costs, for those who plan and price it: the cost of people they do not answer
-- for is not told, but where its margin lies, in steps of five points: as if it were in the middle of the step.
create function app.work_rates(people text[])
  returns table (person_id text, bill_rate numeric, cost_rate numeric, currency text, exact boolean)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select r.person_id, r.bill_rate,
    case when mine.person_id is not null then r.cost_rate
      else round(r.bill_rate * (1 - (floor(20 * (1 - r.cost_rate / nullif(r.bill_rate, 0))) + 0.5) / 20), 2) end,
    r.currency::text, mine.person_id is not null
  from firm.person_rate r left join unnest(app.rated_people()) mine (person_id) using (person_id)
  where r.person_id = any (people) and app.sees_rates() $$;

revoke all on function app.rated_people, app.work_rates from public;
grant execute on function app.rated_people, app.work_rates to
  chargehand_agent, chargehand_workflow, chargehand_worker;
alter policy seen on firm.person_rate using (person_id in (select unnest(app.rated_people())));

-- As before, but who asks is asked once, not once a project: for the copilot it is a look-up.
create or replace function app.visible_projects() returns text[] language sql stable security definer
  set search_path = pg_catalog, firm, access as $$
  with caller as materialized (select app.me() as me, app.sees_firm() as sees_firm)
  select coalesce(array_agg(p.project_id), '{}')
  from firm.project p cross join caller
  where sees_firm
     or p.manager_id = me
     or exists (select from access.role_grant g where g.person_id = me
                and ((g.scope_kind = 'practice' and g.scope_id = p.practice)
                  or (g.scope_kind = 'office' and g.scope_id = p.office)))
     or p.client_id in (select c.client_id from firm.client c where c.account_owner_id = (select me from caller))
     or p.project_id in (select a.project_id from firm.assignment a where a.person_id = (select me from caller)) $$;

create or replace function app.visible_clients() returns text[] language sql stable security definer
  set search_path = pg_catalog, firm as $$
  with caller as materialized (select app.me() as me, app.sees_firm() as sees_firm)
  select coalesce(array_agg(c.client_id), '{}') from firm.client c cross join caller
  where sees_firm or c.account_owner_id = me
     or c.client_id in (select p.client_id from firm.project p
                        where p.project_id in (select unnest(app.visible_projects()))) $$;

-- The sets that a caller sees are hashed once a statement: searched row by row, a director's hundreds of projects
-- cost more than the rows themselves.
alter policy seen on firm.client using (client_id in (select unnest(app.visible_clients())));
alter policy seen on firm.opportunity
  using ((select app.sees_money()) and client_id in (select unnest(app.visible_clients())));
alter policy seen on firm.contract
  using ((select app.sees_money()) and client_id in (select unnest(app.visible_clients())));
alter policy seen on firm.project using (project_id in (select unnest(app.visible_projects())));
alter policy seen on firm.assignment
  using (person_id = (select app.me()) or project_id in (select unnest(app.visible_projects())));
alter policy seen on firm.role_request using (project_id in (select unnest(app.visible_projects())));
alter policy seen on firm.time_entry using (person_id = (select app.me())
  or ((select app.sees_money()) and project_id in (select unnest(app.visible_projects()))));
alter policy seen on firm.status_report using (project_id in (select unnest(app.visible_projects())));
alter policy seen on firm.invoice
  using ((select app.sees_money()) and project_id in (select unnest(app.visible_projects())));
alter policy seen on firm.system_record using ((select app.sees_firm())
  or ((select app.sees_money()) and project_id in (select unnest(app.visible_projects()))));
