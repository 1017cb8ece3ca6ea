-- What leaves the house by itself: webhooks for programs, and a digest for people who do not want every message at
-- once (docs/decisions/0013-webhooks-say-little.md). An event is entered in the transaction that makes it true.

-- --- webhooks
-- The secret of an endpoint is derived from a key in the environment, its id and its generation: none is kept.
create table workflow.webhook (
  webhook_id    uuid primary key default gen_random_uuid(),
  url           text not null check (url ~ '^https?://[^[:space:]]+$' and char_length(url) <= 2000),
  types         text[] not null check (cardinality(types) > 0),
  name          text not null check (name <> ''),
  generation    integer not null default 1,
  rotated_at    timestamptz,                     -- for a day the secret before signs too
  created_by    text not null,
  created_at    timestamptz not null default now(),
  removed_at    timestamptz,
  disabled_at   timestamptz,
  disabled_why  text check (disabled_why in ('gone', 'failing', 'by hand')),
  outages       integer not null default 0,      -- in a row
  failing_since timestamptz,                     -- nothing was taken since
  resume_at     timestamptz not null default now(),
  check ((disabled_at is null) = (disabled_why is null))
);

-- Ids and states, nothing else: who receives one reads the rest with a token, as far as the token may.
create table workflow.webhook_event (
  event_id    uuid primary key default gen_random_uuid(),  -- its webhook-id, for every endpoint and every attempt
  seq         bigint generated always as identity unique,
  type        text not null,
  subject     text not null,  -- 'kind:id': events about one thing arrive in their order
  data        jsonb not null,
  occurred_at timestamptz not null default now()
);
create index webhook_event_occurred on workflow.webhook_event (occurred_at);

create table workflow.webhook_delivery (
  delivery_id bigint generated always as identity primary key,
  webhook_id  uuid not null references workflow.webhook,
  event_id    uuid not null references workflow.webhook_event on delete cascade,
  seq         bigint not null,
  subject     text not null,
  state       text not null default 'ready' check (state in
    ('ready', 'leased', 'sent', 'parked', 'dropped')),  -- dropped: its endpoint takes nothing any more
  attempts    integer not null default 0,
  not_before  timestamptz not null default now(),
  lease_until timestamptz,
  fence       bigint not null default 0,
  settled_at  timestamptz,
  constraint entered_once unique (webhook_id, event_id)
);
create index webhook_delivery_due on workflow.webhook_delivery (seq) where state in ('ready', 'leased');
create index webhook_delivery_order on workflow.webhook_delivery (webhook_id, subject, seq)
  where state in ('ready', 'leased');
create index webhook_delivery_leased on workflow.webhook_delivery (webhook_id) where state = 'leased';
create index webhook_delivery_event on workflow.webhook_delivery (event_id);

create table workflow.webhook_attempt (
  delivery_id  bigint not null references workflow.webhook_delivery on delete cascade,
  at           timestamptz not null default now(),
  status       integer,           -- of the answer; null: there was none
  milliseconds integer not null,
  error        text               -- null: it was taken
);
create index webhook_attempt_delivery on workflow.webhook_attempt (delivery_id, at);

-- Nothing is kept where nobody listens. What happens while an endpoint is disabled is kept, to be replayed.
create function workflow.announce(type text, subject text, data jsonb) returns void language plpgsql
  security definer set search_path = pg_catalog, workflow as $$
declare event workflow.webhook_event;
begin
  if not exists (select from workflow.webhook w where w.removed_at is null) then return; end if;
  insert into workflow.webhook_event (type, subject, data) values (type, subject, data) returning * into event;
  insert into workflow.webhook_delivery (webhook_id, event_id, seq, subject)
  select w.webhook_id, event.event_id, event.seq, event.subject from workflow.webhook w
  where w.removed_at is null and w.disabled_at is null and event.type = any (w.types);
end $$;

create function workflow.announce_proposal() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  perform workflow.announce(
    'proposal.' || case
      when tg_op = 'INSERT' then 'created'
      when new.state = 'pending' then 'returned'
      when old.state = 'parked' and new.state = 'approved' then 'resumed'
      else new.state end,
    'proposal:' || new.proposal_id,
    jsonb_build_object('proposal_id', new.proposal_id, 'kind', new.action_kind, 'version', new.version,
      'state', new.state));
  return null;
end $$;
create trigger announce after insert on workflow.proposal
  for each row execute function workflow.announce_proposal();
create trigger announce_moved after update of state on workflow.proposal
  for each row when (old.state is distinct from new.state) execute function workflow.announce_proposal();

create function workflow.announce_version() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  perform workflow.announce('proposal.edited', 'proposal:' || new.proposal_id,
    jsonb_build_object('proposal_id', new.proposal_id, 'version', new.version));
  return null;
end $$;
create trigger announce after insert on workflow.proposal_version
  for each row when (new.version > 1) execute function workflow.announce_version();

create function workflow.announce_decision() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  perform workflow.announce('proposal.decided', 'proposal:' || new.proposal_id,
    jsonb_build_object('proposal_id', new.proposal_id, 'version', new.version, 'step', new.step,
      'verdict', new.verdict));
  return null;
