-- Conversations and the record of every tool call. A thread belongs to one person.
create table talk.thread (
  thread_id  uuid primary key default gen_random_uuid(),
  owner_id   text not null,
  surface    text not null,
  title      text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index thread_owner on talk.thread (owner_id, updated_at desc);

create table talk.message (
  message_id bigint generated always as identity primary key,
  thread_id  uuid not null references talk.thread,
  author     text not null check (author in ('person', 'copilot')),
  text       text not null,
  payload    jsonb not null default '{}',  -- what a surface may draw: shortlist, citations, proposal ids
  created_at timestamptz not null default now()
);
create index message_thread on talk.message (thread_id, message_id);

create table talk.tool_call (
  call_id      uuid primary key default gen_random_uuid(),
  thread_id    uuid references talk.thread,
  person_id    text not null,
  tool         text not null,
  version      text not null,
  arguments    jsonb not null,
  outcome      text not null check (outcome in ('ok', 'invalid', 'refused', 'failed')),
  detail       text not null default '',
  milliseconds integer not null,
  called_at    timestamptz not null default now()
);
create index tool_call_thread on talk.tool_call (thread_id, called_at);

alter table talk.thread enable row level security;
alter table talk.message enable row level security;
alter table talk.tool_call enable row level security;
grant select, insert on talk.thread, talk.message, talk.tool_call to chargehand_agent, chargehand_worker;
grant update (title, updated_at) on talk.thread to chargehand_agent;
create policy own on talk.thread to chargehand_agent
  using (owner_id = (select app.me())) with check (owner_id = (select app.me()));
create policy own on talk.message to chargehand_agent
  using (thread_id in (select thread_id from talk.thread))
  with check (thread_id in (select thread_id from talk.thread));
create policy own on talk.tool_call to chargehand_agent
  using (person_id = (select app.me())) with check (person_id = (select app.me()));
create policy trusted on talk.thread to chargehand_worker using (true) with check (true);
create policy trusted on talk.message to chargehand_worker using (true) with check (true);
create policy trusted on talk.tool_call to chargehand_worker using (true) with check (true);
