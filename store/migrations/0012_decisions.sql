-- Questions back, seats handed over, an inbox that pages fast however long it is, and when a card was opened.

-- --- questions: asked by who must sign, answered once by who asked for the signature
create table workflow.question (
  question_id  uuid primary key default gen_random_uuid(),
  proposal_id  uuid not null,
  version      integer not null,
  step         integer not null,
  content_hash text not null,     -- what the asker had read
  asker_id     text not null,
  seat         text not null,     -- in which they were asked: their own, or whom they stand in for
  asked_of     text[] not null check (cardinality(asked_of) > 0),  -- who may answer, each of them alone
  question     text not null check (question <> ''),
  surface      text not null,
  asked_at     timestamptz not null default now(),
  unique (question_id, asker_id),
  constraint asker_is_asked foreign key (proposal_id, version, step, asker_id, seat)
    references workflow.approver (proposal_id, version, step, person_id, seat),
  constraint content_was_read foreign key (proposal_id, version, content_hash)
    references workflow.proposal_version (proposal_id, version, content_hash),
  constraint not_of_oneself check (asker_id <> all (asked_of))
);
create index question_proposal on workflow.question (proposal_id, asked_at);

create table workflow.answer (
  question_id uuid primary key,   -- a question is answered once
  asker_id    text not null,
  answered_by text not null,
  answer      text not null check (answer <> ''),
  surface     text not null,
  answered_at timestamptz not null default now(),
  constraint not_by_the_asker check (answered_by <> asker_id),
  foreign key (question_id, asker_id) references workflow.question (question_id, asker_id)
);

alter table workflow.notice drop constraint notice_kind_check, add constraint notice_kind_check
  check (kind in ('card', 'outcome', 'reminder', 'escalation', 'report', 'delegation', 'question', 'answer'));

-- --- handing over: a seat is held by one person at a time. Who gave it away signs no more, and who has signed
-- cannot give it away: the signature refers to a seat that is held.
alter table workflow.approver add column held boolean not null default true;
alter table workflow.approver add constraint approver_held unique (proposal_id, version, step, person_id, seat, held);
alter table workflow.decision add column held boolean not null default true check (held);
alter table workflow.decision drop constraint approver_is_eligible;
alter table workflow.decision add constraint approver_is_eligible
  foreign key (proposal_id, version, step, approver_id, seat, held)
  references workflow.approver (proposal_id, version, step, person_id, seat, held);

create table workflow.handover (
  proposal_id uuid not null,
  version     integer not null,
  step        integer not null,
  from_id     text not null,      -- whose seat it was: nobody hands over a seat they only stand in for
  to_id       text not null,
  handed_by   text not null,      -- the giver, or an administrator where the giver has left
  reason      text not null check (reason <> ''),
  surface     text not null,
  handed_at   timestamptz not null default now(),
  primary key (proposal_id, version, step, from_id),
  unique (proposal_id, version, step, to_id),
  constraint not_to_oneself check (from_id <> to_id),
  -- once this is written the giver's seat is not held any more, and the taker's is there
  giver_holds boolean not null default false check (not giver_holds),
  constraint giver_gave foreign key (proposal_id, version, step, from_id, from_id, giver_holds)
    references workflow.approver (proposal_id, version, step, person_id, seat, held),
  constraint taker_is_asked foreign key (proposal_id, version, step, to_id, to_id)
    references workflow.approver (proposal_id, version, step, person_id, seat)
);

-- --- readings: when somebody who is asked to sign first had a version's card before them
create table workflow.reading (
  person_id   text not null,
  proposal_id uuid not null,
  version     integer not null,
  opened_at   timestamptz not null default now(),
  primary key (person_id, proposal_id, version),
  foreign key (proposal_id, version) references workflow.proposal_version
);
create index decision_person on workflow.decision (approver_id, decided_at desc);

-- --- ranking. Computed here and not handed in: nobody's proposal is buried by who proposed it. The deadline
-- brought forward by a day a point: time runs alike for all, so the order of two proposals never changes by
-- itself and one index serves it. The formula is told in workflow/inbox.py.
alter table workflow.proposal add column stake numeric(16, 2);           -- in the policy's currency
alter table workflow.proposal add column risk real not null default 0;    -- 0 to 2 points
alter table workflow.proposal add column ranked_at timestamptz;

