-- What a gate is derived from. A proposer must not blind the gate by what they may not see, so these functions
-- read with the owner's rights and check by themselves: whoever proposes must see the thing the action is
-- about (else there is no row, and the answer is 'not found'); whoever decides needs the whole truth.

-- Deciding derives the gate anew, whatever the approver may see. The session's user cannot be set by a caller.
create function workflow.sees_all_facts() returns boolean language sql stable
  return session_user = 'chargehand_workflow' or app.is_service();

create function workflow.project_facts(project text)
  returns table (project_id text, name text, practice text, office text, client_id text, client_name text,
                 contract_id text, manager_id text, account_owner_id text)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select p.project_id, p.name, p.practice, p.office, p.client_id, c.name, p.contract_id, p.manager_id,
    c.account_owner_id
  from firm.project p join firm.client c on c.client_id = p.client_id
  where p.project_id = project
    and (workflow.sees_all_facts() or p.project_id = any (app.visible_projects())) $$;

create function workflow.contract_facts(contract text)
  returns table (contract_id text, client_id text, kind text, value numeric, currency text, ends_on date)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select c.contract_id, c.client_id, c.kind, c.value, c.currency::text, c.ends_on
  from firm.contract c
  where c.contract_id = contract
    and (workflow.sees_all_facts() or c.client_id = any (app.visible_clients())) $$;

create function workflow.invoice_facts(invoice text)
  returns table (invoice_id text, customer_id text, project_id text, amount numeric, currency text, paid_on date)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select i.invoice_id, i.customer_id, i.project_id, i.amount, i.currency::text, i.paid_on
  from firm.invoice i
  where i.invoice_id = invoice
    and (workflow.sees_all_facts() or i.project_id = any (app.visible_projects())) $$;

create function workflow.entry_facts(entries text[])
  returns table (entry_id text, person_id text, person_name text, project_id text, minutes integer, state text)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select t.entry_id, t.person_id, p.name, t.project_id, t.minutes, t.state
  from firm.time_entry t join firm.person p on p.person_id = t.person_id
  where t.entry_id = any (entries)
    and (workflow.sees_all_facts() or t.project_id = any (app.visible_projects())) $$;

-- The cost rate only for those who may see rates: for others the margin is unknown, which meets the strictest
-- rule.
create function workflow.person_facts(person text)
  returns table (person_id text, name text, practice text, office text, manager_id text, starts_on date,
                 ends_on date, cost_rate numeric, currency text)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select p.person_id, p.name, p.practice, p.office, p.manager_id, p.starts_on, p.ends_on,
    case when workflow.sees_all_facts() or app.sees_rates() then r.cost_rate end, r.currency::text
  from firm.person p left join firm.person_rate r on r.person_id = p.person_id
  where p.person_id = person and (workflow.sees_all_facts() or app.sees_people()) $$;

create function workflow.roles_of(person text) returns text[] language sql stable security definer
  set search_path = pg_catalog, access as $$
  select coalesce(array_agg(distinct g.role order by g.role), '{}') from access.role_grant g
  where g.person_id = person and (workflow.sees_all_facts() or person = app.me()) $$;

-- Who holds a role over a practice or an office, or over the whole firm, and works here today. One row a person:
-- the narrowest scope says why.
create function workflow.holders(held text, over_practice text, over_office text)
  returns table (person_id text, name text, scope_kind text, scope_id text)
  language sql stable security definer set search_path = pg_catalog, access, firm as $$
  select distinct on (p.person_id) p.person_id, p.name, g.scope_kind, g.scope_id
  from access.role_grant g join firm.person p on p.person_id = g.person_id
  where g.role = held
    and (g.scope_kind = 'firm'
      or (g.scope_kind = 'practice' and g.scope_id = over_practice)
      or (g.scope_kind = 'office' and g.scope_id = over_office))
    and (p.ends_on is null or p.ends_on >= current_date)
  order by p.person_id, g.scope_kind = 'firm', g.scope_kind $$;

create function workflow.working_people(people text[]) returns table (person_id text, name text)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select p.person_id, p.name from firm.person p
  where p.person_id = any (people) and (p.ends_on is null or p.ends_on >= current_date) $$;

revoke all on function
  workflow.sees_all_facts, workflow.project_facts, workflow.contract_facts, workflow.invoice_facts,
  workflow.entry_facts, workflow.person_facts, workflow.roles_of, workflow.holders, workflow.working_people
  from public;
grant execute on function
  workflow.sees_all_facts, workflow.project_facts, workflow.contract_facts, workflow.invoice_facts,
  workflow.entry_facts, workflow.person_facts, workflow.roles_of, workflow.holders, workflow.working_people
  to chargehand_agent, chargehand_workflow, chargehand_worker;

-- A parked effect that a person settles by hand is mirrored like one that a worker settled.
grant insert on firm.assignment, firm.system_record to chargehand_workflow;
grant update (state) on firm.time_entry to chargehand_workflow;
