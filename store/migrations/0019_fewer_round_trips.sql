-- Fewer questions to the database for a decision, and cheaper ones.

-- What a decision asks of the records, word for word as 0009 to 0013 have it. A function in SQL that cannot be inlined
-- is planned anew by every statement that calls it; PL/pgSQL keeps its plans.
create or replace function access.canonical(person text) returns text language plpgsql stable security definer
  set search_path = pg_catalog, access as $$
begin
  return (select coalesce((select s.same_as from access.same_person s where s.person_id = person), person));
end $$;

create or replace function workflow.roles_of(person text) returns text[] language plpgsql stable security definer
  set search_path = pg_catalog, access as $$
begin
  return (select coalesce(array_agg(distinct g.role order by g.role), '{}') from access.role_grant g
  where g.person_id = person and (workflow.sees_all_facts() or person = app.me()));
end $$;

create or replace function workflow.project_facts(project text)
  returns table (project_id text, name text, practice text, office text, client_id text, client_name text,
                 contract_id text, contract_kind text, contract_value numeric, contract_currency text,
                 manager_id text, account_owner_id text)
  language plpgsql stable security definer set search_path = pg_catalog, firm as $$
#variable_conflict use_column
begin
  return query
  select p.project_id, p.name, p.practice, p.office, p.client_id, c.name, p.contract_id, k.kind, k.value,
    k.currency::text, p.manager_id, c.account_owner_id
  from firm.project p join firm.client c on c.client_id = p.client_id
  left join firm.contract k on k.contract_id = p.contract_id
  where p.project_id = project
    and (workflow.sees_all_facts() or p.project_id = any (app.visible_projects()));
end $$;

create or replace function workflow.person_facts(person text)
  returns table (person_id text, name text, practice text, office text, manager_id text, starts_on date,
                 ends_on date, cost_rate numeric, currency text)
  language plpgsql stable security definer set search_path = pg_catalog, firm as $$
#variable_conflict use_column
begin
  return query
  select p.person_id, p.name, p.practice, p.office, p.manager_id, p.starts_on, p.ends_on,
    case when workflow.sees_all_facts() or app.sees_rates() then r.cost_rate end, r.currency::text
  from firm.person p left join firm.person_rate r on r.person_id = p.person_id
  where p.person_id = person and (workflow.sees_all_facts() or app.sees_people());
end $$;

create or replace function workflow.holders(held text, over_practice text, over_office text)
  returns table (person_id text, name text, scope_kind text, scope_id text)
  language plpgsql stable security definer set search_path = pg_catalog, access, firm as $$
#variable_conflict use_column
begin
  return query
  select distinct on (p.person_id) p.person_id, p.name, g.scope_kind, g.scope_id
  from access.role_grant g join firm.person p on p.person_id = g.person_id
  where g.role = held
    and (g.scope_kind = 'firm'
      or (g.scope_kind = 'practice' and g.scope_id = over_practice)
      or (g.scope_kind = 'office' and g.scope_id = over_office))
    and (p.ends_on is null or p.ends_on >= current_date)
  order by p.person_id, g.scope_kind = 'firm', g.scope_kind;
end $$;

create or replace function workflow.responsible(duty text, subjects text[])
  returns table (subject_id text, person_id text, name text)
  language plpgsql stable security definer set search_path = pg_catalog, firm as $$
#variable_conflict use_column
begin
  return query
  select distinct r.subject_id, p.person_id, p.name
  from firm.responsibility r join firm.person p on p.person_id = access.canonical(r.person_id)
  where r.kind = duty and r.subject_id = any (subjects) and (p.ends_on is null or p.ends_on >= current_date);
end $$;

create or replace function workflow.working_people(people text[]) returns table (asked text, person_id text, name text)
  language plpgsql stable security definer set search_path = pg_catalog, firm as $$
#variable_conflict use_column
begin
  return query
  select a.id, p.person_id, p.name from unnest(people) a (id)
  join firm.person p on p.person_id = access.canonical(a.id)
  where p.ends_on is null or p.ends_on >= current_date;
end $$;

create or replace function workflow.stand_ins(people text[], on_leave text)
  returns table (delegator_id text, delegator_name text, delegate_id text, delegate_name text,
                 delegate_roles text[], since date, until date, reason text, kinds text[], practices text[],
                 clients text[], amount_limit numeric, currency text)
  language plpgsql stable security definer set search_path = pg_catalog, workflow, firm, access as $$