create function workflow.risk_points(kind text, content jsonb) returns real language sql immutable
  set search_path = pg_catalog as $$
  select (case kind
      when 'plan_development' then 0.1
      when 'send_reminder' then 0.2
      when 'return_time_entries' then 0.3
      when 'create_assignment' then 0.4
      when 'register_risk' then 0.4
      when 'hold_invoice' then 0.6
      when 'create_change_order' then 0.8
      else 1.0 end                                    -- what it does not know it takes for grave
    + case content -> 'action' ->> 'severity' when 'high' then 0.7 when 'medium' then 0.3 else 0 end
    + case when content ->> 'confidence' is null then 0
      else 0.5 * (1 - (content ->> 'confidence')::numeric) end)::real $$;

create function workflow.in_policy_currency(amount numeric, unit text) returns numeric language sql stable
  security definer set search_path = pg_catalog, workflow as $$
  select round(amount * coalesce((v.body -> 'exchange_rates' ->> unit)::numeric, 1), 2)
  from workflow.active_policy a join workflow.policy_version v on v.sha256 = a.sha256
  union all select amount limit 1 $$;

create function workflow.rank_proposal() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  new.stake := workflow.in_policy_currency(new.amount, new.currency);
  new.ranked_at := new.expires_at
    - (log(1 + coalesce(new.stake, 0) / 1000) + new.risk) * interval '24 hours';
  return new;
end $$;
create trigger rank_proposal before insert or update of amount, currency, risk, expires_at on workflow.proposal
  for each row execute function workflow.rank_proposal();

create function workflow.weigh_version() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  update workflow.proposal p set risk = workflow.risk_points(p.action_kind, new.canonical::jsonb)
  where p.proposal_id = new.proposal_id;
  return null;
end $$;
create trigger weigh_version after insert on workflow.proposal_version
  for each row execute function workflow.weigh_version();

update workflow.proposal p set risk = workflow.risk_points(p.action_kind, v.canonical::jsonb)
from workflow.proposal_version v where v.proposal_id = p.proposal_id and v.version = p.version;
alter table workflow.proposal alter column ranked_at set not null;

-- --- who was ever asked about a proposal and so may see it, and whether it waits for their signature: one row a
-- seat. Follows from the tables above, and only triggers write it; it decides nothing. Whether a stand-in still
-- stands in is a matter of the day and asked when it is read.
create table workflow.asked (
  proposal_id uuid not null references workflow.proposal,
  person_id   text not null,
  seat        text not null,
  waits       boolean not null default false,
  primary key (proposal_id, person_id, seat)
);
create index asked_person on workflow.asked (person_id, proposal_id);
create index asked_waiting on workflow.asked (person_id, seat, proposal_id) where waits;

create function workflow.set_waits(id uuid) returns void language sql security definer
  set search_path = pg_catalog, workflow as $$
  update workflow.asked s set waits = not s.waits
  from workflow.proposal p
  join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
  where p.proposal_id = id and s.proposal_id = id
    and s.waits <> (p.state = 'pending' and s.person_id not in (p.proposer_id, v.author_id)
      and exists (select from workflow.approver a where a.proposal_id = id and a.version = p.version
                  and a.step = p.step and a.person_id = s.person_id and a.seat = s.seat and a.held)
      and not exists (select from workflow.decision d where d.proposal_id = id and d.version = p.version
                      and array[d.approver_id, d.seat] && array[s.person_id, s.seat])) $$;

create function workflow.asked_of_approvers() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  insert into workflow.asked (proposal_id, person_id, seat)
  select proposal_id, person_id, coalesce(stands_in_for, person_id) from changed on conflict do nothing;
  perform workflow.set_waits(c.proposal_id) from (select distinct proposal_id from changed) c;
  return null;
end $$;
create trigger asked_of_new after insert on workflow.approver
  referencing new table as changed for each statement execute function workflow.asked_of_approvers();
create trigger asked_of_handed after update on workflow.approver
  referencing new table as changed for each statement execute function workflow.asked_of_approvers();

create function workflow.asked_of_question() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  insert into workflow.asked (proposal_id, person_id, seat)
  select new.proposal_id, who, who from unnest(new.asked_of) who on conflict do nothing;
  return null;
end $$;
create trigger asked_of_question after insert on workflow.question
  for each row execute function workflow.asked_of_question();  -- who is to answer must be able to read

