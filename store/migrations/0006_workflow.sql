-- Policies, proposals, decisions and the effect ledger. What may not be altered has no update grant; what may
-- not happen is refused by constraints, which no row-level policy can blind.
create table workflow.policy_version (
  sha256    text primary key,
  name      text not null,
  body      jsonb not null,
  loaded_by text not null,
  loaded_at timestamptz not null default now()
);

create table workflow.active_policy (
  singleton boolean primary key default true check (singleton),
  sha256    text not null references workflow.policy_version,
  since     timestamptz not null default now()
);

create table workflow.proposal (
  proposal_id uuid primary key,
  proposer_id text not null,
  tool        text not null,
  tool_version text not null,
  thread_id   uuid,             -- the conversation that asked, and hears the outcome
  surface     text not null,
  title       text not null,
  action_kind text not null,
  state       text not null default 'pending' check (state in
    ('pending', 'approved', 'executed', 'parked', 'failed', 'rejected', 'withdrawn', 'expired')),
  version     integer not null default 1,
  step        integer not null default 0,  -- the gate's step that waits for a signature
  project_id  text,
  practice    text,
  client_id   text,
  amount      numeric(16, 2),
  currency    char(3),
  created_at  timestamptz not null default now(),
  state_since timestamptz not null default now(),
  expires_at  timestamptz not null,
  remind_at   timestamptz,
  escalate_at timestamptz,
  escalated_at timestamptz,     -- since when the step's fallback approvers may sign too
  unique (proposal_id, proposer_id)
);
create index proposal_waiting on workflow.proposal (created_at) where state = 'pending';
create index proposal_timers on workflow.proposal (least(expires_at, remind_at, escalate_at))
  where state = 'pending';
create index proposal_project on workflow.proposal (project_id, created_at desc);
create index proposal_proposer on workflow.proposal (proposer_id, created_at desc);
create index proposal_created on workflow.proposal (created_at desc, proposal_id);

create table workflow.proposal_version (
  proposal_id   uuid not null references workflow.proposal,
  version       integer not null,
  author_id     text not null,   -- who wrote this content: the proposer, or who edited it
  canonical     text not null,   -- the exact text that is signed
  content_hash  text not null,
  action        jsonb generated always as ((canonical::jsonb) -> 'action') stored,
  evidence      jsonb generated always as ((canonical::jsonb) -> 'evidence') stored,
  policy_sha256 text not null references workflow.policy_version,
  rule          text not null,
  gate          jsonb not null,  -- the rule that holds, as the card shows it: name, because, steps
  facts         jsonb not null,
  explanation   jsonb not null default '{}',  -- what the card shows beside the action: findings, options, plots
  note          text not null default '',     -- why it was edited
  created_at    timestamptz not null default now(),
  primary key (proposal_id, version),
  unique (proposal_id, version, content_hash),
  unique (proposal_id, version, author_id),
  constraint hash_is_true check (content_hash = encode(sha256(convert_to(canonical, 'UTF8')), 'hex')),
  constraint rule_is_signed check (
    (canonical::jsonb) ->> 'policy' = policy_sha256 and (canonical::jsonb) ->> 'rule' = rule)
);

create table workflow.approver (
  proposal_id uuid not null,
  version     integer not null,
  step        integer not null,
  person_id   text not null,
  why         text not null,     -- 'why you', from the rule's step
  fallback    boolean not null default false,
  primary key (proposal_id, version, step, person_id),
  foreign key (proposal_id, version) references workflow.proposal_version
);
create index approver_person on workflow.approver (person_id, proposal_id);

