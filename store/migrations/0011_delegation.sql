-- Delegation: somebody signs in another's seat. A seat is the person whose signature it is: one's own, or the
-- delegator's. Constraints see to it that a seat signs once, and that nobody is used twice in one version, be it
-- as who signs or as whom they stand in for.
create table workflow.delegation (
  delegation_id uuid primary key default gen_random_uuid(),
  delegator_id  text not null,
  delegate_id   text not null,
  when_on_leave boolean not null,          -- whenever the delegator is on leave, instead of between two days
  first_day     date,                      -- both inclusive, in the time zone of the delegator's office
  last_day      date,
  kinds         text[] not null default '{}',  -- of actions; empty: all
  practices     text[] not null default '{}',
  clients       text[] not null default '{}',
  amount_limit  numeric(16, 2) check (amount_limit >= 0),
  currency      char(3),                   -- the policy's when it was made
  reason        text not null check (reason <> ''),
  made_by       text not null,
  made_at       timestamptz not null default now(),
  revoked_by    text,
  revoked_at    timestamptz,
  constraint not_to_oneself check (delegate_id <> delegator_id),
  constraint not_taken_by_the_delegate check (made_by <> delegate_id),
  constraint days_or_leave check (
    when_on_leave = (first_day is null) and when_on_leave = (last_day is null) and first_day <= last_day),
  constraint limit_has_a_currency check ((amount_limit is null) = (currency is null)),
  constraint revoked_by_somebody check ((revoked_by is null) = (revoked_at is null))
);
create index delegation_delegator on workflow.delegation (delegator_id);
create index delegation_delegate on workflow.delegation (delegate_id);

-- Who has begun to stand in for whom, and was asked to sign what already waited.
create table workflow.stand_in_begun (
  delegator_id text not null,
  delegate_id  text not null,
  since        date not null,
  noted_at     timestamptz not null default now(),
  primary key (delegator_id, delegate_id, since)
);

-- Who stands in for these people today, and for what. `on_leave` is the policy's word on leave: 'named' lets
-- delegations for leave take effect, 'manager' also puts in the line manager of who has named nobody; null:
-- neither. Whether a delegate may decide at all, and about this, is for the caller to check.
create function workflow.stand_ins(people text[], on_leave text)
  returns table (delegator_id text, delegator_name text, delegate_id text, delegate_name text,
                 delegate_roles text[], since date, until date, reason text, kinds text[], practices text[],
                 clients text[], amount_limit numeric, currency text)
  language sql stable security definer set search_path = pg_catalog, workflow, firm, access as $$
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
  order by t.name, e.delegator_id, p.name, p.person_id, e.until desc $$;

-- Whether somebody stands in for somebody else today, whatever for.
create function workflow.stands_in(delegate text, delegator text) returns boolean
  language sql stable security definer set search_path = pg_catalog, workflow as $$
  select exists (select from workflow.stand_ins(array[delegator], 'manager') s where s.delegate_id = delegate) $$;

-- --- seats
alter table workflow.decision drop constraint approver_is_eligible;
alter table workflow.approver
  add column stands_in_for text,
  add column seat text not null generated always as (coalesce(stands_in_for, person_id)) stored,
  add constraint not_for_oneself check (stands_in_for <> person_id),
  drop constraint approver_pkey,
  add primary key (proposal_id, version, step, person_id, seat);

alter table workflow.decision
  add column stands_in_for text,
  add column seat text not null generated always as (coalesce(stands_in_for, approver_id)) stored,
  add constraint not_for_who_may_not check (seat <> proposer_id and seat <> author_id and seat <> on_behalf_of),
  add constraint one_signature_a_seat unique (proposal_id, version, seat),
  add constraint approver_is_eligible foreign key (proposal_id, version, step, approver_id, seat)
    references workflow.approver (proposal_id, version, step, person_id, seat);

