-- What people hear outside our own pages is an effect too: it is entered in the transaction that makes it true, and
-- a worker sends it once. A surface is switched on by who runs the installation; a person may choose otherwise.
create table workflow.surface (
  surface       text primary key check (surface in ('mail', 'slack', 'teams')),
  enabled       boolean not null default false,
  kinds         text[] not null,        -- of notices that it carries, unless the person chose otherwise
  delay_seconds integer not null default 0 check (delay_seconds >= 0), -- time to decide elsewhere first
  resume_at     timestamptz not null default now()                     -- it is down: tried again from then on
);
insert into workflow.surface (surface, kinds, delay_seconds) values
  ('mail', '{card,outcome,reminder,escalation,delegation,question,answer}', 300),
  ('slack', '{card,outcome,reminder,escalation,report,delegation,question,answer}', 0),
  ('teams', '{card,outcome,reminder,escalation,report,delegation,question,answer}', 0);

create table workflow.subscription (
  person_id text not null,
  surface   text not null references workflow.surface,
  kinds     text[] not null,  -- '{}': nothing at all
  primary key (person_id, surface)
);

create table workflow.delivery (
  delivery_id  bigint generated always as identity primary key,
  notice_id    bigint not null references workflow.notice,
  surface      text not null references workflow.surface,
  ordering_key text not null,     -- a person hears about one proposal in the order things happened
  state        text not null default 'ready' check (state in
    ('ready', 'leased', 'sent', 'dropped', 'parked')),  -- dropped: no longer news when its turn came
  attempts     integer not null default 0,
  not_before   timestamptz not null,
  sent_at      timestamptz,       -- the last time it may have left; null: it never did
  lease_until  timestamptz,
  fence        bigint not null default 0,
  reference    text,              -- the message's id on the surface
  last_error   text,
  settled_at   timestamptz,
  constraint delivered_once unique (notice_id, surface)
);
create index delivery_due on workflow.delivery (surface, delivery_id) where state in ('ready', 'leased');
create index delivery_order on workflow.delivery (surface, ordering_key, delivery_id) where state in ('ready', 'leased');

create function workflow.enter_delivery() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  insert into workflow.delivery (notice_id, surface, ordering_key, not_before)
  select new.notice_id, s.surface, new.person_id || ':' || coalesce(new.proposal_id::text, ''),
    now() + make_interval(secs => s.delay_seconds)
  from workflow.surface s
  left join workflow.subscription w on w.surface = s.surface and w.person_id = new.person_id
  where s.enabled and new.kind = any (coalesce(w.kinds, s.kinds));
  return null;
end $$;
create trigger enter_delivery after insert on workflow.notice
  for each row execute function workflow.enter_delivery();
revoke all on function workflow.enter_delivery from public;

alter table workflow.surface enable row level security;
alter table workflow.subscription enable row level security;
alter table workflow.delivery enable row level security;
create policy trusted on workflow.surface to chargehand_worker using (true) with check (true);
create policy trusted on workflow.delivery to chargehand_worker using (true) with check (true);
create policy trusted on workflow.subscription to chargehand_worker using (true);
create policy seen on workflow.surface to chargehand_agent using (true);
create policy own on workflow.subscription to chargehand_agent
  using (person_id = (select app.me())) with check (person_id = (select app.me()));
grant select on workflow.surface, workflow.delivery, workflow.subscription to chargehand_worker;
grant update (enabled, resume_at) on workflow.surface to chargehand_worker;
grant update (state, attempts, not_before, sent_at, lease_until, fence, reference, last_error, settled_at)
  on workflow.delivery to chargehand_worker;
grant select on workflow.surface to chargehand_agent;
grant select, insert, update on workflow.subscription to chargehand_agent;
grant select on workflow.open_seat to chargehand_worker;