create table workflow.decision (
  decision_id  uuid primary key default gen_random_uuid(),
  proposal_id  uuid not null,
  version      integer not null,
  step         integer not null,
  content_hash text not null,
  proposer_id  text not null,
  author_id    text not null,
  approver_id  text not null,
  verdict      text not null check (verdict in ('approve', 'reject')),
  reason       text not null default '',
  surface      text not null,
  decided_at   timestamptz not null default now(),
  constraint not_your_own check (approver_id <> proposer_id and approver_id <> author_id),
  constraint reject_says_why check (verdict <> 'reject' or reason <> ''),
  constraint one_signature_each unique (proposal_id, version, approver_id),
  constraint proposer_is_true foreign key (proposal_id, proposer_id)
    references workflow.proposal (proposal_id, proposer_id),
  constraint author_is_true foreign key (proposal_id, version, author_id)
    references workflow.proposal_version (proposal_id, version, author_id),
  constraint content_is_unaltered foreign key (proposal_id, version, content_hash)
    references workflow.proposal_version (proposal_id, version, content_hash),
  constraint approver_is_eligible foreign key (proposal_id, version, step, approver_id)
    references workflow.approver (proposal_id, version, step, person_id)
);

-- Items of a batch that an approver left out when accepting the rest.
create table workflow.declined_item (
  proposal_id uuid not null,
  version     integer not null,  -- the version they were left out of
  item_id     text not null,
  declined_by text not null,
  reason      text not null,
  declined_at timestamptz not null default now(),
  primary key (proposal_id, version, item_id),
  foreign key (proposal_id, version) references workflow.proposal_version
);

create table workflow.effect (
  effect_id       bigint generated always as identity primary key,
  idempotency_key text not null unique,
  proposal_id     uuid not null,
  version         integer not null,
  content_hash    text not null,
  system          text not null check (system in ('crm', 'psa', 'erp', 'hris')),
  operation       text not null,
  item            text not null default '',
  ordering_key    text not null,
  body            jsonb not null,
  state           text not null default 'ready'
    check (state in ('ready', 'leased', 'done', 'parked', 'failed')),
  attempts        integer not null default 0,
  max_attempts    integer not null default 8,
  not_before      timestamptz not null default now(),
  sent_at         timestamptz,      -- the last time it may have reached the system; null: it never did
  lease_owner     text,
  lease_until     timestamptz,
  fence           bigint not null default 0,
  external_ref    text,             -- the record's id in the system of record
  result          jsonb,
  last_error      text,
  waits_since     timestamptz,      -- the system is down, or paused, since
  created_at      timestamptz not null default now(),
  settled_at      timestamptz,
  constraint key_is_bound check (idempotency_key = operation || ':' || proposal_id::text || ':' || content_hash
    || case when item = '' then '' else ':' || item end),
  foreign key (proposal_id, version, content_hash)
    references workflow.proposal_version (proposal_id, version, content_hash)
);
create index effect_due on workflow.effect (system, effect_id) where state in ('ready', 'leased');
create index effect_order on workflow.effect (system, ordering_key, effect_id)
  where state in ('ready', 'leased', 'parked');
create index effect_proposal on workflow.effect (proposal_id);

create table workflow.circuit (
  system     text primary key check (system in ('crm', 'psa', 'erp', 'hris')),
  state      text not null default 'closed' check (state in ('closed', 'open', 'paused')),
  failures   integer not null default 0,
  probe_at   timestamptz not null default now(),
  since      timestamptz not null default now(),
  reason     text not null default '',
  changed_by text not null default 'service:worker'
);
insert into workflow.circuit (system) values ('crm'), ('psa'), ('erp'), ('hris');

-- What people hear: written with the outcome, in the same transaction. `event` names what happened, so that
-- nobody hears it twice.
create table workflow.notice (
  notice_id   bigint generated always as identity primary key,
  person_id   text not null,
  proposal_id uuid references workflow.proposal,
  thread_id   uuid,
  kind        text not null check (kind in ('card', 'outcome', 'reminder', 'escalation', 'report')),
  event       text,              -- e.g. 'card:2:0' (version, step), 'outcome:rejected'; null: not of a proposal
  text        text not null,
  created_at  timestamptz not null default now(),
  read_at     timestamptz,
  constraint heard_once unique (proposal_id, person_id, event)
);
create index notice_person on workflow.notice (person_id, notice_id desc);
create index notice_thread on workflow.notice (thread_id, notice_id) where thread_id is not null;