-- A stand-in's signature uses up two people. That neither is used again by another stand-in is a key of this
-- table; that neither signs as themselves is seen to by the constraints of workflow.decision.
create table workflow.used_up (
  proposal_id uuid not null,
  version     integer not null,
  person_id   text not null,
  constraint used_up_once primary key (proposal_id, version, person_id)
);
create function workflow.use_up() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  if access.canonical(new.stands_in_for) = any (workflow.barred(new.proposal_id, new.version)) then
    raise exception '% proposed it, gains by it or is whom it is about', new.stands_in_for
      using errcode = 'check_violation', constraint = 'not_for_who_may_not';
  end if;
  insert into workflow.used_up (proposal_id, version, person_id) values
    (new.proposal_id, new.version, new.approver_id),
    (new.proposal_id, new.version, access.canonical(new.stands_in_for));
  return null;
end $$;
create trigger use_up after insert on workflow.decision
  for each row when (new.stands_in_for is not null) execute function workflow.use_up();

-- Who may still sign the current step of what waits: once a seat, and the seat's holder before others.
create view workflow.open_seat with (security_invoker = true) as
select a.proposal_id, a.person_id, a.stands_in_for, a.why
from workflow.approver a
join workflow.proposal p on p.proposal_id = a.proposal_id and p.version = a.version and p.step = a.step
join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
where p.state = 'pending' and a.person_id not in (p.proposer_id, p.on_behalf_of, v.author_id)
  and not exists (select from workflow.decision d where d.proposal_id = p.proposal_id and d.version = p.version
                  and array[d.approver_id, d.seat] && array[a.person_id, a.seat])
  and (a.stands_in_for is null or workflow.stands_in(a.person_id, a.stands_in_for));

-- As 0010 has it, with whom an approver stands in for.
create or replace function workflow.submit(
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
  insert into workflow.approver (proposal_id, version, step, person_id, why, fallback, stands_in_for)
    select id, 1, (a ->> 'step')::integer, a ->> 'person_id', a ->> 'why', (a ->> 'fallback')::boolean,
      a ->> 'stands_in_for'
    from jsonb_array_elements(approvers) a;
  insert into workflow.notice (person_id, proposal_id, kind, event, text)
    select distinct a ->> 'person_id', id, 'card', 'card:1:0', title
    from jsonb_array_elements(approvers) a where (a ->> 'step')::integer = 0;
end $$;

-- Who gave or was given a signature hears of it.
alter table workflow.notice drop constraint notice_kind_check,
  add constraint notice_kind_check
    check (kind in ('card', 'outcome', 'reminder', 'escalation', 'report', 'delegation'));

-- --- rights
revoke all on function workflow.stand_ins, workflow.stands_in, workflow.use_up from public;
grant execute on function workflow.stand_ins, workflow.stands_in
  to chargehand_agent, chargehand_workflow, chargehand_worker;
grant select on workflow.open_seat to chargehand_agent, chargehand_workflow;

alter table workflow.delegation enable row level security;
alter table workflow.stand_in_begun enable row level security;
alter table workflow.used_up enable row level security;

-- One's own, given and received; who keeps access, or audits it, all of them.
grant select on workflow.delegation to chargehand_agent;
create policy seen on workflow.delegation to chargehand_agent using (
  (select app.me()) in (delegator_id, delegate_id, made_by)
  or (select app.my_roles()) && array['admin', 'auditor']);

-- Made and revoked in one's own name, never altered; what is revoked stays revoked.
grant select, insert on workflow.delegation to chargehand_workflow;
grant update (revoked_by, revoked_at) on workflow.delegation to chargehand_workflow;
create policy read on workflow.delegation for select to chargehand_workflow using (true);
create policy make on workflow.delegation for insert to chargehand_workflow with check (made_by = app.me());
create policy revoke on workflow.delegation for update to chargehand_workflow
  using (revoked_at is null) with check (revoked_at is null or revoked_by = app.me());

grant select, insert on workflow.stand_in_begun to chargehand_workflow;
create policy trusted on workflow.stand_in_begun to chargehand_workflow using (true) with check (true);
