-- Chat surfaces: whose account is whose, what was received and not yet worked, where conversations take place, and
-- which messages show a proposal (docs/decisions/0010-chat-keeps-what-it-acknowledges.md).

-- An account of a chat workspace is a person's because the workspace vouched for the person's e-mail address, because
-- the person, signed in, said so, or because the firm's sign-in did.
create table access.chat_account (
  surface     text not null check (surface in ('slack', 'teams')),
  workspace   text not null,  -- Slack: the team's id; Teams: the tenant's
  account     text not null,  -- Slack: the user's id; Teams: the object id in the directory
  person_id   text not null references firm.person,
  linked_by   text not null check (linked_by in ('email', 'page', 'sso')),
  linked_at   timestamptz not null default now(),
  unlinked_at timestamptz,    -- the person took it back: an address alone does not link it again
  channel     text,           -- the private chat with the account, once it is known
  service_url text,           -- Teams: where that chat is reached
  primary key (surface, workspace, account)
);
create index chat_account_person on access.chat_account (person_id, surface);

-- Asks whoever signs in whether the account is theirs.
create table access.chat_invitation (
  token_sha256 bytea primary key,
  surface      text not null check (surface in ('slack', 'teams')),
  workspace    text not null,
  account      text not null,
  expires_at   timestamptz not null,
  used_at      timestamptz
);

-- What a surface handed in is stored before it is acknowledged, and worked after it. The key is the surface's own, so
-- that what it hands in again is known; what is done forgets what it said.
create table talk.inbound (
  inbound_id     bigint generated always as identity primary key,
  surface        text not null check (surface in ('slack', 'teams')),
  workspace      text not null,
  key            text not null,
  kind           text not null,
  ordering_key   text not null,           -- what was said in one conversation is worked in its order
  payload        jsonb,                   -- null once it is done
  state          text not null default 'ready' check (state in ('ready', 'leased', 'done', 'parked')),
  attempts       integer not null default 0,
  not_before     timestamptz not null default now(),
  lease_until    timestamptz,
  fence          bigint not null default 0,
  message_before bigint,                  -- the newest message of the conversation when its turn began
  last_error     text,
  received_at    timestamptz not null default now(),
  settled_at     timestamptz,
  constraint received_once unique (surface, workspace, key),
  check ((payload is null) = (state = 'done'))
);
create index inbound_due on talk.inbound (inbound_id) where state in ('ready', 'leased');
create index inbound_order on talk.inbound (ordering_key, inbound_id) where state in ('ready', 'leased');

-- A conversation of one person takes place in one place of a surface.
create table talk.place (
  surface     text not null check (surface in ('slack', 'teams')),
  workspace   text not null,
  channel     text not null,
  root        text not null default '',   -- of the thread in the channel; empty: the channel itself
  person_id   text not null,
  thread_id   uuid not null references talk.thread,
  shared      boolean not null,           -- others read there too
  service_url text,
  primary key (surface, workspace, channel, root, person_id)
);
create index place_thread on talk.place (thread_id, surface);

-- A message that shows a proposal to one reader. When the proposal moves it is outdated, and a worker draws it anew.
create table workflow.post (
  post_id     bigint generated always as identity primary key,
  surface     text not null references workflow.surface,
  workspace   text not null,
  channel     text not null,
  reference   text not null,              -- the message's id in the channel
  service_url text,
  proposal_id uuid not null references workflow.proposal,
  reader_id   text not null,
  posted_at   timestamptz not null default now(),
  stale_since timestamptz,                -- what it shows is no longer so; null: it is
  not_before  timestamptz not null default now(),
  attempts    integer not null default 0,
  fence       bigint not null default 0,
  lease_until timestamptz,
  last_error  text,
  gone_at     timestamptz,                -- it can no longer be changed
  constraint posted_once unique (surface, workspace, channel, reference)
);
create index post_proposal on workflow.post (proposal_id) where gone_at is null;
create index post_stale on workflow.post (surface, stale_since) where stale_since is not null and gone_at is null;