-- The answer given to an idempotent POST, so that a repeat gets the same one. A request claims its key before
-- it works; until it has answered, another one with the same key is told to wait.
create table workflow.idempotent_reply (
  person_id      text not null,
  key            text not null,
  request_sha256 text not null,
  status         integer,
  reply          jsonb,
  created_at     timestamptz not null default now(),
  primary key (person_id, key),
  check ((status is null) = (reply is null))
);

create function app.my_signatures() returns uuid[] language sql stable security definer
  set search_path = pg_catalog, workflow as $$
  select coalesce(array_agg(distinct proposal_id), '{}') from workflow.approver where person_id = app.me() $$;

create function app.sees_all_proposals() returns boolean language sql stable security definer
  set search_path = pg_catalog, access as $$
  select app.is_service() or exists (
    select from access.role_grant where person_id = app.me()
      and (role in ('auditor', 'admin') or (role in ('delivery_director', 'finance') and scope_kind = 'firm'))) $$;

-- Whether the caller may see one proposal, for the roles that row-level security does not hold back: the same
-- words as the policy on workflow.proposal below.
create function app.sees_proposal(id uuid) returns boolean language sql stable security definer
  set search_path = pg_catalog, workflow as $$
  select exists (
    select from workflow.proposal p where p.proposal_id = id and (
      p.proposer_id = app.me()
      or p.proposal_id = any (app.my_signatures())
      or app.sees_all_proposals()
      or (app.sees_money() and p.project_id = any (app.visible_projects())))) $$;

-- Submitting is the agent's only write to the workflow: always as oneself, always pending, always under the
-- policy in force.
create function workflow.submit(
    id uuid, tool text, tool_version text, thread uuid, title text, kind text,
    project text, practice text, client text, amount numeric, currency text,
    canonical text, content_hash text, policy text, rule text, gate jsonb, facts jsonb, explanation jsonb,
    approvers jsonb, expires timestamptz, remind timestamptz, escalate timestamptz)
  returns void language plpgsql security definer set search_path = pg_catalog, workflow as $$
begin
  if app.me() is null then raise exception 'workflow.submit needs a principal'; end if;
  if not exists (select from workflow.active_policy a where a.sha256 = policy) then
    raise exception 'policy % is not in force', policy using errcode = 'serialization_failure';
  end if;
  insert into workflow.proposal (proposal_id, proposer_id, tool, tool_version, thread_id, surface, title,
      action_kind, project_id, practice, client_id, amount, currency, expires_at, remind_at, escalate_at)
    values (id, app.me(), tool, tool_version, thread, app.surface(), title, kind, project, practice, client,
      amount, currency, expires, remind, escalate);
  insert into workflow.proposal_version (proposal_id, version, author_id, canonical, content_hash,
      policy_sha256, rule, gate, facts, explanation)
    values (id, 1, app.me(), canonical, content_hash, policy, rule, gate, facts, explanation);
  insert into workflow.approver (proposal_id, version, step, person_id, why, fallback)
    select id, 1, (a ->> 'step')::integer, a ->> 'person_id', a ->> 'why', (a ->> 'fallback')::boolean
    from jsonb_array_elements(approvers) a;
  insert into workflow.notice (person_id, proposal_id, kind, event, text)
    select a ->> 'person_id', id, 'card', 'card:1:0', title
    from jsonb_array_elements(approvers) a where (a ->> 'step')::integer = 0;
end $$;

-- Live pages listen on one channel; the message names what changed, never what it says.
create function workflow.tell() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  perform pg_notify('chargehand', json_build_object(
    'proposal_id', new.proposal_id, 'thread_id', new.thread_id, 'table', tg_table_name)::text);
  return null;
end $$;
create trigger tell after insert or update on workflow.proposal
  for each row execute function workflow.tell();
