-- What people narrow their inbox to, by name. The desk's role alone writes them: a filter that an inbox opens with says
-- what its reader does not see first, so the copilot may not set one.
create table workflow.saved_filter (
  person_id text not null,
  name      text not null check (name = btrim(name) and length(name) between 1 and 60),
  narrowed  jsonb not null check (jsonb_typeof(narrowed) = 'object' and length(narrowed::text) <= 2000),
  opens     boolean not null default false,  -- the inbox opens with it
  saved_at  timestamptz not null default now(),
  primary key (person_id, name)
);
create unique index saved_filter_opens on workflow.saved_filter (person_id) where opens;

alter table workflow.saved_filter enable row level security;
create policy own on workflow.saved_filter to chargehand_agent, chargehand_workflow
  using (person_id = (select app.me())) with check (person_id = (select app.me()));
grant select on workflow.saved_filter to chargehand_agent;
grant select, insert, delete, update (narrowed, opens, saved_at) on workflow.saved_filter to chargehand_workflow;