end $$;
create trigger announce after insert on workflow.decision
  for each row execute function workflow.announce_decision();

create function workflow.announce_effect() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  perform workflow.announce(
    'effect.' || case new.state when 'done' then 'written' else new.state end, 'proposal:' || new.proposal_id,
    jsonb_build_object('proposal_id', new.proposal_id, 'version', new.version, 'effect_id', new.effect_id,
      'operation', new.operation, 'system', new.system, 'record_id', new.external_ref));
  return null;
end $$;
create trigger announce after update of state on workflow.effect
  for each row when (old.state is distinct from new.state and new.state in ('done', 'parked', 'failed'))
  execute function workflow.announce_effect();

create function workflow.announce_report() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  perform workflow.announce('report.ready', 'report:' || new.report_id,
    jsonb_build_object('report_id', new.report_id, 'kind', new.kind, 'for_date', new.for_date));
  return null;
end $$;
create trigger announce after insert or update on predict.report
  for each row execute function workflow.announce_report();
revoke all on function workflow.announce, workflow.announce_proposal, workflow.announce_version,
  workflow.announce_decision, workflow.announce_effect, workflow.announce_report from public;

alter table workflow.webhook enable row level security;
alter table workflow.webhook_event enable row level security;
alter table workflow.webhook_delivery enable row level security;
alter table workflow.webhook_attempt enable row level security;
-- Set up by who keeps access, and by the command line of who runs the machine.
create function app.keeps_access() returns boolean language sql stable security definer
  set search_path = pg_catalog, access as $$
  select app.is_service() or 'admin' = any (app.my_roles()) $$;
revoke all on function app.keeps_access from public;
grant execute on function app.keeps_access to chargehand_workflow;
create policy kept on workflow.webhook to chargehand_workflow
  using ((select app.keeps_access())) with check ((select app.keeps_access()));
create policy kept on workflow.webhook_event to chargehand_workflow
  using ((select app.keeps_access())) with check (type = 'webhook.test' and (select app.keeps_access()));
create policy kept on workflow.webhook_delivery to chargehand_workflow
  using ((select app.keeps_access())) with check ((select app.keeps_access()));
create policy kept on workflow.webhook_attempt to chargehand_workflow using ((select app.keeps_access()));
create policy trusted on workflow.webhook to chargehand_worker using (true) with check (true);
create policy trusted on workflow.webhook_event to chargehand_worker using (true);
create policy trusted on workflow.webhook_delivery to chargehand_worker using (true) with check (true);
create policy trusted on workflow.webhook_attempt to chargehand_worker using (true) with check (true);
grant select, insert on workflow.webhook, workflow.webhook_event, workflow.webhook_delivery to chargehand_workflow;
grant update (generation, rotated_at, removed_at, disabled_at, disabled_why, outages, failing_since, resume_at)
  on workflow.webhook to chargehand_workflow;
grant update (state, attempts, not_before, settled_at) on workflow.webhook_delivery to chargehand_workflow;
grant select on workflow.webhook_attempt to chargehand_workflow;
grant select on workflow.webhook, workflow.webhook_delivery to chargehand_worker;
grant select, delete on workflow.webhook_event to chargehand_worker;
grant select, insert on workflow.webhook_attempt to chargehand_worker;
grant update (disabled_at, disabled_why, outages, failing_since, resume_at) on workflow.webhook to chargehand_worker;
grant update (state, attempts, not_before, lease_until, fence, settled_at) on workflow.webhook_delivery
  to chargehand_worker;

-- --- the digest
-- 'operations': what those who keep the installation must know. 'digest': a mail that sums up a day.
alter table workflow.notice drop constraint notice_kind_check, add constraint notice_kind_check
  check (kind in ('card', 'outcome', 'reminder', 'escalation', 'report', 'delegation', 'question', 'answer',
    'operations', 'digest'));
update workflow.surface set kinds = kinds || '{operations}';

-- By mail a kind comes at once (`kinds`), once a day (`digest`) or not at all. What is urgent is never put off.
alter table workflow.subscription
  add column digest   text[] not null default '{}',
  add column weekends boolean not null default false,  -- a digest on Saturdays and Sundays too
  add constraint digest_is_mail check (digest = '{}' or surface = 'mail'),
  add constraint one_cadence check (not digest && kinds),
  add constraint digest_can_wait check (not digest && '{reminder,escalation,operations,digest}'),
  add constraint digest_is_heard check (('digest' = any (kinds)) = (digest <> '{}'));

-- One a person and day, in the person's own zone.
create table workflow.digest (
  person_id  text not null,
  day        date not null,
  entered_at timestamptz not null default now(),
  primary key (person_id, day)
);
alter table workflow.digest enable row level security;
create policy trusted on workflow.digest to chargehand_worker using (true) with check (true);
create policy own on workflow.digest to chargehand_agent using (person_id = (select app.me()));
grant select, insert, delete on workflow.digest to chargehand_worker;
grant select on workflow.digest to chargehand_agent;
