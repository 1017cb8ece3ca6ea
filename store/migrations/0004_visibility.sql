-- What the caller may see. Every read of chargehand_agent passes these policies. The functions run with the
-- owner's rights, so that a policy never asks another policy, and are evaluated once a statement when called
-- as (select f()).
create function app.my_roles() returns text[] language sql stable security definer
  set search_path = pg_catalog, access as $$
  select coalesce(array_agg(distinct role), '{}') from access.role_grant where person_id = app.me() $$;

-- Sees every project: a firm-wide role that is about delivery or money, or Chargehand's own jobs.
create function app.sees_firm() returns boolean language sql stable security definer
  set search_path = pg_catalog, access as $$
  select app.is_service() or exists (
    select from access.role_grant
    where person_id = app.me() and scope_kind = 'firm'
      and role in ('delivery_director', 'resource_manager', 'finance', 'auditor')) $$;

create function app.my_practices() returns text[] language sql stable security definer
  set search_path = pg_catalog, access as $$
  select coalesce(array_agg(scope_id), '{}') from access.role_grant
  where person_id = app.me() and scope_kind = 'practice' $$;

create function app.visible_projects() returns text[] language sql stable security definer
  set search_path = pg_catalog, firm, access as $$
  select coalesce(array_agg(p.project_id), '{}')
  from firm.project p
  where app.sees_firm()
     or p.manager_id = app.me()
     or exists (select from access.role_grant g where g.person_id = app.me()
                and ((g.scope_kind = 'practice' and g.scope_id = p.practice)
                  or (g.scope_kind = 'office' and g.scope_id = p.office)))
     or exists (select from firm.client c where c.client_id = p.client_id and c.account_owner_id = app.me())
     or exists (select from firm.assignment a where a.project_id = p.project_id and a.person_id = app.me()) $$;

create function app.visible_clients() returns text[] language sql stable security definer
  set search_path = pg_catalog, firm as $$
  select coalesce(array_agg(c.client_id), '{}') from firm.client c
  where app.sees_firm() or c.account_owner_id = app.me()
     or exists (select from firm.project p
                where p.client_id = c.client_id and p.project_id = any (app.visible_projects())) $$;

-- Contracts, invoices, other people's time, budgets: not for those who only work on a project.
create function app.sees_money() returns boolean language sql stable security definer
  set search_path = pg_catalog, access as $$
  select app.is_service() or exists (
    select from access.role_grant where person_id = app.me()
      and role in ('project_manager', 'resource_manager', 'practice_lead', 'account_owner',
                   'delivery_director', 'finance', 'auditor')) $$;

create function app.sees_rates() returns boolean language sql stable security definer
  set search_path = pg_catalog, access as $$
  select app.is_service() or exists (
    select from access.role_grant where person_id = app.me()
      and role in ('project_manager', 'resource_manager', 'practice_lead', 'delivery_director', 'finance')) $$;

-- The directory (names, titles, skills) is for everyone who works here; a data scientist sees no names.
create function app.sees_people() returns boolean language sql stable security definer
  set search_path = pg_catalog, access as $$
  select app.is_service() or exists (
    select from access.role_grant where person_id = app.me() and role <> 'data_scientist') $$;

-- Who is busy how much, without saying where: free hours are everyone's business in staffing, the
-- assignments behind them are not. One row a person and week (weeks start on Monday).
create function app.booked_hours(people text[], first_day date, last_day date)
  returns table (person_id text, week date, booked_hours numeric, held_hours numeric, leave_days integer)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  with weeks as (
    select d::date as week from generate_series(
      date_trunc('week', first_day::timestamp), date_trunc('week', last_day::timestamp), interval '1 week') d),
  grid as (select p.person_id, w.week from unnest(people) as p (person_id) cross join weeks w)
  select g.person_id, g.week,
    coalesce((select sum(a.hours_per_week) from firm.assignment a where a.person_id = g.person_id
      and a.state = 'booked' and a.starts_on <= g.week + 4 and a.ends_on >= g.week), 0),
    coalesce((select sum(a.hours_per_week) from firm.assignment a where a.person_id = g.person_id
      and a.state = 'hold' and a.starts_on <= g.week + 4 and a.ends_on >= g.week), 0),
    (select count(distinct day)::integer from firm.leave l
       cross join lateral generate_series(greatest(l.starts_on, g.week)::timestamp,
                                          least(l.ends_on, g.week + 4)::timestamp, interval '1 day') day
      where l.person_id = g.person_id)
  from grid g where app.sees_people() $$;

revoke all on all functions in schema app from public;
grant execute on all functions in schema app to
  chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward, chargehand_gate;

do $$
declare t record;
begin
  for t in select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'firm' loop
    execute format('alter table %s enable row level security', t.name);
    execute format('create policy trusted on %s to chargehand_steward, chargehand_workflow, chargehand_worker '
      'using (true) with check (true)', t.name);
  end loop;
end $$;
create policy gate on firm.person to chargehand_gate using (true);
create policy gate on firm.office to chargehand_gate using (true);

create policy seen on firm.office to chargehand_agent using (true);
create policy seen on firm.person to chargehand_agent
  using (person_id = (select app.me()) or (select app.sees_people()));
create policy seen on firm.skill to chargehand_agent
  using (person_id = (select app.me()) or (select app.sees_people()));
create policy seen on firm.person_rate to chargehand_agent using ((select app.sees_rates()));
create policy seen on firm.client to chargehand_agent
  using (client_id = any ((select app.visible_clients())::text[]));
create policy seen on firm.opportunity to chargehand_agent
  using (client_id = any ((select app.visible_clients())::text[]) and (select app.sees_money()));
create policy seen on firm.contract to chargehand_agent
  using (client_id = any ((select app.visible_clients())::text[]) and (select app.sees_money()));
create policy seen on firm.contract_document to chargehand_agent
  using (contract_id in (select contract_id from firm.contract));
create policy seen on firm.clause to chargehand_agent
  using (contract_id in (select contract_id from firm.contract));
create policy seen on firm.project to chargehand_agent
  using (project_id = any ((select app.visible_projects())::text[]));
create policy seen on firm.assignment to chargehand_agent
  using (person_id = (select app.me()) or project_id = any ((select app.visible_projects())::text[]));
create policy seen on firm.role_request to chargehand_agent
  using (project_id = any ((select app.visible_projects())::text[]));
create policy seen on firm.time_entry to chargehand_agent
  using (person_id = (select app.me())
    or ((select app.sees_money()) and project_id = any ((select app.visible_projects())::text[])));
create policy seen on firm.status_report to chargehand_agent
  using (project_id = any ((select app.visible_projects())::text[]));
create policy seen on firm.invoice to chargehand_agent
  using ((select app.sees_money()) and project_id = any ((select app.visible_projects())::text[]));
create policy seen on firm.leave to chargehand_agent using (person_id = (select app.me()));
create policy seen on firm.system_record to chargehand_agent
  using ((select app.sees_firm())
    or ((select app.sees_money()) and project_id = any ((select app.visible_projects())::text[])));