create trigger tell after insert on workflow.notice
  for each row execute function workflow.tell();

revoke all on all functions in schema workflow, app from public;
grant execute on all functions in schema app to
  chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward, chargehand_gate;
grant execute on function workflow.submit to chargehand_agent, chargehand_worker;

do $$
declare t record;
begin
  for t in select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'workflow' loop
    execute format('alter table %s enable row level security', t.name);
    execute format('create policy trusted on %s to chargehand_workflow, chargehand_worker, chargehand_steward '
      'using (true) with check (true)', t.name);
  end loop;
end $$;

-- The agent reads, through the person's eyes.
grant select on workflow.policy_version, workflow.active_policy, workflow.circuit, workflow.proposal,
  workflow.proposal_version, workflow.approver, workflow.decision, workflow.declined_item, workflow.effect,
  workflow.notice to chargehand_agent;
create policy seen on workflow.policy_version to chargehand_agent using (true);
create policy seen on workflow.active_policy to chargehand_agent using (true);
create policy seen on workflow.circuit to chargehand_agent using (true);
create policy seen on workflow.proposal to chargehand_agent using (
  proposer_id = (select app.me())
  or (select app.sees_all_proposals())
  or proposal_id in (select unnest(app.my_signatures()))  -- hashed: some have signed thousands
  or ((select app.sees_money()) and project_id in (select unnest(app.visible_projects()))));
create policy seen on workflow.proposal_version to chargehand_agent
  using (exists (select from workflow.proposal p where p.proposal_id = proposal_version.proposal_id));
create policy seen on workflow.approver to chargehand_agent
  using (exists (select from workflow.proposal p where p.proposal_id = approver.proposal_id));
create policy seen on workflow.decision to chargehand_agent
  using (exists (select from workflow.proposal p where p.proposal_id = decision.proposal_id));
create policy seen on workflow.declined_item to chargehand_agent
  using (exists (select from workflow.proposal p where p.proposal_id = declined_item.proposal_id));
create policy seen on workflow.effect to chargehand_agent
  using (exists (select from workflow.proposal p where p.proposal_id = effect.proposal_id));
create policy seen on workflow.notice to chargehand_agent using (person_id = (select app.me()));
grant update (read_at) on workflow.notice to chargehand_agent;
grant select, insert, update, delete on workflow.idempotent_reply to chargehand_agent;
create policy own on workflow.idempotent_reply to chargehand_agent
  using (person_id = (select app.me())) with check (person_id = (select app.me()));

-- Deciding: insert signatures, versions, effects and notices; move the proposal on. No delete, anywhere.
grant select on workflow.policy_version, workflow.active_policy, workflow.proposal, workflow.proposal_version,
  workflow.approver, workflow.decision, workflow.declined_item, workflow.effect, workflow.circuit,
  workflow.notice to chargehand_workflow, chargehand_worker;
grant insert on workflow.proposal_version, workflow.approver, workflow.decision, workflow.declined_item,
  workflow.effect, workflow.notice to chargehand_workflow;
grant update (state, version, step, title, amount, currency, state_since, expires_at, remind_at, escalate_at,
  escalated_at) on workflow.proposal to chargehand_workflow;
grant update (state, not_before, external_ref, result, last_error, settled_at, attempts, waits_since)
  on workflow.effect to chargehand_workflow;  -- parked effects and paused systems, by a person's hand
grant update on workflow.circuit to chargehand_workflow;

-- Working the ledger: claim, settle, move the proposal on, tell people. Never a signature.
grant update (state, state_since) on workflow.proposal to chargehand_worker;
grant update (state, attempts, not_before, sent_at, lease_owner, lease_until, fence, external_ref, result,
  last_error, waits_since, settled_at) on workflow.effect to chargehand_worker;
grant insert on workflow.notice to chargehand_worker;
grant update on workflow.circuit to chargehand_worker;

grant select, insert on workflow.policy_version to chargehand_steward;
grant select, insert, update on workflow.active_policy to chargehand_steward;
