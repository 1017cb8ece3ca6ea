-- Persons, not accounts; who may sign for a contract or a budget; and what a signature says besides yes.

-- --- one person, several accounts
-- Another account of a person whom the firm's directory lists elsewhere already. Roles are held, proposals made
-- and decisions taken by the person; here is which accounts are one.
create table access.same_person (
  person_id text primary key references firm.person deferrable initially deferred,
  same_as   text not null references firm.person deferrable initially deferred,
  check (person_id <> same_as)
);
create index same_person_as on access.same_person (same_as);
alter table access.same_person enable row level security;
create policy steward on access.same_person to chargehand_steward using (true) with check (true);
grant select, insert, update, delete on access.same_person to chargehand_steward;

create function access.canonical(person text) returns text language sql stable security definer
  set search_path = pg_catalog, access as $$
  select coalesce((select s.same_as from access.same_person s where s.person_id = person), person) $$;

-- Checked with the transaction's end, so that an import may bring its rows in any order.
create function access.check_same_person() returns trigger language plpgsql security definer
  set search_path = pg_catalog, access as $$
begin
  if exists (select from access.same_person s where s.person_id = new.same_as or s.same_as = new.person_id) then
    raise exception '% is another account of somebody: name the person', new.same_as
      using errcode = 'check_violation', constraint = 'same_as_a_person';
  end if;
  return null;
end $$;
create constraint trigger same_as_a_person after insert or update on access.same_person
  deferrable initially deferred for each row execute function access.check_same_person();

-- What was granted to an account is held by the person.
create function access.grant_to_person() returns trigger language plpgsql security definer
  set search_path = pg_catalog, access as $$
begin
  new.person_id := access.canonical(new.person_id);
  return new;
end $$;
create trigger to_person before insert or update of person_id on access.role_grant
  for each row execute function access.grant_to_person();

create function access.move_grants() returns trigger language plpgsql security definer
  set search_path = pg_catalog, access as $$
begin
  with moved as (delete from access.role_grant g where g.person_id = new.person_id
                 returning g.role, g.scope_kind, g.scope_id)
  insert into access.role_grant (person_id, role, scope_kind, scope_id)
  select new.same_as, m.role, m.scope_kind, m.scope_id from moved m on conflict do nothing;
  return null;
end $$;
create trigger move_grants after insert or update on access.same_person
  for each row execute function access.move_grants();

revoke all on all functions in schema access from public;
grant execute on function access.canonical to
  chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward, chargehand_gate;

-- --- who signs for a contract, who answers for a budget
create table firm.responsibility (
  kind        text not null check (kind in ('contract_signatory', 'budget_owner')),
  subject_id  text not null,  -- the contract, or the project
  person_id   text not null references firm.person deferrable initially deferred,
  contract_id text generated always as (case when kind = 'contract_signatory' then subject_id end) stored
    references firm.contract deferrable initially deferred,
  project_id  text generated always as (case when kind = 'budget_owner' then subject_id end) stored
    references firm.project deferrable initially deferred,
  primary key (kind, subject_id, person_id)
);
alter table firm.responsibility enable row level security;
create policy trusted on firm.responsibility to chargehand_steward, chargehand_workflow, chargehand_worker
  using (true) with check (true);
create policy seen on firm.responsibility to chargehand_agent using (
  project_id = any ((select app.visible_projects())::text[])
  or contract_id in (select c.contract_id from firm.contract c));
grant select, insert, update, delete on firm.responsibility to chargehand_steward;
grant select on firm.responsibility to chargehand_agent, chargehand_workflow, chargehand_worker;

-- Those who answer for each of the subjects and work here today. Only records count: none, and nobody does.
create function workflow.responsible(duty text, subjects text[])
  returns table (subject_id text, person_id text, name text)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select distinct r.subject_id, p.person_id, p.name
  from firm.responsibility r join firm.person p on p.person_id = access.canonical(r.person_id)
  where r.kind = duty and r.subject_id = any (subjects) and (p.ends_on is null or p.ends_on >= current_date) $$;

-- --- facts
-- As 0009 has it, with the project's contract.
drop function workflow.project_facts(text);
create function workflow.project_facts(project text)
  returns table (project_id text, name text, practice text, office text, client_id text, client_name text,
                 contract_id text, contract_kind text, contract_value numeric, contract_currency text,
                 manager_id text, account_owner_id text)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select p.project_id, p.name, p.practice, p.office, p.client_id, c.name, p.contract_id, k.kind, k.value,
    k.currency::text, p.manager_id, c.account_owner_id
  from firm.project p join firm.client c on c.client_id = p.client_id
  left join firm.contract k on k.contract_id = p.contract_id
  where p.project_id = project
    and (workflow.sees_all_facts() or p.project_id = any (app.visible_projects())) $$;

-- What the booked work of a project is worth and costs, a row a currency; a part that the records do not tell,
-- or that the caller may not see, has no price.
create function workflow.booked_facts(project text)
  returns table (currency text, price numeric, cost numeric)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select r.currency::text,
    case when workflow.sees_all_facts() or app.sees_rates() then sum(w.hours * r.bill_rate) end,
    case when workflow.sees_all_facts() or app.sees_rates() then sum(w.hours * r.cost_rate) end
  from firm.assignment a
  cross join lateral (select a.hours_per_week * (a.ends_on - a.starts_on + 1) / 7 as hours) w
  left join firm.person_rate r on r.person_id = a.person_id
  where a.project_id = project and a.state = 'booked'
    and (workflow.sees_all_facts() or a.project_id = any (app.visible_projects()))
  group by r.currency $$;

