-- What operations leaders look at, and planted items. A planted item is a proposal that is known to be bad, shown
-- to one person who agreed to be tested. That it can never be carried out is not left to code: its state cannot
-- become approved, and no effect can refer to it.
alter table workflow.proposal
  add column planted boolean not null default false,
  add constraint planted_is_known unique (proposal_id, planted),
  add constraint planted_never_passes check (not planted or state in ('pending', 'rejected', 'withdrawn', 'expired')),
  -- Not kinds that other questions count while they wait: change orders and returned time.
  add constraint planted_disturbs_nothing check (not planted
    or action_kind in ('create_assignment', 'register_risk', 'send_reminder', 'hold_invoice', 'plan_development'));
alter table workflow.effect
  add column planted boolean not null default false,
  add constraint never_planted check (not planted),
  add constraint planted_is_true foreign key (proposal_id, planted)
    references workflow.proposal (proposal_id, planted);

create table workflow.plant_consent (
  person_id text primary key,  -- no row: no consent; the audit log knows when it was given and withdrawn
  given_at  timestamptz not null default now()
);

create table workflow.planted_item (
  proposal_id uuid primary key,
  planted     boolean not null default true check (planted),
  source_id   uuid not null references workflow.proposal,  -- the proposal it was made from
  person_id   text not null,                               -- who is tested
  planted_by  text not null,
  flaw        text not null check (flaw <> ''),            -- what is wrong with it, told once it is answered
  planted_at  timestamptz not null default now(),
  constraint not_yourself check (planted_by <> person_id),
  constraint says_planted foreign key (proposal_id, planted)
    references workflow.proposal (proposal_id, planted)
);
create index planted_item_person on workflow.planted_item (person_id);

-- Planting. The proposer is the service that other proposals of Chargehand itself have too: a name of its own would
-- give it away. Only the person it is for is asked, so nobody who did not agree ever sees it as a task.
create function workflow.plant(
    id uuid, source uuid, person text, flaw text, tool text, tool_version text, title text, kind text,
    project text, practice text, client text, amount numeric, currency text, canonical text, content_hash text,
    policy text, rule text, gate jsonb, facts jsonb, explanation jsonb, why text, expires timestamptz)
  returns void language plpgsql security definer set search_path = pg_catalog, workflow as $$
begin
  if app.me() is null or not (app.my_roles() && array['delivery_director', 'auditor']) then
    raise exception 'planting is for those who answer for the gates' using errcode = 'insufficient_privilege';
  end if;
  if not exists (select from workflow.plant_consent c where c.person_id = person) then
    raise exception '% did not agree to it', person using errcode = 'insufficient_privilege';
  end if;
  insert into workflow.proposal (proposal_id, proposer_id, tool, tool_version, surface, title, action_kind,
      project_id, practice, client_id, amount, currency, expires_at, planted)
    values (id, 'service:nightly-bench', tool, tool_version, 'job', title, kind, project, practice, client, amount,
      currency, expires, true);
  insert into workflow.proposal_version (proposal_id, version, author_id, canonical, content_hash,
      policy_sha256, rule, gate, facts, explanation)
    values (id, 1, 'service:nightly-bench', canonical, content_hash, policy, rule, gate, facts, explanation);
  insert into workflow.approver (proposal_id, version, step, person_id, why) values (id, 1, 0, person, why);
  insert into workflow.planted_item (proposal_id, source_id, person_id, planted_by, flaw)
    values (id, source, person, app.me(), flaw);
  insert into workflow.notice (person_id, proposal_id, kind, event, text)
    values (person, id, 'card', 'card:1:0', title);
end $$;

