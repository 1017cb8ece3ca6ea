-- What people cost is told for a gate as exactly as its proposer may know it
-- (docs/decisions/0009-a-gate-tells-no-cost.md).

-- Whom somebody answers for: as 0015 has it for the caller, for anybody.
create function app.answered_for(who text) returns text[] language plpgsql stable security definer
  set search_path = pg_catalog, firm, access as $$
begin
  return (with held as (
    select g.role, g.scope_kind, g.scope_id from access.role_grant g
    where g.person_id = who
      and g.role in ('project_manager', 'resource_manager', 'practice_lead', 'delivery_director', 'finance')),
  projects as (
    select j.project_id from firm.project j
    where (j.manager_id = who and exists (select from held))
       or exists (select from held h where (h.scope_kind = 'practice' and h.scope_id = j.practice)
                                        or (h.scope_kind = 'office' and h.scope_id = j.office)))
  select coalesce(array_agg(p.person_id), '{}') from firm.person p
  where who like 'service:%'
     or exists (select from held h where h.role <> 'project_manager' and (h.scope_kind = 'firm'
          or (h.scope_kind = 'practice' and h.scope_id = p.practice)
          or (h.scope_kind = 'office' and h.scope_id = p.office)))
     or p.person_id in (select a.person_id from firm.assignment a where a.project_id in (table projects)));
end $$;
revoke all on function app.answered_for from public;  -- nobody asks it about others

create or replace function app.rated_people() returns text[] language sql stable security definer
  set search_path = pg_catalog as $$ select app.answered_for(app.me()) $$;

-- What an hour with people costs, between which ends: the same where `proposer` answers for them, else those of the
-- step of five points in which the margin of their bill rate lies. No row for who sees no rates. The agent's role asks
-- for its caller only.
create function workflow.told_costs(people text[], proposer text)
  returns table (person_id text, bill_rate numeric, at_least numeric, at_most numeric, currency text)
  language plpgsql stable security definer set search_path = pg_catalog, firm, access as $$
#variable_conflict use_column
declare exactly text[];
begin
  if not (workflow.sees_all_facts() or proposer = app.me()) or not (proposer like 'service:%' or exists (
      select from access.role_grant g where g.person_id = access.canonical(proposer) and g.role in
        ('project_manager', 'resource_manager', 'practice_lead', 'delivery_director', 'finance'))) then
    return;
  end if;
  exactly := app.answered_for(access.canonical(proposer));  -- also where another account of theirs proposed
  return query
  select r.person_id, r.bill_rate,
    case when r.person_id = any (exactly) then r.cost_rate else r.bill_rate * (1 - (s.step + 1) / 20) end,
    case when r.person_id = any (exactly) then r.cost_rate else r.bill_rate * (1 - s.step / 20) end,
    r.currency::text
  from firm.person_rate r
  cross join lateral (select floor(20 * (1 - r.cost_rate / nullif(r.bill_rate, 0))) as step) s
  where r.person_id = any (people);
end $$;

-- What the booked work of a project is worth and costs at least, a row a currency; a part that the records do not
-- tell, or that `proposer` may not know, has no price. The less what is booked costs, the more a dear assignment
-- takes from the project's margin.
create function workflow.booked_facts(project text, proposer text)
  returns table (currency text, price numeric, cost numeric)
  language plpgsql stable security definer set search_path = pg_catalog, firm as $$
#variable_conflict use_column
begin
  return query
  with booked as (
    select a.person_id, a.hours_per_week * (a.ends_on - a.starts_on + 1) / 7 as hours
    from firm.assignment a
    where a.project_id = project and a.state = 'booked'
      and (workflow.sees_all_facts() or a.project_id = any (app.visible_projects())))
  select t.currency, sum(b.hours * t.bill_rate), sum(b.hours * t.at_least)
  from booked b
  left join workflow.told_costs(array(select b.person_id from booked b), proposer) t on t.person_id = b.person_id
  group by t.currency;
end $$;

revoke all on function workflow.told_costs, workflow.booked_facts(text, text) from public;
grant execute on function workflow.told_costs, workflow.booked_facts(text, text) to
  chargehand_agent, chargehand_workflow, chargehand_worker;

-- As before, for processes of before: a cost is told to those who decide, so that what they propose meets the
-- strictest rule.
create or replace function workflow.person_facts(person text)
  returns table (person_id text, name text, practice text, office text, manager_id text, starts_on date,
                 ends_on date, cost_rate numeric, currency text)
  language plpgsql stable security definer set search_path = pg_catalog, firm as $$
#variable_conflict use_column
begin
  return query
  select p.person_id, p.name, p.practice, p.office, p.manager_id, p.starts_on, p.ends_on,
    case when workflow.sees_all_facts() then r.cost_rate end, r.currency::text
  from firm.person p left join firm.person_rate r on r.person_id = p.person_id
  where p.person_id = person and (workflow.sees_all_facts() or app.sees_people());
end $$;
create or replace function workflow.booked_facts(project text)
  returns table (currency text, price numeric, cost numeric)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select r.currency::text,
    case when workflow.sees_all_facts() then sum(w.hours * r.bill_rate) end,
    case when workflow.sees_all_facts() then sum(w.hours * r.cost_rate) end
  from firm.assignment a
  cross join lateral (select a.hours_per_week * (a.ends_on - a.starts_on + 1) / 7 as hours) w
  left join firm.person_rate r on r.person_id = a.person_id
  where a.project_id = project and a.state = 'booked'
    and (workflow.sees_all_facts() or a.project_id = any (app.visible_projects()))
  group by r.currency $$;