-- As 0009 has it, for accounts: the person of each one who is asked for.
drop function workflow.working_people(text[]);
create function workflow.working_people(people text[]) returns table (asked text, person_id text, name text)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  select a.id, p.person_id, p.name from unnest(people) a (id)
  join firm.person p on p.person_id = access.canonical(a.id)
  where p.ends_on is null or p.ends_on >= current_date $$;

revoke all on function workflow.responsible, workflow.project_facts, workflow.booked_facts,
  workflow.working_people from public;
grant execute on function workflow.responsible, workflow.project_facts, workflow.booked_facts,
  workflow.working_people to chargehand_agent, chargehand_workflow, chargehand_worker;

-- --- what is kept with a proposal and a decision
alter table workflow.proposal
  add column on_behalf_of text not null default '',  -- for whom it is proposed; '': for oneself
  add constraint on_behalf_of_is_kept unique (proposal_id, on_behalf_of);
alter table workflow.proposal_version
  add column why text[] not null default '{}';  -- 'why this gate': what made the rule hold, a condition each
alter table workflow.decision
  add column on_behalf_of text not null default '',
  add column evidence jsonb not null default '[]' check (jsonb_typeof(evidence) = 'array'),
  add constraint not_for_yourself check (approver_id <> on_behalf_of),
  add constraint on_behalf_of_is_true foreign key (proposal_id, on_behalf_of)
    references workflow.proposal (proposal_id, on_behalf_of);

-- The persons who may not sign a version: who proposed or wrote it, for whom it is proposed, who gains by it, whom
-- it is about.
create function workflow.barred(proposal uuid, of_version integer) returns text[]
  language sql stable security definer set search_path = pg_catalog, workflow as $$
  select array(
    select access.canonical(b.id)
    from workflow.proposal p join workflow.proposal_version v using (proposal_id)
    cross join lateral (
      select unnest(array[p.proposer_id, v.author_id, p.on_behalf_of])
      union all select jsonb_array_elements_text(v.facts -> 'beneficiaries')
      union all select jsonb_array_elements_text(v.facts -> 'subjects')) b (id)
    where p.proposal_id = proposal and v.version = of_version) $$;

-- The constraints of 0006 compare ids; this compares persons, as the records have them when somebody signs.
create function workflow.check_signer() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  if access.canonical(new.approver_id) <> new.approver_id then
    raise exception '% is an account, not a person', new.approver_id
      using errcode = 'check_violation', constraint = 'signed_by_a_person';
  end if;
  if new.approver_id = any (workflow.barred(new.proposal_id, new.version)) then
    raise exception '% proposed it, gains by it or is whom it is about', new.approver_id
      using errcode = 'check_violation', constraint = 'not_your_own';
  end if;
  if exists (select from workflow.decision d where d.proposal_id = new.proposal_id and d.version = new.version
             and access.canonical(d.approver_id) = new.approver_id) then
    raise exception '% has signed already', new.approver_id
      using errcode = 'unique_violation', constraint = 'one_signature_each';
  end if;
  return new;
end $$;
revoke all on function workflow.barred, workflow.check_signer from public;
create trigger signed_by_a_person before insert on workflow.decision
  for each row execute function workflow.check_signer();

-- As 0006 has it, with for whom it is proposed and why this gate.
drop function workflow.submit;
create function workflow.submit(
    id uuid, tool text, tool_version text, thread uuid, title text, kind text,
    project text, practice text, client text, amount numeric, currency text,
    canonical text, content_hash text, policy text, rule text, gate jsonb, facts jsonb, explanation jsonb,
    approvers jsonb, expires timestamptz, remind timestamptz, escalate timestamptz,
    on_behalf text default null, why text[] default '{}')
  returns void language plpgsql security definer set search_path = pg_catalog, workflow as $$
begin
  if app.me() is null then raise exception 'workflow.submit needs a principal'; end if;
  if access.canonical(app.me()) <> app.me() then
    raise exception '% is an account, not a person', app.me() using errcode = 'check_violation';
  end if;
  if not exists (select from workflow.active_policy a where a.sha256 = policy) then
    raise exception 'policy % is not in force', policy using errcode = 'serialization_failure';
  end if;
  insert into workflow.proposal (proposal_id, proposer_id, on_behalf_of, tool, tool_version, thread_id, surface,
      title, action_kind, project_id, practice, client_id, amount, currency, expires_at, remind_at, escalate_at)
    values (id, app.me(), coalesce(access.canonical(on_behalf), ''), tool, tool_version, thread, app.surface(),
      title, kind, project, practice, client, amount, currency, expires, remind, escalate);
  insert into workflow.proposal_version (proposal_id, version, author_id, canonical, content_hash,
      policy_sha256, rule, gate, facts, explanation, why)
    values (id, 1, app.me(), canonical, content_hash, policy, rule, gate, facts, explanation, why);
  insert into workflow.approver (proposal_id, version, step, person_id, why, fallback)
    select id, 1, (a ->> 'step')::integer, a ->> 'person_id', a ->> 'why', (a ->> 'fallback')::boolean
    from jsonb_array_elements(approvers) a;
  insert into workflow.notice (person_id, proposal_id, kind, event, text)
    select a ->> 'person_id', id, 'card', 'card:1:0', title
    from jsonb_array_elements(approvers) a where (a ->> 'step')::integer = 0;
end $$;
revoke all on function workflow.submit from public;
grant execute on function workflow.submit to chargehand_agent, chargehand_worker;