create function workflow.asked_of_proposal() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  perform workflow.set_waits(new.proposal_id);
  return null;
end $$;
create trigger asked_of_moved after update of state, version, step on workflow.proposal
  for each row when ((old.state, old.version, old.step) is distinct from (new.state, new.version, new.step))
  execute function workflow.asked_of_proposal();
create trigger asked_of_signed after insert on workflow.decision
  for each row execute function workflow.asked_of_proposal();

insert into workflow.asked (proposal_id, person_id, seat)
select distinct proposal_id, person_id, seat from workflow.approver;
do $$ begin perform workflow.set_waits(proposal_id) from workflow.proposal where state = 'pending'; end $$;

create or replace view workflow.open_seat with (security_invoker = true) as
select s.proposal_id, s.person_id, a.stands_in_for, a.why
from workflow.asked s
join workflow.proposal p on p.proposal_id = s.proposal_id
join workflow.approver a on a.proposal_id = s.proposal_id and a.version = p.version and a.step = p.step
  and a.person_id = s.person_id and a.seat = s.seat
where s.waits and (a.stands_in_for is null or workflow.stands_in(a.person_id, a.stands_in_for));

-- --- what the agent sees
alter table workflow.question enable row level security;
alter table workflow.answer enable row level security;
alter table workflow.handover enable row level security;
alter table workflow.reading enable row level security;
alter table workflow.asked enable row level security;
create policy trusted on workflow.question to chargehand_workflow, chargehand_worker
  using (true) with check (true);
create policy trusted on workflow.answer to chargehand_workflow, chargehand_worker
  using (true) with check (true);
create policy trusted on workflow.handover to chargehand_workflow, chargehand_worker
  using (true) with check (true);
create policy trusted on workflow.reading to chargehand_workflow, chargehand_worker using (true);
create policy trusted on workflow.asked to chargehand_workflow, chargehand_worker using (true);

-- What one was asked oneself. This policy asks no other, so that the one on proposals can ask it.
create policy own on workflow.asked to chargehand_agent using (person_id = (select app.me()));
create policy own on workflow.reading to chargehand_agent
  using (person_id = (select app.me()))
  with check (person_id = (select app.me()) and session_user <> 'chargehand_copilot');  -- it reads for nobody
create policy seen on workflow.question to chargehand_agent
  using (exists (select from workflow.proposal p where p.proposal_id = question.proposal_id));
create policy seen on workflow.answer to chargehand_agent
  using (exists (select from workflow.question q where q.question_id = answer.question_id));
create policy seen on workflow.handover to chargehand_agent
  using (exists (select from workflow.proposal p where p.proposal_id = handover.proposal_id));
grant select on workflow.asked, workflow.question, workflow.answer, workflow.handover, workflow.reading
  to chargehand_agent;
grant insert on workflow.reading to chargehand_agent;  -- 'I have it before me', as oneself
grant select on workflow.question, workflow.answer, workflow.handover, workflow.reading, workflow.asked
  to chargehand_workflow, chargehand_worker;
grant insert on workflow.question, workflow.answer, workflow.handover to chargehand_workflow;
grant update (held) on workflow.approver to chargehand_workflow;  -- away, with a handover; never back: above

-- The same eyes as before, asked of one narrow table: some people have signed ten thousand.
alter policy seen on workflow.proposal using (
  proposer_id = (select app.me())
  or (select app.sees_all_proposals())
  or exists (select from workflow.asked s
             where s.proposal_id = proposal.proposal_id and s.person_id = (select app.me()))
  or ((select app.sees_money()) and project_id in (select unnest(app.visible_projects()))));

create or replace function app.sees_proposal(id uuid) returns boolean language sql stable security definer
  set search_path = pg_catalog, workflow as $$
  select exists (
    select from workflow.proposal p where p.proposal_id = id and (
      p.proposer_id = app.me()
      or exists (select from workflow.asked s where s.proposal_id = id and s.person_id = app.me())
      or app.sees_all_proposals()
      or (app.sees_money() and p.project_id = any (app.visible_projects())))) $$;
drop function app.my_signatures();

revoke all on function workflow.risk_points, workflow.in_policy_currency, workflow.rank_proposal,
  workflow.weigh_version, workflow.set_waits, workflow.asked_of_approvers, workflow.asked_of_proposal,
  workflow.asked_of_question
  from public;