create function workflow.outdate_posts() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  update workflow.post set stale_since = clock_timestamp(), attempts = 0, not_before = now()
  where proposal_id = new.proposal_id and gone_at is null;
  return null;
end $$;
revoke all on function workflow.outdate_posts from public;
create trigger outdate_posts after update on workflow.proposal
  for each row execute function workflow.outdate_posts();
create trigger outdate_posts after insert on workflow.decision
  for each row execute function workflow.outdate_posts();
create trigger outdate_posts after insert on workflow.handover
  for each row execute function workflow.outdate_posts();
create trigger outdate_posts after insert on workflow.question
  for each row execute function workflow.outdate_posts();
create trigger outdate_posts after update of state, waits_since on workflow.effect
  for each row when (old.state is distinct from new.state or old.waits_since is distinct from new.waits_since)
  execute function workflow.outdate_posts();
create function workflow.outdate_answered() returns trigger language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  update workflow.post p set stale_since = clock_timestamp(), attempts = 0, not_before = now()
  from workflow.question q
  where q.question_id = new.question_id and p.proposal_id = q.proposal_id and p.gone_at is null;
  return null;
end $$;
revoke all on function workflow.outdate_answered from public;
create trigger outdate_posts after insert on workflow.answer
  for each row execute function workflow.outdate_answered();

alter table access.chat_account enable row level security;
alter table access.chat_invitation enable row level security;
alter table talk.inbound enable row level security;
alter table talk.place enable row level security;
alter table workflow.post enable row level security;

create policy gate on access.chat_account to chargehand_gate using (true) with check (true);
create policy gate on access.chat_invitation to chargehand_gate using (true) with check (true);
create policy gate on talk.inbound to chargehand_gate using (true) with check (true);
create policy trusted on access.chat_account to chargehand_worker using (true) with check (true);
create policy trusted on talk.place to chargehand_worker using (true);
create policy trusted on workflow.post to chargehand_worker using (true) with check (true);
create policy own on talk.place to chargehand_agent
  using (person_id = (select app.me())) with check (person_id = (select app.me())
    and thread_id in (select t.thread_id from talk.thread t));
create policy own on workflow.post to chargehand_agent
  using (reader_id = (select app.me())) with check (reader_id = (select app.me())
    and exists (select from workflow.proposal p where p.proposal_id = post.proposal_id));
-- Where things are said, and which message shows what, is the desk's to say.
create policy desk_only on talk.place as restrictive for insert to chargehand_copilot with check (false);
create policy desk_only on workflow.post as restrictive for insert to chargehand_copilot with check (false);

grant select, insert, update (person_id, linked_by, linked_at, unlinked_at, channel, service_url)
  on access.chat_account to chargehand_gate;
grant select, insert, update (used_at), delete on access.chat_invitation to chargehand_gate;
grant usage on schema talk to chargehand_gate;
grant select, insert, delete on talk.inbound to chargehand_gate;
grant update (payload, state, attempts, not_before, lease_until, fence, message_before, last_error, settled_at)
  on talk.inbound to chargehand_gate;
grant select, insert on access.chat_account to chargehand_worker;
grant update (channel, service_url) on access.chat_account to chargehand_worker;
grant select on talk.place to chargehand_worker;
grant select, insert on workflow.post to chargehand_worker;
grant update (stale_since, not_before, attempts, fence, lease_until, last_error, gone_at)
  on workflow.post to chargehand_worker;
grant select, insert on talk.place, workflow.post to chargehand_agent;

-- How much waits on the surfaces is counted by the desk's own services; what it says is not theirs to read.
create policy counted on talk.inbound to chargehand_agent using ((select app.is_service()));
create policy counted on workflow.delivery to chargehand_agent using ((select app.is_service()));
create policy counted on workflow.post to chargehand_agent using ((select app.is_service()));
grant select (surface, state, received_at) on talk.inbound to chargehand_agent;
grant select (surface, state, not_before) on workflow.delivery to chargehand_agent;