-- Stretches of waiting for a signature that were not over before `since`, of the proposals that the caller may see
-- (the same words as the policy on workflow.proposal): one row a version and step, with who was asked to sign it.
-- With the owner's rights, because a policy on each of four tables would ask the same question four times a row.
create function workflow.waits(since timestamptz)
  returns table (proposal_id uuid, version integer, step integer, rule text, step_name text, practice text,
                 asked text[], started_at timestamptz, ended_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, workflow as $$
  with recent as materialized (
    select p.proposal_id, p.version, p.step, p.state, p.state_since, p.practice
    from workflow.proposal p
    where not p.planted and (p.state = 'pending' or p.state_since >= since) and (
      p.proposer_id = (select app.me())
      or (select app.sees_all_proposals())
      or p.proposal_id in (select s.proposal_id from workflow.asked s where s.person_id = (select app.me()))
      or ((select app.sees_money()) and p.project_id in (select unnest(app.visible_projects()))))),
  versions as materialized (
    select v.proposal_id, v.version, v.rule, v.gate -> 'gate' -> 'steps' as steps, v.created_at,
      lead(v.created_at) over (partition by v.proposal_id order by v.version) as superseded_at
    from workflow.proposal_version v join recent r on r.proposal_id = v.proposal_id),
  signed as (
    select d.proposal_id, d.version, d.step, max(d.decided_at) as at
    from workflow.decision d join recent r on r.proposal_id = d.proposal_id group by 1, 2, 3),
  ended as materialized (  -- steps that were signed or rejected
    select s.proposal_id, s.version, s.step, s.at,
      lag(s.at) over (partition by s.proposal_id, s.version order by s.step) as before
    from signed s join recent r using (proposal_id)
    where not (r.state = 'pending' and s.version = r.version and s.step = r.step)),
  last_end as (select e.proposal_id, e.version, max(e.step) as step, max(e.at) as at from ended e group by 1, 2),
  stretches as (
    select e.proposal_id, e.version, e.step, coalesce(e.before, v.created_at) as started_at, e.at as ended_at,
      v.rule, v.steps
    from ended e join versions v using (proposal_id, version)
    union all  -- the step that an edit, a lapse or the present found open
    select v.proposal_id, v.version,
      case when v.superseded_at is null then r.step else coalesce(l.step + 1, 0) end,
      coalesce(l.at, v.created_at),
      coalesce(v.superseded_at, case when r.state <> 'pending' then r.state_since end), v.rule, v.steps
    from versions v join recent r using (proposal_id)
    left join last_end l on l.proposal_id = v.proposal_id and l.version = v.version
    where v.superseded_at is not null or r.state in ('pending', 'expired', 'withdrawn')),
  asked as (
    select a.proposal_id, a.version, a.step, array_agg(distinct a.person_id) as people
    from workflow.approver a join recent r on r.proposal_id = a.proposal_id where a.held group by 1, 2, 3)
  select s.proposal_id, s.version, s.step, s.rule, s.steps -> s.step ->> 'name', r.practice,
    coalesce(a.people, '{}'), s.started_at, s.ended_at
  from stretches s join recent r using (proposal_id)
  left join asked a on a.proposal_id = s.proposal_id and a.version = s.version and a.step = s.step
  where s.steps -> s.step is not null and coalesce(s.ended_at, now()) >= since $$;

-- Opened, closed, paused and resumed circuits, without who did it: for those who may not read the audit log.
create function workflow.circuit_history(since timestamptz)
  returns table (at timestamptz, system text, event text, reason text)
  language sql stable security definer set search_path = pg_catalog, audit as $$
  select e.at, substr(e.subject, 8), substr(e.action, 9), coalesce(e.body ->> 'reason', r.value, '')
  from audit.event e left join audit.personal r on r.seq = e.seq and r.field = 'reason'
  where e.action like 'circuit.%' and e.at >= since and (app.is_service() or app.my_roles() &&
    array['resource_manager', 'practice_lead', 'delivery_director', 'finance', 'auditor', 'admin'])
  order by e.at desc $$;

-- How often each kind of proposal is approved and turned down across the firm, for holding one person's decisions
-- against everybody's: sums over people, no rows of anyone's, and none of fewer than three.
create function workflow.base_rates(since timestamptz)
  returns table (kind text, decisions integer, rejects integer, people integer)
  language sql stable security definer set search_path = pg_catalog, workflow as $$
  select p.action_kind, count(*)::integer, count(*) filter (where d.verdict = 'reject')::integer,
    count(distinct d.approver_id)::integer
  from workflow.decision d join workflow.proposal p using (proposal_id)
  where d.decided_at >= since and not p.planted
  group by 1 having count(distinct d.approver_id) >= 3 $$;

-- Capacity, booked and worked hours of a practice by week, for those who answer for it or for the firm. Weeks start
-- on Monday; capacity is without leave.
create function app.practice_hours(first_week date, last_week date)
  returns table (practice text, week date, people integer, capacity numeric, booked numeric, worked numeric)
  language sql stable security definer set search_path = pg_catalog, firm as $$
  with weeks as (
    select d::date as week from generate_series(
      date_trunc('week', first_week::timestamp), date_trunc('week', last_week::timestamp), interval '1 week') d),
  staff as (
    select p.person_id, p.practice, p.capacity_hours_per_week, p.starts_on, p.ends_on from firm.person p
    where app.sees_money() and (app.sees_firm() or p.practice = any (app.my_practices()))
      and p.capacity_hours_per_week > 0
      and exists (select from firm.assignment a where a.person_id = p.person_id)),
  capacity as (
    select s.practice, w.week, count(*)::integer as people, sum(s.capacity_hours_per_week) as hours
    from staff s join weeks w on s.starts_on <= w.week + 4 and (s.ends_on is null or s.ends_on >= w.week)
    group by 1, 2),
  booked as (
    select s.practice, w.week, sum(a.hours_per_week) as hours
    from firm.assignment a join staff s using (person_id)
    join weeks w on a.starts_on <= w.week + 4 and a.ends_on >= w.week
    where a.state = 'booked' group by 1, 2),
  worked as (
    select s.practice, date_trunc('week', t.started_at at time zone 'UTC')::date as week, sum(t.minutes) / 60.0 as hours
    from firm.time_entry t join staff s using (person_id)
    where t.state <> 'returned' and t.started_at >= date_trunc('week', first_week::timestamp) at time zone 'UTC'
      and t.started_at < (date_trunc('week', last_week::timestamp) + interval '1 week') at time zone 'UTC'
    group by 1, 2)
  select c.practice, c.week, c.people, c.hours, coalesce(b.hours, 0), coalesce(k.hours, 0)
  from capacity c left join booked b using (practice, week) left join worked k using (practice, week)
  order by 1, 2 $$;

-- Verdicts with how long they took: one's own, and everybody's for those who may read the audit log. `seconds` runs
-- from when the person opened the card; where that is not known, from when it was sent to them, so that what looks
-- quick was quick; null where neither is known.
create function workflow.verdicts(since timestamptz)
  returns table (approver_id text, kind text, verdict text, decided_at timestamptz, characters integer,
                 seconds float8)
  language sql stable security definer set search_path = pg_catalog, workflow as $$
  select d.approver_id, p.action_kind, d.verdict, d.decided_at, char_length(v.canonical),
    extract(epoch from d.decided_at - coalesce(
      (select g.opened_at from workflow.reading g where g.person_id = d.approver_id
        and g.proposal_id = d.proposal_id and g.version = d.version and g.opened_at <= d.decided_at),
      (select max(n.created_at) from workflow.notice n
      where n.proposal_id = d.proposal_id and n.person_id = d.approver_id and n.kind = 'card'
        and n.created_at <= d.decided_at)))::float8
  from workflow.decision d join workflow.proposal p using (proposal_id)
  join workflow.proposal_version v on v.proposal_id = d.proposal_id and v.version = d.version
  where d.decided_at >= since and not p.planted
    and (d.approver_id = app.me() or app.my_roles() && array['auditor', 'delivery_director', 'admin']) $$;

create index decision_decided on workflow.decision (decided_at);
create index proposal_settled on workflow.proposal (state_since) where state <> 'pending';
create index event_circuit on audit.event (at) where action like 'circuit.%';

revoke all on function workflow.plant, workflow.waits, workflow.circuit_history, workflow.base_rates,
  workflow.verdicts, app.practice_hours from public;
grant execute on function workflow.plant to chargehand_workflow;
grant execute on function workflow.waits, workflow.circuit_history, workflow.base_rates, workflow.verdicts,
  app.practice_hours to chargehand_agent;

alter table workflow.plant_consent enable row level security;
alter table workflow.planted_item enable row level security;
-- Nobody agrees to it for another.
grant select, insert, delete on workflow.plant_consent to chargehand_workflow;
create policy seen_by_workflow on workflow.plant_consent for select to chargehand_workflow using (true);
create policy given on workflow.plant_consent for insert to chargehand_workflow
  with check (person_id = (select app.me()));
create policy withdrawn on workflow.plant_consent for delete to chargehand_workflow
  using (person_id = (select app.me()));
grant select on workflow.plant_consent to chargehand_agent;
create policy seen on workflow.plant_consent to chargehand_agent using (
  person_id = (select app.me()) or (select app.my_roles()) && array['auditor', 'delivery_director']);
grant select on workflow.planted_item to chargehand_workflow, chargehand_agent;
create policy trusted on workflow.planted_item to chargehand_workflow using (true);
-- Who is tested reads of it once it is answered; who answers for the gates at any time, but not of their own.
create policy seen on workflow.planted_item to chargehand_agent using (
  case when person_id = (select app.me())
    then exists (select from workflow.proposal p
                 where p.proposal_id = planted_item.proposal_id and p.state <> 'pending')
    else (select app.my_roles()) && array['auditor', 'delivery_director'] end);