#variable_conflict use_column
begin
  return query
  with today as (
    select p.person_id, p.name, p.manager_id, (now() at time zone o.timezone)::date as day
    from firm.person p join firm.office o on o.office = p.office where p.person_id = any (people)),
  account as (
    select t.person_id, t.person_id as account_id from today t
    union all select s.same_as, s.person_id from access.same_person s where s.same_as = any (people)),
  away as (
    select t.person_id, min(l.starts_on) as since, max(l.ends_on) as until
    from today t join account c on c.person_id = t.person_id
    join firm.leave l on l.person_id = c.account_id and t.day between l.starts_on and l.ends_on
    where on_leave is not null group by t.person_id),
  named as (
    select t.person_id as delegator_id, d.delegate_id, coalesce(d.first_day, a.since) as since,
      coalesce(d.last_day, a.until) as until, d.reason, d.kinds, d.practices, d.clients, d.amount_limit,
      d.currency::text
    from workflow.delegation d
    join account c on c.account_id = d.delegator_id
    join today t on t.person_id = c.person_id
    left join away a on a.person_id = t.person_id
    where d.revoked_at is null
      and case when d.when_on_leave then a.person_id is not null else t.day between d.first_day and d.last_day end),
  everybody as (
    select * from named
    union all
    select t.person_id, t.manager_id, a.since, a.until, 'on leave', '{}', '{}', '{}', null, null
    from today t join away a on a.person_id = t.person_id
    where on_leave = 'manager' and t.manager_id is not null
      and not exists (select from named n where n.delegator_id = t.person_id))
  select e.delegator_id, t.name, p.person_id, p.name,
    (select coalesce(array_agg(distinct g.role), '{}') from access.role_grant g where g.person_id = p.person_id),
    e.since, e.until, e.reason, e.kinds, e.practices, e.clients, e.amount_limit, e.currency
  from everybody e
  join today t on t.person_id = e.delegator_id
  join firm.person p on p.person_id = access.canonical(e.delegate_id) and p.person_id <> e.delegator_id
  where p.starts_on <= t.day and (p.ends_on is null or p.ends_on >= t.day)
  order by t.name, e.delegator_id, p.name, p.person_id, e.until desc;
end $$;

create or replace function workflow.open_undo(effect bigint) returns table (proposal_id uuid, state text)
  language plpgsql stable security definer set search_path = pg_catalog, workflow as $$
#variable_conflict use_column
begin
  return query
  select p.proposal_id, p.state from workflow.proposal p
  join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
  where p.action_kind = 'undo_write' and p.state in ('pending', 'approved', 'parked', 'executed')
    and (v.action ->> 'effect_id')::bigint = effect
  limit 1;
end $$;

-- Enter the writes of a signed version. Approvals whose writes share an ordering key enter the ledger one after the
-- other, so that a lower number also becomes visible first: locks in one order, held to the end of the transaction.
-- Where their system is down or paused they wait from the start, by what its circuit says once the locks are held.
create function workflow.enter_effects(proposal uuid, of_version integer, signed_hash text, writes jsonb)
  returns table (system text, waits_since timestamptz)
  language plpgsql set search_path = pg_catalog, workflow as $$
#variable_conflict use_column
begin
  perform pg_advisory_xact_lock(turn) from (
    select distinct hashtextextended((w ->> 'system') || '/' || (w ->> 'ordering_key'), 0) as turn
    from jsonb_array_elements(writes) w order by 1 offset 0) turns;
  return query
  insert into workflow.effect as e (idempotency_key, proposal_id, version, content_hash, system, operation, item,
    ordering_key, body, waits_since, undoes)
  select w.idempotency_key, proposal, of_version, signed_hash, w.system, w.operation, w.item, w.ordering_key, w.body,
    case when c.state <> 'closed' then now() end,
    case when w.operation = 'undo_write' then (w.body ->> 'effect_id')::bigint end
  from jsonb_to_recordset(writes) w (
    position integer, idempotency_key text, system text, operation text, item text, ordering_key text, body jsonb)
  join workflow.circuit c on c.system = w.system
  order by w.position
  returning e.system, e.waits_since;
end $$;
revoke all on function workflow.enter_effects from public;
grant execute on function workflow.enter_effects to chargehand_workflow;

-- Who was asked to sign a version, and what for. Who handed their seat over, and who took it from whom.
create view workflow.seat with (security_invoker = true) as
select a.proposal_id, a.version, a.step, a.person_id, n.name, a.why, a.fallback, a.stands_in_for,
  s.name as stands_in_for_name,
  a.stands_in_for is not null and not workflow.stands_in(a.person_id, a.stands_in_for) as lapsed,
  a.held, h.from_id as taken_from
from workflow.approver a
left join workflow.handover h on h.proposal_id = a.proposal_id and h.version = a.version and h.step = a.step
  and h.to_id = a.person_id
left join firm.person n on n.person_id = a.person_id
left join firm.person s on s.person_id = a.stands_in_for;

-- What was decided on a version so far, by persons.
create view workflow.signature with (security_invoker = true) as
select d.proposal_id, d.version, d.decision_id, d.step, access.canonical(d.approver_id) as person_id, n.name, d.verdict,
  d.reason, d.surface, d.decided_at, d.evidence, access.canonical(d.stands_in_for) as stands_in_for,
  s.name as stands_in_for_name
from workflow.decision d
left join firm.person n on n.person_id = d.approver_id
left join firm.person s on s.person_id = d.stands_in_for;

-- Questions about a proposal, with their answers.
create view workflow.question_and_answer with (security_invoker = true) as
select q.proposal_id, q.question_id, q.version, q.asker_id, n.name as asker_name, q.asked_of, q.question, q.asked_at,
  a.answered_by, m.name as answered_by_name, a.answer, a.answered_at
from workflow.question q
left join workflow.answer a on a.question_id = q.question_id
left join firm.person n on n.person_id = q.asker_id
left join firm.person m on m.person_id = a.answered_by;

grant select on workflow.seat, workflow.signature, workflow.question_and_answer to chargehand_agent, chargehand_workflow;

-- Follows the stored text whatever alters it, so a policy that was read once is read again when it is not what it was.
alter table workflow.policy_version add column digest text not null generated always as (md5(body::text)) stored;
